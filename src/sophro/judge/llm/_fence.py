"""Judged text as quoted data: nothing in it can close its frame, open a turn or speak in the judge's voice.

Contract: three structural defences, each a pure function. ``tag_of`` gives a tag that depends on the whole of
what is judged, so whoever wrote the answer cannot know it (a text that contains its own tag would be a fixed
point of a 64-bit hash). ``fence`` frames text between lines that carry the tag. ``defuse`` breaks control tokens
of chat templates and the section marks of a prompt format by one visible space, and drops invisible characters
that could hide them. What a prompt cannot do: keep a model from believing what it reads. A judge that copies an
injected verdict into the right place of its own reply is caught only where the verdict must carry the tag.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sophro.files import digest
from sophro.judge._control import CONTROL, INVISIBLE


def tag_of(*parts: str) -> str:
    """Return 16 hexadecimal digits that depend on all parts and occur in none of them."""
    # What a model wrote may hold lone surrogates, which have no form in UTF-8.
    spelled = [part.encode("utf-8", "backslashreplace").decode() for part in parts]
    turn = 0
    while any((tag := digest("judge tag", turn, *spelled)[:16]) in part for part in parts):
        turn += 1
    return tag


def section(mark: str, line: bool = False) -> re.Pattern[str]:
    """Compile a section mark of a prompt format, whatever its case and spacing.

    Args:
        mark: The mark as the format writes it, such as ``[/GENERATION]`` or ``Agent:``.
        line: The mark counts only at the start of a line (after quotes, stars or blanks).
    """
    words = r"\s+".join(re.escape(word) for word in mark.split())
    if mark.endswith(":"):
        words = words[: -len(re.escape(":"))] + "[:\uff1a]"
    return re.compile((r"(?m)^[ \t>*_#\"'`]*" if line else "") + words, re.IGNORECASE)


def defuse(text: str, sections: Sequence[re.Pattern[str]] = ()) -> str:
    """Return text in which no control token and no section mark is left; everything else stays as it is."""
    text = INVISIBLE.sub("", text)
    for pattern in (CONTROL, *sections):
        for _ in range(8):  # breaking an inner mark can complete an outer one
            text, count = pattern.subn(_broken, text)
            if not count:
                break
        else:
            # A text built to survive eight rounds is no answer; its brackets are worth nothing to a judge.
            text = pattern.sub(" ", re.sub(r"[<>\[\]|]", " ", text))
    return text


def _broken(match: re.Match[str]) -> str:
    found = match[0]
    if found[-1] in ":\uff1a":
        return f"{found[:-1]} {found[-1]}"
    lead = len(found) - len(found.lstrip(" \t>*_#\"'`"))
    return f"{found[: lead + 1]} {found[lead + 1 :]}"


def fence(name: str, text: str, tag: str, lang: str = "en") -> str:
    """Return defused text between two lines that carry the tag, marked in the language of the prompt."""
    begins, ends = ("开始", "结束") if lang == "zh" else ("begins", "ends")
    return f"=== {name} {tag} {begins} ===\n{defuse(text)}\n=== {name} {tag} {ends} ==="
