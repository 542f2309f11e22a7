"""`make bench`: sophro against what a user would pick instead, in one run on one machine; ratios printed.

Generation: 64 mixed prompts, 48 new tokens, greedy. Competitors: transformers' own `generate` in batches of 32
(record order, left padding) and Inspect's `hf/` provider. Training: see scripts/bench_train.py. Every system is
warmed up, then sophro and generate take turns `--rounds` times and the median counts, so that a slow minute of the
machine hits all of them.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

NEW, BATCH = 48, 32


def mixed_prompts(count: int = 64) -> list[str]:
    """Short questions, look-alikes and longer tasks of the starter sets, some joined to long prompts."""
    from sophro.data import load_set

    rng = random.Random(0)
    pool = [
        r.prompt
        for s in ("starter/plain:en", "starter/lookalikes:en", "starter/harmful:en")
        for r in load_set(s)
    ]
    prompts = rng.sample(pool, count)
    for i in range(0, count, 8):  # one in eight is several times longer, as in mixed traffic
        prompts[i] = " ".join(rng.sample(pool, rng.randrange(4, 9)))
    return prompts


def plain_generate(model, prompts: list[str]) -> list[tuple[int, ...]]:
    import torch

    out: list[tuple[int, ...]] = []
    end = model.tokenizer.eos_token_id
    ids = [
        model.tokenizer.apply_chat_template([{"role": "user", "content": p}], add_generation_prompt=True,
                                            tokenize=True, return_dict=False)
        for p in prompts
    ]  # fmt: skip
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        width = max(map(len, batch))
        tokens = torch.tensor([[end] * (width - len(i)) + i for i in batch])
        mask = torch.tensor([[0] * (width - len(i)) + [1] * len(i) for i in batch])
        with torch.inference_mode():
            got = model.network.generate(
                input_ids=tokens, attention_mask=mask, max_new_tokens=NEW, do_sample=False, pad_token_id=end
            )
        for row in got[:, width:].tolist():
            out.append(tuple(row[: row.index(end)] if end in row else row))
    return out


def ours(model, prompts: list[str]) -> list[tuple[int, ...]]:
    from sophro.chat import Transcript
    from sophro.models import GenerationConfig

    done = model.generate([Transcript.of(p) for p in prompts], GenerationConfig(max_new_tokens=NEW))
    return [c.ids for c in done]


def inspect_hf(folder: Path, rounds: int) -> list[float]:
    """Time Inspect's provider in a process of its own: its worker thread spins for as long as it lives."""
    command = [sys.executable, __file__, "--inspect-only", str(folder), "--rounds", str(rounds)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return [float(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("seconds ")]


def time_inspect(folder: str, rounds: int) -> None:
    from inspect_ai.model import GenerateConfig, get_model

    # temperature 0 makes the provider fail; without a temperature and with do_sample=False it is greedy.
    target = get_model(
        "hf/local", model_path=folder, tokenizer_path=folder, device="cpu", batch_size=BATCH,
        do_sample=False, config=GenerateConfig(max_tokens=NEW, max_connections=BATCH),
    )  # fmt: skip
    prompts = mixed_prompts()

    async def everything() -> None:
        await target.generate("warm up")
        for _ in range(rounds):
            began = time.perf_counter()
            await asyncio.gather(*(target.generate(p) for p in prompts))
            print(f"seconds {time.perf_counter() - began:.3f}", flush=True)

    asyncio.run(everything())


def timed(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--skip-training", action="store_true")
    parser.add_argument("--inspect-only", metavar="FOLDER")
    options = parser.parse_args()
    if options.inspect_only:
        time_inspect(options.inspect_only, options.rounds)
        return 0
    from sophro.models import load, pull

    folder, model, prompts = pull(), load("smollm2-135m"), mixed_prompts()
    systems: dict[str, Callable[[], object]] = {
        "sophro": lambda: ours(model, prompts),
        f"generate, batches of {BATCH}": lambda: plain_generate(model, prompts),
    }
    equal = sum(a == b for a, b in zip(ours(model, prompts), plain_generate(model, prompts), strict=True))
    seconds: dict[str, list[float]] = {name: [] for name in systems}
    for _ in range(options.rounds):
        for name, run in systems.items():
            seconds[name].append(timed(run))
    seconds["inspect hf/ provider"] = inspect_hf(folder, options.rounds)
    best = statistics.median(seconds["sophro"])
    print(f"generation: {len(prompts)} prompts x {NEW} tokens, median of {options.rounds}")
    print(f"  same tokens as plain generate: {equal} of {len(prompts)}")
    for name, values in seconds.items():
        median = statistics.median(values)
        print(f"  {name:26} {len(prompts) / median:5.2f} completions/s   sophro is {median / best:.2f}x")
    sophro = str(Path(sys.executable).with_name("sophro"))
    subprocess.run([sophro, "--help"], capture_output=True, check=True)
    help_time = statistics.median(
        timed(lambda: subprocess.run([sophro, "--help"], capture_output=True, check=True)) for _ in range(7)
    )
    print(f"sophro --help: {help_time:.2f} s")
    if not options.skip_training:
        script = Path(__file__).with_name("bench_train.py")
        return subprocess.run([sys.executable, str(script), str(folder)], check=False).returncode
    return 0


if __name__ == "__main__":
    sys.exit(main())
