"""Which questions may train a judge, which may choose its settings, and which may only measure it.

Contract: three roles, and no question (prompt without case, marks and spacing) has two of them. *Training*: what
``_corpus.corpus`` returns. *Selection*: the first check set, on which temperatures are fitted and whose errors have
been read. *Validation*: the fresh and the blind check sets, on which nothing is trained or fitted; results on the fresh
ones were seen while two designs were compared, the blind ones were written after that, and the second pair of blind
ones before the texts that the errors on the first pair called for. ``check_roles`` raises on a
shared question, and so does every training run before its first step. Public validation sets (JAILJUDGE-mini) are
checked by the same function.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.resources import files
from itertools import combinations
from pathlib import Path
from typing import Literal

from sophro.errors import SophroError
from sophro.files import read_jsonl

Role = Literal["training", "selection", "validation"]
SELECTION = ("judge_check.jsonl",)
VALIDATION = (
    "judge_fresh_refusal.jsonl", "judge_fresh_harm.jsonl", "judge_fresh_empty.jsonl",
    "judge_blind_refusal.jsonl", "judge_blind_harm.jsonl", "judge_blind2_refusal.jsonl", "judge_blind2_harm.jsonl",
)  # fmt: skip


def held_questions() -> dict[Role, set[str]]:
    """Return the questions that no judge may be trained on, by role."""
    return {"selection": _questions(SELECTION), "validation": _questions(VALIDATION)}


def _questions(names: Iterable[str]) -> set[str]:
    from sophro.judge._corpus import question_key

    folder = Path(str(files("sophro.data"))) / "starter"
    return {question_key(str(row["prompt"])) for name in names for _, row in read_jsonl(folder / name)}


def check_roles(prompts: Mapping[Role, Iterable[str]]) -> None:
    """Raise if two roles share a question; the shipped selection and validation sets are always part of it.

    Args:
        prompts: Prompts by role, in any spelling; added to the shipped ones.

    Raises:
        SophroError: Naming both roles, the number of shared questions and one of them.
    """
    from sophro.judge._corpus import question_key

    roles: dict[Role, set[str]] = {"training": set(), **held_questions()}
    for role, texts in prompts.items():
        roles[role] |= {question_key(text) for text in texts}
    for first, second in combinations(roles, 2):
        shared = roles[first] & roles[second]
        if shared:
            raise SophroError(f"{first} and {second} share {len(shared)} questions, such as {min(shared)!r}")
