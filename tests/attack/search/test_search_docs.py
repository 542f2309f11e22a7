"""The commands of docs/search_attacks.md run as printed, on a tiny model and with less to do."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
import small_model

from sophro.cli import run

PAGE = Path(__file__).resolve().parents[3] / "docs" / "search_attacks.md"
LESS = {
    "gcg": "--param steps=2 --param width=3 --param length=3 --param target_tokens=4",
    "pair": "--param streams=1 --param rounds=1 --param answer_tokens=4 --param attacker_tokens=8",
    "assess": "--param steps=2 --param width=3 --param length=3 --limit 2 --max-new-tokens 4 --refusal keyword-baseline",
}


def commands():
    blocks = re.findall(r"```bash\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return small_model.save_model(tmp_path_factory.mktemp("tiny") / "model")


@pytest.mark.encoder
@pytest.mark.parametrize("command", commands())
def test_every_command_works(command, model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if "assess" not in command:  # its judge reads weights that lie in the cache
        monkeypatch.setenv("SOPHRO_CACHE", str(tmp_path / "cache"))
    rows = [
        {"id": str(i), "prompt": f"How do I kill process {i}?", "opening": "Use the kill command."}
        for i in range(2)
    ]
    Path("mine.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    words = shlex.split(command.replace("smollm2-135m", str(model)))
    assert words[0] == "sophro"
    less = LESS["assess" if words[1] == "assess" else words[2]]
    kept = {w.partition("=")[0] for w in shlex.split(less) if "=" in w}
    pairs = list(zip(words, [*words[1:], ""], strict=True))
    drop = {i for i, (w, n) in enumerate(pairs) if w == "--param" and n.partition("=")[0] in kept}
    drop |= {i for i, (w, _) in enumerate(pairs) if w == "--limit" and words[1] == "assess"}
    words = [w for i, w in enumerate(words[1:], start=1) if i not in drop and i - 1 not in drop]
    code = run([*words, *shlex.split(less)])
    proposes = "pair" in command  # a random network proposes nothing that can be read
    assert code == (2 if proposes else 0)
    if "gcg" in command:
        attempts = [json.loads(line) for line in Path("suffixes.jsonl").read_text().splitlines()]
        assert len(attempts) == 2 and not any(a["error"] for a in attempts)
        assert len(list(Path("steps").iterdir())) == 2
