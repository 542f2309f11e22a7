"""Asking a rewriter, with one retry; shared by the attacks that reword a request.

Contract: one rewrite per call, or the reason why there is none. A rewriter that refuses is not an attack that
failed: the attempt becomes an error and is counted as one.
"""

from __future__ import annotations

from collections.abc import Sequence

from sophro.attack._roles import Answer, Role, quoted
from sophro.judge import Exchange, judge

_LONGEST = 2_000  # characters of a rewrite that are used


def rewrites(role: Role, asked: Sequence[tuple[str, str]], seed: int) -> list[Answer]:
    """Return a rewrite for each pair of instruction and request; a refusal is asked once more.

    Args:
        role: The rewriter.
        asked: Instruction and text of each request.
        seed: Of the rewriter's decoding.
    """
    conversations = [quoted(text, instruction, "request") for instruction, text in asked]
    first = role.ask(conversations, seed)
    answers = [_usable(a, text) for a, (_, text) in zip(first, asked, strict=True)]
    again = [i for i, a in enumerate(answers) if a.problem]
    second = role.ask([conversations[i] for i in again], seed + 1) if again else []
    for index, answer in zip(again, second, strict=True):
        answers[index] = _usable(answer, asked[index][1])
    return answers


def _usable(answer: Answer, request: str) -> Answer:
    if answer.problem:
        return answer
    text = answer.text.strip().strip('"“”').strip()
    if len(text) > _LONGEST:
        return Answer("", f"the rewrite has {len(text)} characters, more than {_LONGEST}")
    verdict = judge("keyword-baseline")([Exchange.of(request, text)])[0]
    if verdict.refused:
        return Answer("", "the rewriter refused")
    return Answer(text) if text else Answer("", "the rewriter said nothing")
