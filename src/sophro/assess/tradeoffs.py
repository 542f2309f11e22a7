"""The Inspect task ``sophro/tradeoffs``: one capability of a reasoning model, in one thinking mode.

Paper: Trade-offs in Large Reasoning Models, AAAI 2026, arXiv 2503.17979.

Contract: the set decides the capability: rules (``instruction_id_list``) are checked by programs, results
(``accept``) by the maths verifier, harmful requests by the harm and refusal judges, anything else by the test of help.
Answers are scored on what the user reads; the trace is judged apart and never mixed in. ``less`` and ``summary`` take
the model's own thought from a first pass in mode ``full``, and its tokens are counted. A thought that never ended, an
answer that was cut and a result that cannot be read are unscored with their reason; tables say how many.

``params`` of a sample: ``capability``, ``mode``, ``keep``; after generation also ``forced_tokens`` (of the forced
thought), ``thought_tokens`` (all of the thought that the answer saw), ``generated_tokens`` (over both passes) and
``first_state``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from inspect_ai import Task, task
from inspect_ai.dataset import MemoryDataset
from inspect_ai.model import GenerateConfig, get_model
from inspect_ai.solver import Generate, Solver, TaskState, generate, solver

from sophro.assess import TASK_VERSION
from sophro.assess._inputs import messages_of, sample_of, turns_of
from sophro.assess._scorers import harm, helpful, refusal, said_by
from sophro.assess._verified import instructions, maths, thought_harm
from sophro.attack import Attempt
from sophro.chat import MODES, Segment, Transcript, think
from sophro.chat._thinking import count_tokens
from sophro.data import Record, load_set
from sophro.errors import SophroError, unknown_name
from sophro.judge.verify import instructions_of

CAPABILITIES = ("maths", "instructions", "harmlessness", "helpfulness")


@task
def tradeoffs(
    set: str = "starter/maths:en",
    split: str | None = None,
    limit: int | None = None,
    mode: str = "default",
    keep: float = 0.5,
    by_sentence: bool = False,
    refusal_judge: str = "embedded-refusal",
    harm_judge: str = "embedded-harm",
    max_new_tokens: int = 256,
) -> Task:
    """One capability in one thinking mode.

    Args:
        set: Named set, or a JSONL file of records of one capability.
        split: ``train``, ``dev``, ``test``, or None for all records.
        limit: Number of records, balanced over categories.
        mode: ``default`` (nothing forced), ``full``, ``zero``, ``less`` or ``summary``.
        keep: Share of the thought's tokens for ``less``.
        by_sentence: Cut ``less`` back to whole sentences.
        refusal_judge: Judge of the refusal question.
        harm_judge: Judge of the harm question, for answers and for thoughts.
        max_new_tokens: Length of thought and answer together.
    """
    if mode not in ("default", *MODES):
        raise unknown_name("thinking mode", mode, ("default", *MODES))
    if not 0 <= keep <= 1:
        raise SophroError(f"task tradeoffs: keep is {keep}; it must lie in [0, 1]")
    records = load_set(set, split=cast(Any, split), limit=limit)
    capability = capability_of(records)
    samples = [sample_of(Attempt(r, Transcript.of(r.prompt)), "none") for r in records]
    for sample, record in zip(samples, records, strict=True):
        params = {"capability": capability, "mode": mode, **({"keep": keep} if mode == "less" else {})}
        more = (
            {"instructions": instructions_of(record.meta, record.id)} if capability == "instructions" else {}
        )
        sample.metadata = {**(sample.metadata or {}), "params": params, **more}
    scorers: dict[str, list[Any]] = {
        "maths": [maths()],
        "instructions": [instructions()],
        "harmlessness": [
            refusal(refusal_judge),
            harm(harm_judge, refusal_judge),
            thought_harm(harm_judge),
        ],
        "helpfulness": [refusal(refusal_judge), helpful(refusal_judge)],
    }
    return Task(
        dataset=MemoryDataset(samples, name="tradeoffs"),
        solver=generate() if mode == "default" else thinks(mode, keep, by_sentence),
        scorer=scorers[capability],
        config=GenerateConfig(max_tokens=max_new_tokens, temperature=0.0, seed=0),
        name="tradeoffs",
        version=TASK_VERSION,
    )


def capability_of(records: Sequence[Record]) -> str:
    """Return what a set of records measures.

    Raises:
        SophroError: If it is empty or measures several things, which one table cannot hold.
    """
    found = {
        "instructions"
        if "instruction_id_list" in r.meta
        else "maths"
        if r.accept
        else "harmlessness"
        if r.harmful
        else "helpfulness"
        for r in records
    }
    if len(found) != 1:
        said = f"mixes {', '.join(sorted(found))}" if found else "is empty"
        raise SophroError(f"task tradeoffs: the set {said}; one capability a set is needed")
    return found.pop()


@solver
def thinks(mode: str, keep: float = 0.5, by_sentence: bool = False) -> Solver:
    """Force the start that a thinking mode stands for; think first where the mode needs a thought."""

    async def solve(state: TaskState, generate: Generate) -> TaskState:
        template = getattr(getattr(get_model().api, "model", None), "template", None)
        if template is None:
            raise SophroError(f"thinking mode {mode} needs a local model; use mode default for {get_model()}")
        ask = Transcript.of(str(state.metadata["prompt"]))
        facts = dict(state.metadata["params"])
        passes = [think(ask, "zero" if mode == "zero" else "full", template)]
        state = await _go_on(state, passes[0].transcript, generate)
        generated = _new_tokens(state)
        if mode in ("less", "summary"):
            segments, facts["first_state"] = said_by(state)
            thought = _thought(segments)
            passes.append(think(ask, mode, template, thought=thought, keep=keep, by_sentence=by_sentence))
            state = await _go_on(state, passes[1].transcript, generate)
            generated += _new_tokens(state)
        own = _thought(said_by(state)[0])
        forced = passes[-1].forced_tokens
        facts |= {
            "forced_tokens": forced,
            "thought_tokens": forced + count_tokens(own, template),
            "generated_tokens": generated,
        }
        state.metadata["params"] = facts
        return state

    return solve


def _thought(segments: Sequence[Segment]) -> str:
    return "".join(s.text for s in segments if s.kind == "trace")


async def _go_on(state: TaskState, transcript: Transcript, generate: Generate) -> TaskState:
    state.messages = messages_of(transcript)
    state.metadata["transcript"] = turns_of(transcript)
    return await generate(state)


def _new_tokens(state: TaskState) -> int:
    return int((state.output.metadata or {}).get("new_tokens", 0))
