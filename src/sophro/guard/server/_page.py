"""The playground at ``/`` and the list of runs at ``/runs``.

Contract: every byte comes from the wheel or from the operator's folder of runs. The pages' content policy allows
neither inline script nor inline style nor any other host; text of models and people becomes nodes, never markup.
Reports are untrusted: each is served in a sandbox with an origin of its own, in which no network is reachable and
only the scripts run whose hashes the caller names.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, JSONResponse, Response

from sophro.errors import SophroError
from sophro.guard.server._errors import ApiError
from sophro.guard.server._keys import bearer

if TYPE_CHECKING:
    from jinja2 import Environment

    from sophro.guard.server._state import Server

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    # A restarted server may ship another page; the entity tag keeps the transfer small.
    "Cache-Control": "no-cache",
}
_KINDS = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_FOLDER = files("sophro.guard.server").joinpath("page")
_Asset = tuple[bytes, str, str]  # body, media type and entity tag
_COOKIE = "sophro_runs"
_HOURS = 12
_DEPTH, _MOST = 3, 1000


@dataclass(frozen=True)
class Report:
    """One report below the folder of runs.

    Attributes:
        name: Path inside the folder without ``/report.html``, as people read it.
        link: The same path, percent-encoded, for the address.
        written: Time of the last change.
        size: Bytes.
    """

    name: str
    link: str
    written: datetime
    size: int


def list_reports(folder: Path) -> tuple[list[Report], int]:
    """Return the HTML files below ``folder``, newest first, and how many more there are.

    Symbolic links and hidden names are left out; so are files deeper than three folders.
    """
    found: list[Report] = []
    for base, folders, names in os.walk(folder):
        inside = Path(base).relative_to(folder)
        folders[:] = sorted(f for f in folders if not f.startswith(".")) if len(inside.parts) < _DEPTH else []
        for name in names:
            path = Path(base) / name
            if path.suffix != ".html" or name.startswith(".") or path.is_symlink() or not path.is_file():
                continue
            relative = (inside / name).as_posix()
            try:
                link = quote(relative, safe="/")
            except UnicodeEncodeError:
                continue  # a name that is no UTF-8 has no address
            state = path.stat()
            written = datetime.fromtimestamp(state.st_mtime, UTC)
            shown = inside.as_posix() if name == "report.html" and inside.parts else relative
            found.append(Report(shown, link, written, state.st_size))
    found.sort(key=lambda r: (-r.written.timestamp(), r.name))
    return found[:_MOST], max(0, len(found) - _MOST)


def find_report(folder: Path, inside: str) -> Path | None:
    """Return the file for an address below ``/runs/``, or None where ``list_reports`` would not show it."""
    parts = inside.split("/")
    if "\x00" in inside or "\\" in inside or len(parts) > _DEPTH + 1 or not inside.endswith(".html"):
        return None
    if any(not part or part.startswith(".") for part in parts):
        return None
    path = folder
    for part in parts:
        path = path / part
        if path.is_symlink():
            return None
    return path if path.is_file() else None


def report_policy(scripts: Sequence[str]) -> str:
    """Return the content policy of a report: a sandbox; ``scripts`` are ``sha256-...`` sources that may run."""
    allowed = " ".join(f"'{s}'" for s in scripts) or "'none'"
    sandbox = "sandbox allow-scripts" if scripts else "sandbox"
    return (
        f"{sandbox}; default-src 'none'; style-src 'unsafe-inline'; script-src {allowed}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


class _Sessions:
    """Cookies that open the list of runs, for servers with keys: an address bar cannot send a key."""

    def __init__(self) -> None:
        self._secret = secrets.token_bytes(32)

    def _sign(self, until: str) -> str:
        return hmac.new(self._secret, until.encode("ascii"), hashlib.sha256).hexdigest()

    def issue(self) -> str:
        until = str(int(time.time()) + _HOURS * 3600)
        return f"{until}.{self._sign(until)}"

    def valid(self, value: str) -> bool:
        until, _, mark = value.partition(".")
        if not (until.isascii() and until.isdigit() and mark.isascii()):
            return False
        return hmac.compare_digest(mark, self._sign(until)) and int(until) > time.time()


def page_routes(server: Server, *, runs: Path | None = None, report_scripts: Sequence[str] = ()) -> APIRouter:
    """Return the routes of the pages.

    Args:
        server: Shared state: its keys, and the tenants that the policy switch offers.
        runs: Folder whose reports are listed; None shows an empty list.
        report_scripts: ``sha256-...`` sources of the scripts that a report may run.

    Raises:
        SophroError: If ``runs`` is no folder.
    """
    if runs is not None and not runs.is_dir():
        raise SophroError(f"--runs: {runs} is not a folder; name one that holds run directories or reports")
    router = APIRouter(include_in_schema=False)
    assets = _assets()
    pages = _pages()
    playground = _asset(pages.get_template("index.html").render().encode("utf-8"), ".html")
    list_page = pages.get_template("runs.html")
    sessions = _Sessions()

    def allowed(request: Request) -> bool:
        return server.keys.caller(bearer(request)) is not None

    def open_to(request: Request) -> bool:
        return allowed(request) or sessions.valid(request.cookies.get(_COOKIE, ""))

    def sent(request: Request, asset: _Asset) -> Response:
        body, kind, tag = asset
        headers = {**_HEADERS, "ETag": tag, "Content-Security-Policy": PAGE_POLICY}
        if tag in request.headers.get("if-none-match", ""):
            return Response(status_code=304, headers=headers)
        return Response(body, headers=headers, media_type=kind)

    @router.get("/")
    def index(request: Request) -> Response:
        return sent(request, playground)

    @router.get("/page/settings")
    def settings() -> Response:
        # With keys the tenant is the key's; without them whoever sits here may try each.
        tenants = [] if server.keys else list(server.guarding.current.tenants)
        found = {"keys": bool(server.keys), "tenants": tenants}
        return JSONResponse(found, headers={**_HEADERS, "Cache-Control": "no-store"})

    @router.post("/page/session")
    def session(request: Request) -> Response:
        if not allowed(request):
            return _error(
                ApiError(
                    401, "a valid key is needed: send it as Authorization: Bearer KEY", "invalid_api_key"
                )
            )
        answer = Response(status_code=204, headers={"Cache-Control": "no-store"})
        secure = request.url.scheme == "https"
        answer.set_cookie(
            _COOKIE,
            sessions.issue(),
            max_age=_HOURS * 3600,
            path="/runs",
            httponly=True,
            samesite="strict",
            secure=secure,
        )
        return answer

    @router.get("/page/{name}")
    def part(request: Request, name: str) -> Response:
        if name not in assets:
            return _error(ApiError(404, "there is no such file", "unknown_url"))
        return sent(request, assets[name])

    @router.get("/runs")
    def reports(request: Request) -> Response:
        locked = not open_to(request)
        found, more = ([], 0) if locked or runs is None else list_reports(runs)
        html = list_page.render(reports=found, more=more, locked=locked)
        headers = {**_HEADERS, "Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-store"}
        body = html.encode("utf-8", "replace")
        return Response(body, 401 if locked else 200, headers, "text/html; charset=utf-8")

    @router.get("/runs/{inside:path}")
    def report(request: Request, inside: str) -> Response:
        if not open_to(request):
            return _error(
                ApiError(401, "a valid key is needed; open /runs and enter it there", "invalid_api_key")
            )
        path = find_report(runs, inside) if runs is not None else None
        if path is None:
            return _error(ApiError(404, "there is no such report; /runs lists them", "unknown_url"))
        headers = {
            **_HEADERS,
            "Content-Security-Policy": report_policy(report_scripts),
            "Cache-Control": "no-store",
        }
        return FileResponse(path, headers=headers, media_type="text/html; charset=utf-8")

    return router


def _asset(body: bytes, suffix: str) -> _Asset:
    return body, f"{_KINDS[suffix]}; charset=utf-8", f'"{hashlib.sha256(body).hexdigest()[:20]}"'


def _assets() -> dict[str, _Asset]:
    """Read the shipped files that are sent as they are, once."""
    found = ((entry, Path(entry.name).suffix) for entry in _FOLDER.iterdir())
    return {
        entry.name: _asset(entry.read_bytes(), suffix)
        for entry, suffix in found
        if suffix in _KINDS and suffix != ".html"
    }


def _pages() -> Environment:
    from jinja2 import Environment, FunctionLoader, StrictUndefined

    return Environment(
        loader=FunctionLoader(lambda name: _FOLDER.joinpath(name).read_text("utf-8")),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _error(error: ApiError) -> Response:
    headers = {**_HEADERS, "Content-Security-Policy": "default-src 'none'", "Cache-Control": "no-store"}
    return JSONResponse(error.body(), error.status, headers)
