"""The closed loop: low ratings, a diagnosis, rules, a trial on other clients, and a gain measured on yet others.

Paper: Ψ-Arena (arXiv 2505.03293), reflection-based improvement without training. Deviation (inferred from the card):
rules are at most ``per_round`` a round, checked for client facts, tried on the clients of acceptance and kept only if
the score there does not fall. Keeping the best of several trials flatters the clients that it was chosen on, so the
gain is measured on a third part of the clients. Percentages of ordinal scores are not reported, since they explode on a
small base; differences are.

Contract: the loop knows counselors only as "sessions with these rules". A rule that quotes a client is dropped with its
reason. Nothing but sessions of the first part enters a diagnosis; the report part is met when the rules stand, with and
without them, and read by nothing before: not even the check for client facts looks at it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sophro.care.arena._counselors import ASKS, ASKS_ZH
from sophro.care.arena._dimensions import DIMENSIONS, Side
from sophro.care.arena._marks import content
from sophro.care.arena._profiles import Parts, Profile
from sophro.care.arena._score import SessionScore
from sophro.errors import SophroError

LOW = 2.5
MOST_RULES = 16
MOST_LENGTH = 240
# Which behaviour a dimension asks for, and when. Own words; each names a situation and an act, never a client.
_WHEN: Mapping[str, tuple[str, str]] = {
    "C1": ("the client has said something that matters", "reflect"),
    "C2": ("you are about to weigh up what they feel", "respect"),
    "C4": ("you want to help quickly", "patience"),
    "C5": ("the first minutes are over", "goal"),
    "C6": ("the problem is not clear yet", "patience"),
    "C9": ("a harsh thought comes up again", "discover"),
    "C11": ("a new view has been said", "step"),
    "S1": ("there is a feeling behind the words", "feeling"),
    "S2": ("the client has told you something new", "reflect"),
    "S3": ("you do not know how it is for them", "open"),
    "S4": ("several threads lie open", "summary"),
    "S5": ("the same situation returns", "link"),
    "S6": ("you see a conclusion before they do", "discover"),
    "S7": ("you do not know what they hope for", "goal"),
    "S8": ("trust is still thin", "patience"),
    "S9": ("you use a technique", "link"),
    "S11": ("they doubt you or turn short", "repair"),
    "S12": ("you feel like judging", "respect"),
    "S13": ("there is a sign that life has become too much", "risk"),
    "S14": ("the time is nearly over", "close"),
    "K2": ("you lose their thread", "reflect"),
    "K3": ("the feeling changes", "feeling"),
    "K4": ("they go quiet after a turn of yours", "repair"),
    "K5": ("you talk about what comes next", "step"),
    "K6": ("something went wrong between you", "repair"),
    "K7": ("you part", "close"),
}

# The same situations in Chinese.
_WHEN_ZH: Mapping[str, str] = {
    "C1": "来访者说了要紧的话",
    "C2": "你快要去衡量对方的感受",
    "C4": "你想赶快帮上忙",
    "C5": "最初的几分钟过去",
    "C6": "问题还不清楚",
    "C9": "苛刻的想法又冒出来",
    "C11": "对方说出新的看法",
    "S1": "话的背后有感受",
    "S2": "来访者告诉了你新的事",
    "S3": "你不知道对方的处境是什么滋味",
    "S4": "好几条线索都还没有收住",
    "S5": "同样的情形又出现",
    "S6": "你比对方先看到了结论",
    "S7": "你不知道对方盼望什么",
    "S8": "信任还很薄",
    "S9": "你要用一种技术",
    "S11": "对方怀疑你，或者话变少了",
    "S12": "你心里想要评判",
    "S13": "有迹象表明对方觉得活着太难",
    "S14": "时间快到",
    "K2": "你跟丢了对方的思路",
    "K3": "对方的感受有了变化",
    "K4": "你说完一句话以后对方沉默了",
    "K5": "你们谈到接下来怎么办",
    "K6": "你们之间出了问题",
    "K7": "你们要告别",
}


@dataclass(frozen=True)
class Finding:
    """One line of a diagnosis.

    Attributes:
        dimension: What is low.
        side: Which side said so.
        mean: Mean rating over the clients of diagnosis.
        sessions: Sessions in which it was at or below the bound.
        turns: Examples, as (session, turn).
        reason: What a judge said in the first of them.
    """

    dimension: str
    side: Side
    mean: float
    sessions: int
    turns: tuple[tuple[str, int], ...]
    reason: str


@dataclass(frozen=True)
class Rule:
    """One rule with where it came from.

    Attributes:
        text: "When ..., do ...".
        sources: Dimensions behind it.
        round: Round in which it was written.
    """

    text: str
    sources: tuple[str, ...]
    round: int


@dataclass(frozen=True)
class Round:
    """What one round tried and what came of it.

    Attributes:
        number: From 1.
        findings: The diagnosis.
        proposed: Rules written.
        dropped: Rules refused, each with its reason.
        diagnosis: Mean overall score on the clients of diagnosis with the rules on trial.
        acceptance: The same on those of acceptance, which decides.
        kept: Whether the rules stay.
    """

    number: int
    findings: tuple[Finding, ...]
    proposed: tuple[Rule, ...]
    dropped: tuple[tuple[str, str], ...]
    diagnosis: float | None
    acceptance: float | None
    kept: bool


@dataclass(frozen=True)
class Loop:
    """The whole run.

    Attributes:
        rules: Rules that stayed.
        rounds: What was tried.
        before: Scores on the clients of the report without rules.
        after: The same with the rules that stayed; without any, ``before`` again.
    """

    rules: tuple[Rule, ...]
    rounds: tuple[Round, ...]
    before: tuple[SessionScore, ...]
    after: tuple[SessionScore, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return rules and rounds as JSON-able values."""
        return {"rules": [asdict(r) for r in self.rules], "rounds": [asdict(r) for r in self.rounds]}


def diagnose(scores: Sequence[SessionScore], most: int = 8) -> list[Finding]:
    """Return the lowest dimensions of all sides, the worst first; safety before everything."""
    found: list[Finding] = []
    for name, dimension in DIMENSIONS.items():
        rated = [(s, i) for s in scores if (i := s.items.get(name)) is not None and i.score is not None]
        if not rated:
            continue
        low = [(s, i) for s, i in rated if i.score is not None and i.score <= LOW]
        mean = sum(i.score or 0.0 for _, i in rated) / len(rated)
        if low and (mean <= LOW or name == "S13"):
            turns = tuple((s.session, i.turns[0]) for s, i in low if i.turns)[:3]
            found.append(Finding(name, dimension.side, mean, len(low), turns, low[0][1].reason))
    return sorted(found, key=lambda f: (f.dimension != "S13", f.mean, f.dimension))[:most]


def write_rules(findings: Sequence[Finding], number: int, lang: str = "en") -> list[Rule]:
    """Return general rules for a diagnosis, one for each behaviour that is missing.

    Args:
        findings: The diagnosis.
        number: Number of the round.
        lang: ``en`` or ``zh``.
    """
    sources: dict[str, list[str]] = {}
    when: dict[str, str] = {}
    for finding in findings:
        if finding.dimension in _WHEN:
            situation, skill = _WHEN[finding.dimension]
            sources.setdefault(skill, []).append(finding.dimension)
            when.setdefault(skill, _WHEN_ZH[finding.dimension] if lang == "zh" else situation)
    form = "当{when}时，就{act}。" if lang == "zh" else "When {when}, {act}."
    return [
        Rule(form.format(when=when[skill], act=_act(skill, lang)), tuple(dimensions), number)
        for skill, dimensions in sources.items()
    ]


def _act(skill: str, lang: str) -> str:
    if lang == "zh":
        return ASKS_ZH[skill]
    return ASKS[skill].replace("(its|the)", "its")


def check_rule(rule: Rule, kept: Sequence[Rule], clients: Sequence[Profile]) -> str | None:
    """Return why a rule must not be kept, None if it may.

    A rule is refused that is too long, repeats another, or holds a name or a run of words of a client: it would carry
    one person's facts to the next.
    """
    text = rule.text.strip()
    if not text:
        return "it is empty"
    if len(text) > MOST_LENGTH:
        return f"it is longer than {MOST_LENGTH} characters"
    if any(_norm(text) == _norm(k.text) for k in kept):
        return "it is there already"
    low = _norm(text)
    for p in clients:
        if re.search(rf"(?<!\w){re.escape(p.name.lower())}(?!\w)", text.lower()):
            return f"it names the client {p.id}"
        for fact in (p.opening, *p.open, *p.hidden, p.view, p.step):
            words = content(fact)
            if len(words) >= 3 and len(words & content(text)) >= max(3, round(0.5 * len(words))):
                return f"it carries a fact of the client {p.id}"
            if len(fact) >= 8 and _norm(fact) in low:
                return f"it quotes the client {p.id}"
    return None


def _norm(text: str) -> str:
    return re.sub(r"\W+", " ", text.lower()).strip()


Sessions = Callable[[Sequence[Profile], Sequence[str]], Sequence[SessionScore]]
Writer = Callable[[Sequence[Finding], int], Sequence[Rule]]


def improve(
    run: Sessions,
    parts: Parts,
    *,
    write: Writer = write_rules,
    rounds: int = 3,
    per_round: int = 6,
) -> Loop:
    """Run the loop.

    Args:
        run: (clients, rules) to scored sessions of the counselor with these rules.
        parts: Clients for diagnosis, acceptance and report; see ``split_clients``.
        write: From a diagnosis to rules.
        rounds: Most rounds.
        per_round: Most rules that a round may add.

    Raises:
        SophroError: If a part is empty, or a client stands in two of them.
    """
    _apart(parts)
    kept: list[Rule] = []
    done: list[Round] = []
    scores = run(parts.diagnosis, [])
    best = tuple(run(parts.acceptance, []))
    for number in range(1, rounds + 1):
        findings = diagnose(scores)
        proposed: list[Rule] = []
        dropped: list[tuple[str, str]] = []
        for rule in write(findings, number):
            why = check_rule(rule, [*kept, *proposed], [*parts.diagnosis, *parts.acceptance])
            if why is None and len(proposed) >= per_round:
                why = f"a round adds at most {per_round}"
            if why is None and len(kept) + len(proposed) >= MOST_RULES:
                why = f"there are {MOST_RULES} rules already"
            if why is None:
                proposed.append(rule)
            else:
                dropped.append((rule.text[:MOST_LENGTH], why))
        if not proposed:
            done.append(Round(number, tuple(findings), (), tuple(dropped), None, None, False))
            break
        texts = [r.text for r in (*kept, *proposed)]
        tried = tuple(run(parts.acceptance, texts))
        trained = run(parts.diagnosis, texts)
        stays = _mean(tried) is not None and (_mean(tried) or 0.0) >= (_mean(best) or 0.0)
        # A session at risk that nobody could decide any more drops out of the mean; that is no gain.
        stays = stays and _undecided(tried) <= _undecided(best)
        done.append(
            Round(
                number, tuple(findings), tuple(proposed), tuple(dropped), _mean(trained), _mean(tried), stays
            )
        )
        if stays:
            kept, best, scores = [*kept, *proposed], tried, trained
        else:
            break  # the same diagnosis would give the same rules
    # Only now, when nothing is left to decide, are the clients of the report met.
    before = tuple(run(parts.report, []))
    after = tuple(run(parts.report, [r.text for r in kept])) if kept else before
    return Loop(tuple(kept), tuple(done), before, after)


def _apart(parts: Parts) -> None:
    seen: set[str] = set()
    for name, part in zip(Parts._fields, parts, strict=True):
        if not part:
            raise SophroError(f"the loop has no client for {name}; give it three or more")
        twice = seen & {p.id for p in part}
        if twice:
            raise SophroError(
                f"the client {min(twice)!r} stands in two parts of the loop; each belongs to one"
            )
        seen |= {p.id for p in part}


def _undecided(scores: Sequence[SessionScore]) -> int:
    return sum(s.overall is None and bool(s.undecided) for s in scores)


def _mean(scores: Sequence[SessionScore]) -> float | None:
    values = [s.overall for s in scores if s.overall is not None]
    # A counselor whose sessions cannot be scored any more has not improved.
    return sum(values) / len(values) if values and 2 * len(values) >= len(scores) else None
