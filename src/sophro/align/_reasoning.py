"""A small model that thinks in tags, for methods that shorten thoughts: ``sophro models make reasoning``.

Why: the embedded model does not think. It is taught to, on arithmetic (``sophro.data._arithmetic``) whose traces come
in a terse and a verbose style at random, so that its correct thoughts differ in length.

Contract: one supervised run on trace and answer, merged into plain transformers weights with a chat template that knows
``<think>``; the same bits for the same seed, options and machine. The folder holds the model, ``reasoning.json``
(options and what was measured on problems that were not trained) and ``sets/`` with trained and new problems as JSONL.
A killed run goes on.
"""

from __future__ import annotations

import copy
import random
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sophro.align._policy import Row, teach
from sophro.chat import Segment, Transcript, think
from sophro.chat._thinking import count_tokens
from sophro.data import Record
from sophro.data._arithmetic import STYLES, arithmetic_records, problems
from sophro.errors import SophroError
from sophro.files import write_folder, write_json, write_jsonl
from sophro.judge.verify import verify_maths
from sophro.options import merged_options
from sophro.train import TrainOptions

OPTIONS: dict[str, Any] = {
    "examples": 800,
    "test": 200,
    # Most thoughts are long, so that decoding without chance is long too and there is something to shorten. Batches are
    # of like lengths and each weighs the same, so a token of a short thought weighs seven times one of a long thought:
    # with a share of 0.7 one thought in eight was long.
    "verbose": 0.93,
    "learning_rate": 1e-3,
    "epochs": 2,
    "batch_size": 16,
    "measured": 40,
    "max_new_tokens": 256,
}
_TURN = ("<|im_start|>", "<|im_end|>")
# Thoughts of earlier turns are left out; the model opens its own, or a thinking mode does. One line break behind the
# thought: two are two tokens in front of an answer and one at the end of a forced start, which was never trained.
TEMPLATE = (
    "{% for message in messages %}{% if message['role'] != 'assistant' %}"
    "{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}"
    "{% else %}{% set thought = message.reasoning_content if message.reasoning_content is string else '' %}"
    "{{ '<|im_start|>assistant\\n' }}{% if loop.last and thought %}"
    "{{ '<think>\\n' + thought + '\\n</think>\\n' }}{% endif %}"
    "{{ message['content'] + '<|im_end|>\\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)


def thinking_model(model: Any) -> Any:
    """Return a chat model with the same network whose template knows the tags; ``model`` stays as it is.

    Raises:
        SophroError: If the tokenizer has no ChatML turns.
    """
    from sophro.models import ChatModel

    missing = [t for t in _TURN if t not in model.tokenizer.get_vocab()]
    if missing:
        raise SophroError(
            f"model {model.name!r} has no token {missing[0]}; a model with ChatML turns is needed"
        )
    tokenizer = copy.deepcopy(model.tokenizer)
    tokenizer.chat_template = TEMPLATE
    return ChatModel(f"{model.name} (thinking)", tokenizer, model.network)


def reasoning_rows(count: int, seed: int, verbose: float) -> list[Row]:
    """Return the training conversations: trace in its tags, then the answer.

    Args:
        count: Problems.
        seed: Decides problems and styles.
        verbose: Share of verbose traces.
    """
    styles = random.Random(f"styles {seed}")
    rows: list[Row] = []
    for problem, record in zip(problems(count, seed), arithmetic_records(count, seed), strict=True):
        style = STYLES[int(styles.random() < verbose)]
        turn = (Segment("trace", problem.trace(style)), Segment("answer", problem.answer))
        rows.append((Transcript.of(record.prompt).with_assistant(*turn), record, 1.0))
    return rows


def make_reasoning(
    base: str, out: Path, *, options: Mapping[str, Any] | None = None, seed: int = 0
) -> dict[str, Any]:
    """Make the reasoning model.

    Args:
        base: Model to start from.
        out: Folder to create.
        options: Options that differ from the defaults (see ``OPTIONS``).
        seed: Seed of the problems and of the run.

    Returns:
        What ``reasoning.json`` says.

    Raises:
        SophroError: If an option is wrong, the folder exists, or the base has no ChatML turns.
    """
    from sophro.models import load_chat

    chosen = merged_options("reasoning", OPTIONS, options)
    if not 0 <= chosen["verbose"] <= 1 or chosen["examples"] < 1 or chosen["test"] < 1:
        raise SophroError("reasoning: examples and test must be at least 1 and verbose must lie in [0, 1]")
    if out.exists():
        raise SophroError(f"{out}: exists already; choose another folder")
    count, size = int(chosen["examples"]), int(chosen["test"])
    work = out.with_name(f".{out.name}.work")
    training = TrainOptions(
        learning_rate=chosen["learning_rate"],
        epochs=chosen["epochs"],
        batch_size=chosen["batch_size"],
        seed=seed,
    )
    thinker = thinking_model(load_chat(base))
    rows = reasoning_rows(count, seed, float(chosen["verbose"]))
    made = teach(thinker, rows, work, training, told="Teach it to think")
    new = arithmetic_records(size, seed, skip=count)
    facts: dict[str, Any] = {"base": base, "seed": seed, "options": chosen}
    facts |= measure(load_chat(str(made)), new[: int(chosen["measured"])], int(chosen["max_new_tokens"]))

    def fill(folder: Path) -> None:
        shutil.copytree(made, folder, dirs_exist_ok=True)
        for name, records in (("train", [r for _, r, _ in rows]), ("test", new)):
            write_jsonl(folder / "sets" / f"{name}.jsonl", [_plain(r) for r in records])
        write_json(folder / "reasoning.json", facts)

    write_folder(out, fill)
    shutil.rmtree(work)
    return facts


def _plain(record: Record) -> dict[str, Any]:
    return {k: v for k, v in asdict(record).items() if k not in ("meta", "set") and v not in (None, ())}


def measure(model: Any, records: Sequence[Record], max_new_tokens: int) -> dict[str, Any]:
    """Return how many results are right in mode ``full``, and how long the thoughts are.

    Returns:
        ``measured``: by group k, n and the number that could not be read; ``thought_tokens``: median of the thoughts
        that ended, None without any.
    """
    import statistics

    from sophro.models import GenerationConfig

    if not records:
        return {"measured": {}, "thought_tokens": None}
    asked = [think(Transcript.of(r.prompt), "full", model.template).transcript for r in records]
    answers = model.generate(asked, GenerationConfig(max_new_tokens=max_new_tokens))
    right: list[bool | None] = []
    lengths: list[int] = []
    for record, completion in zip(records, answers, strict=True):
        said = {k: "".join(s.text for s in completion.segments if s.kind == k) for k in ("trace", "answer")}
        solved = verify_maths(said["answer"], record.accept).outcome
        right.append(
            None if completion.finish_reason != "stop" or solved == "unparsed" else solved == "right"
        )
        if completion.state in ("ok", "empty_trace"):
            lengths.append(count_tokens(said["trace"], model.template))
    known = [r for r in right if r is not None]
    return {
        "measured": {
            "right results on new problems": {
                "k": sum(known),
                "n": len(known),
                "unscored": len(right) - len(known),
            },
            "thoughts that ended": {"k": len(lengths), "n": len(records), "unscored": 0},
        },
        "thought_tokens": statistics.median(lengths) if lengths else None,
    }
