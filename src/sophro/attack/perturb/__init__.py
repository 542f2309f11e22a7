"""Eight ways people disguise toxic Chinese, as eight pure functions behind one name.

Paper: Yang et al., Exploring Multimodal Challenges in Toxic Chinese Detection: Taxonomy, Benchmark, and
Findings, Findings of ACL 2025 (arXiv 2505.24341). The paper's repository holds data, no generator: what each
generator does was read off the released files (see the modules and ``scripts/check_chinese.py``).

Contract: the same text, name, spans and seed give the same result; only spans are aimed at; no torch, no
network. Offsets are code points.

Deviations: spans that are not given are found by our starter lexicon, not by a language model; the budget per
sentence is ours (the released files have none); readability was not judged by people.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence

from sophro.attack.perturb._budget import check_budget, within
from sophro.attack.perturb._characters import replace_drawn, replace_fixed
from sophro.attack.perturb._shuffle import shuffle
from sophro.attack.perturb._spans import ranges
from sophro.attack.perturb._spelling import respell
from sophro.attack.perturb._types import Perturbed
from sophro.errors import unknown_name

NAMES = ("vsim", "split", "trad", "py_init", "py_full", "homo", "shuff", "emoji")


def perturb(
    text: str, name: str, *, spans: Sequence[str] = (), seed: int = 0, budget: float = 1.0
) -> Perturbed:
    """Disguise the spans of ``text`` in the way ``name``.

    Args:
        text: The sentence.
        name: One of ``NAMES``.
        spans: Substrings to aim at, every occurrence; empty: found by the lexicon.
        seed: Draws among candidates (vsim, homo, shuff, and what a budget leaves out).
        budget: Largest share of the characters of ``text`` that may change, 0 to 1.

    Returns:
        The disguised text with its edits; ``changed`` is False where no disguise of this kind is known.

    Raises:
        SophroError: If the name is unknown or the budget is not a share.
    """
    if name not in NAMES:
        raise unknown_name("disguise", name, NAMES)
    aimed = ranges(text, spans)
    if not aimed and not spans:
        check_budget(budget)
        return Perturbed(text, text, (), ())
    # A lone surrogate cannot be written as UTF-8; "surrogatepass" keeps the draw defined for every text.
    draw = zlib.crc32(f"{seed}\x1f{name}\x1f{text}".encode("utf-8", "surrogatepass"))
    if name in ("trad", "split", "emoji"):
        edits = replace_fixed(text, aimed, name, "".join(spans) or "".join([text[a:b] for a, b in aimed]))
    elif name in ("vsim", "homo"):
        edits = replace_drawn(text, aimed, name, draw)
    elif name == "shuff":
        edits = shuffle(text, aimed, draw)
    else:
        edits = respell(text, aimed, name)
    if budget != 1:
        check_budget(budget)
        edits = within(edits, text, budget, draw)
    pieces: list[str] = []
    at = 0
    for start, end, new in edits:
        pieces.append(text[at:start])
        pieces.append(new)
        at = end
    pieces.append(text[at:])
    return Perturbed("".join(pieces), text, tuple(aimed), tuple(edits))


__all__ = ["NAMES", "Perturbed", "perturb"]
