"""Steering: what it costs in generation, and how fast activations are read, in one run; ratios printed.

Generation: 64 mixed prompts, 48 new tokens, greedy; unsteered, fixed steering (every token, all layers) and AdaSteer
(two terms, probes at a third of the depth). The vectors are so small that all three write the same tokens, so that time
is all that differs. Bounds: fixed <= 1.05, AdaSteer <= 1.25 times the unsteered time.

Capture: last-token states of every layer for 256 prompts against `repeng.extract.batched_get_hiddens` on the same
rendered prompts. repeng needs an older numpy, so it lives in an environment of its own:
`python -m venv .bench-repeng && .bench-repeng/bin/pip install "torch==2.13.0" repeng`, then
`--repeng .bench-repeng/bin/python`. Without it capture is timed alone and no ratio is printed. Bound: >= 2 times.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

NEW, CAPTURED, BATCH = 48, 256, 32
FIXED_BOUND, ADAPTIVE_BOUND, CAPTURE_BOUND = 1.05, 1.25, 2.0


def patches(model):
    """Return a fixed patch and an adaptive one that compute everything and change nothing that shows."""
    import torch

    from sophro.models import AdaptivePatch, SteeringPatch, Term

    layers, width = model.subject.layers, model.subject.width
    g = torch.Generator().manual_seed(0)
    push = {i: 1e-7 * torch.randn(width, generator=g) for i in range(layers)}
    zero, hundred, benign = (torch.randn(width, generator=g) for _ in range(3))
    probe = layers // 3
    terms = (
        Term("rejection", push, probe, zero, hundred, 0.01, 0.0, -1.0, 1.0),
        Term("harmfulness", push, probe, zero, benign, 0.01, 0.0, -1.0, 1.0),
    )
    return SteeringPatch(push), AdaptivePatch(terms, model.subject)


def generation(model, rounds: int) -> bool:
    from bench import mixed_prompts, timed

    from sophro.chat import Transcript
    from sophro.models import GenerationConfig

    prompts = [Transcript.of(p) for p in mixed_prompts()]
    config = GenerationConfig(max_new_tokens=NEW)
    fixed, adaptive = patches(model)
    arms = {"unsteered": [], "fixed": [(fixed, 1.0)], "adasteer": [(adaptive, 1.0)]}
    texts = {
        name: [c.ids for c in model.generate(prompts, config, used)] for name, used in arms.items()
    }  # warm-up
    seconds: dict[str, list[float]] = {name: [] for name in arms}
    for _ in range(rounds):
        for name, used in arms.items():
            seconds[name].append(timed(lambda used=used: model.generate(prompts, config, used)))
    base = statistics.median(seconds["unsteered"])
    print(f"generation: {len(prompts)} prompts x {NEW} tokens, median of {rounds}")
    held = True
    for name, values in seconds.items():
        ratio = statistics.median(values) / base
        bound = {"fixed": FIXED_BOUND, "adasteer": ADAPTIVE_BOUND}.get(name)
        same = sum(a == b for a, b in zip(texts[name], texts["unsteered"], strict=True))
        said = "" if bound is None else f"  (bound {bound}: {'held' if ratio <= bound else 'NOT held'})"
        print(f"  {name:10} {statistics.median(values):6.2f} s  {ratio:.3f}x  same tokens: {same}{said}")
        held &= bound is None or ratio <= bound
    return held


def reading(model, folder: Path, rounds: int, repeng: str | None) -> bool:
    from bench import mixed_prompts, timed

    from sophro.chat import Transcript
    from sophro.models import collect

    prompts = [Transcript.of(p) for p in mixed_prompts(CAPTURED)]
    collect(model, prompts[:8])
    ours = statistics.median(timed(lambda: collect(model, prompts)) for _ in range(rounds))
    print(f"capture: {CAPTURED} prompts, every layer: {ours:.2f} s")
    if repeng is None:
        print("  repeng: not measured (give --repeng PYTHON; see the head of this file)")
        return True
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "prompts.json"
        file.write_text(json.dumps([model.render(p).rendered for p in prompts]))
        command = [repeng, __file__, "--read-with-repeng", str(file), str(folder), "--rounds", str(rounds)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    theirs = statistics.median(
        float(x.split()[1]) for x in done.stdout.splitlines() if x.startswith("seconds ")
    )
    ratio = theirs / ours
    verdict = "held" if ratio >= CAPTURE_BOUND else "NOT held"
    print(f"  repeng: {theirs:.2f} s, sophro is {ratio:.2f}x (bound {CAPTURE_BOUND}: {verdict})")
    return ratio >= CAPTURE_BOUND


def read_with_repeng(file: str, folder: str, rounds: int) -> None:
    """Run inside repeng's environment, which has no sophro."""
    import time

    import torch
    from repeng.extract import batched_get_hiddens
    from transformers import AutoModelForCausalLM, AutoTokenizer

    texts = json.loads(Path(file).read_text())
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    model = AutoModelForCausalLM.from_pretrained(folder, torch_dtype=torch.float32).eval()
    layers = list(range(model.config.num_hidden_layers))
    batched_get_hiddens(model, tokenizer, texts[:8], layers, BATCH)
    for _ in range(rounds):
        began = time.perf_counter()
        batched_get_hiddens(model, tokenizer, texts, layers, BATCH)
        print(f"seconds {time.perf_counter() - began:.3f}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeng", metavar="PYTHON")
    parser.add_argument("--read-with-repeng", nargs=2, metavar=("PROMPTS", "MODEL"))
    options = parser.parse_args()
    if options.read_with_repeng:
        read_with_repeng(*options.read_with_repeng, options.rounds)
        return 0
    from sophro.models import load_chat, pull

    model = load_chat("smollm2-135m")
    held = generation(model, options.rounds)
    held &= reading(model, pull(), options.rounds, options.repeng)
    return 0 if held else 3


if __name__ == "__main__":
    sys.exit(main())
