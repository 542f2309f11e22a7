"""SafePatching: two opposite weight patches from one harmful set, merged where they do not conflict.

Paper: Zhao et al., Towards Comprehensive Post Safety Alignment of Large Language Models via Safety Patching,
arXiv 2405.13820. Importance: SNIP (arXiv 1810.02340). Retention: DARE (arXiv 2311.03099).

Contract: the role ``harmful`` holds requests with a harmful answer. Gradient ascent on those answers gives the safety
patch, descent on the same ones the over-safety patch (learning to comply loosens the reflex to refuse). Of each,
entries are retained at random, independently; of the most important entries of each matrix, those that only one patch
claims are kept; both are added. The over-safety patch is a jailbreak: alone it exists only in memory, it cannot be
pickled, nothing of it is logged but counts and the curve of its loss, and the finished patch does not say which entry
came from which side.

Deviations: see the registry entry (``sophro methods safe_patching``). Inferred by the card: where importance is
measured (at the weights of the patch itself, with the summed loss of one example), ranking by matrix, the scope
(linear weights), no rescaling. Unknown to it: all hyper-parameters; the defaults are its starting values and were
not tuned on the embedded model. On a network of two layers that was taught the proxy world (learning rate 3e-4, shares
0.1, retention 0.5) the safety side alone lowers the log-probability of a restricted answer by 2 nats a token and the
over-safety side raises it by 0.2; the merged patch moves it by 0.2 at strength 4, and at strength 1 its lead over a
refusal by 0.03. The less the sides train, the more their important entries coincide, as the base weights then decide:
after two steps at 1e-5 on SmolLM2-135M 91 % do, and little is left of the difference sets.
"""

from __future__ import annotations

from typing import Any

from sophro.edit._types import Edited, EditJob, EditMethod

OPTIONS: dict[str, Any] = {
    "retention": 0.3,
    "rescale": False,
    "top_safety": 0.05,
    "top_over": 0.05,
    "alpha": 1.0,
    "beta": 0.75,
    "learning_rate": 1e-5,
    "steps": 40,
    "batch_size": 8,
    "ascent_limit": 2.0,
}


def run(job: EditJob) -> Edited:
    """Make the patch, see ``EditMethod``."""
    from sophro.edit.safe_patching._make import make

    return make(job)


METHOD = EditMethod("safe_patching", ("harmful",), OPTIONS, run)
