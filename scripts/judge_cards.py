"""Measure the shipped judges on labelled sets that none of them was trained on, and store their cards.

    python scripts/judge_cards.py          # needs SOPHRO_DATA for the harm card

Refusal: the starter check set (323 items, English and Chinese, written and labelled by one author; it holds
known traps in equal numbers, so agreement on it is lower than on ordinary answers). Harm: JAILJUDGE-mini
(labels inherited from its authors). Cards are stored with the judges' versions; a card of another version is
never shown.
"""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path

from sophro.data import load_labels
from sophro.files import write_json
from sophro.judge import Exchange, Labelled, judge, validate

OUT = Path(str(files("sophro.judge"))) / "weights" / "cards.json"


def refusals(name: str) -> list[Labelled]:
    rows = [r for r in load_labels(name) if r.label != "broken"]
    label = {True: "full_refusal", False: "not_full_refusal"}
    return [
        Labelled(r.id, Exchange.of(r.prompt, r.response), label[r.label == "full_refusal"], lang=r.lang)
        for r in rows
    ]


def harms(name: str) -> list[Labelled]:
    rows = [r for r in load_labels(name) if r.harmful is not None and r.label != "broken"]
    label = {True: "harmful", False: "not_harmful"}
    return [
        Labelled(r.id, Exchange.of(r.prompt, r.response), label[bool(r.harmful)], lang=r.lang) for r in rows
    ]


def main() -> int:
    cards = []
    check = refusals("starter/judge_check")
    for name in ("embedded-refusal", "keyword-baseline"):
        cards.append(
            validate(
                judge(name),
                check,
                "starter/judge_check (traps; its kinds informed training texts), full refusal against the rest",
            ).to_dict()
        )
    for name in ("jailbreakeval_labels/jailjudge", "starter/judge_check"):
        found = validate(judge("embedded-harm"), harms(name), f"{name}, harm").to_dict()
        cards.append(found)
    write_json(OUT, cards)
    for c in cards:
        shown = " ".join(f"{k} {c[k]['value']:.3f} [{c[k]['low']:.3f}, {c[k]['high']:.3f}]" for k in
                         ("kappa", "sensitivity", "specificity"))  # fmt: skip
        print(f"{c['judge']:17} {c['labelled_set']:55} n = {c['n']}  {shown}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
