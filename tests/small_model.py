"""A tiny chat model on the disk, and a recipe that a real run finishes in seconds with it."""

from __future__ import annotations

from pathlib import Path

import tiny


def save_model(folder: Path) -> Path:
    """Write a random two-layer chat model in transformers format."""
    import torch

    tokenizer = tiny.tokenizer("chatml")
    network = tiny.tiny_llama(len(tokenizer), seed=1)
    with torch.no_grad():  # a random network repeats one token; larger weights make it move
        for p in network.parameters():
            if p.dim() == 2:
                p.mul_(4.0)
    network.config.eos_token_id = tokenizer.eos_token_id
    network.generation_config.eos_token_id = tokenizer.eos_token_id
    network.generation_config.pad_token_id = tokenizer.pad_token_id
    network.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


RECIPE = """
name: tiny
model: {model}
arms:
  base: {{}}
  tuned:
    method: safety_sft
    data: {{harmful: {{set: "starter/harmful:en", split: train, limit: 24}}}}
    options: {{batch_size: 4, checkpoint_every: 2}}
assessments:
  - {{task: harmful, set: "starter/harmful:en", split: test, limit: 12}}
  - {{task: harmful, set: "starter/harmful:en", split: test, limit: 6, attack: prefill, params: {{k: [5, 20]}}}}
  - {{task: over_refusal, set: "starter/lookalikes:en", split: test, limit: 12}}
  - {{task: helpfulness, set: "starter/plain:en", split: test, limit: 6}}
generation: {{max_new_tokens: 8}}
judges: {judges}
"""
JUDGES = "{second: keyword-baseline}"
# Judges without networks: for tests that start many processes and do not read verdicts.
LIGHT = "{refusal: keyword-baseline, harm: proxy-harm}"


def write_recipe(folder: Path, judges: str = JUDGES) -> Path:
    """Write model and recipe into ``folder`` and return the recipe's path."""
    model = save_model(folder / "model")
    path = folder / "tiny.yaml"
    path.write_text(RECIPE.format(model=model, judges=judges), encoding="utf-8")
    return path
