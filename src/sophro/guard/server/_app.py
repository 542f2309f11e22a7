"""The application: routes, keys, errors.

Contract: every route that needs a key asks for it before a byte of the body is read; every error has the OpenAI shape;
no error of a client is a 5xx.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncGenerator, Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Query, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import Response

import sophro
from sophro.guard.server._completions import Json, complete
from sophro.guard.server._errors import ApiError
from sophro.guard.server._explain import explain_event, explain_messages
from sophro.guard.server._keys import Caller, bearer
from sophro.guard.server._limits import BodyLimit
from sophro.guard.server._moderation import moderate
from sophro.guard.server._requests import ChatRequest, CompletionRequest, ExplainRequest, ModerationRequest
from sophro.guard.server._state import Server

_LOG = logging.getLogger("sophro.serve")


def _no_key() -> ApiError:
    return ApiError(
        401,
        "an API key is needed; send it as Authorization: Bearer KEY",
        "invalid_api_key",
        headers={"WWW-Authenticate": "Bearer"},
    )


async def caller(request: Request) -> Caller:
    """Return who asks.

    Raises:
        ApiError: 401 without a known key.
    """
    server: Server = request.app.state.server
    found = server.keys.caller(bearer(request))
    if found is None:
        raise _no_key()
    return found


Known = Annotated[Caller, Depends(caller)]
_FAILURES: dict[int | str, dict[str, Any]] = {
    code: {"description": text}
    for code, text in {
        400: "The request is wrong; error.param names the field.",
        401: "No known API key.",
        404: "The model is not served here.",
        413: "The body is too large.",
        429: "Too many requests, or too many answers at once.",
        502: "The upstream failed or answered what is no answer.",
        503: "The guard failed, or the server is full or shutting down.",
        504: "The upstream took too long.",
    }.items()
}
api = APIRouter(prefix="/v1", responses=_FAILURES)


@api.post("/chat/completions")
async def chat_completions(request: Request, body: ChatRequest, known: Known) -> Response:
    """Answer a conversation, guarded."""
    return await complete(request.app.state.server, known, body, request.receive)


@api.post("/completions")
async def completions(request: Request, body: CompletionRequest, known: Known) -> Response:
    """Continue a text, guarded."""
    return await complete(request.app.state.server, known, body, request.receive)


@api.get("/models")
async def models(request: Request, known: Known) -> Response:
    """List the models."""
    server: Server = request.app.state.server
    try:
        return Json({"object": "list", "data": await server.back_end.models()})
    except ApiError as error:
        server.metrics.fault(error.code)
        raise


@api.post("/moderations")
async def moderations(request: Request, body: ModerationRequest, known: Known) -> Response:
    """Judge texts under the policy, in the shape of OpenAI's moderation endpoint."""
    return Json(await moderate(request.app.state.server, known, body, request.receive))


@api.post("/sophro/explain")
async def explain(request: Request, body: ExplainRequest, known: Known) -> Response:
    """Say what the policy decides about a conversation, and why; nothing is generated."""
    return Json(await explain_messages(request.app.state.server, known, body, request.receive))


@api.get("/sophro/explain")
async def explain_past(
    request: Request, known: Known, id: Annotated[str, Query(min_length=1, max_length=128)]
) -> Response:
    """Say why a decision was made; ``id`` is that of a decision or of a response."""
    return Json(await explain_event(request.app.state.server, known, id))


state = APIRouter()


@state.get("/healthz")
async def healthz() -> Response:
    """Say that the process lives."""
    return Json({"status": "ok", "version": sophro.__version__})


@state.get("/readyz", responses={503: {"description": "No request can be answered now."}})
async def readyz(request: Request) -> Response:
    """Say whether requests can be answered."""
    server: Server = request.app.state.server
    reason = "shutting down" if server.stopping.is_set() else server.guarding.not_ready()
    reason = reason or await server.back_end.not_ready()
    if reason:
        error = ApiError(503, reason, "not_ready").body()
        return Json({"status": "not_ready", "reason": reason, **error}, 503, headers={"Retry-After": "1"})
    return Json({"status": "ready", "policy": server.guarding.current.version})


@state.get("/metrics", responses={401: _FAILURES[401]})
async def metrics(request: Request, known: Known) -> Response:
    """Return numbers for Prometheus."""
    return Response(
        request.app.state.server.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8"
    )


def create_app(server: Server, routers: Sequence[APIRouter] = (), hosts: Sequence[str] = ("*",)) -> FastAPI:
    """Return the application.

    Args:
        server: Shared state; the application closes it at its end.
        routers: Further routes, such as the page.
        hosts: Names under which requests may ask for this server; others are refused, so that no web page can reach a
            server on loopback through a name of its own.
    """

    @contextlib.asynccontextmanager
    async def life(_: FastAPI) -> AsyncGenerator[None]:
        await server.start()
        try:
            yield
        finally:
            await server.close()

    app = FastAPI(
        title="sophro guard server", version=sophro.__version__, lifespan=life, docs_url=None, redoc_url=None
    )
    app.state.server = server
    for router in (api, state, *routers):
        app.include_router(router)
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _defect)
    limits = server.settings.limits
    app.add_middleware(BodyLimit, limit=limits.body_bytes, seconds=limits.body_seconds)
    app.add_middleware(_KeyFirst, server=server)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False)
    app.add_middleware(_Counted, server=server)
    return app


async def _api_error(_: Request, error: Any) -> Response:
    return Json(error.body(), error.status, headers=error.headers)


async def _invalid(_: Request, error: Any) -> Response:
    first = error.errors()[0]
    place = [str(p) for p in first["loc"] if p not in ("body", "query")]
    field = ".".join(place)[:200] or None
    message = f"{field or 'the body'}: {first['msg']}"
    return Json(ApiError(400, message[:500], "invalid_value", field).body(), 400)


async def _http_error(_: Request, error: Any) -> Response:
    codes = {404: "unknown_url", 405: "method_not_allowed"}
    body = ApiError(
        error.status_code, str(error.detail), codes.get(error.status_code, "invalid_request")
    ).body()
    return Json(body, error.status_code, headers=error.headers)


async def _defect(_: Request, error: Exception) -> Response:
    # Starlette logs the traceback; the client learns only that it is ours.
    return Json(ApiError(500, "the server failed; see its log", "internal_error").body(), 500)


class _KeyFirst:
    """ASGI middleware that asks for the key before anything reads the body."""

    def __init__(self, app: Any, server: Server) -> None:
        self._app = app
        self._server = server

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        asked = scope["type"] == "http" and scope["path"].startswith("/v1/")
        if asked and self._server.keys.caller(bearer(Request(scope))) is None:
            error = _no_key()
            await Json(error.body(), error.status, headers=error.headers)(scope, receive, send)
            return
        await self._app(scope, receive, send)


class _Counted:
    """ASGI middleware that counts responses by route and status."""

    def __init__(self, app: Any, server: Server) -> None:
        self._app = app
        self._count = server.metrics.requests

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def counted(message: Any) -> None:
            if message["type"] == "http.response.start":
                # Only known routes: paths come from strangers, and every label stays for ever.
                route = getattr(scope.get("route"), "path", "other")
                self._count.labels(route, str(message["status"])).inc()
            await send(message)

        await self._app(scope, receive, counted)
