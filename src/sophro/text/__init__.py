"""Chinese text as people disguise it: character tables, alignment, and the normaliser that undoes disguises.

Contract: pure functions over shipped tables; no torch, no network, no randomness.
"""

from sophro.text._align import CharMap, Edit
from sophro.text._normalize import Normalized, Undone, normalize

__all__ = ["CharMap", "Edit", "Normalized", "Undone", "normalize"]
