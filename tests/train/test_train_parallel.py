"""Two processes (gloo, CPU) train the same adapter as one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import train_world
from safetensors.torch import load_file
from train_world import examples

from sophro.errors import SophroError
from sophro.train._loop import Steps
from sophro.train._trainer import _check_world

WORLD = Path(__file__).with_name("train_world.py")


@pytest.mark.slow
def test_two_processes_equal_one(tmp_path):
    # `accelerate launch --cpu --num_processes 2` (accelerate 1.15) starts one process; --multi_gpu starts two,
    # which on a machine without accelerators talk over gloo.
    command = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"]
    command += ["--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"]
    command += [
        "--main_process_port",
        "0",
        str(WORLD),
        "both",
        str(tmp_path / "two"),
        str(tmp_path / "work"),
        "0",
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stderr[-2000:]
    told = {path.name: path.read_text() for path in (tmp_path / "two").glob("*.rank*")}
    assert told == {
        "plain.rank0": "0 10",
        "plain.rank1": "0 10",
        "pairs.rank0": "0 4",
        "pairs.rank1": "0 4",
    }, done.stdout + done.stderr
    # 27 examples in batches of 6: the last batch of an epoch has 3 items, shared 2 and 1.
    train_world.main("both", str(tmp_path / "one"), "", "0")
    for kind, steps in (("plain", 10), ("pairs", 4)):
        one, two = (load_file(tmp_path / n / kind / "adapter_model.safetensors") for n in ("one", "two"))
        worst = max(float((one[k] - two[k]).abs().max()) for k in one)
        print(kind, "max abs difference", worst)
        assert worst <= 1e-5
        rows = [
            [json.loads(line) for line in (tmp_path / n / kind / "training.jsonl").read_text().splitlines()]
            for n in ("one", "two")
        ]
        assert [len(r) for r in rows] == [steps, steps], "only one process writes"
        for a, b in zip(*rows, strict=True):
            assert a["tokens"] == b["tokens"] and abs(a["loss"] - b["loss"]) < 1e-4
        assert not list((tmp_path / "work" / kind).iterdir())


def test_a_process_without_a_share_keeps_step():
    """Batches smaller than the number of processes: the idle process computes at weight 0."""
    items = examples(3)
    lengths = [len(e.ids) for e in items]
    made = [
        Steps(items, [[0, 1, 2]], lengths, start=0, micro_tokens=2048, rank=r, world=4)[0]["step"]
        for r in range(4)
    ]
    assert [s.idle for s in made] == [False, False, False, True]
    assert sum(s.tokens for s in made) == sum(lengths) and made[3].pieces


def test_processes_that_do_not_find_each_other_are_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(SophroError, match="2 processes were launched"):
        _check_world(1)
