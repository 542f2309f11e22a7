"""The Inspect task ``sophro/interview``: does a model read answers in a structured interview as they were meant?

Paper: MAGI, Findings of ACL 2025 (arXiv 2504.18260); participants are scripts with known node states, not people.

Contract: one sample per scripted participant. The model under evaluation judges the answers; the tree is walked by code
whatever it says, and the crisis layer reads along. Scores: share of settled nodes read as meant, whether the outcome is
the one that follows if every answer is read as its script means it, and the share of judgments that could not be
used. A participant of whom nothing could be judged is unscored.
"""

from __future__ import annotations

from typing import Any

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelOutput
from inspect_ai.scorer import Score, Scorer, Target, mean, scorer, stderr
from inspect_ai.solver import Generate, Solver, TaskState, solver

from sophro.assess import TASK_VERSION
from sophro.care.dialogue import ScriptedAgent, Utterance, View, run
from sophro.care.interview import Interview, model_judge
from sophro.care.interview._participants import POLICIES, Participant, make
from sophro.errors import SophroError


@task
def interview(
    module: str = "low_mood",
    lang: str = "en",
    policies: str = ",".join(POLICIES),
    seeds: int = 1,
    limit: int | None = None,
) -> Task:
    """Scripted participants of one module, judged by the model.

    Args:
        module: low_mood, worry, social_fear, suicide_risk, phq9 or gad7.
        lang: ``en`` or ``zh``.
        policies: How participants answer, joined by commas.
        seeds: Participants per policy.
        limit: Most participants.
    """
    names = [name.strip() for name in policies.split(",") if name.strip()]
    people = [make(module, lang, name, seed) for seed in range(seeds) for name in names][:limit]
    if not people:
        raise SophroError("task interview: no participants; raise seeds, limit or policies")
    samples = [
        Sample(
            id=person.pid,
            input=f"Structured interview {module} with scripted participant {person.pid}",
            metadata={"module": module, "lang": lang, "policy": person.policy, "seed": at // len(names)},
        )
        for at, person in enumerate(people)
    ]
    return Task(
        dataset=MemoryDataset(samples, name="interview"),
        solver=hold(),
        scorer=as_meant(),
        name="interview",
        version=TASK_VERSION,
    )


@solver
def hold() -> Solver:
    """Hold the interview; the evaluated model judges."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        m = state.metadata
        person = make(m["module"], m["lang"], m["policy"], m["seed"])
        done = await run(Interview(person.module, person.agent(), person.lang, judge=model_judge(None)))
        found: Any = done.outcome
        state.metadata["interview"] = {
            "outcome": found,
            "turns": [t.to_json() for t in done.turns],
            "wanted": await _meant(person),
            "gold": {k: {"verdict": g.verdict, "value": g.value} for k, g in person.gold.items()},
        }
        state.output = ModelOutput.from_content(str(state.model), str(found["summary"]))
        return state

    return solve


async def _meant(person: Participant) -> str:
    """Return the outcome that follows if every answer is read as the participant's script means it."""
    asked: list[str] = [""]
    speaks = person.agent()

    async def speak(view: View) -> Utterance:
        asked[0] = f"{view.task.get('module')}.{view.task.get('node')}"
        return await speaks.speak(view)

    def judge(view: View) -> Utterance:
        gold, said = person.gold[asked[0]], view.task["answers"][-1].strip()
        verdict = gold.verdict if said or gold.verdict != "decided" else "unclear"
        fields = {"verdict": verdict, "value": gold.value if verdict == "decided" else None}
        return Utterance(verdict, {**fields, "evidence": said, "confidence": 1.0})

    done = await run(
        Interview(
            person.module, ScriptedAgent(speaks.role, speak), person.lang, judge=ScriptedAgent("judge", judge)
        )
    )
    return str((done.outcome or {})["level"])


@scorer(metrics={"nodes": [mean(), stderr()], "outcome": [mean(), stderr()], "unusable": [mean()]})
def as_meant() -> Scorer:
    """Compare node states and outcome with what the participant meant."""

    async def score(state: TaskState, target: Target) -> Score:
        held: Any = state.metadata["interview"]
        right = total = unusable = 0
        for module, found in held["outcome"]["modules"].items():
            for node, settled in found["nodes"].items():
                gold = held["gold"][f"{module}.{node}"]
                total += 1
                unusable += bool(settled["reason"])
                right += settled["value"] == gold["value"] and (
                    gold["value"] is not None or settled["verdict"] == gold["verdict"]
                )
        if not total or unusable == total:
            return Score.unscored(reason="unparsed", explanation="no judgment of the model could be used")
        same = held["outcome"]["level"] == held["wanted"]
        return Score(
            value={"nodes": right / total, "outcome": float(same), "unusable": unusable / total},
            answer=held["outcome"]["level"],
            explanation=f"{right} of {total} nodes as meant; level {held['outcome']['level']}, meant {held['wanted']}",
        )

    return score
