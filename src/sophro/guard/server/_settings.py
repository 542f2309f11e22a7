"""What an operator can set; one frozen value that the parts of the server share.

Contract: limits are checked here, once, with a sentence that names the field.
"""

from __future__ import annotations

from dataclasses import dataclass

from sophro.chat import VISIBILITIES, Visibility
from sophro.errors import SophroError


@dataclass(frozen=True)
class Limits:
    """Bounds of what a client may ask for.

    Attributes:
        body_bytes: Largest request body.
        body_seconds: Longest time that a request's body may take to arrive.
        max_tokens: Most tokens of one answer; also the default of requests that name none.
        choices: Largest ``n``.
        messages: Most messages in a conversation.
        streams: Requests being answered at once, all tenants together.
        streams_per_key: The same for one API key.
        requests_per_minute: For one API key; every input of a moderation counts; 0 means no limit.
        request_seconds: Longest time one answer may take.
        write_seconds: Longest time a client may leave the connection full.
        keepalive_seconds: A comment line is sent after this long without data, so that proxies keep the stream.
    """

    body_bytes: int = 1 << 20
    body_seconds: float = 30.0
    max_tokens: int = 1024
    choices: int = 8
    messages: int = 512
    streams: int = 256
    streams_per_key: int = 256
    requests_per_minute: int = 0
    request_seconds: float = 600.0
    write_seconds: float = 60.0
    keepalive_seconds: float = 15.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            least = 0 if name == "requests_per_minute" else 1e-6
            if not value >= least:
                raise SophroError(f"limit {name} is {value}; it must be positive")


@dataclass(frozen=True)
class Settings:
    """How answers are shown and kept.

    Attributes:
        visibility: What a client sees of an answer in which the model reflected (see ``sophro.chat.Visibility``).
        hold: Tokens held back under visibility ``hold``.
        upstream_trace_opened: Whether the upstream's answers begin inside a trace that its template opened.
        traces: Whether reasoning is sent (as ``reasoning_content``, judged by a stream check of its own) or hidden.
        reflections: Whether the text of a reflection is sent to clients that ask for it.
        media: Whether parts of a message that no detector reads (images, audio) may pass to the upstream.
        store_text: Whether events keep texts; otherwise only keyed hashes.
        guard_seconds: Longest time one judgement may take; then the request fails closed.
        stop_seconds: How long running answers may go on after a shutdown was asked for.
        limits: Bounds of requests.
    """

    visibility: Visibility = "hold"
    hold: int = 64
    traces: bool = False
    upstream_trace_opened: bool = False
    reflections: bool = True
    media: bool = False
    store_text: bool = False
    guard_seconds: float = 20.0
    stop_seconds: float = 20.0
    limits: Limits = Limits()

    def __post_init__(self) -> None:
        if self.visibility not in VISIBILITIES:
            raise SophroError(f"visibility is {self.visibility!r}; known: {', '.join(VISIBILITIES)}")
        if self.hold < 0:
            raise SophroError(f"hold is {self.hold} tokens; 0 or more are needed")
        if self.guard_seconds <= 0 or self.stop_seconds < 0:
            raise SophroError("guard_seconds must be positive and stop_seconds not negative")
