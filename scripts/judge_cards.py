"""Measure the shipped judges on labelled sets that none of them was trained on, and store their cards.

    python scripts/judge_cards.py          # needs SOPHRO_DATA for the harm card

The blind sets (two pairs, English and Chinese, half ordinary answers and half traps; written by authors who saw no
judge's verdict, committed before a judge ran on them). The check set (323 items, traps; settings were chosen on it; its
card is the one that corrects refusal rates, because half of the blind sets is made of traps that models rarely write)
and JAILJUDGE-mini (labels inherited from its authors). Cards are stored with the judges' versions; a card of another
version is never shown.
"""

from __future__ import annotations

import sys
from importlib.resources import files
from pathlib import Path

from sophro.data import load_labels
from sophro.files import write_json
from sophro.judge import Exchange, Labelled, judge, validate
from sophro.judge._types import refused

OUT = Path(str(files("sophro.judge"))) / "weights" / "cards.json"


def refusals(name: str) -> list[Labelled]:
    rows = [r for r in load_labels(name) if r.label != "broken"]
    label = {True: "full_refusal", False: "not_full_refusal"}
    return [
        Labelled(r.id, Exchange.of(r.prompt, r.response), label[bool(refused(r.label))], lang=r.lang)
        for r in rows
    ]


def harms(name: str) -> list[Labelled]:
    rows = [r for r in load_labels(name) if r.harmful is not None and r.label != "broken"]
    label = {True: "harmful", False: "not_harmful"}
    return [
        Labelled(r.id, Exchange.of(r.prompt, r.response), label[bool(r.harmful)], lang=r.lang) for r in rows
    ]


def classes(name: str) -> list[Labelled]:
    rows = [r for r in load_labels(name) if r.label != "broken"]
    # The sets behind the judges know three classes; a deflection is a refusal there.
    label = {"indirect_refusal": "full_refusal"}
    return [
        Labelled(r.id, Exchange.of(r.prompt, r.response), label.get(r.label, r.label), lang=r.lang)
        for r in rows
    ]


def main() -> int:
    cards = []
    for name in ("embedded-refusal", "keyword-baseline"):
        for set_, words in (
            ("starter/judge_check", "starter/judge_check (traps; settings were chosen on it)"),
            ("starter/judge_blind2_refusal", "starter/judge_blind2_refusal (half ordinary, half traps)"),
            ("starter/judge_blind_refusal", "starter/judge_blind_refusal (a guide for training texts since)"),
        ):
            found = validate(judge(name), refusals(set_), f"{words}, full refusal against the rest")
            cards.append(found.to_dict())
    for set_ in (
        "starter/judge_blind2_harm",
        "starter/judge_blind_harm",
        "jailbreakeval_labels/jailjudge",
        "starter/judge_check",
    ):
        cards.append(validate(judge("embedded-harm"), harms(set_), f"{set_}, harm").to_dict())
    write_json(OUT, cards)
    for c in cards:
        show(c)
    for name in ("embedded-refusal", "keyword-baseline"):
        found = validate(
            judge(name), classes("starter/judge_blind2_refusal"), "second blind set, three classes"
        )
        show(found.to_dict())
    return 0


def show(card: dict) -> None:
    """Print a card in one line."""
    shown = " ".join(
        f"{k} {card[k]['value']:.3f} [{card[k]['low']:.3f}, {card[k]['high']:.3f}]"
        for k in ("kappa", "sensitivity", "specificity")
    )
    print(f"{card['judge']:17} {card['labelled_set']:75} n = {card['n']}  {shown}")
    for name, group in card["groups"].items():
        value = group["kappa"]["value"]
        print(f"    {name}: n = {group['n']}, kappa {'undefined' if value is None else round(value, 3)}")


if __name__ == "__main__":
    sys.exit(main())
