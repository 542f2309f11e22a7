"""What a detector of conversations is asked about, and the protocol that all of them satisfy.

Contract: a scanner gets views, not strings: the text it judges, who said it, and what was said before. Its results are
``Detection`` like those of the text detectors; ``window`` and ``spans`` are code points of ``View.text``.
A view in which there is nothing to read, or that could not be judged, is *not evaluated* (no scores and a
reason), never clean. Scanners take batches; a view's result does not depend on the batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

from sophro.guard._types import Detection

Where = Literal["input", "trace", "output", "stream"]
WHERE: tuple[Where, ...] = get_args(Where)


@dataclass(frozen=True)
class Turn:
    """One message.

    Attributes:
        role: ``system``, ``user``, ``assistant`` or ``tool``.
        text: What it says; of an assistant turn the answer, without its trace.
        trace: Reasoning trace of an assistant turn.
        state: Parse state of an assistant turn (``ok``, ``unclosed_trace``, ...).
    """

    role: str
    text: str
    trace: str = ""
    state: str = "ok"


@dataclass(frozen=True)
class View:
    """What one run of a detector judges.

    Attributes:
        text: The text that is judged: the newest request, a trace, an answer, or a window of a stream.
        where: What ``text`` is.
        turns: The whole conversation, in order; of an answer it ends with the turn before.
        request: The newest request of the user.
        open: Requests before it that the assistant did not decline, oldest first.
        needed: Lowest score from which any rule applies; whoever is sure to stay below may stop reading. 0: all of
            it is wanted.
    """

    text: str
    where: Where = "input"
    turns: tuple[Turn, ...] = ()
    request: str = ""
    open: tuple[str, ...] = ()
    needed: float = 0.0


class Scanner(Protocol):
    """Anything that turns views into detections."""

    name: str
    version: str

    @property
    def thresholds(self) -> Mapping[str, float]:
        """Label to the score from which on it is flagged, unless a policy says otherwise."""
        ...

    def __call__(self, views: Sequence[View]) -> list[Detection]:
        """Return one detection per view, in order."""
        ...
