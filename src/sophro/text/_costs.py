"""What it costs to assume a disguise, in quarters of a nat; chosen on the train part of CNTP.

A cost stands for how rare the disguise is and for how many things the disguised piece could have been. It is
paid once per piece (``piece``) and once per changed character (``char``). The higher, the more often text
comes back as it was; ``scripts/check_chinese.py`` shows both sides.
"""

from __future__ import annotations

from typing import NamedTuple


class Price(NamedTuple):
    """Cost of one kind of disguise.

    Attributes:
        piece: Once per piece.
        char: Once per changed character.
    """

    piece: int
    char: int


PRICES = {
    "split": Price(14, 0),
    "vsim": Price(0, 34),
    "vsim_rare": Price(0, 6),
    "homo": Price(16, 16),
    "homo_char": Price(0, 40),
    "shuff": Price(24, 8),
    "emoji": Price(0, 10),
    "emoji_sound": Price(0, 16),
    "py_full": Price(8, 0),
    "py_init": Price(24, 0),
    "mark": Price(10, 0),
}
LATIN_LETTER = 10  # a Latin letter left as it is, where it could be pinyin
LEXICON_BONUS = 12  # a piece that becomes a word of the lexicon
ODD = 34  # a character this surprising may be a disguise
BEAM = 12
WINDOW = 64  # characters decoded at once
