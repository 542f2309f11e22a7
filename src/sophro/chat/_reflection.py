"""The reflection token: what it is, how text around it is cut, and what a user gets to see.

Paper: Self-Reflection Improves Safety of Large Reasoning Models (Findings of ACL 2026, 2026.findings-acl.678);
visibility ``cut`` is that of Backtracking Improves Generation Safety (arXiv 2409.14586).

Contract: a model that notices that it has gone wrong emits one control token, one paragraph that says why (the
reflection, up to the first blank line) and goes on with an answer. The token is a single id; user text can
never become it. It is an added token that is not flagged special, so that decoding with
``skip_special_tokens=True`` keeps it and it can still be counted.

Deviations: the blank line as the end of a reflection is ours; the paper does not say how the two are told apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from sophro.chat._segments import Segment

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

REFLECTION_TOKEN = "<|reflect|>"
REFLECTION_END = "\n\n"

Visibility = Literal["raw", "cut", "hold"]
VISIBILITIES: tuple[Visibility, ...] = ("raw", "cut", "hold")
"""``raw``: everything but the token. ``cut``: what follows the last reflection. ``hold``: the last tokens are held
back before they are released, and a reflection drops what is still held (see ``sophro.models.HoldBack``)."""


def add_reflection_token(tokenizer: PreTrainedTokenizerFast) -> int:
    """Make sure that ``tokenizer`` knows the token, and return its id."""
    from tokenizers import AddedToken

    known = tokenizer.added_tokens_encoder.get(REFLECTION_TOKEN)
    if known is not None:
        return int(known)
    token: Any = AddedToken(REFLECTION_TOKEN, special=False, normalized=False)
    tokenizer.add_tokens([token])
    return int(tokenizer.added_tokens_encoder[REFLECTION_TOKEN])


def cut_reflections(
    pieces: Iterable[tuple[str, str]], marks: Sequence[int], open_reflection: bool = False
) -> list[tuple[str, str]]:
    """Cut parsed pieces at reflection tokens.

    Args:
        pieces: ``(kind, text)`` in order; the texts joined are the response.
        marks: Character offsets in the response at which a reflection token stands.
        open_reflection: Whether the response starts inside a reflection.

    Returns:
        The pieces with ``("tag", token)``, ``("reflection", text)`` and ``("tag", blank line)`` in their places;
        joined they are still the response.
    """
    out: list[tuple[str, str]] = []
    inside, at = open_reflection, 0
    for kind, text in pieces:
        end = at + len(text)
        if kind == "tag":
            out.append((kind, text))
            at = end
            continue
        start = at
        for mark in [*(m for m in marks if at <= m < end), end]:
            inside = _append(out, kind, text[start - at : mark - at], inside)
            if mark < end:
                out.append(("tag", REFLECTION_TOKEN))
                start, inside = mark + len(REFLECTION_TOKEN), True
        at = end
    # A reflection without text is still one: what stands before it is taken back.
    return [piece for piece in out if piece[1] or piece[0] == "reflection"]


def _append(out: list[tuple[str, str]], kind: str, text: str, inside: bool) -> bool:
    """Append ``text``, its start as reflection if ``inside``; return whether the reflection is still open."""
    if not inside:
        out.append((kind, text))
        return False
    thought, blank, rest = text.partition(REFLECTION_END)
    out.append(("reflection", thought))
    if not blank:
        return True
    extra = len(rest) - len(rest.lstrip("\n"))
    out.append(("tag", blank + rest[:extra]))
    out.append((kind, rest[extra:]))
    return False


def count_reflections(segments: Iterable[Segment]) -> int:
    """Return how many reflections a turn holds."""
    return sum(s.kind == "reflection" for s in segments)


def visible_segments(segments: Sequence[Segment], policy: Visibility = "cut") -> tuple[Segment, ...]:
    """Return the segments that a user gets to read.

    Args:
        segments: An assistant turn, forced segments included.
        policy: ``raw`` keeps everything but traces; ``cut`` (and ``hold`` with a buffer that is never
            exceeded) keeps what follows the last reflection outside the trace.
    """
    said = [s for s in _without_trace(segments)]
    if policy == "raw":
        return tuple(said)
    last = max((i for i, s in enumerate(said) if s.kind == "reflection"), default=-1)
    return tuple(said[last + 1 :])


def _without_trace(segments: Sequence[Segment]) -> Sequence[Segment]:
    end = max((i for i, s in enumerate(segments) if s.kind == "trace"), default=-1)
    return segments[end + 1 :]
