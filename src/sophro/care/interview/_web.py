"""The interview as a small web application for one person at this machine.

Contract: plain form posts, each answered by a redirect, so that reloading sends nothing twice; an answer names the
place of the conversation that it belongs to, and one that comes late is not taken for the answer to another question.
The log on the disk is the only state. The person's browser holds a secret in a cookie that no script and no other site
can read. No address leads to a result.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware

from sophro.care.dialogue import Agent
from sophro.care.interview._controller import Interview
from sophro.care.interview._step import Step, advance
from sophro.care.interview._visits import Visit, Visits, finish
from sophro.care.interview._web_page import WORDS, Start, error_page, policy, start_page, talk_page, urgent
from sophro.errors import SophroError

COOKIE = "sophro_interview"
LARGEST = 2 << 20  # bytes of a form; 50,000 Chinese characters take 450,000
_FIELDS = 10
_LOG = logging.getLogger("sophro.care")
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",
}
MakeFn = Callable[[Agent, Visit], Interview]


@dataclass
class _Desk:
    visits: Visits
    make: MakeFn
    lang: str
    start: Start
    player: Agent | None = None
    seed: int = 0
    locks: dict[str, asyncio.Lock] = field(default_factory=dict[str, asyncio.Lock])

    async def go_on(self, visit: Visit, message: str | None, at: int | None) -> Step:
        """Take one step unless the answer belongs to another place; write the result when it was the last.

        With a player the message only says that a step is to be taken.
        """

        async def step(message: str | None, player: Agent | None) -> Step:
            return await advance(
                lambda agent: self.make(agent, visit), visit.log, message, player=player, seed=self.seed
            )

        async with self.locks.setdefault(visit.folder.name, asyncio.Lock()):
            now = await step(None, None)
            if message is not None and not now.finished and at == len(now.dialogue.turns):
                now = await step(message if self.player is None else None, self.player)
            if now.finished:
                finish(visit.folder, now.dialogue)
            return now


def create_app(
    visits: Visits,
    make: MakeFn,
    lang: str,
    start: Start,
    hosts: list[str],
    *,
    player: Agent | None = None,
    seed: int = 0,
) -> FastAPI:
    """Return the application.

    Args:
        visits: Where interviews are kept.
        make: Makes the interview of a visit for a participant; the same settings for every call.
        lang: Language of the page.
        start: What the person is told before the first question.
        hosts: Names under which the page may be asked for, so that no other site can take its name for its own.
        player: Who answers where nobody is interviewed: whoever sits at the page then watches, answer by answer.
        seed: Seed of the dialogues.
    """
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)
    desk = _Desk(visits, make, lang, start, player, seed)
    words = WORDS[lang]

    def page(html: str, status: int = 200) -> HTMLResponse:
        # A surrogate that came out of a form is half a character and has no UTF-8.
        body = html.encode("utf-8", "replace")
        return HTMLResponse(body, status, {**_HEADERS, "Content-Security-Policy": policy()})

    def back(place: str = "") -> Response:
        return RedirectResponse(f"/{place}", 303, _HEADERS)

    def visit_of(request: Request) -> Visit | None:
        return visits.find(request.cookies.get(COOKIE, ""))

    @app.middleware("http")
    async def own_forms_only(  # pyright: ignore[reportUnusedFunction]
        request: Request, rest: Callable[[Request], Awaitable[Response]]
    ) -> Response:
        if request.method == "POST" and request.headers.get("sec-fetch-site", "same-origin") not in (
            "same-origin",
            "none",
        ):
            return page(error_page(lang, words["refused"]), 403)
        return await rest(request)

    @app.exception_handler(SophroError)
    async def broken(request: Request, error: SophroError) -> Response:  # pyright: ignore[reportUnusedFunction]
        # The sentence names files and is for the operator; the person can do nothing with it.
        _LOG.error("%s", error)
        return page(error_page(lang, words["why"]), 503)

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> Response:  # pyright: ignore[reportUnusedFunction]
        return page(error_page(lang, words["why"]), 500)  # the traceback is logged by the server

    @app.exception_handler(HTTPException)
    async def unknown(request: Request, error: HTTPException) -> Response:  # pyright: ignore[reportUnusedFunction]
        said = words["long"] if error.status_code == 413 else words["unknown"]
        return page(error_page(lang, said), error.status_code)

    @app.get("/")
    async def index(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        visit = visit_of(request)
        if visit is None:
            answer = page(start_page(lang, start))
            if COOKIE in request.cookies:
                answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
            return answer
        now = await desk.go_on(visit, None, None)
        runs = player is not None and "run" in request.query_params
        return page(talk_page(lang, now.dialogue.turns, now.finished, visits.simulated, runs))

    @app.post("/begin")
    async def begin(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        sent = await _form(request)
        answer = back()
        if visit_of(request) is None:
            agreed = start.ask_words and sent.get("keep_words") == "yes"
            # Without an age it ends with the browser; whoever comes next does not find it.
            answer.set_cookie(COOKIE, visits.begin(agreed).id, path="/", httponly=True, samesite="strict")
        return answer

    @app.post("/answer")
    async def take(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        sent = await _form(request)
        visit = visit_of(request)
        if visit is None:
            return back()
        message = sent.get("message", "").replace("\r\n", "\n")
        message = {"skip": words["SKIPPED"], "stop": words["STOPPED"]}.get(sent.get("do", ""), message)
        at = sent.get("at", "")
        now = await desk.go_on(
            visit, message, int(at) if at.isascii() and at.isdecimal() and len(at) < 9 else None
        )
        if player is not None:
            return back("?run#now" if sent.get("do") == "run" and not now.finished else "#now")
        # Otherwise the page opens at the field for the answer, below the question.
        return back("#now" if now.finished or urgent(now.dialogue.turns) else "")

    @app.post("/leave")
    async def leave(request: Request) -> Response:  # pyright: ignore[reportUnusedFunction]
        answer = back()
        answer.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
        return answer

    return app


async def _form(request: Request) -> dict[str, str]:
    """Return the fields of a form, the first of each name.

    Raises:
        HTTPException: If it is too large.
    """
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LARGEST:
            raise HTTPException(413)
    try:
        found = parse_qs(
            body.decode("utf-8", "replace"), keep_blank_values=True, errors="replace", max_num_fields=_FIELDS
        )
    except ValueError:
        raise HTTPException(400) from None
    return {name: values[0] for name, values in found.items()}
