"""Conducts the interview: asks, has the answer judged, clarifies, moves on, and puts safety before all of it.

Paper: MAGI (Findings of ACL 2025, arXiv 2504.18260). Deviations are in ``sophro.care.interview``.

Contract: the tree is walked by code. Every message of the person passes the crisis layer first. Its reply is said
before anything else, and what the person answers to it is heard before the tree asks again: it is no answer to the
tree. A level of IDEATION enters the safety module once, ACTIVE ends all other modules, IMMINENT ends the tree and the
program stays with the person for a few turns. From ACTIVE on the operator's hook is called once for each level, whoever
found it. Stopping is always honoured. Nothing said to the person names a disorder.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from sophro.care.dialogue import Agent, Controller, Monitor, Session, Turn, Watch, crisis_monitor
from sophro.care.interview import _speech as speech
from sophro.care.interview._checks import wording_problem
from sophro.care.interview._judges import Judgment, checked, rules
from sophro.care.interview._outcome import RISKS, outcome_of
from sophro.care.interview._rules import read_answer
from sophro.care.interview._state import ModuleState, NodeState
from sophro.care.interview._tree import LANGUAGES, Module, Node, load_module
from sophro.errors import SophroError

if TYPE_CHECKING:
    from sophro.care.crisis import Records
    from sophro.care.crisis._monitor import Hook

INTERVIEWER = "interviewer"
PARTICIPANT = "participant"
IDEATION, ACTIVE, IMMINENT = 2, 3, 4
STAY_TURNS = 3
SAFETY = "safety"  # what a script is told when it answers the crisis layer and no node of the tree
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
        hook: Called when the risk reaches ACTIVE or IMMINENT; what it returns says whether a person was told.
        records: Where events of the crisis layer are kept.
        session: Name of the conversation, whose hash hook and records get; by default that of the dialogue.
        played: Who plays the person, kept with the log; empty for a person.

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
        hook: Hook | None = None,
        records: Records | None = None,
        session: str = "",
        played: str = "",
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
        self._monitor = monitor
        self._hook = hook
        self._records = records
        self._session = session
        self.played = played

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
            # Nobody else goes on with what a person, or another script, has begun.
            **({"played": self.played} if self.played else {}),
        }

    async def conduct(self, session: Session) -> Mapping[str, Any]:
        """Hold the interview."""
        monitor = self._watching(session.name)
        session.watch(PARTICIPANT, monitor)
        run = _Run(self, session, monitor)
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
        run.escalate("the outcome")
        found = await outcome_of(self, session, run.states, run.risk, status, run.noticed)
        session.enter("closing")
        run.close(status, found["message"])
        return found

    def _watching(self, name: str) -> Monitor:
        if self._monitor is not None:
            return self._monitor(self.lang)
        return crisis_monitor(
            self.lang, self.region, hook=self._hook, records=self._records, session=self._session or name
        )


class _Run:
    """One interview while it is held."""

    def __init__(self, interview: Interview, session: Session, monitor: Monitor) -> None:
        self.interview = interview
        self.session = session
        self.monitor = monitor
        self.lang = interview.lang
        self.states: dict[str, ModuleState] = {}
        self.risk = 0
        self.noticed = 0  # highest level of the crisis layer
        self.cut_short = False
        self.told = False  # whether a person was notified
        self._escalated = 0  # highest risk that the operator's hook was called with
        self._disclosed = False  # whether the answers to the open question raised the crisis level
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
            self._disclosed = False
            said = await self.hear({"module": state.module.id, "node": node.id, "attempt": attempt})
            answers.append(said.text)
            turns.append(said.index)
            judgment = await self.judged(node, question, answers)
            notes += [n for n in judgment.notes if n not in notes]
            await self.voice(node, judgment)
            if self._disclosed:
                break  # nobody is asked about sleep again who has just spoken of dying
            if judgment.stop or stops(said.text):
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
            if not problem:
                problem = banned_words(said.text)
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
        """Hear one message; what the crisis layer demands is said, and its answer heard, before anything else."""
        heard = await self.message(task)
        crisis = self.session.crisis
        stopping = stops(heard.text) and not crisis.newly_raised
        if stopping and self.risk >= IDEATION:
            return heard  # what has to be said is said at the end, and nothing more is asked
        if crisis.reply and (crisis.newly_raised or crisis.reply not in self._replies):
            self.answer(crisis.reply, crisis.level)
            if not stopping:
                await self.hear_out()
        return heard

    async def message(self, task: Mapping[str, Any]) -> Turn:
        """Hear one message and take note of its risk."""
        said = await self.session.ask(self.interview.participant, task=task)
        heard = self.session.turns[-1]
        crisis = self.session.crisis
        self.noticed = max(self.noticed, crisis.level)
        self.told = self.told or crisis.notified
        if crisis.level >= IDEATION:  # a mere concern is answered and noted, but is no finding about suicide
            self.risk = max(self.risk, crisis.level)
            self._disclosed = self._disclosed or crisis.newly_raised
        if crisis.newly_raised and crisis.level >= ACTIVE:
            self._escalated = max(self._escalated, crisis.level)  # the monitor has called the hook
        if said.outcome == "left":
            if crisis.reply and crisis.newly_raised:
                self.answer(crisis.reply, crisis.level)
            raise Ended("left")
        return heard

    def answer(self, text: str, level: int, **facts: Any) -> None:
        """Say what the risk demands."""
        self._replies.add(text)
        self._voiced = max(self._voiced, level)
        self.session.say(text, strategy="crisis", speaker=INTERVIEWER, meta={"level": level, **facts})

    async def hear_out(self) -> None:
        """Hear what the person says to the crisis reply, so that the tree does not take it for its own.

        One message; one more for each step by which it raises the level. In danger today the program stays anyway.

        Raises:
            Ended: If the person stops or leaves.
        """
        for attempt in range(IMMINENT):
            asked = self.session.turns[-1].text
            if self.risk >= IMMINENT or not ("?" in asked or "？" in asked):
                return
            heard = await self.message({"module": "", "node": SAFETY, "attempt": attempt})
            crisis = self.session.crisis
            if not (crisis.reply and crisis.newly_raised):
                if stops(heard.text):
                    raise Ended("stopped")
                self._prefix.append(speech.ONWARD[self.lang])
                return
            self.answer(crisis.reply, crisis.level)

    async def voice(self, node: Node, judgment: Judgment) -> None:
        """Raise the risk by what a safety question brought, say what that demands, and hear the answer to it."""
        if judgment.verdict != "decided" or judgment.value is None or not node.risk:
            return
        self.risk = max(self.risk, node.risk[judgment.value])
        self.escalate(f"node {node.id}")
        if self.risk >= IDEATION and self.risk > self._voiced:
            self.answer(
                crisis_words(self.risk, self.lang, self.interview.region, human=self.told),
                self.risk,
                node=node.id,
            )
            await self.hear_out()

    def escalate(self, where: str) -> None:
        """Call the operator's hook for a risk that the interview itself found; in a replay the log says what came."""
        if self.risk < ACTIVE or self.risk <= self._escalated:
            return
        self._escalated = self.risk
        reason = f"risk {RISKS[self.risk]} by {where} of the interview {self.interview.module.id}"

        def act() -> dict[str, Any]:
            told = isinstance(self.monitor, Watch) and self.monitor.escalate(self.risk, reason)
            return {"level": self.risk, "reason": reason, "notified": told}

        self.told = bool(self.session.once("escalation", act)["notified"]) or self.told

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
            heard = await self.hear({"module": "", "node": "stay", "attempt": turn})
            if stops(heard.text):
                return  # what is said at the end is still that of danger

    def close(self, status: str, message: str) -> None:
        """Say the end; after a disclosure never without where to find help."""
        if status == "left":
            return
        if self.risk >= IDEATION:
            text = crisis_words(self.risk, self.lang, self.interview.region, turn=1, human=self.told)
            self.session.say(text, speaker=INTERVIEWER, strategy="crisis", meta={"level": self.risk})
        kind = "stopped" if status == "stopped" else message
        self.session.say(speech.CLOSING[self.lang][kind], speaker=INTERVIEWER, strategy="closing")


def stops(text: str) -> bool:
    """Return whether a message asks in so many words to end the interview, whichever judge reads the answers."""
    return read_answer(text, "yes_no", safety=True).stop


def banned_words(text: str) -> str | None:
    """Say what in a model's wording nobody may say to a person in distress, or None."""
    from sophro.care.crisis import Level, forbidden

    found = forbidden(text, Level.CONCERN)
    return f"may not be said ({', '.join(found)})" if found else None


def crisis_words(risk: int, lang: str, region: str | None, turn: int = 0, human: bool = False) -> str:
    """Return what the crisis layer says at a level of risk that the interview itself found."""
    from sophro.care.crisis import Level
    from sophro.care.crisis._replies import reply
    from sophro.care.crisis._resources import shipped

    return reply(Level(risk), lang, table=shipped(), region=region, turn=turn, human=human)
