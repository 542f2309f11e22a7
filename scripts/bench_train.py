"""Compare ``sophro.train`` with the loop that a user would write: padded, in record order, full logits.

    flock /tmp/sophro.cpu env OMP_NUM_THREADS=2 python scripts/bench_train.py /path/to/model

Both arms train the same LoRA adapter on the same records, one pass, batches of 8, each in a process of its
own. "Useful tokens" are the non-padding tokens of the records, so the ratio is the ratio of the times.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

BATCH, SEED = 8, 0


def records(count: int, vocabulary: int) -> list[tuple[list[int], int]]:
    """Return (ids, prompt tokens): log-normal lengths, as in short chat data (median 50 + 60 tokens)."""
    rng = random.Random(SEED)
    result = []
    for _ in range(count):
        prompt = min(200, max(20, round(math.exp(rng.gauss(math.log(50), 0.5)))))
        answer = min(300, max(5, round(math.exp(rng.gauss(math.log(60), 0.7)))))
        result.append(([rng.randrange(10, vocabulary) for _ in range(prompt + answer)], prompt))
    return result


def plain(model, rows, report):
    import torch
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(SEED)
    model = get_peft_model(
        model, LoraConfig(task_type="CAUSAL_LM", r=16, lora_alpha=32, target_modules="all-linear")
    )
    parameters = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=2e-4, weight_decay=0.0)
    model.train()
    computed = 0
    start = time.perf_counter()
    for first in range(0, len(rows), BATCH):
        batch = rows[first : first + BATCH]
        longest = max(len(ids) for ids, _ in batch)
        ids = torch.zeros(len(batch), longest, dtype=torch.long)
        mask = torch.zeros(len(batch), longest, dtype=torch.long)
        labels = torch.full((len(batch), longest), -100)
        for i, (row, prompt) in enumerate(batch):
            ids[i, : len(row)] = torch.tensor(row)
            mask[i, : len(row)] = 1
            labels[i, prompt : len(row)] = torch.tensor(row[prompt:])
        loss = model(input_ids=ids, attention_mask=mask, labels=labels).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        computed += ids.numel()
        report(first, float(loss))
    return time.perf_counter() - start, computed


def ours(model, rows, report):
    from sophro.train import Example, TrainOptions, train

    examples = [Example(ids, [0.0] * prompt + [1.0] * (len(ids) - prompt)) for ids, prompt in rows]
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        options = TrainOptions(
            batch_size=BATCH, seed=SEED, schedule="constant", warmup=0.0, micro_tokens=MICRO
        )
        result = train(
            model, examples, options, Path(folder) / "out", progress=lambda d, n, loss: report(d, loss)
        )
        seconds = time.perf_counter() - start
    # The whole call counts: attaching, checks and writing are part of the price.
    return seconds, round(result.tokens / (1 - result.padding))


def cpu_seconds() -> float:
    # Beside the wall clock, because on a busy machine that measures the neighbours.
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def arm(name: str, path: str, count: int) -> None:
    from transformers import AutoModelForCausalLM, set_seed

    set_seed(SEED)
    model = AutoModelForCausalLM.from_pretrained(path, dtype="float32")
    rows = records(count, model.config.vocab_size)
    # One pass of each kernel before the clock starts, the same for both arms.
    import torch

    model(input_ids=torch.tensor([rows[0][0]])).logits.sum()
    losses: list[float] = []
    before = cpu_seconds()
    seconds, computed = {"plain": plain, "ours": ours}[name](model, rows, lambda _, loss: losses.append(loss))
    useful = sum(len(ids) for ids, _ in rows)
    print(
        json.dumps(
            {
                "seconds": seconds,
                "cpu_seconds": cpu_seconds() - before,
                "tokens_per_second": useful / seconds,
                "padding": 1 - useful / computed,
                "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
                "mean_loss": sum(losses) / len(losses),
            }
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", help="folder of a transformers model")
    parser.add_argument("--records", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--micro-tokens", type=int, default=None)
    parser.add_argument("--arm", choices=["plain", "ours"], help=argparse.SUPPRESS)
    args = parser.parse_args()
    global MICRO
    MICRO = args.micro_tokens
    if args.arm:
        arm(args.arm, args.model, args.records)
        return
    rows = records(args.records, 1000)
    trained = sum(len(ids) - prompt for ids, prompt in rows)
    total = sum(len(ids) for ids, _ in rows)
    print(f"{len(rows)} records, {total} tokens, {trained / total:.0%} of them trained")
    results: dict[str, dict] = {}
    # Arms take turns and the fastest round of each counts: the others measure what else the machine did.
    for name in ("plain", "ours") * args.rounds:
        command = [sys.executable, __file__, args.model, "--arm", name, "--records", str(args.records)]
        if args.micro_tokens:
            command += ["--micro-tokens", str(args.micro_tokens)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        row = json.loads(done.stdout.splitlines()[-1])
        if name not in results or row["seconds"] < results[name]["seconds"]:
            results[name] = row
        print(
            f"{name:6} {row['seconds']:7.1f} s wall  {row['cpu_seconds']:7.1f} s cpu  "
            f"{row['tokens_per_second']:6.1f} useful tokens/s  padding {row['padding']:.0%}  "
            f"peak {row['peak_mb']:.0f} MB  mean loss {row['mean_loss']:.3f}",
            flush=True,
        )
    ratio = results["ours"]["tokens_per_second"] / results["plain"]["tokens_per_second"]
    cpu = results["plain"]["cpu_seconds"] / results["ours"]["cpu_seconds"]
    print(json.dumps({"bench": "train", "ratio": round(ratio, 3), "cpu_ratio": round(cpu, 3)}))


if __name__ == "__main__":
    main()
