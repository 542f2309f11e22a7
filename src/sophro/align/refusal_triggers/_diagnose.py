"""Do refused benign prompts lie near triggers, and is it the triggers and not length or harmful words?

Paper: "Deactivating Refusal Triggers" (Xue et al. 2026, arXiv 2603.11388), step 3; the concrete statistics
are our method card's.

Contract: pure numpy. A statistic that the data cannot give is None with a reason, never a number. Unscored
prompts (``None``) are counted and left out. The mechanism is claimed only if the interval of the trigger
similarity lies above 0 with residue similarity and length in the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sophro.align.refusal_triggers._logistic import RESAMPLES, Floats, few, logistic, numbers, same_length
from sophro.errors import SophroError
from sophro.stats import Interval, Rate, correlation, midranks, rate, spearman

MIN_QUINTILES = 25  # five prompts for each fifth
_SAME = 0.999  # correlation above which two predictors cannot be told apart


def auroc(scores: ArrayLike, labels: Sequence[bool]) -> float | None:
    """Chance that a random positive scores above a random negative; ties count one half.

    Args:
        scores: (N,) numbers.
        labels: N flags.

    Returns:
        A share, or None if there are not both classes.

    Raises:
        SophroError: If the lengths differ or a score is not finite.
    """
    values = numbers(scores, "scores")
    same_length(scores=values, labels=labels)
    yes = np.asarray(labels, dtype=bool)
    k, n = int(yes.sum()), len(yes)
    if k in (0, n):
        return None
    return float((midranks(values)[yes].sum() - k * (k + 1) / 2) / (k * (n - k)))


def quintiles(scores: ArrayLike, refused: Sequence[bool | None]) -> list[Rate]:
    """Refusal rate in each fifth of the scores, lowest first.

    Equal scores stay together, so fifths differ in size where scores repeat, and may be empty (n = 0).

    Args:
        scores: (N,) numbers.
        refused: N flags; None where the answer was not scored.

    Raises:
        SophroError: If the lengths differ or a score is not finite.
    """
    values = numbers(scores, "scores")
    same_length(scores=values, refused=refused)
    if not len(values):
        return [rate([]) for _ in range(5)]
    edges = np.quantile(values, [0.2, 0.4, 0.6, 0.8])
    fifth = np.searchsorted(edges, values, side="left")
    return [rate([flag for flag, place in zip(refused, fifth, strict=True) if place == q]) for q in range(5)]


def centred_similarity(h: ArrayLike, t: ArrayLike, top: int = 1, mean: ArrayLike | None = None) -> Floats:
    """Cosine of each hidden state to its nearest references, after taking a common mean away.

    Last-token states share one large direction; without centring every cosine is near 1.

    Args:
        h: (N, d) states of prompts.
        t: (M, d) states of references: triggers, residues or random prompts.
        top: Mean of this many largest cosines; 1 for the largest.
        mean: (d,) point to centre at. Give the same one for all references that are compared; None is the
            mean of ``h``.

    Returns:
        (N,) values in [-1, 1].

    Raises:
        SophroError: If shapes do not fit, ``top`` is not in 1..M, or a state lies on the mean, where it has
            no direction.
    """
    prompts, references = numbers(h, "h", 2), numbers(t, "t", 2)
    if prompts.shape[1] != references.shape[1]:
        raise SophroError(
            f"h has {prompts.shape[1]} columns and t {references.shape[1]}; take the same layer"
        )
    if not 1 <= top <= len(references):
        raise SophroError(f"top is {top}, but there are {len(references)} references; choose 1 to that many")
    if not len(prompts):
        return np.zeros(0)
    centre = prompts.mean(axis=0) if mean is None else numbers(mean, "mean")
    if len(centre) != prompts.shape[1]:
        raise SophroError(f"mean has {len(centre)} values for {prompts.shape[1]} columns")
    cosines = _directions(prompts, centre, "h") @ _directions(references, centre, "t").T
    largest = np.partition(cosines, len(references) - top, axis=1)[:, -top:]
    return np.clip(largest.mean(axis=1), -1.0, 1.0)


def _directions(rows: Floats, centre: Floats, name: str) -> Floats:
    moved = rows - centre
    norms = np.linalg.norm(moved, axis=1)
    # Rounding leaves about 1e-16 of the state's own size where a row equals the mean.
    flat = norms <= 1e-12 * np.maximum(np.linalg.norm(rows, axis=1), np.linalg.norm(centre))
    if flat.any():
        raise SophroError(
            f"row {int(np.argmax(flat))} of {name} equals the mean and has no direction; give another mean"
        )
    return moved / norms[:, None]


@dataclass(frozen=True)
class Diagnosis:
    """How refusal of benign prompts depends on their likeness to triggers.

    Attributes:
        refused: Rate of refusal, with the number of unscored prompts.
        by_quintile: Rate in each fifth of the trigger similarity, lowest first; None if too few.
        auroc: Of ``trigger``, ``residue`` and ``random`` similarity and ``length`` for refusal.
        spearman: Rank correlation of trigger similarity and refusal.
        coefficients: Change of the log-odds per standard deviation of ``trigger``, ``residue`` and
            ``length``, in one model.
        by_opener: Rate by opener type, if openers were given.
        mechanism_holds: Whether the trigger's interval lies above 0 in that model; None if it has no fit.
        reasons: Why a value is None, by its name.
    """

    refused: Rate
    by_quintile: tuple[Rate, ...] | None
    auroc: dict[str, float | None]
    spearman: float | None
    coefficients: dict[str, Interval] | None
    by_opener: dict[str, Rate]
    mechanism_holds: bool | None
    reasons: dict[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Return all values as JSON-able ones."""
        return {
            "refused": self.refused.to_dict(),
            "by_quintile": None if self.by_quintile is None else [r.to_dict() for r in self.by_quintile],
            "auroc": dict(self.auroc),
            "spearman": self.spearman,
            "coefficients": (
                None if self.coefficients is None else {k: v.to_dict() for k, v in self.coefficients.items()}
            ),
            "by_opener": {name: r.to_dict() for name, r in self.by_opener.items()},
            "mechanism_holds": self.mechanism_holds,
            "reasons": dict(self.reasons),
        }


def diagnose(
    refused: Sequence[bool | None],
    s_trigger: ArrayLike,
    s_residue: ArrayLike,
    s_random: ArrayLike,
    length: ArrayLike,
    seed: int = 0,
    openers: Sequence[str] | None = None,
    bootstrap: int = RESAMPLES,
) -> Diagnosis:
    """Put the diagnosis table of benign development prompts into numbers.

    Args:
        refused: N flags; None where the answer was not scored.
        s_trigger: (N,) similarity of each prompt to the triggers.
        s_residue: (N,) similarity to the harmful residues (control).
        s_random: (N,) similarity to random benign prompts (control).
        length: (N,) length of each prompt, in any unit.
        seed: Seed of the bootstrap.
        openers: N opener types.
        bootstrap: Resamples of the regression.

    Raises:
        SophroError: If lengths differ or a number is not finite.
    """
    table = {
        "trigger": numbers(s_trigger, "s_trigger"),
        "residue": numbers(s_residue, "s_residue"),
        "random": numbers(s_random, "s_random"),
        "length": numbers(length, "length"),
    }
    same_length(refused=refused, **table, openers=refused if openers is None else openers)
    kept = [i for i, flag in enumerate(refused) if flag is not None]
    flags = [bool(refused[i]) for i in kept]
    scored = {name: column[kept] for name, column in table.items()}
    k, n = sum(flags), len(flags)
    reasons: dict[str, str] = {}
    areas = {name: auroc(column, flags) for name, column in scored.items()}
    correlation = spearman(scored["trigger"], flags)
    one_class = few(k, n) if k in (0, n) else ""
    if one_class:
        reasons |= {f"auroc.{name}": one_class for name in areas}
    if correlation is None:
        reasons["spearman"] = one_class or "s_trigger is constant"
    fifths = None
    if n < MIN_QUINTILES:
        reasons["by_quintile"] = f"{n} scored prompts; {MIN_QUINTILES} are needed"
    else:
        fifths = tuple(quintiles(scored["trigger"], flags))
    names: tuple[str, ...] = ("trigger", "residue", "length")
    problem = few(k, n) or _collinear({name: scored[name] for name in names})
    coefficients: dict[str, Interval] | None = None
    if not problem:
        columns = np.column_stack([(scored[v] - scored[v].mean()) / scored[v].std() for v in names])
        fit = logistic(columns, flags, bootstrap, seed)
        problem = fit.reason
        coefficients = dict(zip(names, fit.coefficients, strict=True)) if not problem else None
    holds = None
    if coefficients is None:
        reasons["coefficients"] = reasons["mechanism_holds"] = problem
    else:
        low = coefficients["trigger"].low
        holds = low is not None and low > 0
    types = sorted(set(openers)) if openers is not None else []
    by_opener = {
        name: rate([flag for flag, o in zip(refused, openers or (), strict=True) if o == name])
        for name in types
    }
    return Diagnosis(rate(list(refused)), fifths, areas, correlation, coefficients, by_opener, holds, reasons)


def _collinear(columns: dict[str, Floats]) -> str:
    """Say which predictors the regression could not tell apart; empty if it can."""
    names = list(columns)
    for i, name in enumerate(names):
        if np.ptp(columns[name]) <= 1e-12 * np.abs(columns[name]).max():
            return f"{name} is constant"
        for other in names[:i]:
            r = correlation(columns[name], columns[other])
            if r is not None and abs(r) > _SAME:
                return f"{other} and {name} are the same up to scale, so their effects cannot be told apart"
    return ""
