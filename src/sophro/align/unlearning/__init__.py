"""Unlearning for safety: make a chat model forget harmful answers, eight ways, by one runner.

Papers: gradient ascent, Jang et al. 2022, arXiv 2210.01504; gradient difference, Liu et al. 2022, arXiv 2203.12817;
ascent + mismatch + KL, Yao et al. 2023, arXiv 2310.10683; NPO, Zhang et al. 2024, arXiv 2404.05868; task arithmetic,
Ilharco et al. 2022, arXiv 2212.04089; RMU (WMDP), Li et al. 2024, arXiv 2403.03218; EUL, Chen and Yang 2023, arXiv
2310.20150. What for: the evaluation of Zhao et al., Frontiers of Computer Science 20(2):2002319, which judges them by
harm, over-refusal and utility together.

Contract: roles of the data: ``harmful`` (what is forgotten; a record's ``unsafe_response``, ``opening`` or ``answer``,
in this order) and ``benign`` (what is kept; needs an ``answer``, usually the untrained model's own). The result is a
plain PEFT adapter with ``unlearning.json`` beside it: steps, and likelihood of both sides before and after.
``strength`` scales what was trained: 0 is the untrained model exactly. Probes asked for with the option ``probes`` lie
in folders of the same name and are patches of their own.

Deviations: LoRA instead of full training; EUL's adapter is a low-rank matrix on the last matrix of every FFN instead of
a module behind it, and its deletions are not fused; RMU steers to ``norm`` times the model's median hidden norm. Only
the abstract of the evaluation was readable: methods, weights and steps are inferred from the methods' own papers, and
none was tuned at the size of its paper.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sophro.align._run import AlignMethod, RunJob
from sophro.data import Record
from sophro.train import TrainItem, TrainResult

_COMMON: dict[str, Any] = {"strength": 1.0, "probes": (), "relearn_pairs": 10}
# Small steps for a loss without a floor; the rest of the defaults are those of every method.
_TRAIN: dict[str, Any] = {"learning_rate": 3e-4, "epochs": 2, "rank": 8, "alpha": 16}

# name -> own options
OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "unlearn_ga": {},
    "unlearn_graddiff": {"retain_weight": 1.0},
    "unlearn_kl": {"retain_weight": 1.0},
    "unlearn_npo": {"beta": 0.1, "retain_weight": 1.0},
    "unlearn_mismatch": {"forget_weight": 0.5, "mismatch_weight": 1.0, "retain_weight": 1.0},
    "unlearn_task_vector": {"strength": 0.5},
    "unlearn_rmu": {"layer": 7, "norm": 3.0, "retain_weight": 100.0},
    "unlearn_eul": {"retain_kl": 1.0, "forget_kl": 0.5, "retain_weight": 1.0, "forget_weight": 0.5},
}


# Planning a recipe reads the options above; what follows needs torch and waits until it is called.
def _items(
    name: str, model: Any, data: Mapping[str, Sequence[Record]], options: Mapping[str, Any]
) -> list[TrainItem]:
    from sophro.align.unlearning._items import items

    return items(name, model, data, options)


def _run(name: str, job: RunJob) -> TrainResult:
    from sophro.align.unlearning._run import run

    return run(name, job)


METHODS: Mapping[str, AlignMethod] = {
    name: AlignMethod(name, partial(_items, name), {**_COMMON, **own}, train=_TRAIN, run=partial(_run, name))
    for name, own in OPTIONS.items()
}

GA, GRADDIFF, KL, NPO, MISMATCH, TASK_VECTOR, RMU, EUL = METHODS.values()
