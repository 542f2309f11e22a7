"""A real browser for tests of pages, spoken to through a pipe."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--remote-debugging-pipe"]  # fmt: skip


class Browser:
    """Speaks the DevTools protocol over a pipe, so that no port is opened."""

    def __init__(self, profile: Path) -> None:
        theirs_in, self._write = os.pipe()
        self._read, theirs_out = os.pipe()
        # The browser expects its ends as descriptors 3 and 4, which may be in use on this side.
        ends = [fcntl.fcntl(fd, fcntl.F_DUPFD, 40) for fd in (theirs_in, theirs_out)]

        def connect() -> None:
            os.dup2(ends[0], 3)
            os.dup2(ends[1], 4)

        command = [str(BROWSER), *FLAGS, f"--user-data-dir={profile}"]
        self.process = subprocess.Popen(
            command, preexec_fn=connect, close_fds=False, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        for fd in (theirs_in, theirs_out, *ends):
            os.close(fd)
        self._number, self._rest, self.events = 0, b"", []
        target = self("Target.createTarget", url="about:blank")["targetId"]
        self._session: str | None = None
        self._session = self("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self(f"{domain}.enable")

    def __call__(self, method: str, **params: Any) -> dict[str, Any]:
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if getattr(self, "_session", None):
            message["sessionId"] = self._session
        os.write(self._write, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]
            self.events.append(answer)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            piece = os.read(self._read, 1 << 20)
            assert piece, "the browser closed the pipe"
            self._rest += piece
        text, self._rest = self._rest.split(b"\0", 1)
        return json.loads(text)

    def open(
        self, page: Path | str, width: int, *, scheme: str = "light", script: bool = True, height: int = 844
    ) -> None:
        self.events.clear()
        self(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        self("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self("Emulation.setScriptExecutionDisabled", value=not script)
        self("Page.navigate", url=page if isinstance(page, str) else page.as_uri())
        # The answer comes when the page is there; an earlier load event was that of the page before.
        begun = len(self.events)
        while not any(e.get("method") == "Page.loadEventFired" for e in self.events[begun:]):
            self.events.append(self._next())

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression; of a promise, what it resolves to."""
        result = self("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    def wait(self, expression: str, seconds: float = 20) -> None:
        """Return as soon as the expression is true in the page."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if self.evaluate(
                    f"(async () => {{ for (let i = 0; i < 60; i += 1) {{ if ({expression}) return true;"
                    "await new Promise((r) => setTimeout(r, 15)); } return false; })()"
                ):
                    return
            except AssertionError as error:
                if "navigated" not in str(error):  # the page went on to another while it was asked
                    raise
        raise AssertionError(f"never became true: {expression}")

    def type(self, text: str) -> None:
        self("Input.insertText", text=text)

    def press(self, key: str, code: str = "", *, modifiers: int = 0, text: str = "") -> None:
        """Press a key; ``modifiers`` counts Alt 1, Ctrl 2, Meta 4, Shift 8."""
        number = {"Enter": 13, "Escape": 27, "Tab": 9, "ArrowUp": 38, "ArrowLeft": 37, "ArrowRight": 39}.get(
            key, 0
        )
        keys = {"key": key, "code": code or key, "modifiers": modifiers, "windowsVirtualKeyCode": number}
        self("Input.dispatchKeyEvent", type="keyDown", text=text, **keys)
        self("Input.dispatchKeyEvent", type="keyUp", **keys)

    def picture(self, path: Path) -> None:
        """Write a screenshot of what is seen."""
        path.write_bytes(base64.b64decode(self("Page.captureScreenshot", format="png")["data"]))

    def named(self, *methods: str) -> list[dict[str, Any]]:
        return [e["params"] for e in self.events if e.get("method") in methods]

    def close(self) -> None:
        self("Browser.close")
        self.process.wait(20)
        os.close(self._read)
        os.close(self._write)
