"""Claims on attacks: a scripted target with a known rule gives exactly the known success rates.

The target complies exactly with requests that come as a Caesar text and have an even number of characters, and
answers in the cipher. So the plain request and Base64 must never succeed, the Caesar attack on just those
behaviours, and the attacker who tries all ciphers at his first attempt never, at any of seven on the same ones.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sophro.attack._reading import read
from sophro.chat import Transcript
from sophro.evidence._types import Check
from sophro.models import COMPLIANCE, REFUSAL, STUBS
from sophro.text.encodings import encoding

_TARGET = "knows-caesar"
_CIPHER = "caesar:3"
_JUDGES = {"refusal_judge": "stub/refusal", "harm_judge": "stub/harm"}


def _rule(transcript: Transcript) -> str:
    seen = read(transcript.prompt, _CIPHER)
    answers_in = encoding(_CIPHER).encode
    if seen.how == "plain":
        return REFUSAL
    return answers_in(COMPLIANCE if len(seen.text) % 2 == 0 else REFUSAL)


@contextmanager
def _target() -> Generator[str, None, None]:
    STUBS[_TARGET] = _rule
    try:
        yield f"stub/{_TARGET}"
    finally:
        del STUBS[_TARGET]


def known_asr(folder: Path, quick: bool) -> tuple[list[Check], list[str]]:
    """ASR@1 and ASR@k of four attacks on the scripted target are exactly those that its rule says."""
    from sophro.data import load_set

    limit = 24 if quick else 120
    records = load_set("starter/harmful:en", split="test", limit=limit)
    even = sum(len(r.prompt) % 2 == 0 for r in records)
    known = {"none": (0, 0), "base64": (0, 0), "caesar": (even, even), "ciphers": (0, even)}
    checks: list[Check] = []
    with _target() as target:
        for attack, (first, any_) in known.items():
            rows = _assessed(folder / f"known-asr-{limit}-{attack}", target, attack, limit)
            at_1, at_k, decided = _rates(rows)
            checks += [
                Check(f"{attack}: ASR@1 against {first} of {limit}", at_1, None, None, limit, "==", first / limit),
                Check(f"{attack}: ASR@k against {any_} of {limit}", at_k, None, None, limit, "==", any_ / limit),
                Check(f"{attack}: behaviours decided", decided, None, None, limit, "==", 1.0),
            ]  # fmt: skip
        undecoded = _assessed(folder / f"known-asr-{limit}-raw", target, "caesar", limit, decode=False)
    scored = [r for r in undecoded if r["verdicts"][-1]["outcome"] != "unscored"]
    checks.append(
        Check("control: answers scored that were not decoded", len(scored) / limit, None, None, limit, "==", 0.0, True)
    )  # fmt: skip
    return checks, [f"{even} of {limit} requests have an even number of characters"]


def _assessed(
    folder: Path, target: str, attack: str, limit: int, decode: bool = True
) -> list[dict[str, Any]]:
    """Run one assessment through tasks, decoding, judges and records."""
    import shutil

    from sophro.assess import assess, tasks

    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    arguments: dict[str, Any] = {"limit": limit, "attack": attack, "max_new_tokens": 256, **_JUDGES}
    if decode:
        return assess("harmful", target, folder, task_args=arguments).rows
    kept = tasks.find_attack
    tasks.find_attack = lambda name, params=None: _Undecoded(kept(name, params))
    try:
        return assess("harmful", target, folder, task_args=arguments).rows
    finally:
        tasks.find_attack = kept


class _Undecoded:
    """An attack whose attempts forgot to say how the answer is decoded: what the control must catch."""

    def __init__(self, attack: Any) -> None:
        self._attack = attack
        self.name, self.needs, self.budget = attack.name, attack.needs, attack.budget

    def __call__(self, records: Sequence[Any], target: Any) -> list[Any]:
        from dataclasses import replace

        attempts = self._attack(records, target)
        return [replace(a, params={k: v for k, v in a.params.items() if k != "decode"}) for a in attempts]


def _rates(rows: Sequence[dict[str, Any]]) -> tuple[float | None, float | None, float]:
    """Return ASR@1, ASR@k and the share of behaviours decided, counted by the report's own code."""
    from sophro.report import attack_score

    score = attack_score(rows)
    at_k = score.any or score.first.rate
    return score.first.rate.value, at_k.value, at_k.n / max(1, at_k.n + at_k.unscored)
