"""Measure the disguises and the normaliser against the released CNTP files.

SOPHRO_DATA=... python scripts/check_chinese.py fidelity
SOPHRO_DATA=... python scripts/check_chinese.py speed
SOPHRO_DATA=... python scripts/check_chinese.py restore [--part dev]
SOPHRO_DATA=... python scripts/check_chinese.py unchanged [--part test]
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import time
from pathlib import Path
from typing import Any

from sophro.attack.perturb import NAMES, perturb
from sophro.data import cntp_split
from sophro.text import normalize, tables

FILES = {
    "vsim": "radical_transform",
    "split": "chaizi_transform",
    "trad": "Traditional_transform",
    "py_init": "pinyin_transform",
    "py_full": "pinyin_full_transform",
    "homo": "homo_toxi_transform",
    "shuff": "Swap_transform",
    "emoji": "Emoji_toxic_transform",
}


def root() -> Path:
    return Path(os.environ["SOPHRO_DATA"]) / "C_chinese"


def load(file: str) -> list[dict[str, Any]]:
    value = json.loads((root() / f"cntp/{file}.json").read_text("utf-8"))
    return value["results"] if isinstance(value, dict) else value


def related(name: str, source: str, new: str) -> bool:
    """Whether one replaced character and its replacement stand in the relation of ``name``."""
    if name == "homo":
        return bool(set(tables.all_readings().get(source, ())) & set(tables.all_readings().get(new, ("?",))))
    if name == "split":
        return new in tables.components().get(source, ())
    if name == "vsim":
        return bool(parts(source) & parts(new))
    names = tables.emoji_names().get(new.replace("\ufe0f", ""), "")
    sounds = {s for c in names for s in tables.all_readings().get(c, ())}
    return source in names or bool(sounds & set(tables.all_readings().get(source, ())))


def parts(char: str, depth: int = 1) -> set[str]:
    found = {char}
    if depth:
        for option in tables.components().get(char, ()):
            for piece in option:
                found |= parts(piece, depth - 1)
    return found


def changes(old: str, new: str) -> list[tuple[str, str]]:
    blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [(old[a:b], new[c:d]) for tag, a, b, c, d in blocks if tag != "equal"]


def fidelity() -> None:
    print("name      n  equal  equal %  member ours %  member released %")
    for name in NAMES:
        rows = load(FILES[name])
        equal = ours_ok = ours_n = theirs_ok = theirs_n = 0
        for row in rows:
            text = row["original_text"]
            made = perturb(text, name, spans=row["toxic_entity"])
            equal += made.text == row["perturbed_text"]
            if name in ("py_init", "py_full", "trad"):
                continue
            if name == "shuff":
                ours_n, theirs_n = ours_n + 1, theirs_n + 1
                ours_ok += sorted(made.text) == sorted(text)
                theirs_ok += sorted(row["perturbed_text"]) == sorted(text)
                continue
            for edit in made.edits:
                ours_n += 1
                ours_ok += related(name, text[edit.start : edit.end], edit.text)
            for old, new in changes(text, row["perturbed_text"]):
                pairs = list(zip(old, new, strict=True)) if len(old) == len(new) else [(old, new)]
                for a, b in pairs if name != "split" else [(old, new)]:
                    if len(a) == 1:
                        theirs_n += 1
                        theirs_ok += related(name, a, b)
        share = lambda k, n: f"{100 * k / n:6.2f}" if n else "     -"  # noqa: E731
        print(
            f"{name:8} {len(rows):4} {equal:6} {share(equal, len(rows))}        "
            f"{share(ours_ok, ours_n)}            {share(theirs_ok, theirs_n)}"
        )


def speed() -> None:
    rows = load("toxic_base")
    texts = [(r["original_text"], r["toxic_entity"]) for r in rows]
    size = sum(len(t) for t, _ in texts)
    long, spans = (
        "".join(t for t, _ in texts),
        ["\u9ed1\u4eba", "\u5973", "\u4e2d\u56fd\u4eba", "\u6076\u5fc3"],
    )
    print("name      characters/s: sentences   one long text")
    for name in NAMES:
        for text, own in texts[:20]:
            perturb(text, name, spans=own)
        start = time.process_time()
        for _ in range(3):
            for text, own in texts:
                perturb(text, name, spans=own)
        short = 3 * size / (time.process_time() - start)
        start = time.process_time()
        for _ in range(5):
            perturb(long, name, spans=spans)
        whole = 5 * len(long) / (time.process_time() - start)
        print(f"{name:8} {short:24,.0f} {whole:15,.0f}")


def restore(part: str, limit: int) -> None:
    total_n = 0
    start = time.process_time()
    print(f"part {part}: normalize(disguised) == original")
    print("name      n changed  restored  %   untouched %   wrong %   characters back %")
    for name in NAMES:
        seen: set[str] = set()
        n = exact = same = near = 0
        lost = back = 0
        for row in load(FILES[name]):
            text, new = row["original_text"], row["perturbed_text"]
            if new == text or cntp_split(text) != part or new in seen or len(seen) >= limit:
                continue
            seen.add(new)
            result = normalize(new).text
            n += 1
            total_n += len(new)
            exact += result == text
            same += result == new
            before, after = distance(text, new), distance(text, result)
            lost += before
            back += max(before - after, 0) if after <= before else before - after
            near += after < before
        print(
            f"{name:8} {n:6} {exact:9} {100 * exact / n:6.1f} {100 * same / n:10.1f} "
            f"{100 * (n - exact - same) / n:9.1f} {100 * back / lost:12.1f}   nearer {100 * near / n:.1f} %"
        )
    print(f"{total_n / (time.process_time() - start):,.0f} characters/s")


def distance(a: str, b: str) -> int:
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
    return sum(max(q - p, s - r) for tag, p, q, r, s in matcher.get_opcodes() if tag != "equal")


def undisguised(part: str) -> dict[str, list[str]]:
    """Texts that nobody disguised (on purpose), by where they come from."""
    import csv

    sets: dict[str, list[str]] = {}
    for label, file in (("cntp benign", "non_toxic_base"), ("cntp toxic", "toxic_base")):
        sets[label] = [r["original_text"] for r in load(file) if cntp_split(r["original_text"]) == part]
    with (root() / "cold/test.csv").open(encoding="utf-8-sig", newline="") as handle:
        rows = [r["TEXT"] for r in csv.DictReader(handle)]
    sets["cold test"] = [t for t in rows if cntp_split(t) == part]
    bench = json.loads((root() / "safetybench/test_zh_subset.json").read_text("utf-8"))
    sets["safetybench"] = [r["question"] for r in bench if cntp_split(r["question"]) == part]
    english = root().parent / "A_safety"
    for file in sorted(english.rglob("*xstest*prompts*.csv"))[:1]:
        with file.open(encoding="utf-8-sig", newline="") as handle:
            sets["xstest (English)"] = [r["prompt"] for r in csv.DictReader(handle)]
    return sets


def unchanged(part: str, show: int) -> None:
    print(f"part {part}: normalize(text) == text")
    for label, texts in undisguised(part).items():
        start = time.process_time()
        results = [normalize(t) for t in texts]
        rate = sum(map(len, texts)) / (time.process_time() - start)
        kept = sum(r.text == t for r, t in zip(results, texts, strict=True))
        print(
            f"{label:18} n {len(texts):5}  unchanged {100 * kept / max(1, len(texts)):6.2f} %  {rate:,.0f} characters/s"
        )
        for r in [r for r in results if r.undone][:show]:
            print(
                "   ",
                r.source[:60],
                [(u.kind, u.found, u.restored, round(u.confidence, 2)) for u in r.undone],
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=("fidelity", "speed", "restore", "unchanged"))
    parser.add_argument("--part", default="dev", choices=("train", "dev", "test"))
    parser.add_argument("--limit", type=int, default=10**9)
    parser.add_argument("--show", type=int, default=0)
    options = parser.parse_args()
    if options.what == "fidelity":
        fidelity()
    elif options.what == "speed":
        speed()
    elif options.what == "restore":
        restore(options.part, options.limit)
    else:
        unchanged(options.part, options.show)


if __name__ == "__main__":
    main()
