"""The eight disguises of toxic Chinese in the registry; they run by ``sophro perturb NAME``.

They change a text and not a behaviour's transcript, so they are no ``Attack`` and stay out of ``attacks()``.
"""

from __future__ import annotations

from sophro.registry import Method, register

_TITLES = {
    "vsim": "Visually similar character in the place of a character of the span",
    "split": "Character written as its two components",
    "trad": "Traditional form of a character amid simplified ones",
    "py_init": "First letter of each syllable in the place of the span",
    "py_full": "Pinyin in the place of the span",
    "homo": "Character of the same sound in the place of a character of the span",
    "shuff": "Characters of the span in another order",
    "emoji": "Emoji by sense or sound in the place of a character of the span",
}
_DEVIATIONS = {
    "vsim": ("Look-alikes come from components and stroke order, not from the authors' hand-made table.",),
    "homo": ("The draw is ours: one of the six most frequent characters with the same toneless pinyin.",),
    "shuff": (
        "Only spans of one character trade places with a neighbour; the released ones cross more often.",
    ),
    "emoji": ("The table is made from the emoji's Chinese names; the authors' one is hand-made.",),
}


def register_disguises() -> None:
    """Register ``perturb_vsim`` to ``perturb_emoji``."""
    for name, title in _TITLES.items():
        register(
            Method(
                name=f"perturb_{name}",
                title=f"Chinese disguise {name}: {title[0].lower()}{title[1:]}",
                paper="Yang et al., Exploring Multimodal Challenges in Toxic Chinese Detection, arXiv 2505.24341",
                area="assessment",
                room="attack",
                entry="sophro.attack.perturb:perturb",
                primary="A1",
                deviations=_DEVIATIONS.get(name, ()),
            )
        )
