"""Conducts the interview: asks, has the answer judged, clarifies, moves on, and puts safety before all of it.

Paper: MAGI (Findings of ACL 2025, arXiv 2504.18260). Deviations are in ``sophro.care.interview``.

Contract: the tree is walked by code. Every message of the person passes the crisis layer first. Its reply is said
before anything else; a level of IDEATION enters the safety module once, ACTIVE ends all other modules, IMMINENT ends
the tree and the program stays with the person for a few turns. Stopping is always honoured. Nothing said to the
person names a disorder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from sophro.care.dialogue import Agent, Controller, Monitor, Session, Turn, crisis_monitor
from sophro.care.interview import _speech as speech
from sophro.care.interview._checks import wording_problem
from sophro.care.interview._judges import Judgment, checked, rules
from sophro.care.interview._outcome import outcome_of
from sophro.care.interview._state import ModuleState, NodeState
from sophro.care.interview._tree import LANGUAGES, Module, Node, load_module
from sophro.errors import SophroError

INTERVIEWER = "interviewer"
PARTICIPANT = "participant"
IDEATION, ACTIVE, IMMINENT = 2, 3, 4
STAY_TURNS = 3
MonitorFn = Callable[[str], Monitor]
RiskWords = Callable[[int, str, int], str]


@dataclass
class Ended(Exception):
    """The person stopped or left."""

    status: str


class Interview(Controller):
    """An interview by one module.

    Args:
        module: Name of a module, a YAML file, or a module.
        participant: Who answers.
        lang: ``en`` or ``zh``.
        judge: Judgment agent; by default the one that reads by words.
        questions: Agent that words the questions; by default the fixed wordings are asked.
        diagnosis: Agent that words the clinician's summary; by default it is put together by code.
        monitor: Makes the crisis monitor for a language; by default ``sophro.care.crisis``.
        region: Country code for crisis resources.

    Raises:
        SophroError: If module or language is unknown.
    """

    kind: ClassVar[str] = "interview"

    def __init__(
        self,
        module: str | Module,
        participant: Agent,
        lang: str = "en",
        *,
        judge: Agent | None = None,
        questions: Agent | None = None,
        diagnosis: Agent | None = None,
        monitor: MonitorFn | None = None,
        region: str | None = None,
    ) -> None:
        self.module = load_module(module) if isinstance(module, str) else module
        if lang not in LANGUAGES:
            raise SophroError(f"language {lang!r}: interviews are held in {' or '.join(LANGUAGES)}")
        self.participant = participant
        self.lang = lang
        self.judge = judge or rules()
        self.questions = questions
        self.diagnosis = diagnosis
        self.region = region
        self._monitor = monitor or (lambda lang: crisis_monitor(lang, region))

    @property
    def settings(self) -> Mapping[str, Any]:
        """What must be the same when an interview is resumed."""
        called = load_module(self.module.calls).digest if self.module.calls else ""
        return {
            "module": self.module.id,
            "tree": self.module.digest,
            "called": called,
            "lang": self.lang,
            "region": self.region,
            "judge": getattr(self.judge, "name", "rules"),
            "questions": getattr(self.questions, "name", "fixed") if self.questions else "fixed",
            "diagnosis": getattr(self.diagnosis, "name", "fixed") if self.diagnosis else "fixed",
        }

    async def conduct(self, session: Session) -> Mapping[str, Any]:
        """Hold the interview."""
        session.watch(PARTICIPANT, self._monitor(self.lang))
        run = _Run(self, session)
        session.enter("opening")
        session.say(speech.OPENING[self.lang], speaker=INTERVIEWER, strategy="opening")
        status = "completed"
        try:
            await run.module(self.module)
            if run.risk >= IMMINENT:
                status = "urgent_stop"
                await run.stay()
            elif run.cut_short:
                status = "urgent_stop"
        except Ended as ended:
            status = ended.status
        # The safety module may be the one that was asked for; what follows from it is risk as well.
        run.risk = max([run.risk, *(s.outcome().risk for s in run.states.values())])
        found = await outcome_of(self, session, run.states, run.risk, status, run.noticed)
        session.enter("closing")
        run.close(status, found["message"])
        return found


class _Run:
    """One interview while it is held."""

    def __init__(self, interview: Interview, session: Session) -> None:
        self.interview = interview
        self.session = session
        self.lang = interview.lang
        self.states: dict[str, ModuleState] = {}
        self.risk = 0
        self.noticed = 0  # highest level of the crisis layer
        self.cut_short = False
        self._voiced = 0  # highest risk that was answered with what must be said
        self._replies: set[str] = set()
        self._said = 0
        self._prefix: list[str] = []

    # ---- the tree ----------------------------------------------------------------------------------------------

    async def module(self, module: Module) -> None:
        """Walk one module, and those that it calls."""
        state = ModuleState(module, risk=self.risk)
        self.states[module.id] = state
        self.session.enter(module.id, version=module.version)
        name: str | None = module.entry
        while name is not None:
            node = module.nodes[name]
            state.path.append(name)
            await self.node(state, node)
            state.risk = self.risk
            settled = state.nodes[name]
            self.session.record(
                "settled", module=module.id, node=name, verdict=settled.verdict, value=settled.value
            )
            called = module.calls
            if called is not None and called not in self.states and self._must_call(state, node):
                await self.module(load_module(called))
                self.risk = max(self.risk, self.states[called].outcome().risk)
                state.risk = self.risk
                self.session.enter(module.id, again=True)
            if self.risk >= IMMINENT or (self.risk >= ACTIVE and module.calls is not None):
                self.cut_short = True
                return
            name = state.following(node)

    def _must_call(self, state: ModuleState, node: Node) -> bool:
        asked_for = node.call_if is not None and node.call_if(state.facts)
        return asked_for or IDEATION <= self.risk < IMMINENT

    async def node(self, state: ModuleState, node: Node) -> None:
        """Ask one node until it is settled or the cap is reached."""
        answers: list[str] = []
        turns: list[int] = []
        notes: list[str] = []
        judgment = Judgment("unclear", missing="answer")
        for attempt in range(node.max_clarify + 1):
            mode = "probe" if attempt == 0 else "explain"
            question = await self.ask(state.module, node, mode, attempt, judgment.missing if attempt else "")
            said = await self.hear({"module": state.module.id, "node": node.id, "attempt": attempt})
            answers.append(said.text)
            turns.append(said.index)
            judgment = await self.judged(node, question, answers)
            notes += [n for n in judgment.notes if n not in notes]
            self.voice(node, judgment)
            if self.disclosed(said):
                break  # nobody is asked about sleep again who has just spoken of dying
            if judgment.stop:
                raise Ended("stopped")
            if self.session.crisis.level >= IMMINENT or judgment.verdict in ("decided", "refused"):
                break
            self.react(judgment)
        verdict = {"unscored": "unclear"}.get(judgment.verdict, judgment.verdict)
        if judgment.verdict == "decided" and judgment.value is not None:
            verdict = state.verdict_of(node, judgment.value)
        where = [
            t for t, a in zip(turns, answers, strict=True) if judgment.evidence and judgment.evidence in a
        ]
        state.nodes[node.id] = NodeState(
            verdict,
            judgment.value if judgment.verdict == "decided" else None,
            judgment.evidence,
            where[-1] if where else None,
            turns,
            notes,
            judgment.reason,
        )
        if verdict == "refused":
            self._prefix.append(speech.REFUSAL[self.lang])
        elif verdict == "met" and state.module.support_on_yes:
            self._prefix.append(self._next(speech.SUPPORT))
        elif verdict == "met" and node.kind in ("gate", "symptom") and judgment.value == 3:
            self._prefix.append(self._next(speech.EMPATHY))

    def disclosed(self, said: Turn) -> bool:
        """Whether this message raised the crisis level to where the tree has to wait."""
        crisis = said.meta.get("crisis") or {}
        return bool(crisis.get("newly_raised")) and crisis["level"] >= IDEATION

    def _next(self, texts: Mapping[str, tuple[str, ...]]) -> str:
        self._said += 1
        return texts[self.lang][self._said % len(texts[self.lang])]

    def react(self, judgment: Judgment) -> None:
        """Choose what precedes the question when it is asked again."""
        if "probing" in judgment.notes:
            self._prefix.append(speech.PROBING[self.lang])
        elif "hostile" in judgment.notes:
            self._prefix.append(speech.HOSTILE[self.lang])
        else:
            self._prefix.append(speech.CLARIFY[self.lang][judgment.missing or "decision"])

    # ---- speaking and hearing ----------------------------------------------------------------------------------

    async def ask(self, module: Module, node: Node, mode: str, attempt: int, missing: str) -> str:
        """Say the question of a node; a model's wording is used only if it passes the checks of a fixed one."""
        words = node.wording[self.lang]
        fixed = words.explain if mode == "explain" else words.ask[0]
        if attempt > 1:
            fixed = words.ask[attempt % len(words.ask)] if missing != "understanding" else words.explain
        text, meta = fixed, {"module": module.id, "node": node.id, "attempt": attempt}
        if self.interview.questions is not None and module.instrument is None and node.kind != "safety":
            task = {
                "criterion": words.criterion,
                "fixed": fixed,
                "mode": mode,
                "missing": missing,
                "lang": self.lang,
                "window": list(module.window[self.lang]) if node.window else [],
            }
            said = await self.session.ask(
                self.interview.questions, task=task, spoken=False, on_error="record"
            )
            problem = said.reason if not said.scored else wording_problem(said.text, module, node, self.lang)
            if not problem and len(said.text) > 400:
                problem = "is too long"
            if problem:
                meta["fallback"] = problem
            else:
                text = said.text
        if self._prefix:
            text = (" " if self.lang == "en" else "").join([*self._prefix, text])
            self._prefix = []
        self.session.say(text, speaker=INTERVIEWER, strategy=mode, meta=meta)
        return fixed

    async def hear(self, task: Mapping[str, Any]) -> Turn:
        """Hear one message; what the crisis layer demands is said before anything else happens."""
        said = await self.session.ask(self.interview.participant, task=task)
        heard = self.session.turns[-1]
        crisis = self.session.crisis
        self.noticed = max(self.noticed, crisis.level)
        if crisis.level >= IDEATION:  # a mere concern is answered and noted, but is no finding about suicide
            self.risk = max(self.risk, crisis.level)
        if crisis.reply and (crisis.newly_raised or crisis.reply not in self._replies):
            self._replies.add(crisis.reply)
            self._voiced = max(self._voiced, crisis.level)
            self.session.say(
                crisis.reply, strategy="crisis", speaker=INTERVIEWER, meta={"level": crisis.level}
            )
        if said.outcome == "left":
            raise Ended("left")
        return heard

    def voice(self, node: Node, judgment: Judgment) -> None:
        """Raise the risk by what a safety question brought, and say what that demands."""
        if judgment.verdict != "decided" or judgment.value is None or not node.risk:
            return
        self.risk = max(self.risk, node.risk[judgment.value])
        if self.risk >= IDEATION and self.risk > self._voiced:
            self._voiced = self.risk
            text = crisis_words(self.risk, self.lang, self.interview.region)
            self._replies.add(text)
            self.session.say(
                text, strategy="crisis", speaker=INTERVIEWER, meta={"level": self.risk, "node": node.id}
            )

    async def judged(self, node: Node, question: str, answers: list[str]) -> Judgment:
        """Have the answers judged; an unusable judgment is asked for once more."""
        task: dict[str, Any] = {
            "criterion": node.wording[self.lang].criterion,
            "question": question,
            "kind": node.value,
            "safety": node.kind == "safety",
            "lang": self.lang,
            "answers": list(answers),
        }
        judgment = Judgment("unscored")
        for _ in range(2):
            said = await self.session.ask(
                self.interview.judge, task=task, spoken=False, on_error="record", see=lambda t: False
            )
            judgment = checked(said, node.value, answers)
            if judgment.verdict != "unscored" or said.outcome in ("unscored", "error"):
                break  # a model that was unreadable was already asked twice
            task["problem"] = judgment.reason
        return judgment

    # ---- ends --------------------------------------------------------------------------------------------------

    async def stay(self) -> None:
        """Stay with a person in immediate danger for a few turns."""
        self.session.enter("stay", cap=STAY_TURNS)
        for turn in range(STAY_TURNS):
            self.session.say(speech.STAY[self.lang][turn], speaker=INTERVIEWER, strategy="stay")
            await self.hear({"module": "", "node": "stay", "attempt": turn})

    def close(self, status: str, message: str) -> None:
        """Say the end; after a disclosure never without where to find help."""
        if status == "left":
            return
        if self.risk >= IDEATION:
            text = crisis_words(self.risk, self.lang, self.interview.region, turn=1)
            self.session.say(text, speaker=INTERVIEWER, strategy="crisis", meta={"level": self.risk})
        kind = "stopped" if status == "stopped" else message
        self.session.say(speech.CLOSING[self.lang][kind], speaker=INTERVIEWER, strategy="closing")


def crisis_words(risk: int, lang: str, region: str | None, turn: int = 0) -> str:
    """Return what the crisis layer says at a level of risk that the interview itself found."""
    from sophro.care.crisis import Level
    from sophro.care.crisis._replies import reply
    from sophro.care.crisis._resources import shipped

    return reply(Level(risk), lang, table=shipped(), region=region, turn=turn)
