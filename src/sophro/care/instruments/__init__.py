"""Questionnaires: items, published scoring, bands, languages, and whether they may be shipped at all."""

from sophro.care.instruments._files import score_file
from sophro.care.instruments._registry import REFUSED, Refused, instrument, instruments
from sophro.care.instruments._scoring import band_of, score
from sophro.care.instruments._types import Instrument, Licence, Scored, Wording

__all__ = [
    "REFUSED",
    "Instrument",
    "Licence",
    "Refused",
    "Scored",
    "Wording",
    "band_of",
    "instrument",
    "instruments",
    "score",
    "score_file",
]
