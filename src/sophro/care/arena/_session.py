"""One session of the arena: the controller, its two roles, and what it leaves for the judges.

Paper: Ψ-Arena (arXiv 2505.03293). Deviation: the client's state and gates are code and a client model, if any, only
words what it is handed; phases are code too.

Contract: on ``sophro.care.dialogue``: the log is resumed and replayed; the same client, counselor and seed give the
same transcript. The counselor sees the turns and nothing of profile (but the language), state or phase. The crisis
layer reads every turn of the client; here it records what a person in that place would have been owed, since the
counselor's own answer is what is examined.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, cast

from sophro.care.arena._client import Choice, State, after, choose, start, update
from sophro.care.arena._counselors import reply, scripted
from sophro.care.arena._hear import hear
from sophro.care.arena._phases import Caps, next_phase
from sophro.care.arena._profiles import Profile
from sophro.care.arena._types import End, Line, Session
from sophro.care.arena._words import COUNSELOR, LEARNED, role
from sophro.care.dialogue import (
    Agent,
    Controller,
    Dialogue,
    Message,
    ModelAgent,
    OwnAgent,
    ScriptedAgent,
    Utterance,
    View,
    chat,
    crisis_monitor,
)
from sophro.care.dialogue import Session as Running
from sophro.files import digest

MOST_EMPTY = 3
MOST_FOREIGN = 3


def scripted_counselor(name: str, rules: tuple[str, ...] = (), seed: int = 0) -> ScriptedAgent:
    """Return a scripted counselor: ``good``, ``medium`` or ``bad``."""
    skills = scripted(name)

    def speak(view: View) -> str:
        return reply([(t.speaker, t.text) for t in view.turns], skills, rules, seed)

    return ScriptedAgent("counselor", speak)


def model_counselor(
    model: Any, rules: tuple[str, ...] = (), prompt: str | None = None, max_tokens: int = 220
) -> ModelAgent:
    """Return a model as counselor.

    Args:
        model: Any Inspect model or a local name.
        rules: Appended to its instructions.
        prompt: Its instructions in every language; None: those of sophro in the language of the session.
        max_tokens: Longest turn.
    """
    listed = "".join(f"\n- {rule}" for rule in rules)

    def build(view: View) -> list[Message]:
        lang = str(view.task.get("lang", "en"))
        learned = f"\n{LEARNED[lang]}{listed}" if listed else ""
        return chat(view, (prompt or COUNSELOR[lang]) + learned)

    return ModelAgent("counselor", model, build, max_tokens=max_tokens)


def own_counselor(name: str, rules: tuple[str, ...] = (), prompt: str | None = None) -> OwnAgent:
    """Return an agent of Inspect from the user's file as counselor.

    Args:
        name: ``agent:FILE.py``, with ``@NAME`` if the file defines several.
        rules: Told it first, in English.
        prompt: Told it before the rules; None: nothing, since an agent has instructions of its own.

    Raises:
        SophroError: If the file does not define that agent.
    """
    listed = "".join(f"\n- {rule}" for rule in rules)
    told = [prompt or "", f"{LEARNED['en']}{listed}" if listed else ""]
    return OwnAgent("counselor", name, "\n".join(t for t in told if t))


def model_client(model: Any, profile: Profile, max_tokens: int = 160) -> ModelAgent:
    """Return a model that words what the client's state lets through; it sees no hidden fact."""

    def build(view: View) -> list[Message]:
        system = role(profile, float(view.task["trust"]), str(view.task["words"]))
        return [*chat(view, system), *([] if view.turns else [Message("user", "...")])]

    return ModelAgent("client", model, build, max_tokens=max_tokens)


def _scripted_client(view: View) -> str:
    return str(view.task["words"])


class Arena(Controller):
    """Conducts one session.

    Args:
        profile: Who comes.
        counselor: Who is examined.
        name: Name of the counselor.
        client: Who words the client's turns; None: the profile's own words.
        caps: Bounds.
        seed: Seed of the client's wording.
        monitor: Makes the crisis monitor of the session; None: the one of ``sophro.care.crisis``.

    Attributes:
        extra: Hash of what else shapes the counselor (rules, instructions); a log with another one is not resumed.
    """

    kind: ClassVar[str] = "arena"

    def __init__(
        self,
        profile: Profile,
        counselor: Agent,
        name: str,
        client: Agent | None = None,
        caps: Caps | None = None,
        seed: int = 0,
        monitor: Callable[[str], Any] | None = None,
    ) -> None:
        self.profile = profile
        self.counselor = counselor
        self.name = name
        self.client = client
        self.caps = caps or Caps()
        self.seed = seed
        self.monitor = monitor or crisis_monitor
        self.extra = ""

    @property
    def settings(self) -> Mapping[str, Any]:
        """What decides how the session runs."""
        return {
            "profile": digest(self.profile.to_dict()),
            "counselor": self.name,
            "counselor_extra": self.extra,
            "client": getattr(self.client, "name", "scripted"),
            "caps": [self.caps.least, self.caps.most, self.caps.total],
            "seed": self.seed,
        }

    async def conduct(self, session: Running) -> Mapping[str, Any]:
        """Lead the session to its end."""
        profile, state = self.profile, start(self.profile)
        session.watch("client", self.monitor(profile.lang))
        phase, in_phase, empty, strange, end = "trust", 0, 0, 0, "cap"
        session.enter(phase)
        await self._client(session, Choice("open", profile.opening), state)
        for exchange in range(1, self.caps.total + 1):
            before = session.turns[-1].text
            # The language shows in every turn of the client; nothing else of the profile is told.
            said = await session.ask(self.counselor, task={"lang": profile.lang})
            if said.outcome == "left":
                end = "no_counselor"
                break
            if not said.text.strip():
                empty += 1
                session.record(
                    "empty", turn=len(session.turns) - 1, reason=said.reason or "the counselor said nothing"
                )
            if said.fields.get("cut"):
                session.record("cut", turn=len(session.turns) - 1)
            heard = hear(said.text, before, profile.lang)
            if heard.foreign:
                strange += 1
                session.record(
                    "other_language",
                    turn=len(session.turns) - 1,
                    language=heard.foreign,
                    reason=f"{heard.foreign}; the client speaks {profile.lang}",
                )
            if heard.role_swap:
                session.record("role_swap", turn=len(session.turns) - 1)
            if empty >= MOST_EMPTY:
                end = "no_counselor"
                break
            if strange >= MOST_FOREIGN:
                end = "other_language"
                break
            state = update(profile, state, heard, phase, len(session.turns) - 1)
            choice = choose(profile, state, heard, phase, exchange, self.seed)
            state = after(profile, state, choice)
            await self._client(session, choice, state)
            if choice.kind == "leave":
                end = "client_left"
                break
            in_phase += 1
            new = next_phase(phase, in_phase, state, profile, heard, self.caps)
            if new == "end":
                end = "closed" if {"close", "farewell"} & heard.marks else "cap"
                break
            if new != phase:
                phase, in_phase = new, 0
                session.enter(phase)
        return {"end": end, "state": state.to_dict()}

    async def _client(self, session: Running, choice: Choice, state: State) -> None:
        facts = {
            "kind": choice.kind,
            "state": {"trust": round(state.trust, 4), "distress": round(state.distress, 4)},
        }
        if self.client is None:
            await session.ask(
                ScriptedAgent("client", _scripted_client), task={"words": choice.text}, meta=facts
            )
            return
        task = {"words": choice.text, "trust": state.trust}
        worded = await session.ask(self.client, task=task, spoken=False)
        why = _unfit(worded, self.profile, choice)
        if why:
            # The script's words stand in, openly: a client that is silent or out of its role would examine nobody.
            session.record("client_fallback", turn=len(session.turns), reason=why)
        said = choice.text if why else worded.text
        await session.ask(ScriptedAgent("client", lambda _: said), meta=facts)


def _unfit(said: Utterance, profile: Profile, choice: Choice) -> str:
    if said.outcome != "ok" or not said.text.strip():
        return said.reason or "the client model said nothing"
    told = [h for h in profile.hidden if h != choice.words and h in said.text]
    if told:
        return "it told something hidden"
    if hear(said.text, "").role_swap or said.text.lstrip().lower().startswith(("counselor:", "assistant:")):
        return "it spoke for the counselor"
    return ""


def session_of(dialogue: Dialogue, controller: Arena) -> tuple[Session, State]:
    """Return the session and the client's last state from a finished dialogue."""
    outcome = cast("Mapping[str, Any]", dialogue.outcome or {})
    lines = tuple(
        Line(t.index, t.speaker, t.text, t.phase, dict(t.meta.get("state", {})) | _kind(t.meta))
        for t in dialogue.turns
    )
    problems = tuple(
        f"turn {e['turn']}: {e['event'].replace('_', ' ')}" + (f" ({e['reason']})" if e.get("reason") else "")
        for e in dialogue.events
        if e["event"] != "phase"
    )
    strange = {int(e["turn"]): str(e["language"]) for e in dialogue.events if e["event"] == "other_language"}
    levels = {t.index: str(t.meta["crisis"]["level"]) for t in dialogue.turns if "crisis" in t.meta}
    session = Session(
        f"{controller.name}--{controller.profile.id}--{controller.seed}",
        controller.name,
        controller.profile.id,
        controller.seed,
        lines,
        cast(End, outcome["end"]),
        problems,
        levels,
        foreign=strange,
    )
    return session, _state(outcome["state"])


def _kind(meta: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": meta["kind"]} if "kind" in meta else {}


def _state(value: Mapping[str, Any]) -> State:
    fields: dict[str, Any] = dict(value)
    for name in ("told", "disclosed"):
        fields[name] = tuple(value[name])
    fields["when"] = {k: tuple(v) for k, v in (value["when"] or {}).items()}
    return State(**fields)
