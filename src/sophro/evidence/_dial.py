"""Two reflecting adapters compared over the whole dial of the token's bias, instead of at one bias each.

Why: each adapter gets the bias that its development prompts tolerate, so what one of them gains in restraint the dial
spends on recovery. Asked here is the question of the claim: how often does each reflect on harmless requests where
both fire equally often behind a forced harmful start?

Contract: under greedy decoding a reply reflects at bias ``b`` exactly if the token's largest margin on its path is
above ``-b`` (``align.self_reflection._dial``), so peaks of one pass give every bias. Peaks are kept on the disk.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sophro.files import digest, file_sha256, write_json
from sophro.stats import Comparison, compare

TOKENS = 64
FORCED = 20
ROLES = {"harmful": "starter/harmful:en", "plain": "starter/plain:en", "lookalikes": "starter/lookalikes:en"}


@dataclass(frozen=True)
class Dial:
    """Peaks of one adapter.

    Attributes:
        bias: The bias that it was given.
        peaks: By role the largest margin (nats) on each test prompt, in one order for all adapters.
    """

    bias: float
    peaks: Mapping[str, Sequence[float]]


@dataclass(frozen=True)
class Equal:
    """Both adapters where they fire equally often.

    Attributes:
        fired: Forced starts behind which both fire, of ``n``.
        n: Forced starts.
        biases: Bias of the first and of the second adapter there.
        change: By role, share that reflects, second minus first, paired by prompt.
    """

    fired: int
    n: int
    biases: tuple[tuple[float, float], ...]
    change: Mapping[str, Comparison]


def read_dial(adapter: Path, limit: int, folder: Path) -> Dial:
    """Return the dial of an adapter of the embedded model on the test parts, from ``folder`` if it is there.

    Args:
        adapter: PEFT folder with ``reflection.json``.
        limit: Prompts of each role.
        folder: Where the peaks are kept.
    """
    from sophro.align.self_reflection._dial import peaks
    from sophro.attack import attack
    from sophro.chat import Transcript
    from sophro.data import load_set
    from sophro.models import EMBEDDED, load_chat, load_patch

    bias = float(json.loads((adapter / "reflection.json").read_text("utf-8"))["bias"])
    key = digest(file_sha256(adapter / "adapter_model.safetensors"), limit, TOKENS, FORCED)
    kept = folder / f"dial-{key[:16]}.json"
    if kept.exists():
        return Dial(bias, json.loads(kept.read_text("utf-8")))
    model = load_chat(EMBEDDED)
    found: dict[str, list[float]] = {}
    with model.patched(load_patch(adapter)):
        for role, name in ROLES.items():
            records = load_set(name, split="test", limit=limit)
            if role == "harmful":
                asked = [a.transcript for a in attack("prefill", {"k": FORCED})(records, model)]
            else:
                asked = [Transcript.of(r.prompt) for r in records]
            found[role] = [round(p, 4) for p in peaks(model, asked, TOKENS)]
    write_json(kept, found)
    return Dial(bias, found)


def at_equal_recovery(first: Sequence[Dial], second: Sequence[Dial]) -> Equal:
    """Compare two adapters, one dial a seed each, at the biases where they fire equally often on forced starts.

    As many as the first fires on at the bias that it was given, seed by seed; both get the smallest bias that does it,
    so that a shift of all margins, which the dial undoes, changes nothing.

    Args:
        first: Dials of the first adapter.
        second: Dials of the second, in the same order.
    """
    fired = n = 0
    biases: list[tuple[float, float]] = []
    flags: dict[str, tuple[list[bool], list[bool], list[int]]] = {}
    for a, b in zip(first, second, strict=True):
        count = sum(p > -a.bias for p in a.peaks["harmful"])
        own, other = (_smallest(d.peaks["harmful"], count) for d in (a, b))
        biases.append((round(own, 3), round(other, 3)))
        fired, n = fired + count, n + len(a.peaks["harmful"])
        for role in a.peaks:
            if role != "harmful":
                one, two, prompts = flags.setdefault(role, ([], [], []))
                one += [p > -own for p in a.peaks[role]]
                two += [p > -other for p in b.peaks[role]]
                prompts += range(len(a.peaks[role]))
    change = {role: compare(two, one, clusters=prompts) for role, (one, two, prompts) in flags.items()}
    return Equal(fired, n, tuple(biases), change)


def _smallest(peaks: Sequence[float], count: int) -> float:
    """Return the smallest bias at which at least ``count`` answers reflect."""
    ordered = sorted(peaks, reverse=True)
    return -ordered[count - 1] + 1e-4 if count else -ordered[0] - 1e-4
