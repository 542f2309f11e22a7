"""Starting and stopping the server process.

Contract: what is wrong at the start is one sentence before the port is open; an upstream that is away is no such
thing (``/readyz`` says so). SIGTERM and SIGINT let running answers finish within ``stop_seconds`` and end the rest
with an error event; a second one ends at once. SIGHUP reads policy and keys again.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sophro.errors import SophroError
from sophro.guard.server._keys import Keys, read_keys
from sophro.guard.server._settings import Settings

if TYPE_CHECKING:
    from sophro.guard.server._back_end import BackEnd
    from sophro.guard.server._state import Server

_LOG = logging.getLogger("sophro.serve")
NEEDS = 'sophro serve needs the extra "serve"; run: pip install "sophro[serve]"'


@dataclass(frozen=True)
class Served:
    """What ``sophro serve`` was asked for.

    Attributes:
        model: Local model, or None.
        upstream: Base URL of an OpenAI-compatible server (up to and with ``/v1``), or None.
        upstream_key: Name of the environment variable that holds the upstream's key.
        patches: Patches as ``FOLDER`` (put on the model) or ``NAME=FOLDER`` (served as ``MODEL+NAME``).
        scale: Strength of the patches.
        policy: Policy file; None for the shipped one.
        host: Interface.
        port: Port; 0 takes a free one.
        keys: Key file, or None.
        open: Whether to serve without keys beyond the loopback interface.
        events: Event file; None keeps no record.
        days: Events are deleted after this many days; 0 keeps them.
        settings: How answers are shown and kept.
        rows: Most answers that the local model writes at once.
        upstream_seconds: Longest silence of the upstream.
        delay: Seconds between the words of a scripted model.
        threads: Threads of torch for one judgement or step of a local model; 0 leaves torch its own choice.
        runs: Folder whose reports the page lists, or None.
        report_scripts: ``sha256-...`` sources of the scripts that a report may run.
    """

    model: str | None = None
    upstream: str | None = None
    upstream_key: str | None = None
    patches: Sequence[str] = ()
    scale: float = 1.0
    policy: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    keys: Path | None = None
    open: bool = False
    events: Path | None = None
    days: float = 30.0
    settings: Settings = field(default_factory=Settings)
    rows: int = 16
    upstream_seconds: float = 60.0
    delay: float = 0.0
    threads: int = 0
    runs: Path | None = None
    report_scripts: Sequence[str] = ()


def serve(asked: Served) -> None:
    """Serve until a signal ends it.

    Raises:
        SophroError: For everything that is wrong at the start, or if something could not be closed at the end.
    """
    try:
        import fastapi  # pyright: ignore[reportUnusedImport]  # noqa: F401
        import httpx  # pyright: ignore[reportUnusedImport]  # noqa: F401
        import prometheus_client  # pyright: ignore[reportUnusedImport]  # noqa: F401
        import uvicorn
    except ImportError as error:
        raise SophroError(f"{NEEDS} ({error.name} is missing)") from None
    from sophro.guard.policy import default_path
    from sophro.guard.server._app import create_app
    from sophro.guard.server._events import EventStore
    from sophro.guard.server._guarding import PolicyGuards
    from sophro.guard.server._state import Server

    if (asked.model is None) == (asked.upstream is None):
        raise SophroError("name what to serve: either --model or --upstream")
    if asked.settings.upstream_trace_opened and asked.upstream is None:
        raise SophroError("--upstream-trace-opened is about an upstream; a local model's template is known")
    if asked.threads < 0:
        raise SophroError(f"--threads {asked.threads}: 0 or more are needed")
    if asked.threads:
        set_threads(asked.threads)
    keys = read_keys(asked.keys)
    if not keys and not asked.open and not _loopback(asked.host):
        raise SophroError(
            f"--host {asked.host} reaches beyond this machine and there are no API keys; give --keys FILE (or "
            "SOPHRO_API_KEYS), or --open to let everybody in"
        )
    with _listen(asked.host, asked.port) as listener:
        guards = PolicyGuards(asked.policy)
        back_end = _back_end(asked)
        events = (
            None
            if asked.events is None
            else EventStore(asked.events, store_text=asked.settings.store_text, days=asked.days)
        )
        read = [guards]  # at the start it need not be read twice

        def load() -> PolicyGuards:
            return read.pop() if read else PolicyGuards(asked.policy)

        async def main() -> None:
            server = Server(asked.settings, back_end, load, events, keys, asked.policy or default_path())
            app = create_app(server, _routers(asked, server), _hosts(asked.host))
            seconds = asked.settings.stop_seconds
            config = uvicorn.Config(
                app, log_level="warning", access_log=False, lifespan="on", server_header=False,
                timeout_keep_alive=30, timeout_graceful_shutdown=int(seconds) + 5,
            )  # fmt: skip
            process = uvicorn.Server(config)
            _signals(process, server, lambda: read_keys(asked.keys))
            name = listener.getsockname()
            shown = f"[{name[0]}]" if ":" in name[0] else name[0]
            print(f"sophro: serving {asked.model or asked.upstream} at http://{shown}:{name[1]}", flush=True)
            await process.serve(sockets=[listener])
            if process.lifespan.should_exit:
                raise SophroError("the server did not start or end cleanly; the traceback is above")

        logging.basicConfig(
            stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
        )
        # One line a request to an upstream would be a log of who asked when.
        logging.getLogger("httpx").setLevel(logging.WARNING)
        asyncio.run(main())


def set_threads(number: int) -> None:
    """Bound the threads of torch, before it is loaded or after; a server whose policy needs no torch loads none."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = str(number)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(number)


def _signals(process: Any, server: Server, keys: Callable[[], Keys]) -> None:
    """Let signals reach the server's state, instead of uvicorn's own handlers (which raise them again at the end)."""
    loop = asyncio.get_running_loop()
    process.capture_signals = contextlib.nullcontext

    def leave() -> None:
        if server.stopping.is_set():
            server.expired.set()
            process.force_exit = True
        server.stop()
        process.should_exit = True

    async def renew() -> None:
        try:
            server.keys = keys()
        except SophroError as error:
            _LOG.error("keys not reloaded, the old ones stay: %s", error)
        # Last: a new policy waits for its detectors.
        await server.guarding.reload()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, leave)
    loop.add_signal_handler(signal.SIGHUP, lambda: server.background(renew()))


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= 65535:
        raise SophroError(f"--port {port}: a port lies between 0 and 65535")
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise SophroError(f"--host {host}: no such interface ({error.strerror})") from None
    listener = socket.socket(family, kind, proto)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise SophroError(f"port {port} on {host} is taken; choose another with --port") from None
        raise SophroError(f"cannot listen on {host}:{port}: {error.strerror}; choose another") from None
    return listener


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _hosts(host: str) -> list[str]:
    """Return the names that requests may use: on loopback only its own, so that no web page can rebind a name to it."""
    # The middleware cuts names at the first colon; "[" is what it leaves of an address like [::1]:8000.
    return ["localhost", "127.0.0.1", "[", host] if _loopback(host) else ["*"]


def _routers(asked: Served, server: Server) -> list[Any]:
    from sophro.guard.server._page import page_routes

    return [page_routes(server, runs=asked.runs, report_scripts=asked.report_scripts)]


def _back_end(asked: Served) -> BackEnd:
    if asked.upstream is not None:
        from sophro.guard.server._upstream import UpstreamBackEnd

        if asked.patches:
            raise SophroError("--patch needs a local model; an upstream's weights are not here")
        return UpstreamBackEnd(asked.upstream, asked.settings, asked.upstream_key, asked.upstream_seconds)
    from sophro.models import ScriptedModel, check_name, load

    assert asked.model is not None
    check_name(asked.model)
    if not asked.model.startswith("stub/"):
        from sophro.guard.server._local import LocalBackEnd, read_patches
        from sophro.models import load_chat

        patches = read_patches(asked.patches)
        return LocalBackEnd(load_chat(asked.model), asked.settings, patches, asked.scale, asked.rows)
    from sophro.guard.server._scripted import ScriptedBackEnd

    model = load(asked.model)
    assert isinstance(model, ScriptedModel)
    if asked.patches:
        raise SophroError(f"model {asked.model!r} is scripted and has no weights to patch; leave --patch out")
    return ScriptedBackEnd(model, asked.settings, asked.delay)
