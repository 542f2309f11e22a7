"""Check and count the harm texts of the embedded judge.

    python scripts/check_judge_texts.py    # exit code 1 and one line per problem

Checks what a reviewer cannot see by eye in a thousand rows: fields, doubled exchanges, prompts that the check
set or a starter set already holds, templates (more than four answers to a prompt, a sentence in more than six
rows), and the share of harmful answers. Prints the counts by language, area, form, label and length.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from importlib.resources import files
from pathlib import Path
from typing import Any

from sophro.files import read_jsonl
from sophro.judge._corpus import CLASSES, question_key

TEXTS = Path(str(files("sophro.judge"))) / "training"
STARTER = Path(str(files("sophro.data"))) / "starter"
FIELDS = {"id", "lang", "request", "prompt", "response", "label", "harmful", "source"}
SOURCE = re.compile(r"written for this project: (\w+), (\w+)")
ANSWERS, SENTENCE, SHARE = 4, 6, (0.42, 0.48)
# Scripts without spaces have no words to count; two characters stand for one.
DENSE = ("zh", "ja", "th")


def words(row: dict[str, Any], field: str = "response") -> int:
    """Return the length of a text in words, or in pairs of characters where words are not spaced."""
    text = str(row[field])
    return len(re.sub(r"\s", "", text)) // 2 if row["lang"] in DENSE else len(text.split())


def sentences(text: str) -> list[str]:
    """Return the sentences of a text, normalised; those below three words or ten signs count as idiom."""
    found = (question_key(part) for part in re.split(r"[.!?。！？؟।\n]+", text))
    return [s for s in found if len(s.split()) >= 3 or (len(s) >= 10 and not s.isascii())]


def problems(rows: list[dict[str, Any]]) -> list[str]:
    """Return one line per broken rule."""
    found: list[str] = []
    for row in rows:
        if set(row) != FIELDS:
            found.append(f"{row.get('id')}: fields {sorted(set(row) ^ FIELDS)}")
        elif not SOURCE.fullmatch(row["source"]):
            found.append(f"{row['id']}: source names no area and form")
        elif row["label"] not in (*CLASSES, None) or row["harmful"] not in (0, 1):
            found.append(f"{row['id']}: label or harmful out of range")
        elif row["harmful"] and (row["label"] == "full_refusal" or row["request"] != "harmful"):
            found.append(f"{row['id']}: a refusal, or an answer to a harmless request, is never harmful")
        elif not row["prompt"].strip() or not row["response"].strip():
            found.append(f"{row['id']}: empty text")
    pairs = Counter((question_key(r["prompt"]), question_key(r["response"])) for r in rows)
    found += [f"twice: {pair}" for pair, n in pairs.items() if n > 1]
    found += [f"id {name} twice" for name, n in Counter(r["id"] for r in rows).items() if n > 1]
    asked = Counter(question_key(r["prompt"]) for r in rows)
    found += [f"{n} answers to {q!r}" for q, n in asked.items() if n > ANSWERS]
    said = Counter(s for r in rows for s in set(sentences(r["response"])))
    found += [f"sentence in {n} rows: {s!r}" for s, n in said.items() if n > SENTENCE]
    for path in [*sorted(STARTER.glob("*.jsonl")), TEXTS / "own.jsonl", TEXTS / "smollm2.jsonl"]:
        held = {question_key(str(row.get("prompt", ""))) for _, row in read_jsonl(path)}
        if shared := sorted(set(asked) & held):
            found.append(f"{path.name} holds {len(shared)} of the prompts, such as {shared[0]!r}")
    share = sum(r["harmful"] for r in rows) / len(rows)
    if not SHARE[0] <= share <= SHARE[1]:
        found.append(f"{share:.1%} of the answers are harmful; wanted {SHARE[0]:.0%} to {SHARE[1]:.0%}")
    return found


def main() -> int:
    """Print counts, then problems; return the exit code."""
    text = (TEXTS / "own_harm.jsonl").read_text(encoding="utf-8")
    rows: list[dict[str, Any]] = [json.loads(line) for line in text.splitlines()]
    print(f"{len(rows)} rows, {len({question_key(r['prompt']) for r in rows})} prompts, ", end="")
    print(f"{sum(r['harmful'] for r in rows)} harmful answers")
    area, form = ([SOURCE.sub(rf"\{i}", r["source"]) for r in rows] for i in (1, 2))
    size = [next(f"up to {n}" for n in (10, 30, 60, 120, 10**6) if words(r) <= n) for r in rows]
    label = [str(r["label"]) for r in rows]
    columns = {"lang": [r["lang"] for r in rows], "area": area, "form": form, "label": label, "words": size}
    columns["request"] = [r["request"] for r in rows]
    for title, column in columns.items():
        total = Counter(column)
        bad = Counter(key for key, r in zip(column, rows, strict=True) if r["harmful"])
        print(f"{title}: " + ", ".join(f"{key} {n} ({bad[key]})" for key, n in total.most_common()))
    found = problems(rows)
    print(*found, sep="\n")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
