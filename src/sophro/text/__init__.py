"""Chinese text as people disguise it: character tables, alignment, and the normaliser that undoes disguises.

Contract: pure functions over shipped tables; no torch, no network, no randomness.
"""

from sophro.text import tables
from sophro.text._align import CharMap, Edit
from sophro.text._lexicon import find_lexicon, lexicon
from sophro.text._model import NGrams
from sophro.text._model import shipped as language_model
from sophro.text._normalize import Normalized, Undone, normalize
from sophro.text._pinyin import pinyin
from sophro.text._version import normalizer_version

__all__ = [
    "CharMap",
    "Edit",
    "NGrams",
    "Normalized",
    "Undone",
    "find_lexicon",
    "language_model",
    "lexicon",
    "normalize",
    "normalizer_version",
    "pinyin",
    "tables",
]
