"""The embedded judges and any LLM judge as detectors of replies.

Contract: refusal and harm are two questions; a refusal is not harmful, whatever it names. What a judge calls
``unscored`` or ``broken`` is *not evaluated*: unscored (an unreadable answer after the judge's own retries, a failed
call) is a failure that ``on_failure`` decides about, broken (nothing that could be read) is not. A long
answer is read in overlapping windows and the highest score counts.
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sophro.errors import SophroError
from sophro.files import digest
from sophro.guard._types import Detection
from sophro.guard.scanners._types import View
from sophro.guard.scanners._windows import chosen, windows
from sophro.judge._types import Exchange, Verdict
from sophro.judge._weights import FIRST

SIZE, OVERLAP, MOST = 1200, 200, 6
THRESHOLD = 0.5
CLEARED = "cleared by the screen"
GLANCED = "cleared at a glance"
BOUNDED = "cleared by the first reader: at most {:.2f}"
# One judgement at a time: two would share the cores and both be late, and whoever is not judged would wait as well.
_TURN = threading.Lock()


class _Judged(ABC):
    """A judge over windows of the answer.

    Args:
        name: Name of the detector.
        label: What it reports.
        judge: Name of the judge.
    """

    def __init__(self, name: str, label: str, judge: str) -> None:
        from sophro.judge import judge as find

        self.name = name
        self._label = label
        self._judge: Any = find(judge)
        self.thresholds = {label: THRESHOLD}
        self.version: str = self._judge.version

    def __call__(self, views: Sequence[View]) -> list[Detection]:
        """Return one detection per view, in order."""
        cuts = [_spread(windows(v.text, SIZE, OVERLAP)) for v in views]
        asked = [
            Exchange.of(_question(v), v.text[a:b]) for v, cut in zip(views, cuts, strict=True) for a, b in cut
        ]
        verdicts = iter(self._ask(asked))
        return [self._one(v, cut, [next(verdicts) for _ in cut]) for v, cut in zip(views, cuts, strict=True)]

    def _ask(self, asked: list[Exchange]) -> list[Verdict]:
        if not asked:
            return []
        with _TURN:
            return self._judge(asked)

    @abstractmethod
    def _score(self, verdict: Verdict) -> float | None:
        """Return the score of a verdict, None where it says nothing."""

    def _one(self, view: View, cut: list[tuple[int, int]], verdicts: list[Verdict]) -> Detection:
        scored = [(s, c, v) for c, v in zip(cut, verdicts, strict=True) if (s := self._score(v)) is not None]
        failed = [v for v in verdicts if v.outcome == "unscored"]
        if failed or not scored:
            why = failed[0].reason if failed else verdicts[0].reason if verdicts else "the text is empty"
            reason = f"could not judge: {why}" if failed else f"nothing to read: {why}"
            return Detection({}, self.thresholds, self.name, self.version, reason=reason, failed=bool(failed))
        score, window, verdict = max(scored, key=lambda item: item[0])
        note = verdict.reason if score >= self.thresholds[self._label] else ""
        return Detection(
            {self._label: score}, self.thresholds, self.name, self.version, window, note=note[:300]
        )


class ResponseHarm(_Judged):
    """Is the answer harmful, given the request? The embedded harm judge.

    Args:
        screen: Whether a window of a stream that is surely harmless is cleared without the judge (``_screen``), or
            with some of its first reader's layers (``_glance``).
    """

    def __init__(self, screen: bool = True) -> None:
        super().__init__("response_harm", "harmful", "embedded-harm")
        self._screen: Any = None
        self._glance: Any = None
        if screen:
            from sophro.guard.scanners._glance import Glance
            from sophro.guard.scanners._screen import Screen

            self._screen, self._glance = Screen(), Glance()
            self.version = digest(self.version, self._screen.version, self._glance.version)

    def __call__(self, views: Sequence[View]) -> list[Detection]:
        """Return one detection per view, in order."""
        if self._screen is None:
            return super().__call__(views)
        streamed = [i for i, v in enumerate(views) if v.where == "stream" and v.text.strip()]
        whole = [i for i, v in enumerate(views) if v.where in ("trace", "output") and v.text.strip()]
        found = self._settled(views, whole)
        for i, score in zip(streamed, self._screen([views[i] for i in streamed]), strict=True):
            if score is not None:
                found[i] = self._cleared(views[i], score, CLEARED)
        found |= self._bounded(views, [i for i in streamed if i not in found])
        rest = [i for i in range(len(views)) if i not in found]
        found |= zip(rest, super().__call__([views[i] for i in rest]), strict=True)
        return [found[i] for i in range(len(views))]

    def _bounded(self, views: Sequence[View], open_: Sequence[int]) -> dict[int, Detection]:
        """Clear what the glance foresees, and what no rule can apply to, whatever the second reader would say."""
        mine = [i for i in open_ if views[i].needed > 1 - FIRST and len(views[i].text) <= SIZE]
        if not mine:
            return {}
        look = self._glance.at([views[i] for i in mine], self._screen.requests)
        with _TURN:
            bounds = self._judge.bounds([Exchange.of(_question(views[i]), views[i].text) for i in mine], look)
        gone: dict[int, float] = look.cleared if look else {}
        found: dict[int, Detection] = {}
        for place, (i, (part, most)) in enumerate(zip(mine, bounds, strict=True)):
            if place in gone:
                found[i] = self._cleared(views[i], gone[place], GLANCED)
            elif most < views[i].needed:
                # What the second reader would add is not known, so the score is the first one's part of it.
                found[i] = self._cleared(views[i], round(part, 4), BOUNDED.format(most))
        return found

    def _settled(self, views: Sequence[View], whole: Sequence[int]) -> dict[int, Detection]:
        """Clear finished texts in no window of which a rule can apply, whatever the second reader would say."""
        mine = [i for i in whole if views[i].needed > 1 - FIRST]
        cuts = [_spread(windows(views[i].text, SIZE, OVERLAP)) for i in mine]
        asked = [
            Exchange.of(_question(views[i]), views[i].text[a:b])
            for i, cut in zip(mine, cuts, strict=True)
            for a, b in cut
        ]
        if not asked:
            return {}
        with _TURN:
            bounds = iter(self._judge.bounds(asked))
        found: dict[int, Detection] = {}
        for i, cut in zip(mine, cuts, strict=True):
            parts = [next(bounds) for _ in cut]
            part, most = (max(p[k] for p in parts) for k in (0, 1))
            if most < views[i].needed:
                found[i] = self._cleared(views[i], round(part, 4), BOUNDED.format(most))
        return found

    def _cleared(self, view: View, score: float, note: str) -> Detection:
        whole = (0, len(view.text))
        return Detection({self._label: score}, self.thresholds, self.name, self.version, whole, note=note)

    def _score(self, verdict: Verdict) -> float | None:
        return None if verdict.outcome in ("broken", "unscored") else verdict.score


class Refusal(_Judged):
    """Does the answer decline? The embedded refusal judge; of a long answer the beginning decides."""

    def __init__(self) -> None:
        super().__init__("refusal", "refused", "embedded-refusal")

    def _score(self, verdict: Verdict) -> float | None:
        return None if verdict.refused is None else verdict.score


# Guards whose format has a form for a request without an answer (their model cards).
REQUESTS = ("llama-guard-3-harm", "llama-guard-4-harm", "qwen3guard-harm", "qwen3guard-loose-harm")


class LlmGuard(_Judged):
    """A guard model behind any Inspect model name: ``llama-guard-3-harm@vllm/...``.

    Args:
        name: ``ADAPTER@MODEL``.
        model: The model object instead of its name (tests).
    """

    def __init__(self, name: str, model: Any = None) -> None:
        from sophro.judge.llm import ADAPTERS, LlmJudge

        adapter = ADAPTERS[name.partition("@")[0]]
        target = model or name.partition("@")[2]
        self.name = name
        self._label = "harmful"
        self._judge = LlmJudge(adapter, target)
        self._asker = LlmJudge(_of_requests(adapter), target) if adapter.name in REQUESTS else None
        self.thresholds = {self._label: THRESHOLD}
        self.version = self._judge.version

    def __call__(self, views: Sequence[View]) -> list[Detection]:
        """Return one detection per view, in order; requests are asked about in the guard's form for requests."""
        found: list[Detection | None] = [None] * len(views)
        for judge, asked in ((self._asker, True), (self._judge, False)):
            mine = [i for i, v in enumerate(views) if (v.where == "input") == asked]
            if judge is None or not mine:
                continue
            exchanges = [_exchange(views[i]) for i in mine]
            for i, verdict in zip(mine, self._verdicts(judge, exchanges), strict=True):
                found[i] = self._one(views[i], [(0, len(views[i].text))], [verdict])
        no_form = Detection(
            {}, self.thresholds, self.name, self.version, failed=True,
            reason="could not judge: this guard has no form for a request without an answer",
        )  # fmt: skip
        return [d or no_form for d in found]

    def _verdicts(self, judge: Any, asked: list[Exchange]) -> list[Verdict]:
        try:
            return judge(asked)
        except SophroError as error:
            # More calls failed than the judge allows: every view of the batch is unjudged, and says so.
            return [Verdict("unscored", None, None, str(error), self.name, self.version) for _ in asked]

    def _score(self, verdict: Verdict) -> float | None:
        if verdict.harmful is None:
            return None
        # A guard without log-probabilities says yes or no; where it has a number, its own verdict still counts.
        if verdict.score is None:
            return float(verdict.harmful)
        return max(verdict.score, THRESHOLD) if verdict.harmful else min(verdict.score, THRESHOLD - 1e-4)


def _exchange(view: View) -> Exchange:
    if view.where != "input":
        return Exchange.of(_question(view), view.text)
    asked = "\n".join([*view.open[-2:], view.text])
    # The answer is what the judge's rules look at first; of a request it is the request.
    return Exchange.of(asked, asked)


def _of_requests(adapter: Any) -> Any:
    """Return an adapter that sends the request alone; Qwen3Guard's reply has no line about a refusal then."""
    line = "" if adapter.name.startswith("llama-guard") else "\nRefusal: No"

    def ask(exchange: Exchange, tag: str, retry: bool) -> Any:
        return adapter.ask(exchange, tag, retry)[:1]

    def read(reply: Any, tag: str) -> Any:
        return adapter.read(replace(reply, text=reply.text.rstrip() + line), tag)

    return replace(adapter, ask=ask, read=read, revision=adapter.revision + 1000)


def _question(view: View) -> str:
    return "\n".join([*view.open[-2:], view.request])[-2000:]


def _spread(cut: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return at most ``MOST`` windows: the first, the last, and some evenly between."""
    if len(cut) <= MOST:
        return cut
    even = [0.0] * len(cut)
    for k in range(1, MOST - 1):
        even[k * (len(cut) - 1) // (MOST - 1)] = 1.0
    return [cut[i] for i in chosen(even, MOST)]
