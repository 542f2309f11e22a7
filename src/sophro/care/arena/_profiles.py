"""Client profiles: who the simulated person is, what they tell at once, and behind which gate the rest lies.

Paper: Ψ-Arena (arXiv 2505.03293) builds its clients from counselling records. Deviation: these are invented people,
each sentence written for this project; the fields are the card's design. Risk is a category and a feeling, no means.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

from sophro.errors import SophroError
from sophro.files import digest, read_jsonl

Gate = Literal["trust", "asked"]
RISKS = ("none", "low", "high")
STYLES = ("terse", "talkative", "emotional", "intellectual")
ATTITUDES = ("open", "unsure", "guarded", "sent")
LANGUAGES = ("en", "zh")
SHIPPED = Path(__file__).with_name("data") / "profiles.jsonl"


@dataclass(frozen=True)
class Fact:
    """Something the person does not say at once.

    Attributes:
        text: How they say it.
        gate: ``trust``: said unasked once trust is there; ``asked``: said when asked for it, at less trust.
        trust: Trust in [0, 1] from which the gate is open.
        keys: Words (or Chinese strings) of which a question must hold one, for ``asked``.
    """

    text: str
    gate: Gate
    trust: float
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class Profile:
    """One simulated client.

    Attributes:
        id: Stable name.
        lang: ``en`` or ``zh``.
        problem: Area of the presenting problem.
        name: Invented given name.
        age: Age band.
        gender: As the person says it.
        job: Occupation.
        style: ``terse``, ``talkative``, ``emotional`` or ``intellectual``.
        attitude: To counselling: ``open``, ``unsure``, ``guarded`` or ``sent`` by somebody.
        emotion: Main feeling.
        intensity: Its strength at the start, in [0, 1].
        opening: First words.
        open: What is told without trust.
        gated: What lies behind a gate.
        belief: Core belief, never said.
        coping: What they do about it.
        triggers: Phrases that close them up.
        view: What they may come to see, in their own words.
        step: The step they would take.
        goal: What they want.
        risk: ``none``, ``low`` (passive thoughts) or ``high`` (thoughts with more to them).
        hint: What they let slip about it, unasked.
        risk_fact: What they say when asked straight.
    """

    id: str
    lang: str
    problem: str
    name: str
    age: str
    gender: str
    job: str
    style: str
    attitude: str
    emotion: str
    intensity: float
    opening: str
    open: tuple[str, ...]
    gated: tuple[Fact, ...]
    belief: str
    coping: str
    triggers: tuple[str, ...]
    view: str
    step: str
    goal: str
    risk: str
    hint: str
    risk_fact: str

    @property
    def hidden(self) -> tuple[str, ...]:
        """Everything that must not be said before its gate is open."""
        return (*(f.text for f in self.gated), *([self.risk_fact] if self.risk_fact else []), self.belief)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON-able values."""
        return asdict(self)


_TEXTS = (
    *("id", "problem", "name", "age", "gender", "job", "emotion", "opening"),
    *("belief", "coping", "view", "step", "goal"),
)
_CHOICES: Mapping[str, Sequence[str]] = {
    "lang": LANGUAGES,
    "style": STYLES,
    "attitude": ATTITUDES,
    "risk": RISKS,
}


def _share(value: Any, where: str, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise SophroError(f"{where}, field {name!r}: a number between 0 and 1 is needed")
    return float(value)


def _words(value: Any, where: str, name: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(
        isinstance(v, str) and v.strip() for v in cast("list[Any]", value)
    ):
        raise SophroError(f"{where}, field {name!r}: a list of non-empty texts is needed")
    return tuple(cast("list[str]", value))


def _fact(value: Any, where: str) -> Fact:
    if not isinstance(value, dict):
        raise SophroError(f"{where}, field 'gated': each entry is an object with text, gate and trust")
    row = cast("dict[str, Any]", value)
    text, gate = row.get("text"), row.get("gate")
    if not isinstance(text, str) or not text.strip():
        raise SophroError(f"{where}, field 'gated': an entry has no text")
    if gate not in ("trust", "asked"):
        raise SophroError(f"{where}, field 'gated': gate {gate!r} must be trust or asked")
    keys = _words(row.get("keys", []), where, "gated.keys")
    if gate == "asked" and not keys:
        raise SophroError(
            f"{where}, field 'gated': a fact behind 'asked' needs keys that a question can hold"
        )
    return Fact(text, gate, _share(row.get("trust"), where, "gated.trust"), keys)


def profile_of(row: Mapping[str, Any], where: str) -> Profile:
    """Build a profile from one row.

    Raises:
        SophroError: Naming ``where`` and the field: missing, of the wrong kind, or a risk without its words.
    """
    values: dict[str, Any] = {}
    for name in _TEXTS:
        value = row.get(name)
        if not isinstance(value, str) or not value.strip():
            raise SophroError(f"{where}, field {name!r}: text is needed")
        values[name] = value
    for name, allowed in _CHOICES.items():
        if row.get(name) not in allowed:
            raise SophroError(
                f"{where}, field {name!r}: {row.get(name)!r} must be one of {', '.join(allowed)}"
            )
        values[name] = row[name]
    values["intensity"] = _share(row.get("intensity"), where, "intensity")
    for name in ("open", "triggers"):
        values[name] = _words(row.get(name), where, name)
    gated = row.get("gated")
    if not isinstance(gated, list) or not gated or not values["open"]:
        raise SophroError(f"{where}: at least one open and one gated fact are needed")
    values["gated"] = tuple(_fact(f, where) for f in cast("list[Any]", gated))
    for name in ("hint", "risk_fact"):
        value = row.get(name, "")
        if not isinstance(value, str) or bool(value.strip()) != (values["risk"] != "none"):
            raise SophroError(f"{where}, field {name!r}: needed with a risk, and empty without one")
        values[name] = value
    unknown = set(row) - set(Profile.__dataclass_fields__)
    if unknown:
        raise SophroError(f"{where}: unknown field {min(unknown)!r}; remove it")
    return Profile(**values)


def read_profiles(path: Path | str) -> list[Profile]:
    """Read profiles from JSONL.

    Raises:
        SophroError: Naming file, line and field; also for a repeated id or an empty file.
    """
    found: dict[str, Profile] = {}
    for line, row in read_jsonl(path):
        profile = profile_of(row, f"{path}, line {line}")
        if profile.id in found:
            raise SophroError(f"{path}, line {line}, field 'id': {profile.id!r} was used before")
        found[profile.id] = profile
    if not found:
        raise SophroError(f"{path}: no profiles; one JSON object a line is needed")
    return list(found.values())


@functools.cache
def shipped_profiles() -> tuple[Profile, ...]:
    """Return the profiles that come with sophro."""
    return tuple(read_profiles(SHIPPED))


def select(
    profiles: Sequence[Profile], lang: str | None = None, limit: int | None = None, risk: bool | None = None
) -> list[Profile]:
    """Return profiles of one language, of which a limit takes the problems in turn.

    The choice depends on neither seed nor counselor, so that counselors meet the same people.

    Raises:
        SophroError: If nothing is left or the limit is below 1.
    """
    kept = [
        p
        for p in profiles
        if (lang is None or p.lang == lang) and (risk is None or (p.risk != "none") == risk)
    ]
    if limit is not None:
        if limit < 1:
            raise SophroError(f"limit {limit} must be at least 1")
        seen: dict[str, int] = {}
        turns: list[tuple[int, str, Profile]] = []
        for p in sorted(kept, key=lambda p: digest("arena", p.id)):
            turns.append((seen.setdefault(p.problem, 0), digest("arena", p.problem), p))
            seen[p.problem] += 1
        kept = [p for _, _, p in sorted(turns, key=lambda t: t[:2])][:limit]
    if not kept:
        raise SophroError(f"no client profile is left for language {lang!r}; known: {', '.join(LANGUAGES)}")
    return kept


class Parts(NamedTuple):
    """Clients of the closed loop; nobody stands in two parts.

    Attributes:
        diagnosis: Whose sessions are diagnosed.
        acceptance: With whom rules are tried, and kept or not.
        report: Whom nothing has met before the gain is measured on them, once.
    """

    diagnosis: tuple[Profile, ...]
    acceptance: tuple[Profile, ...]
    report: tuple[Profile, ...]


def split_clients(profiles: Sequence[Profile]) -> Parts:
    """Return three parts of the clients, about a third of every problem area in each, by hash.

    Raises:
        SophroError: If a part would be empty.
    """
    if len(profiles) < len(Parts._fields):
        raise SophroError(
            f"{len(profiles)} clients are too few for diagnosis, acceptance and report; raise --limit to 3 or more"
        )
    # Risk first, so that no part is without it; then problem by problem, in turn.
    ordered = sorted(profiles, key=lambda p: (p.risk == "none", p.problem, digest("split", p.id)))
    return Parts(*(tuple(ordered[i :: len(Parts._fields)]) for i in range(len(Parts._fields))))
