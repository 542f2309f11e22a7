"""Numbers that survive scrutiny: intervals, paired tests, agreement, rates corrected for the judge.

Contract: pure numpy, no torch, no input or output. Counting is by behaviour (cluster), unscored answers are
``None`` and are counted apart, and a degenerate input gives a typed result that says so, never NaN.
"""

from sophro.stats._agreement import Agreement, agreement, kappa, kappa_interval
from sophro.stats._bootstrap import bootstrap_mean, bootstrap_statistic, paired_bootstrap
from sophro.stats._corrected import Corrected, corrected_rate
from sophro.stats._detection import auroc, f1_score, mean_of_rates, share_regained
from sophro.stats._intervals import Interval, rule_of_three, wilson
from sophro.stats._logistic import Probe, logistic_probe, newton
from sophro.stats._paired import Comparison, compare, holm, mcnemar_exact
from sophro.stats._ranks import correlation, midranks, spearman, spearman_interval
from sophro.stats._rates import Rate, rate

__all__ = [
    "Agreement",
    "Comparison",
    "Corrected",
    "Interval",
    "Probe",
    "Rate",
    "agreement",
    "auroc",
    "bootstrap_mean",
    "bootstrap_statistic",
    "compare",
    "corrected_rate",
    "correlation",
    "f1_score",
    "holm",
    "kappa",
    "kappa_interval",
    "logistic_probe",
    "mcnemar_exact",
    "mean_of_rates",
    "midranks",
    "newton",
    "paired_bootstrap",
    "rate",
    "rule_of_three",
    "share_regained",
    "spearman",
    "spearman_interval",
    "wilson",
]
