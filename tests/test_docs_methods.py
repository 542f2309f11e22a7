"""The commands of the pages on steering, unlearning and reasoning run as printed, on a tiny model and with less to do."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
import small_model

from sophro.cli import run

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES = ("steering", "unlearning", "reasoning")
# command as printed, up to here -> what is appended; None: run elsewhere, for the reason given beside it
LESS: dict[str, str | None] = {
    "sophro steer fit refusal_direction": "--set least_auroc=0.5",
    "sophro align unlearn_ga": "--set max_steps=2",
    "sophro assess unlearning": "--limit 2 --max-new-tokens 8",
    "sophro assess tradeoffs": "--max-new-tokens 8",
    "sophro models make reasoning": (
        "--model smollm2-135m --set examples=8 --set test=4 --set epochs=1 --set measured=2 --set max_new_tokens=8"
    ),
    # needs a subject that reasons: half an hour of training; tests/steer checks its parts
    "sophro steer fit efficiency_steering": None,
    # needs a model that refuses some and complies with some; tests/steer fits it in a planted world
    "sophro steer fit adasteer": None,
}


def commands(page: str) -> list[str]:
    blocks = re.findall(r"```bash\n(.*?)```", (DOCS / f"{page}.md").read_text("utf-8"), re.S)
    return [re.sub(r"\s+#.*", "", line) for block in blocks for line in block.splitlines() if line.strip()]


def test_every_table_entry_is_still_printed():
    printed = [c for page in PAGES for c in commands(page)]
    assert all(any(c.startswith(start) for c in printed) for start in LESS)


@pytest.mark.encoder
@pytest.mark.parametrize("page", PAGES)
def test_every_command_works(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model = small_model.save_model(tmp_path / "tiny")
    config = json.loads((model / "config.json").read_text("utf-8"))
    (model / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 4096}))
    ran = 0
    for command in commands(page):
        less = next((more for start, more in LESS.items() if command.startswith(start)), "")
        if less is None:
            continue
        words = shlex.split(f"{command} {less}".replace("smollm2-135m", str(model)))
        assert words[0] == "sophro"
        assert run(words[1:]) == 0, command
        ran += 1
    assert ran
