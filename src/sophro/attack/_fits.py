"""Whether what an attack sends fits into the target's context, checked before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sophro.attack._types import Attempt
from sophro.errors import SophroError


def check_fits(
    who: str, attempts: Sequence[Attempt], target: Any, reserve: int, remedy: str
) -> list[Attempt]:
    """Return ``attempts`` if the longest leaves room for an answer.

    A target that is not at hand cannot be asked; then nothing is checked and ``params["checked"]`` is absent.

    Args:
        who: Name of the attack.
        attempts: What would be sent.
        target: The model, or None.
        reserve: Tokens left for the answer.
        remedy: What to lower.

    Raises:
        SophroError: If an attempt does not fit.
    """
    context = getattr(target, "context", None)
    if context is None:
        return list(attempts)
    # Text never has more tokens than bytes, and a turn few of its own: short attempts need no tokenizer.
    long = [a for a in attempts if _most(a) + reserve > context]
    for attempt in long:
        tokens = _tokens(target, attempt)
        if tokens + reserve > context:
            raise SophroError(
                f"attack {who}: behaviour {attempt.record.id!r} needs {tokens} tokens and {reserve} for the answer; "
                f"model {target.name!r} reads {context}; {remedy}"
            )
    return list(attempts)


def _most(attempt: Attempt) -> int:
    return len(_text(attempt).encode("utf-8", "replace")) + 32 * len(attempt.transcript.turns)


def _text(attempt: Attempt) -> str:
    return "".join(turn.text for turn in attempt.transcript.turns)


def _tokens(target: Any, attempt: Attempt) -> int:
    render = getattr(target, "render", None)
    return len(_text(attempt).split()) if render is None else len(render(attempt.transcript).ids)
