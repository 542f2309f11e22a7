"""Does a text read as language? By common English words and letter frequencies.

Contract: pure. Text in other scripts than the Latin one counts as language: nothing here can tell.

Inferred (no paper states it): the thresholds, chosen on the starter set's openings and refusals, so that all of
them are told from their own ROT13, Caesar and leetspeak forms (tests/attack/test_attack_reading.py).
"""

from __future__ import annotations

import math
import re
import string

PROSE = -4.75  # mean log2 frequency of the letters; English lies near -4.2, its ROT13 near -5.9
SHORT = 20  # letters below which frequencies say nothing
_SHARES = (
    "e12.7 t9.1 a8.2 o7.5 i7.0 n6.7 s6.3 h6.1 r6.0 d4.3 l4.0 c2.8 u2.8 m2.4 w2.4 f2.2 g2.0 y2.0 p1.9 b1.5 v1.0 k0.8 "
    "j0.15 x0.15 q0.1 z0.07"
)
_FREQUENCY = {share[0]: math.log2(float(share[1:]) / 100) for share in _SHARES.split()}
_WORDS = (
    "a about after again all also am an and any are as ask at be because been before begin best better but by can "
    "cannot could day do does don done down each every find first follow for from get give go good guide had has have "
    "he help her here him his how i if illegal in information into is it its just keep know let like list look made "
    "make many may me more most my need new next no not now of off okay on once one only open or other our out over "
    "own part people place plan please possible put read ready right same say see should simple so some someone "
    "sorry start step still such sure take tell than thank that the their them then there these they thing this those "
    "time to together two under unable understand up us use very want was way we well were what when where which who "
    "why will with without word work would write yes you your"
)
_COMMON = frozenset(_WORDS.split())


def prose(text: str) -> bool:
    """Tell whether ``text`` reads as language, by common words, other scripts or letter frequencies."""
    words, frequency, latin, other = facts(text)
    if other > latin or not latin:
        return True
    if words:
        return True
    return latin >= SHORT and frequency >= PROSE


def english(text: str) -> bool:
    """Tell whether at least a fifth of the letters of ``text`` stand in common English words."""
    words, _, latin, other = facts(text)
    return words >= 0.2 and latin > other


def facts(text: str) -> tuple[float, float, int, int]:
    """Return the share of common words, mean log frequency, and the letters inside and outside of A to Z."""
    letters = [c for c in text if c.isalpha()]
    latin = [c for c in text.lower() if c in string.ascii_lowercase]
    words = re.findall(r"(?<!\w)[a-z]+(?!\w)", text.lower())
    hits = sum(len(w) for w in words if w in _COMMON and len(w) > 1)
    share = hits / max(1, sum(map(len, re.findall(r"[a-z0-9]+", text.lower()))))
    frequency = sum(_FREQUENCY[c] for c in latin) / len(latin) if latin else -math.inf
    # A letter between digits is no word, and an "a" or two in gibberish is chance.
    return (share if share >= 0.1 else 0.0), frequency, len(latin), len(letters) - len(latin)
