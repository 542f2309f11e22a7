"""A judge is examined before it may judge a person: one that says "met" to everything must not get through.

Contract: the examination is fixed, in both languages, and holds as many answers that mean a criterion is met as not.
A judge passes with sensitivity and specificity of at least ``LEAST`` each and few answers unscored. Passing says that
it is not useless; how good it is, the claim ``interview_judges`` measures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sophro.care.dialogue import Agent, Controller, Session, run
from sophro.care.interview._judges import Judgment, checked
from sophro.care.interview._tree import load_module
from sophro.stats import Rate, rate

LEAST = 0.7
MOST_UNSCORED = 0.2
# language, node of low_mood, answer, whether it meets the criterion; None: it must stay open
EXAMINATION: tuple[tuple[str, str, str, bool | None], ...] = (
    ("en", "mood", "Nearly every day", True),
    ("en", "mood", "I can't say I'm happy, it's there nearly all day", True),
    ("en", "interest", "Most days", True),
    ("en", "sleep", "About 12 days", True),
    ("en", "lasting", "Yes, since March", True),
    ("en", "impairment", "Yes, definitely", True),
    ("en", "mood", "Not really, just tired", False),
    ("en", "interest", "Never", False),
    ("en", "sleep", "One or two days", False),
    ("en", "energy", "Not at all", False),
    ("en", "lasting", "No", False),
    ("en", "mood", "I used to, last year", False),
    ("en", "mood", "My sister does", None),
    ("en", "mood", "Why do you ask?", None),
    ("zh", "mood", "几乎每天", True),
    ("zh", "interest", "大部分日子", True),
    ("zh", "sleep", "天天都睡不好", True),
    ("zh", "energy", "十二天左右", True),
    ("zh", "lasting", "是的", True),
    ("zh", "impairment", "有，影响很大", True),
    ("zh", "mood", "没有", False),
    ("zh", "interest", "完全没有", False),
    ("zh", "sleep", "只有一两天", False),
    ("zh", "energy", "不会", False),
    ("zh", "lasting", "不是", False),
    ("zh", "mood", "以前有，去年", False),
    ("zh", "mood", "我妹妹会", None),
    ("zh", "mood", "什么意思？", None),
)


@dataclass(frozen=True)
class Vetted:
    """Result of the examination.

    Attributes:
        passed: Whether the judge may be used.
        sensitivity: Share of the met that it calls met; what it leaves open counts as missed.
        specificity: Share of the not met that it does not call met.
        left_open: Share of the undecided that it leaves open.
        unscored: Answers that it gave no usable judgment on.
        n: Size of the examination.
        reason: What is wrong, in one sentence; empty if it passed.
    """

    passed: bool
    sensitivity: Rate
    specificity: Rate
    left_open: Rate
    unscored: int
    n: int
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return JSON values."""
        return asdict(self)


class _Ask(Controller):
    """Asks a judge about a list of answers, outside of an interview."""

    kind = "judging"

    def __init__(self, judge: Agent, items: Sequence[tuple[str, str, str, str]]) -> None:
        self.judge = judge
        self.items = items  # language, module, node, answer
        self.found: list[Judgment] = []

    @property
    def settings(self) -> dict[str, Any]:
        return {}

    async def conduct(self, session: Session) -> dict[str, Any]:
        for lang, name, node_id, answer in self.items:
            node = load_module(name).nodes[node_id]
            task = {
                "criterion": node.wording[lang].criterion,
                "question": node.wording[lang].ask[0],
                "kind": node.value,
                "safety": node.kind == "safety",
                "lang": lang,
                "answers": [answer],
            }
            said = await session.ask(self.judge, task=task, spoken=False, on_error="record")
            self.found.append(checked(said, node.value, [answer]))
        return {}


async def judge_all(judge: Agent, items: Sequence[tuple[str, str, str, str]]) -> list[Judgment]:
    """Return the judgments of single answers: (language, module, node, answer)."""
    asking = _Ask(judge, items)
    await run(asking)
    return asking.found


async def vet(judge: Agent) -> Vetted:
    """Examine a judge."""
    found = await judge_all(judge, [(lang, "low_mood", node, text) for lang, node, text, _ in EXAMINATION])
    met: list[bool] = []
    nodes = load_module("low_mood").nodes
    for (_, node, _, _), judgment in zip(EXAMINATION, found, strict=True):
        # All thresholds of these nodes are the lower bound of their met_if.
        bound = nodes[node].met_if.bounds[0][2]
        met.append(judgment.value is not None and judgment.value >= bound)
    truth = [t for *_, t in EXAMINATION]
    sensitivity = rate([m for m, t in zip(met, truth, strict=True) if t is True])
    specificity = rate([not m for m, t in zip(met, truth, strict=True) if t is False])
    left_open = rate([j.verdict != "decided" for j, t in zip(found, truth, strict=True) if t is None])
    unscored = sum(j.verdict == "unscored" for j in found)
    reason = ""
    if unscored > MOST_UNSCORED * len(found):
        reason = f"{unscored} of {len(found)} judgments could not be used"
    elif (sensitivity.value or 0) < LEAST:
        reason = f"it finds only {sensitivity.k} of {sensitivity.n} criteria that are met"
    elif (specificity.value or 0) < LEAST:
        wrong = specificity.n - specificity.k
        reason = f"it calls {wrong} of {specificity.n} criteria met that are not"
    return Vetted(not reason, sensitivity, specificity, left_open, unscored, len(found), reason)
