"""(prompt, response) to a typed verdict, and cards that say how far a judge can be trusted."""

from sophro.judge._card import JudgeCard, Labelled, read_labels, validate
from sophro.judge._judges import judge, judges, score, score_file, shipped_cards
from sophro.judge._types import OUTCOMES, Exchange, Judge, Outcome, Verdict, refused

__all__ = [
    "OUTCOMES",
    "Exchange",
    "Judge",
    "JudgeCard",
    "Labelled",
    "Outcome",
    "Verdict",
    "judge",
    "judges",
    "read_labels",
    "refused",
    "score",
    "score_file",
    "shipped_cards",
    "validate",
]
