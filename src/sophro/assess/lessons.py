"""Writes a small fine-tune of a chat model on disguised sentences: ``python -m sophro.assess.lessons FILE``.

Paper: Yang et al., Findings of ACL 2025 (arXiv 2505.24341): fine-tuning on 10 to 40 disguised toxic sentences lifts
detection and makes the model flag a third of harmless ones.

Contract: deterministic for a seed; one record a line, the question of the task ``toxic_chinese`` as prompt and the
right label as answer, so that ``sophro align safety_sft --data harmful=FILE`` trains on it and the task measures what
it did. No sentence of CNTP's dev or test part is used. The text stays with whoever made it: it is other people's abuse.

Deviations: one fine-tune sees all eight disguises, the paper trains one for each; the benign half (left out by
``--toxic-only``, which is the paper's set-up) is ours; the paper trains through a vendor whose settings are not known.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sophro.assess._prompts_zh import TEMPLATES, label, question
from sophro.attack.perturb import NAMES, perturb
from sophro.data import ToxicText, load_cntp, read_records
from sophro.errors import SophroError
from sophro.files import write_jsonl


def lessons(
    toxic: Sequence[ToxicText],
    benign: Sequence[ToxicText],
    number: int,
    *,
    mixed: bool = True,
    template: str = "zh",
    seed: int = 0,
) -> list[dict[str, Any]]:
    """Return training records, toxic and benign in turn.

    Args:
        toxic: Toxic sentences with their spans.
        benign: Harmless sentences.
        number: Disguised toxic sentences.
        mixed: Add as many harmless ones, disguised in the same ways; without them benign error rises.
        template: ``zh`` or ``en``, as in the task.
        seed: Draws sentences and disguises.

    Raises:
        SophroError: If the sentences do not yield so many, or the template is unknown.
    """
    from sophro.guard._tune import disguised_texts

    def make(text: str, name: str, spans: Sequence[str], draw: int) -> str:
        return perturb(text, name, spans=spans, seed=draw).text

    if number < 1:
        raise SophroError(f"{number} disguised sentences teach nothing; ask for at least 1")
    halves = [disguised_texts(toxic, NAMES, make, number, seed)]
    if mixed:
        halves.append(disguised_texts(benign, NAMES, make, number, seed))
    return [
        {
            "id": f"{text.disguise}-{text.id}",
            "prompt": question(text.text, template),
            "answer": label(text.toxic, template),
            "category": text.disguise,
            "lang": "zh",
        }
        for row in zip(*halves, strict=True)
        for text in row
    ]


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m sophro.assess.lessons", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("out", type=Path, help="JSONL file to write")
    parser.add_argument("--set", help="JSONL file of your own instead of CNTP's train part")
    parser.add_argument("--disguised", type=int, default=40, help="disguised toxic sentences")
    parser.add_argument("--toxic-only", action="store_true", help="no harmless sentences beside them")
    parser.add_argument("--template", choices=TEMPLATES, default="zh")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    try:
        if args.set is None:
            toxic, benign = load_cntp("none", "train"), load_cntp("benign", "train")
        else:
            from sophro.assess.toxic_chinese import text_of

            known = [text_of(r) for r in read_records(args.set)]
            toxic, benign = ([t for t in known if t.toxic == toxic] for toxic in (True, False))
        rows = lessons(
            toxic, benign, args.disguised, mixed=not args.toxic_only, template=args.template, seed=args.seed
        )
        count = write_jsonl(args.out, rows)
    except SophroError as error:
        sys.exit(f"error: {error}")
    print(f"{args.out}: {count} questions with their answers; do not pass on what was made from CNTP")


if __name__ == "__main__":
    main()
