r"""Is the final result right? Read it, compare it exactly.

Contract: the result is read at the first of these places that exists: the last ``\boxed{...}``; what follows the last
``####``; what follows the last "the answer is" (or 答案是 and the like); the last number of the text. Numbers are
compared as fractions, anything else as text without case and spaces. Where nothing can be read the outcome is
``unparsed``, never ``wrong``: a caller may count it against the model, and sees that it did.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sophro.errors import SophroError
from sophro.judge.verify._numbers import numbers_in, parse_number, plain, read_number

How = Literal["boxed", "marked", "stated", "last_number", "nothing"]

_STATED = re.compile(
    r"(?:\banswer\s*(?:is\b|[:=])|\bresult\s+is\b|答案(?:是|为)?|答[:：]|结果(?:是|为)|所以(?:是|等于)|等于)\s*[:：]?\s*",
    re.IGNORECASE,
)
_STOP = re.compile(r"\n|(?<=\D)[.。!！?？;；](?=\s|$)|(?<=\d)[.。](?=\s|$)")


@dataclass(frozen=True)
class Solved:
    """What the verifier says.

    Attributes:
        outcome: ``right``, ``wrong``, or ``unparsed`` where no result could be read.
        found: The text that was read as the result.
        how: Where it was read.
    """

    outcome: Literal["right", "wrong", "unparsed"]
    found: str
    how: How


def final_answer(text: str) -> tuple[str, How]:
    """Return the text of the final result and where it was found."""
    whole = plain(text)
    boxed = _boxed(whole)
    if boxed is not None:
        return boxed, "boxed"
    if "####" in whole:
        lines = whole.rpartition("####")[2].strip().splitlines()
        return (lines[0].strip() if lines else ""), "marked"
    stated = list(_STATED.finditer(whole))
    for match in reversed(stated):
        rest = _STOP.split(whole[match.end() :], maxsplit=1)[0].rpartition("=")[2].strip(" *_$\\()[]:")
        if rest:
            return rest, "stated"
    numbers = [m.group() for m in numbers_in(whole)]
    return (numbers[-1], "last_number") if numbers else ("", "nothing")


def verify_maths(text: str, accept: Sequence[str]) -> Solved:
    """Compare the final result in ``text`` with the accepted ones.

    Args:
        text: What the model answered, without its trace.
        accept: Right results; one of them suffices.

    Raises:
        SophroError: If there is no result to compare with.
    """
    if not accept or not all(a.strip() for a in accept):
        raise SophroError(
            "verify_maths: an item without a result cannot be checked; give it a field 'accept'"
        )
    found, how = final_answer(text)
    if not found:
        return Solved("unparsed", "", how)
    if _plain_text(found) in {_plain_text(a) for a in accept}:
        return Solved("right", found, how)
    numbers = {n for a in accept if (n := parse_number(a)) is not None}
    if not numbers:
        return Solved("wrong", found, how)
    value = parse_number(found)
    if value is None:
        # "72 clips in all": one number among words that are no unit; two numbers stay unread.
        inside = [m.group() for m in numbers_in(found)]
        value = read_number(inside[0]) if len(inside) == 1 else None
    if value is None:
        return Solved("unparsed", found, how)
    return Solved("right" if value in numbers else "wrong", found, how)


def _boxed(text: str) -> str | None:
    r"""Return the contents of the last complete ``\boxed{...}``."""
    for start in reversed([m.end() for m in re.finditer(r"\\boxed\s*\{", text)]):
        depth = 1
        for at in range(start, len(text)):
            depth += {"{": 1, "}": -1}.get(text[at], 0)
            if depth == 0:
                return text[start:at].strip()
    return None


def _plain_text(text: str) -> str:
    return re.sub(r"[\s$\\{}*]+", "", plain(text)).casefold().strip(".。")
