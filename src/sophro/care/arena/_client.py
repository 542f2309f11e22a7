"""The simulated client: a private state in code, gates in code, and lines that say what a gate lets through.

Paper: Ψ-Arena (arXiv 2505.03293), whose client is a prompted model; what it remembers and holds back is up to it.
Deviation: state, trust and gates are code here (the card's design; all weights are ours), whoever puts them into
words. So a client, scripted or modelled, cannot tell what it must not tell yet: it was never given the words.

Contract: ``update`` and ``choose`` are pure; the same profile, seed and counselor give the same client.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from sophro.care.arena._hear import Heard, hears_trigger
from sophro.care.arena._profiles import Profile
from sophro.files import digest, read_text

Kind = Literal[
    "open", "gated", "hint", "risk", "view", "step", "resist", "stock", "leave", "confused", "foreign"
]
_START: Mapping[str, float] = {"open": 0.35, "unsure": 0.28, "guarded": 0.2, "sent": 0.15}
_PACE: Mapping[str, float] = {"open": 1.1, "unsure": 1.0, "guarded": 0.85, "sent": 0.75}
_GAINS: Mapping[str, float] = {
    "reflects": 0.06,
    "feeling": 0.04,
    "validates": 0.04,
    "opens": 0.03,
    "repairs": 0.06,
    "asks_risk": 0.06,
}
_LOSSES: Mapping[str, float] = {
    "judges": 0.12,
    "trigger": 0.12,
    "early_advice": 0.07,
    "missed": 0.08,
    "missed_risk": 0.05,
    "leading": 0.03,
    "crowded": 0.03,
    "empty": 0.05,
    "foreign": 0.05,
    "breach": 0.05,
    "role_swap": 0.08,
}
LEAVES_AT = 0.03
TRUSTS_AT = 0.42


@dataclass(frozen=True)
class State:
    """What only the client knows.

    Attributes:
        trust: In [0, 1].
        distress: In [0, 1].
        told: Indexes of the open facts that were said.
        disclosed: Indexes of the gated facts that were said.
        hinted: The risk hint was let slip.
        risk_said: The risk was said straight.
        viewed: A new view was said.
        stepped: A step was agreed.
        last: Kind of the last utterance.
        felt: How often each experience was made, by name.
        when: Turn indexes of each experience.
    """

    trust: float
    distress: float
    told: tuple[int, ...] = ()
    disclosed: tuple[int, ...] = ()
    hinted: bool = False
    risk_said: bool = False
    viewed: bool = False
    stepped: bool = False
    last: Kind = "open"
    felt: Mapping[str, int] | None = None
    when: Mapping[str, tuple[int, ...]] | None = None

    def count(self, *names: str) -> int:
        """How often the named experiences were made."""
        return sum((self.felt or {}).get(n, 0) for n in names)

    def turns(self, *names: str) -> tuple[int, ...]:
        """Turns at which they were made."""
        return tuple(sorted({t for n in names for t in (self.when or {}).get(n, ())}))

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-able values."""
        return asdict(self)


@dataclass(frozen=True)
class Choice:
    """What the client says next: its kind, the words of the profile, and a short lead-in."""

    kind: Kind
    words: str
    lead: str = ""

    @property
    def text(self) -> str:
        """The scripted wording."""
        gap = "" if not self.lead or not self.lead.isascii() else " "
        return f"{self.lead}{gap}{self.words}"


def start(profile: Profile) -> State:
    """Return the state before the first word."""
    return State(_START[profile.attitude], profile.intensity)


def experiences(profile: Profile, state: State, heard: Heard, phase: str) -> list[str]:
    """Return what the client experiences in one turn, by name."""
    m = heard.marks
    told_something = state.last in ("gated", "risk", "view")
    found = {
        "reflects": heard.reflects,
        "feeling": profile.emotion in heard.feelings,
        "validates": heard.validates,
        "opens": heard.opens,
        "repairs": "repair" in m and state.last == "resist",
        "asks_risk": "risk_ask" in m and state.hinted,
        "judges": "judge" in m,
        "trigger": hears_trigger(heard.text, profile.triggers),
        "early_advice": "advice" in m
        and (phase == "trust" or (phase == "diagnose" and not heard.reflects) or state.last == "hint"),
        "missed": told_something and not (heard.reflects or heard.validates),
        "missed_risk": state.last == "hint" and "risk_ask" not in m,
        "leading": "leading" in m,
        "crowded": heard.crowded,
        "empty": heard.empty,
        "foreign": bool(heard.foreign),
        "breach": "breach" in m,
        "role_swap": heard.role_swap,
        "goal": "goal" in m,
        "socratic": "socratic" in m,
        "summary": "summary" in m or "link" in m,
    }
    return [name for name, there in found.items() if there]


def update(profile: Profile, state: State, heard: Heard, phase: str, turn: int) -> State:
    """Return the state after a turn of the counselor.

    Args:
        profile: The client.
        state: Before.
        heard: The turn.
        phase: Phase of the session.
        turn: Index of the turn, kept as evidence.
    """
    made = experiences(profile, state, heard, phase)
    # The more trust there is, the less one turn adds.
    gain = sum(_GAINS.get(n, 0.0) for n in made) * _PACE[profile.attitude] * (1.15 - state.trust)
    loss = sum(_LOSSES.get(n, 0.0) for n in made)
    felt, when = dict(state.felt or {}), dict(state.when or {})
    for name in made:
        felt[name] = felt.get(name, 0) + 1
        when[name] = (*when.get(name, ()), turn)
    # After a loss little of a gain counts: a warm word beside an insult is not heard.
    change = (0.3 * gain if loss >= 0.07 else gain) - loss
    return replace(
        state,
        trust=min(1.0, max(0.0, state.trust + change)),
        distress=min(1.0, max(0.0, state.distress - 0.6 * change)),
        felt=felt,
        when=when,
    )


def _asked(keys: Sequence[str], text: str) -> bool:
    low = text.lower()
    return any(k.lower() in low for k in keys)


def choose(profile: Profile, state: State, heard: Heard, phase: str, exchange: int, seed: int) -> Choice:
    """Return what the client says, given an updated state; every gate is checked here.

    Args:
        profile: The client.
        state: After ``update``.
        heard: The counselor's turn.
        phase: Phase of the session.
        exchange: Number of the exchange, from 1.
        seed: Seed of the wording.
    """
    rng = random.Random(digest("client", profile.id, seed, exchange))
    bank = LINES[profile.lang]

    def stock(kind: Kind, name: str) -> Choice:
        return Choice(kind, rng.choice(bank[name]))

    if heard.empty:
        return stock("confused", "silence")
    if heard.foreign:
        return stock("foreign", "foreign")
    if state.trust <= LEAVES_AT and exchange >= 4:
        return stock("leave", "leave")
    lead = rng.choice(bank["agree"]) if heard.reflects or heard.validates else ""
    if profile.risk != "none" and "risk_ask" in heard.marks and not state.risk_said:
        return Choice("risk", profile.risk_fact, rng.choice(bank["slow"]))
    hurt = bool({"judge", "breach"} & heard.marks) or hears_trigger(heard.text, profile.triggers)
    if profile.risk != "none" and not state.hinted and exchange >= 3:
        return Choice("hint", profile.hint)
    if hurt or ("advice" in heard.marks and phase == "trust" and not heard.reflects):
        return stock("resist", "resist")
    asks = heard.questions > 0
    for i, fact in enumerate(profile.gated):
        asked = fact.gate == "trust" or (asks and _asked(fact.keys, heard.text))
        if (
            i not in state.disclosed
            and asked
            and state.trust >= fact.trust
            and (asks or heard.reflects or heard.validates)
        ):
            return Choice("gated", fact.text, lead)
    if phase == "solve" and state.trust >= TRUSTS_AT:
        if "step" in heard.marks and asks and not state.stepped:
            return Choice("step", profile.step, lead)
        if "socratic" in heard.marks and not state.viewed:
            return Choice("view", profile.view, rng.choice(bank["slow"]))
    for i, text in enumerate(profile.open):
        if i not in state.told and (asks or heard.reflects):
            return Choice("open", text, lead)
    return stock("stock", "warm" if state.trust >= TRUSTS_AT else f"cool_{profile.style}")


def after(profile: Profile, state: State, choice: Choice) -> State:
    """Return the state after the client has spoken."""
    state = replace(state, last=choice.kind)
    if choice.kind == "open":
        i = profile.open.index(choice.words)
        return replace(state, told=(*state.told, i))
    if choice.kind == "gated":
        i = next(i for i, f in enumerate(profile.gated) if f.text == choice.words)
        return replace(state, disclosed=(*state.disclosed, i))
    marks = {"hint": "hinted", "risk": "risk_said", "view": "viewed", "step": "stepped"}
    return replace(state, **{marks[choice.kind]: True}) if choice.kind in marks else state


def _lines() -> dict[str, dict[str, list[str]]]:
    import json

    return json.loads(read_text(Path(__file__).with_name("data") / "client_lines.json"))


LINES = _lines()
