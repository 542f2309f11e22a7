"""Starting and stopping the interview's page.

Contract: loopback only, because the page has no keys and speaks plain HTTP; what is wrong at the start is one sentence
before the port is open. SIGTERM and SIGINT end it cleanly; so does a kill, for the log is the only state.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import ipaddress
import logging
import signal
import socket
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from sophro.errors import SophroError

if TYPE_CHECKING:
    from fastapi import FastAPI


def check_extra() -> None:
    """Say what to install where the page cannot be served.

    Raises:
        SophroError: If FastAPI or uvicorn is missing.
    """
    try:
        import fastapi  # pyright: ignore[reportUnusedImport]  # noqa: F401
        import uvicorn  # pyright: ignore[reportUnusedImport]  # noqa: F401
    except ImportError as error:
        raise SophroError(
            f'the interview\'s page needs the extra "serve"; run: pip install "sophro[serve]" ({error.name} is missing)'
        ) from None


def listen(host: str, port: int) -> socket.socket:
    """Return a listening socket on loopback.

    Raises:
        SophroError: If the address reaches beyond this machine, or the port cannot be had.
    """
    if not 0 <= port <= 65535:
        raise SophroError(f"--port {port}: a port lies between 0 and 65535")
    try:
        address = ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError:
        raise SophroError(
            f"--host {host}: an address of this machine like 127.0.0.1 or ::1 is needed"
        ) from None
    if not address.is_loopback:
        raise SophroError(
            f"--host {host} reaches beyond this machine; the page is for a person who sits at it: use 127.0.0.1"
        )
    listener = socket.socket(socket.AF_INET6 if address.version == 6 else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((str(address), port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise SophroError(f"port {port} on {host} is taken; choose another with --port") from None
        raise SophroError(f"cannot listen on {host}:{port}: {error.strerror}; choose another") from None
    return listener


def hosts(host: str) -> list[str]:
    """Return the names that requests may use."""
    # The middleware cuts names at the first colon; "[" is what it leaves of an address like [::1]:8000.
    return ["localhost", "127.0.0.1", "[", host]


def serve(app: FastAPI, listener: socket.socket, announce: Callable[[str], None]) -> None:
    """Serve until a signal ends it.

    Args:
        app: What is served.
        listener: Where.
        announce: Called with the address as soon as it is known.

    Raises:
        SophroError: If the server did not start or end cleanly.
    """
    import uvicorn

    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s"
    )

    async def main() -> None:
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=5,
        )
        process = uvicorn.Server(config)
        # Its own handlers would raise the signal again at the end.
        process.capture_signals = contextlib.nullcontext  # pyright: ignore[reportAttributeAccessIssue]
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, lambda: setattr(process, "should_exit", True))
        name = listener.getsockname()
        shown = f"[{name[0]}]" if ":" in name[0] else name[0]
        announce(f"http://{shown}:{name[1]}/")
        await process.serve(sockets=[listener])
        if process.lifespan.should_exit:
            raise SophroError("the page did not start or end cleanly; the traceback is above")

    asyncio.run(main())
