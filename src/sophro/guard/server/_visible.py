"""From generated pieces to what a client may see: trace and answer apart, and nothing that a reflection takes back.

Paper: visibility of self-reflection, 2026.findings-acl.678 (the policies are ours; see ``sophro.chat.Visibility``).

Contract: pieces in (one per token; ``None`` is the reflection token), tagged text out. Under ``hold`` a piece leaves
when ``hold`` newer ones have come, or at the end; a reflection drops everything that is still held, whatever it is,
and then its own text up to the first blank line is tagged ``reflection``. Under ``cut`` nothing leaves before the
end, so that only what follows the last reflection ever does. ``raw`` drops nothing. Without a reflection, and with
all text joined, the kinds are those of ``sophro.chat.parse_response``, for any cutting into pieces. For models
without traces ``hold`` releases what ``sophro.models.HoldBack`` does.
"""

from __future__ import annotations

import re
from collections import deque

from sophro.chat import REFLECTION_END, TraceFormat, Visibility
from sophro.guard.server._back_end import Kind

Tagged = tuple[Kind, str]


class TraceSplitter:
    """Tells trace from answer in growing text.

    Args:
        trace: The model's trace format; with None everything is answer.
        opened: Whether the prompt already opened the trace.
    """

    def __init__(self, trace: TraceFormat | None, opened: bool = False) -> None:
        self._format = trace
        self._state = "answer" if trace is None else "trace" if opened else "start"
        self._text = ""  # not given out yet
        self._depth = 1
        self._seen = 0  # how far tags were counted
        self._first: int | None = (
            None  # where the first closing tag begins while an inner trace may still be open
        )
        self._skip = ""  # blanks that the family writes here and that belong to nobody

    def push(self, text: str) -> list[Tagged]:
        """Take more text; return what is certain."""
        self._text += text
        out: list[Tagged] = []
        if self._state == "start":
            self._begin()
        if self._state == "trace":
            out += self._trace()
        if self._state == "answer" and self._skipped():
            out.append(("answer", self._text))
            self._text = ""
        return [piece for piece in out if piece[1]]

    def finish(self) -> list[Tagged]:
        """Return the rest."""
        text, self._text = self._text, ""
        if self._state != "trace" or self._format is None:
            return [("answer", text)] if text else []
        if self._first is None:
            return [("trace", text)] if text else []
        # An inner trace stayed open: the first closing tag counts.
        body, rest = text[: self._first], text[self._first + len(self._format.close) :]
        out: list[Tagged] = [
            ("trace", body.removesuffix(self._format.before_close)),
            ("answer", rest[_shared(rest, self._format.after_close) :]),
        ]
        return [piece for piece in out if piece[1]]

    def flush(self) -> list[Tagged]:
        """Return what waits for the rest of a tag, as part of what is open now: no more of it will come."""
        kind: Kind = "trace" if self._state == "trace" else "answer"
        text = self.drop()
        return [(kind, text)] if text else []

    def drop(self) -> str:
        """Forget what was not given out, and return it. The model has read it, so what it opened stays open."""
        text, self._text, self._seen, self._first = self._text, "", 0, None
        return text

    def answers(self) -> None:
        """Take what follows for the answer, whatever is open."""
        self._state, self._skip = "answer", ""

    def _begin(self) -> None:
        assert self._format is not None
        head, tag = self._text.lstrip(), self._format.open
        if head.startswith(tag):
            self._state, self._text, self._skip = "trace", head[len(tag) :], self._format.after_open
        elif not tag.startswith(head):
            self._state = "answer"

    def _skipped(self) -> bool:
        """Drop expected blanks; False while more of them may come."""
        n = _shared(self._text, self._skip)
        whole = n == len(self._text) and n < len(self._skip)
        if not whole:
            self._text, self._skip = self._text[n:], ""
        return not whole

    def _trace(self) -> list[Tagged]:
        assert self._format is not None
        if not self._skipped():
            return []
        form = self._format
        for tag in re.compile(f"{re.escape(form.open)}|{re.escape(form.close)}").finditer(
            self._text, self._seen
        ):
            self._seen = tag.end()
            if tag.group() == form.open:
                self._depth += 1
                continue
            self._first = tag.start() if self._first is None else self._first
            self._depth -= 1
            if self._depth == 0:
                body, self._text = self._text[: tag.start()], self._text[tag.end() :]
                self._state, self._skip = "answer", form.after_close
                return [("trace", body.removesuffix(form.before_close))]
        # The last characters may be the start of a tag or of the blanks before it.
        tail = max(len(form.open), len(form.close)) - 1 + len(form.before_close)
        safe = len(self._text) - tail if self._first is None else self._first - len(form.before_close)
        if safe <= 0:
            return []
        given, self._text = self._text[:safe], self._text[safe:]
        self._seen = max(0, self._seen - safe)
        self._first = None if self._first is None else self._first - safe
        return [("trace", given)]


class Visible:
    """What leaves of one answer.

    Args:
        visibility: ``raw``, ``cut`` or ``hold``.
        hold: Pieces held back under ``hold``.
        trace: The model's trace format.
        opened: Whether the prompt already opened the trace.

    Attributes:
        dropped: Pieces taken back so far.
        born: When the oldest of the text that was returned last was generated.
    """

    def __init__(
        self,
        visibility: Visibility = "raw",
        hold: int = 0,
        trace: TraceFormat | None = None,
        opened: bool = False,
    ) -> None:
        self._visibility = visibility
        self._size = {"raw": 0, "hold": hold, "cut": None}[visibility]
        self._split = TraceSplitter(trace, opened)
        self._held: deque[tuple[list[Tagged], float]] = deque()
        self._thought: str | None = None
        self._sent = 0  # characters of the reflection that were given out
        self._lead = False  # blanks behind a reflection belong to nobody
        self.dropped = 0
        self.born = 0.0

    def push(self, piece: str | None, now: float = 0.0) -> list[Tagged]:
        """Take the next piece, generated at ``now``; return what may leave.

        ``born`` is then the time at which the oldest of the returned text was generated.
        """
        if piece is None:
            out: list[Tagged] = []
            if self._visibility == "raw":
                self._held.append((self._split.flush(), now))
                out = self._all()
            else:
                self.dropped += len(self._held)
                self._held.clear()
                # The splitter holds text as well, where it may be the start of a tag.
                self._split.drop()
            self._thought, self._sent = "", 0
            return out
        if self._thought is not None:
            return self._reflect(piece, now)
        if self._lead:
            piece = piece.lstrip("\n")
            self._lead = not piece
        self._held.append((self._split.push(piece), now))
        out = []
        while self._size is not None and len(self._held) > self._size:
            found, born = self._held.popleft()
            self.born = born if not out else self.born
            out += found
        return _merged(out)

    def refuse(self, reflection: str, refusal: str, now: float = 0.0) -> list[Tagged]:
        """Take a refusal that is not the model's own: behind a reflection, and an answer wherever the model was."""
        out = self.push(None, now)
        self._split.answers()
        return _merged(out + self.push(reflection + REFLECTION_END + refusal, now))

    def finish(self) -> list[Tagged]:
        """Return what is still held; a reflection that never ended is followed by nothing."""
        if self._thought is not None:
            rest, self._thought = self._thought[self._sent :], None
            return [("reflection", rest)] if rest else []
        self._held.append((self._split.finish(), self.born))
        return self._all()

    def _all(self) -> list[Tagged]:
        if self._held:
            self.born = self._held[0][1]
        out = [piece for pieces, _ in self._held for piece in pieces]
        self._held.clear()
        return _merged(out)

    def _reflect(self, piece: str, now: float) -> list[Tagged]:
        self._thought = (self._thought or "") + piece
        text, blank, rest = self._thought.partition(REFLECTION_END)
        if not blank:
            # A line break may be the first half of the blank line.
            upto = len(text) - (1 if text.endswith("\n") else 0)
            new, self._sent = text[self._sent : upto], upto
            return [("reflection", new)] if new else []
        new, self._thought = text[self._sent :], None
        out: list[Tagged] = [("reflection", new)] if new else []
        self._lead = True
        return _merged(out + (self.push(rest, now) if rest.lstrip("\n") else []))


def _merged(pieces: list[Tagged]) -> list[Tagged]:
    out: list[Tagged] = []
    for kind, text in pieces:
        if out and out[-1][0] == kind:
            out[-1] = (kind, out[-1][1] + text)
        else:
            out.append((kind, text))
    return out


def _shared(text: str, blanks: str) -> int:
    """Length of the longest common prefix."""
    return next(
        (i for i, (a, b) in enumerate(zip(text, blanks, strict=False)) if a != b), min(len(text), len(blanks))
    )


class StopTexts:
    """Ends an answer where one of a few texts comes, also where it comes in pieces.

    Args:
        stops: The texts.
    """

    def __init__(self, stops: tuple[str, ...]) -> None:
        self._stops = stops
        self._tail = max((len(s) for s in stops), default=1) - 1
        self._text = ""
        self.found = False

    def push(self, text: str) -> str:
        """Take more text; return what surely stands before a stop."""
        if self.found:
            return ""
        self._text += text
        at = min((i for s in self._stops if (i := self._text.find(s)) >= 0), default=-1)
        if at >= 0:
            self.found = True
            given, self._text = self._text[:at], ""
            return given
        cut = len(self._text) - self._tail if self._tail else len(self._text)
        given, self._text = self._text[: max(0, cut)], self._text[max(0, cut) :]
        return given

    def finish(self) -> str:
        """Return the rest."""
        given, self._text = self._text, ""
        return given
