"""The guard: what a policy's detectors say about conversations, and what is done about it.

Contract: ``Guard`` is immutable and holds loaded detectors, so one may be shared by threads and is rebuilt when the
policy changes. A conversation's decision does not depend on the batch. Of several rules that apply, the heaviest action
wins (``ACTIONS``); all of them are reasons. A detector that could not judge is listed in ``not_evaluated`` and never
counts as clean: with ``on_failure: closed`` the text is refused then. A refusal never takes the place of what the
crisis layer says to a person. ``allow`` as an action of a rule only records.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from sophro.errors import SophroError
from sophro.guard._types import Detection
from sophro.guard.policy._policy import Policy
from sophro.guard.policy._replies import language, reply_for
from sophro.guard.policy._schema import ACTIONS, Action, Rule
from sophro.guard.scanners import Scanner, View, Where, scanner
from sophro.guard.scanners._turns import to_turns, views_of

if TYPE_CHECKING:
    from sophro.guard.stream import StreamCheck

Message = Mapping[str, Any]


@dataclass(frozen=True)
class Reason:
    """A rule that applied.

    Attributes:
        detector: Name of the detector.
        label: What it found.
        score: Its score.
        threshold: Score from which on the rule applies.
        where: ``input``, ``trace``, ``output`` or ``stream``.
        window: Code points of the judged text that the score belongs to.
        action: The rule's action.
        note: What was found, in a few words, where the label does not say it.
    """

    detector: str
    label: str
    score: float
    threshold: float
    where: Where
    window: tuple[int, int]
    action: Action
    note: str = ""


@dataclass(frozen=True)
class Decision:
    """What the guard decided about one conversation.

    Attributes:
        action: What is to be done.
        scores: ``detector.label`` to score; those of a trace are prefixed with ``trace.``.
        reasons: Rules that applied, heaviest first.
        reply: Text to send instead (refuse, rewrite, escalate); empty otherwise.
        not_evaluated: Detectors that could not judge, with why.
        dry_run: The policy only logs; ``action`` says what would have been done.
        policy: Name and version of the policy.
    """

    action: Action
    scores: Mapping[str, float]
    reasons: tuple[Reason, ...] = ()
    reply: str = ""
    not_evaluated: tuple[str, ...] = ()
    dry_run: bool = False
    policy: str = ""
    failed: tuple[str, ...] = field(default=())

    @property
    def enforced(self) -> Action:
        """The action that is carried out."""
        return "allow" if self.dry_run else self.action


@dataclass(frozen=True)
class Judged:
    """One view with what every detector of its place said."""

    view: View
    found: tuple[tuple[Rule, Detection], ...]

    @property
    def thresholds(self) -> dict[str, float]:
        """``detector.label`` to the lowest score from which a rule of the view's place applies."""
        out: dict[str, float] = {}
        for rule, detection in self.found:
            for label in detection.scores:
                if rule.label in (None, label):
                    value = detection.thresholds[label] if rule.threshold is None else rule.threshold
                    name = f"{rule.detector}.{label}"
                    out[name] = min(value, out.get(name, value))
        return out


class Guard:
    """The detectors of a policy, loaded.

    Args:
        policy: Which detectors look where, and what is done.
        scanners: Detectors to use instead of those of the same names (tests, detectors of one's own).
        brief: Whether detectors may also stop reading a finished answer where no rule can apply any more; its scores
            are then parts of what they would be. Windows of streams are always read so.

    Raises:
        SophroError: If a detector's files are missing.
    """

    def __init__(
        self, policy: Policy, scanners: Mapping[str, Scanner] | None = None, brief: bool = False
    ) -> None:
        self.policy = policy
        self._brief = brief
        self._given = dict(scanners or {})
        options = policy.fields.options
        used = dict.fromkeys(r.detector for rules in policy.rules.values() for r in rules)
        self._scanners: Mapping[str, Scanner] = {
            name: self._given.get(name) or scanner(name, options.get(name)) for name in used
        }

    @property
    def versions(self) -> Mapping[str, str]:
        """Detector to the hash of its weights and settings."""
        return {name: s.version for name, s in self._scanners.items()}

    def for_tenant(self, name: str | None) -> Guard:
        """Return the guard of one tenant; detectors are shared."""
        policy = self.policy.for_tenant(name)
        return self if policy is self.policy else Guard(policy, self._given, self._brief)

    def check(
        self, conversations: Sequence[Sequence[Message]], where: Literal["input", "output"] = "input"
    ) -> list[Decision]:
        """Judge conversations.

        Args:
            conversations: Lists of ``{"role", "content"}``. One that ends with a reply is judged as output, its trace
                apart; any other as ``where`` says.
            where: Which rules apply to a conversation that does not end with a reply.

        Returns:
            One decision each, in order.

        Raises:
            SophroError: Naming conversation, message and field, if one is not a conversation.
        """
        views: list[View] = []
        owner: list[int] = []
        for number, messages in enumerate(conversations):
            try:
                turns = to_turns(messages)
            except SophroError as error:
                raise SophroError(f"conversations[{number}].{error}") from None
            for view in views_of(turns, where):
                views.append(view)
                owner.append(number)
        judged = self.judge(views)
        parts: list[list[Judged]] = [[] for _ in conversations]
        for number, item in zip(owner, judged, strict=True):
            parts[number].append(item)
        return [self.decide(part) for part in parts]

    def stream(self, conversation: Sequence[Message]) -> StreamCheck:
        """Return a check for the answer to ``conversation`` while it is being written."""
        from sophro.guard.stream import StreamCheck

        return StreamCheck(self, conversation)

    def judge(self, views: Sequence[View]) -> list[Judged]:
        """Run the detectors of each view's place; every detector sees all its views at once."""
        results: dict[tuple[str, int], Detection] = {}
        for name, by in self._scanners.items():
            mine = [
                i for i, v in enumerate(views) if any(r.detector == name for r in self.policy.rules[v.where])
            ]
            if mine:
                asked = [replace(views[i], needed=self._needed(name, views[i].where)) for i in mine]
                for i, detection in zip(mine, by(asked), strict=True):
                    results[name, i] = detection
        return [
            Judged(view, tuple((rule, results[rule.detector, i]) for rule in self.policy.rules[view.where]))
            for i, view in enumerate(views)
        ]

    def _needed(self, name: str, where: Where) -> float:
        """Return the lowest score from which a rule of a detector applies in a place; 0 where all of it is wanted."""
        if where != "stream" and not self._brief:
            return 0.0
        own = self._scanners[name].thresholds
        return min(
            (
                value
                for rule in self.policy.rules[where]
                if rule.detector == name
                for value in ([rule.threshold] if rule.threshold is not None else own.values())
            ),
            default=0.0,
        )

    def decide(self, judged: Sequence[Judged]) -> Decision:
        """Turn what was found in the parts of one conversation into one decision."""
        scores: dict[str, float] = {}
        reasons: list[Reason] = []
        silent: dict[str, None] = {}
        failed: dict[str, None] = {}
        chosen: tuple[Rule, Judged, Detection] | None = None
        for item in judged:
            prefix = "trace." if item.view.where == "trace" else ""
            for rule, detection in item.found:
                if not detection.applies:
                    continue
                if not detection.scores:
                    silent[f"{prefix}{rule.detector}: {detection.reason}"] = None
                    if detection.failed:
                        failed[f"{prefix}{rule.detector}"] = None
                    continue
                for label, score in detection.scores.items():
                    scores[f"{prefix}{rule.detector}.{label}"] = round(score, 4)
                    if rule.label not in (None, label):
                        continue
                    threshold = detection.thresholds[label] if rule.threshold is None else rule.threshold
                    if score >= threshold:
                        window = detection.windows.get(label, detection.window)
                        reasons.append(
                            Reason(rule.detector, label, round(score, 4), threshold, item.view.where, window,
                                   rule.action, detection.note)
                        )  # fmt: skip
                        if chosen is None or _weight(rule.action) > _weight(chosen[0].action):
                            chosen = (rule, item, detection)
        action: Action = chosen[0].action if chosen else "allow"
        reply = self._reply(action, chosen, judged)
        if failed and self.policy.on_failure == "closed" and _weight(action) < _weight("refuse"):
            action, reply = "refuse", _owed(judged) or self._text("failure", judged)
        reasons.sort(key=lambda r: -_weight(r.action))
        return Decision(
            action,
            scores,
            tuple(reasons),
            reply,
            tuple(silent),
            self.policy.dry_run,
            f"{self.policy.name}@{self.policy.version}",
            tuple(failed),
        )

    def _reply(
        self, action: Action, chosen: tuple[Rule, Judged, Detection] | None, judged: Sequence[Judged]
    ) -> str:
        if chosen is None or action in ("allow", "hold"):
            return ""
        owed = _owed(judged)
        if chosen[0].reply is not None and (chosen[2].reply or not owed):
            return chosen[0].reply
        if chosen[2].reply or owed:
            return chosen[2].reply or owed
        if action == "rewrite":
            return rewritten(chosen[1]) or self._text("refuse", judged)
        return self._text(action, judged)

    def _text(self, kind: str, judged: Sequence[Judged]) -> str:
        view = judged[0].view
        return reply_for(kind, language(view.request or view.text), self.policy.replies)


def _owed(judged: Sequence[Judged]) -> str:
    """Return what a detector says must be said to the person (the crisis layer), however heavy another rule is."""
    return next(
        (
            detection.reply
            for item in judged
            for rule, detection in item.found
            if detection.reply and rule.action not in ("allow", "hold")
        ),
        "",
    )


def _weight(action: Action) -> int:
    return ACTIONS.index(action)


def masks(item: Judged) -> list[tuple[int, int, str]]:
    """Return the places of the judged text that its rewriting rules replace, in order and without overlaps."""
    spans: list[tuple[int, int, str]] = []
    for rule, detection in item.found:
        if rule.action != "rewrite":
            continue
        for start, end, label in detection.spans:
            score = detection.scores.get(label, 0.0)
            threshold = detection.thresholds.get(label, 1.0) if rule.threshold is None else rule.threshold
            if rule.label in (None, label) and score >= threshold:
                spans.append((start, end, label))
    found: list[tuple[int, int, str]] = []
    for start, end, label in sorted(set(spans)):
        if found and start < found[-1][1]:
            before = found.pop()
            found.append((before[0], max(end, before[1]), before[2]))
        else:
            found.append((start, end, label))
    return found


def rewritten(item: Judged) -> str:
    """Return the judged text with the places of its rewriting rules replaced; empty if they name none."""
    text, at, made = item.view.text, 0, ""
    places = masks(item)
    for start, end, label in places:
        made += text[at:start] + f"[{label}]"
        at = end
    return made + text[at:] if places else ""
