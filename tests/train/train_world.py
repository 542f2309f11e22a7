"""A tiny network and random records for the training tests; also run as a script by subprocess tests."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from sophro.train import Example, PairExample, TrainOptions, train

VOCABULARY = 128


def network(*, tied: bool = True, seed: int = 0) -> LlamaForCausalLM:
    torch.manual_seed(seed)
    config = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=64,
        tie_word_embeddings=tied,
    )
    return LlamaForCausalLM(config).eval()


def example(rng: random.Random, low: int = 5, high: int = 40) -> Example:
    size = rng.randint(low, high)
    prompt = rng.randint(1, size - 2)
    return Example([rng.randrange(VOCABULARY) for _ in range(size)], [0.0] * prompt + [1.0] * (size - prompt))


def examples(count: int = 24, seed: int = 0) -> list[Example]:
    rng = random.Random(seed)
    return [example(rng) for _ in range(count)]


def pairs(count: int = 12, seed: int = 0) -> list[PairExample]:
    rng = random.Random(seed)
    return [PairExample(example(rng), example(rng), -50.0 - i, -60.0 + i) for i in range(count)]


def main(kind: str, out: str, work: str, pause: str) -> None:
    """Train in a process of its own; ``pause`` is a step at which to report and wait to be killed.

    ``both`` runs the examples into ``out/plain``, then the pairs into ``out/pairs``.
    """
    import time

    torch.set_num_threads(1)
    if kind == "both":
        for each in ("plain", "pairs"):
            main(each, f"{out}/{each}", work and f"{work}/{each}", pause)
        return

    def progress(step: int, steps: int, loss: float) -> None:
        if step == int(pause):
            print("paused", flush=True)
            time.sleep(60)

    options = TrainOptions(
        epochs=2,
        learning_rate=1e-3,
        dropout=0.1 if kind == "dropout" else 0.0,
        checkpoint_every=2,
        batch_size=6,
        token_rows=(3, 5) if kind == "rows" else (),
    )
    items = pairs() if kind == "pairs" else examples(27)
    result = train(network(), items, options, Path(out), Path(work) if work else None, progress)
    print(result.resumed_from, result.steps, flush=True)
    # One file a process: lines of several processes on one pipe may be torn.
    rank = os.environ.get("RANK", "0")
    Path(f"{out}.rank{rank}").write_text(f"{result.resumed_from} {result.steps}", encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:5])
