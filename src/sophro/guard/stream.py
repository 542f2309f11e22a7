"""Judging an answer while it is being written: no text leaves before its window is judged.

Contract: what ``push``, ``poll`` and ``finish`` return, joined, is a prefix of the answer (with places masked where a
rule rewrites) that holds no character of a window judged bad. Window edges are character positions of the
answer, so the result does not depend on how it arrives in pieces; only ``poll``, which judges a window before it is
full because time passed, moves an edge. The last ``behind`` characters of a good window wait for the next one, so
that a pattern of up to that length which lies across an edge does not lose its first half to the wire. They wait as
long as the answer goes on: where nothing new has come for ``max_hold`` seconds since they were judged good, ``poll``
lets them go, so that an answer that pauses keeps nothing back for longer than twice that.

A trace (text between the tags of a family of models, at the start) is judged by the policy's ``trace`` rules, the rest
by its ``stream`` rules. A dry run lets everything pass and tells the decision.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sophro.chat import TRACE_FORMATS
from sophro.guard.scanners import Turn, View, Where
from sophro.guard.scanners._turns import to_turns, views_of

if TYPE_CHECKING:
    from sophro.guard.check import Decision, Guard


@dataclass(frozen=True)
class JudgedWindow:
    """What the detectors said about one stretch of an answer.

    Attributes:
        start, end: Its code points in the answer.
        scores: ``detector.label`` to score.
        thresholds: ``detector.label`` to the score from which a rule applies.
    """

    start: int
    end: int
    scores: Mapping[str, float]
    thresholds: Mapping[str, float]


class StreamCheck:
    """One answer on its way out. Not for several threads at once.

    Args:
        guard: Detectors and policy.
        conversation: The messages that the answer belongs to.
        clock: Seconds, for the longest wait.

    Attributes:
        windows: What was judged so far, in order.
    """

    def __init__(
        self, guard: Guard, conversation: Sequence[Any], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._guard = guard
        self._settings = guard.policy.streaming
        turns: tuple[Turn, ...] = to_turns(conversation)
        if turns[-1].role == "assistant" and len(turns) > 1:
            turns = turns[:-1]  # the answer goes on where its beginning was given
        self._asked = views_of(turns, "input")[0]
        self._clock = clock
        self._text = ""
        self._judged = 0  # everything before it is judged good
        self._sent = 0  # everything before it has left
        self._edge = self._settings.first
        self._since: float | None = None  # when the oldest text arrived that still waits
        self._masks: list[tuple[int, int, str]] = []
        self._decision: Decision | None = None
        self._stopped = False
        self.windows: list[JudgedWindow] = []

    @property
    def decision(self) -> Decision | None:
        """What stopped the answer (in a dry run: what would have); None while nothing did."""
        return self._decision

    @property
    def stopped(self) -> bool:
        """Whether nothing more will leave."""
        return self._stopped

    @property
    def held(self) -> str:
        """Text that arrived and has not left."""
        return self._text[self._sent :]

    def push(self, text: str) -> str:
        """Take more of the answer; return what may leave now."""
        if self._stopped or not text:
            return ""
        self._text += text
        if self._since is None:
            self._since = self._clock()
        return self._advance(last=False)

    def due(self, more: int = 0) -> bool:
        """Whether a push of ``more`` characters, or with 0 a poll, would judge something; else it costs nothing."""
        if self._stopped or more:
            return not self._stopped and len(self._text) + more >= self._edge
        late = self._since is not None and self._clock() - self._since >= self._settings.max_hold
        return late and self._judged != len(self._text)

    def poll(self) -> str:
        """Return what may leave because it waited for ``max_hold`` seconds; call it while nothing arrives.

        The first such wait has what is there judged, a second one lets go of the end that was kept behind it.
        """
        if self.due():
            self._edge = len(self._text)
            return self._advance(last=False)
        # All of it was judged, and since then nothing came (text that comes is unjudged, and judging it sets the time).
        quiet = self._since is not None and self._clock() - self._since >= self._settings.max_hold
        if self._stopped or not quiet or self._judged != len(self._text):
            return ""
        return self._release(self._judged)

    def finish(self) -> str:
        """Judge what is left at the end of the answer and return what may leave."""
        return "" if self._stopped else self._advance(last=True)

    def _advance(self, last: bool) -> str:
        while not self._stopped:
            end = min(self._edge, len(self._text))
            if end <= self._judged or (end < self._edge and not last):
                break
            where, end = self._part(end)
            self._judge(where, end)
            self._edge = max(self._edge, end + self._settings.window) if end == self._edge else self._edge
        whole = last and not self._stopped
        return self._release(self._judged if whole else self._judged - self._settings.behind)

    def _part(self, end: int) -> tuple[Where, int]:
        """Return what the next window is part of, and its end: a window never goes beyond the end of a trace."""
        head = self._text.lstrip()
        for format_ in TRACE_FORMATS.values():
            if head.startswith(format_.open):
                close = self._text.find(format_.close)
                stop = len(self._text) + 1 if close < 0 else close + len(format_.close)
                if self._judged < stop:
                    return "trace", min(end, stop)
                return "stream", end
        return "stream", end

    def _judge(self, where: Where, end: int) -> None:
        start = max(0, self._judged - self._settings.context)
        asked = self._asked
        view = View(self._text[start:end], where, asked.turns, asked.request, asked.open)
        judged = self._guard.judge([view])
        decision = self._guard.decide(judged)
        self.windows.append(JudgedWindow(self._judged, end, decision.scores, judged[0].thresholds))
        self._since = self._clock()
        if decision.action == "rewrite" and (spans := self._spans(judged[0], start)):
            self._masks += spans
            self._decision = self._decision or decision
        elif decision.action != "allow":
            self._decision = decision
            self._stopped = not decision.dry_run
        if not self._stopped:
            self._judged = end

    def _spans(self, judged: Any, start: int) -> list[tuple[int, int, str]]:
        from sophro.guard.check import masks

        return [(a + start, b + start, label) for a, b, label in masks(judged)]

    def _release(self, end: int) -> str:
        if self._guard.policy.dry_run:
            self._masks = []
        made = ""
        while self._sent < end:
            inside = [m for m in self._masks if m[0] < end and m[1] > self._sent]
            if not inside:
                made += self._text[self._sent : end]
                self._sent = end
                break
            first, past, label = min(inside)
            if past > end and past > self._judged:
                end = max(first, self._sent)  # its end has not been judged: keep all of it
                made += self._text[self._sent : end]
                self._sent = end
                break
            made += self._text[self._sent : max(first, self._sent)] + f"[{label}]"
            self._sent = past
            self._masks.remove((first, past, label))
        if self._sent >= len(self._text):
            self._since = None
        return made
