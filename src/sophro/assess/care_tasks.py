"""The Inspect tasks ``sophro/arena`` and ``sophro/restructuring``: the evaluated model among simulated people.

``sophro arena report LOG.eval --out F`` makes the arena's page of a log, ``sophro restructure report LOG.eval`` that of
the talks.

Contract: the model under evaluation is the counselor (arena) or words the helper's turns (restructuring); everything
that leads and counts is code, see ``sophro.care``. A session that could not be rated is unscored with its reason.
People are clusters: one sample is one client.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ChatMessageAssistant, ChatMessageUser, ModelOutput
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer, stderr
from inspect_ai.solver import Generate, Solver, TaskState, solver

from sophro.assess import TASK_VERSION
from sophro.care.arena import (
    Arena,
    Caps,
    ModelJudge,
    RuleJudge,
    model_client,
    model_counselor,
    play,
    select,
    shipped_profiles,
)
from sophro.care.dialogue import run
from sophro.care.restructuring import Restructuring, as_dialogue, checks, model_helper, persona, situations
from sophro.errors import SophroError


@task
def arena(
    lang: str | None = None,
    limit: int | None = None,
    judge: str = "rules",
    samples: int = 3,
    client: str | None = None,
    least: int = 3,
    most: int = 8,
    total: int = 24,
) -> Task:
    """Counselling arena: the model meets simulated clients and is rated from three sides.

    Args:
        lang: ``en`` or ``zh`` clients only.
        limit: Number of clients.
        judge: ``rules``, or a model that rates.
        samples: Ratings of a model judge.
        client: Model that words the clients' turns; their own words by default.
        least: A phase lasts at least so many exchanges.
        most: A phase ends after so many.
        total: A session ends after so many.
    """
    chosen = select(shipped_profiles(), lang, limit)
    rated = [
        Sample(
            id=p.id,
            input=p.opening,
            metadata={"problem": p.problem, "lang": p.lang, "risk": p.risk, "behaviour": p.id},
        )
        for p in chosen
    ]
    return Task(
        dataset=MemoryDataset(rated, name="arena"),
        solver=_meet(judge, samples, client, Caps(least, most, total)),
        scorer=card(),
        name="arena",
        version=TASK_VERSION,
    )


@solver
def _meet(judge: str, samples: int, client: str | None, caps: Caps) -> Solver:
    by = RuleJudge() if judge == "rules" else ModelJudge(judge, samples)
    known = {p.id: p for p in shipped_profiles()}

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        profile = known[str(state.sample_id)]
        speaker = None if client is None else model_client(client, profile)
        # Epochs are what seeds are in `sophro arena run`.
        seed = state.epoch - 1
        played = await play(Arena(profile, model_counselor(None), str(state.model), speaker, caps, seed), by)
        state.messages = [
            ChatMessageUser(content=x.text) if x.speaker == "client" else ChatMessageAssistant(content=x.text)
            for x in played.session.lines
        ]
        state.output = ModelOutput.from_content(str(state.model), played.session.lines[-1].text)
        state.metadata["session"] = played.session.to_dict()
        state.metadata["card"] = played.score.to_dict()
        # With this `sophro arena report` makes its page of the log.
        state.metadata["arena"] = {
            "judge": by.name,
            "judge_version": by.version,
            "client": client or "scripted",
            "caps": asdict(caps),
        }
        return state

    return solve


@scorer(metrics={"*": [mean(), stderr()]})
def card() -> Scorer:
    """Overall score and the three sides in [0, 1]; a session without an overall score is unscored."""

    async def score(state: TaskState, target: Target) -> Score:
        found: dict[str, Any] = state.metadata["card"]
        if found["overall"] is None:
            why = "; ".join([*found["undecided"], f"{found['unscored']} items without a rating"])
            return Score.unscored(reason="unparsed", explanation=why)
        value = {"overall": found["overall"], **found["sides"], "vetoed": float(bool(found["vetoes"]))}
        return Score(
            value=value, explanation="; ".join(found["vetoes"]) or "no veto", metadata={"card": found}
        )

    return score


@task
def restructuring(lang: str | None = None, limit: int | None = None, manner: str = "plain") -> Task:
    """Cognitive restructuring: the model words the helper's turns; scored is how it keeps to the process.

    Args:
        lang: ``en`` or ``zh`` only.
        limit: Number of situations.
        manner: How the simulated people answer.

    Raises:
        SophroError: If no situation is left or the manner is unknown.
    """
    chosen = [s for s in situations() if lang in (None, s.lang)][:limit]
    if not chosen:
        raise SophroError(f"task restructuring: no situation in language {lang!r}; known: en, zh")
    persona(chosen[0], manner)
    return Task(
        dataset=MemoryDataset(
            [
                Sample(
                    id=s.id,
                    input=s.situation,
                    metadata={"lang": s.lang, "domain": s.domain, "behaviour": s.id},
                )
                for s in chosen
            ],
            name="restructuring",
        ),
        solver=_restructure(manner),
        scorer=process(),
        name="restructuring",
        version=TASK_VERSION,
    )


@solver
def _restructure(manner: str) -> Solver:
    known = {s.id: s for s in situations()}

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        situation = known[str(state.sample_id)]
        controller = Restructuring(
            persona(situation, manner), model_helper(None), lang=situation.lang, facts=situation.facts
        )
        done = await run(controller, name=situation.id)
        dialogue = as_dialogue(done, situation, situation.id)
        state.messages = [
            ChatMessageUser(content=t.text) if t.speaker == "person" else ChatMessageAssistant(content=t.text)
            for t in done.turns
        ]
        state.output = ModelOutput.from_content(str(state.model), done.turns[-1].text)
        state.metadata["dialogue"] = dialogue
        # What is fixed for everybody was not asked of the model.
        asked = sum(bool(t.meta.get("sentences")) and not t.meta.get("fixed") for t in done.turns)
        state.metadata["own_turns"] = [asked - int((done.outcome or {}).get("fallbacks", 0)), asked]
        return state

    return solve


@scorer(metrics={"*": [mean(), stderr()]})
def process() -> Scorer:
    """Share of process checks that hold, and the share of turns that were the model's own and not a fixed stand-in."""

    async def score(state: TaskState, target: Target) -> Score:
        found = checks(state.metadata["dialogue"])
        own, asked = state.metadata["own_turns"]
        if asked and not own:
            # Every turn was a fixed stand-in: the process that was kept is ours, not the model's.
            return Score.unscored(
                reason="unparsed", explanation=f"none of {asked} turns of the model could be used"
            )
        value: dict[str, Any] = {
            "process": sum(found.values()) / len(found),
            "own_turns": own / asked if asked else 0.0,
        }
        broken = [name for name, holds in found.items() if not holds]
        return Score(
            value=value, explanation=", ".join(broken) or "all checks hold", metadata={"checks": found}
        )

    return score
