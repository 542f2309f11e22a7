"""What is measured of a detector on labelled texts.

Contract: every number has an interval and the counts behind it. A text that was not evaluated is counted and enters
as a wrong answer (toxic: missed; benign: flagged), so that silence never improves a card.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sophro.guard._corpus import LabelledText, corpus_hash
from sophro.guard._types import Detector
from sophro.stats import auroc, f1_score, rate


def measure(
    detector: Detector, texts: Sequence[LabelledText], name: str, label: str = "toxic"
) -> dict[str, Any]:
    """Return a detector's numbers on a labelled set.

    Returns:
        ``labelled_set``, ``labelled_hash``, ``n``, ``toxic``, ``unscored``, and with ``value``, ``low``, ``high``:
        ``f1``, ``detection`` (toxic texts flagged), ``benign_error`` (benign texts flagged), ``auroc``.
    """
    found = detector([t.text for t in texts])
    truth = [t.toxic for t in texts]
    flagged = [(not t) if d.flagged is None else d.flagged for t, d in zip(truth, found, strict=True)]
    scores = [d.scores.get(label, 0.0 if t else 1.0) for t, d in zip(truth, found, strict=True)]
    caught = rate([f for f, t in zip(flagged, truth, strict=True) if t])
    wrong = rate([f for f, t in zip(flagged, truth, strict=True) if not t])
    numbers = {
        "f1": f1_score(truth, flagged),
        "detection": caught,
        "benign_error": wrong,
        "auroc": auroc(truth, scores),
    }
    return {
        "labelled_set": name,
        "labelled_hash": corpus_hash(texts),
        "n": len(texts),
        "toxic": sum(truth),
        "unscored": sum(d.flagged is None for d in found),
        **{k: {"value": v.value, "low": v.low, "high": v.high} for k, v in numbers.items()},
    }
