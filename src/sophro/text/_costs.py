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


class Gain(NamedTuple):
    """What a repair must gain beyond its price.

    Attributes:
        alone: Where nothing else in the text is disguised.
        among: Where something else is.
    """

    alone: int
    among: int


class Prior(NamedTuple):
    """What a kind of disguise must gain in a text.

    Attributes:
        text: Once.
        per_four: For four characters of the text.
    """

    text: int
    per_four: int


PRICES = {
    "split": Price(8, 0),
    "vsim": Price(4, 6),  # and more for a common character, see SHAPE_COMMON
    "homo": Price(4, 12),
    "shuff": Price(8, 4),
    "emoji": Price(0, 2),
    "emoji_sound": Price(0, 8),
    "py_full": Price(2, 0),
    "py_init": Price(8, 0),
    "mark": Price(0, 0),
}
# What a repair must gain beyond its price, so that text without disguise stays.
LEAST_GAIN = {
    "split": Gain(0, 0),
    "vsim": Gain(0, 3),
    "homo": Gain(0, 3),
    "shuff": Gain(0, 3),
    "emoji": Gain(10, 0),
    "py_full": Gain(16, 0),
    "py_init": Gain(36, 0),
    "mark": Gain(0, 0),
}
# What all repairs of a text must gain together where none is sure alone, and half a quarter per character:
# a long text holds more places where chance looks like a disguise.
SUM_GAIN = 50
# What replaced characters of one kind must gain together before a text counts as disguised so, and how many quarters
# more for each of its characters: a long text holds more places where chance looks like a disguise.
PRIOR = {"homo": Prior(44, 6), "vsim": Prior(62, 6), "split": Prior(30, 1), "shuff": Prior(36, 3)}
LOOK_CLOSER = 20  # with this gain at surprising places, more places are read under that kind
LATIN_LETTER = 14  # a Latin letter left as it is, where it could be pinyin
LATIN_RUN = 16  # a run of Latin letters left as it is, where it could be first letters
INITIAL_LETTER = 12  # and each letter of it
WORD_BONUS = 6  # per character after the first, where syllables spell a known word
WORD_LEVEL = 4  # and per eighth of its level above 20
SHAPE_COMMON = 60  # a look-alike in the place of the most frequent character
SHAPE_PLACES = (1, 3, 10, 20)  # places among its look-alikes
SHAPE_FAR = (0, 4, 10, 13, 17)  # what those before, between and after these places cost more
SHAPE_STEP = 50  # places by frequency that lower this by one
ORDER_ANY = 14  # another order that makes no known word
EMOJI_INSIDE = 28  # a picture left as it is between two characters
FACE_INSIDE = 14  # a face or a hand left so: people end sentences with these and write on
LEXICON_BONUS = 12  # a piece that becomes a word of the lexicon
ODD = 34  # a character this surprising may be a disguise
BEAM = 8
WINDOW = 64  # characters decoded at once
