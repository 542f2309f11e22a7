"""Interrupted runs: killed, failed, torn; the result must not tell."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import train_world
from train_world import examples, network, pairs

from sophro.errors import SophroError
from sophro.train import TrainOptions, train

OPTIONS = TrainOptions(epochs=2, learning_rate=1e-3, checkpoint_every=2, batch_size=6)
WORLD = Path(__file__).with_name("train_world.py")


class StopError(Exception):
    pass


def stop_at(step):
    def progress(done, steps, loss):
        if done == step:
            raise StopError

    return progress


def weights(folder):
    return (folder / "adapter_model.safetensors").read_bytes()


def steps(file):
    return [json.loads(line)["step"] for line in file.read_text().splitlines()]


def run(kind, out, work, pause):
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(WORLD), kind, str(out), str(work), str(pause)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["plain", "rows"])
def test_sigkill_in_the_middle_then_the_same_bits(kind, tmp_path):
    train_world.main(kind, str(tmp_path / "straight"), "", "0")
    killed = run(kind, tmp_path / "out", tmp_path / "work", 5)
    assert killed.stdout is not None
    assert killed.stdout.readline() == "paused\n"
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert not (tmp_path / "out").exists()
    assert steps(tmp_path / "work" / "training.jsonl") == [1, 2, 3, 4, 5], (
        "the log is ahead of the checkpoint"
    )
    again = run(kind, tmp_path / "out", tmp_path / "work", 0)
    assert again.communicate()[0] == "4 10\n" and again.returncode == 0
    assert weights(tmp_path / "out") == weights(tmp_path / "straight")
    assert steps(tmp_path / "out" / "training.jsonl") == list(range(1, 11))
    losses = [
        [json.loads(line)["loss"] for line in (tmp_path / name / "training.jsonl").read_text().splitlines()]
        for name in ("out", "straight")
    ]
    assert losses[0] == losses[1]
    assert not list((tmp_path / "work").iterdir()), "checkpoints of a finished run are gone"


@pytest.mark.parametrize("stop", [1, 2, 3, 10])
@pytest.mark.parametrize("items", [examples(27), pairs(27)], ids=["examples", "pairs"])
def test_failure_at_any_step_then_the_same_bits(items, stop, tmp_path):
    options = replace(OPTIONS, dropout=0.1)
    train(network(), items, options, tmp_path / "straight")
    model = network()
    with pytest.raises(StopError):
        train(model, items, options, tmp_path / "out", tmp_path / "work", stop_at(stop))
    result = train(model, items, options, tmp_path / "out", tmp_path / "work")
    assert result.resumed_from == stop // 2 * 2
    assert weights(tmp_path / "out") == weights(tmp_path / "straight")


def test_torn_log_line_and_leftover_scratch_folder_do_no_harm(tmp_path):
    with pytest.raises(StopError):
        train(network(), examples(27), OPTIONS, tmp_path / "out", tmp_path / "work", stop_at(5))
    with (tmp_path / "work" / "training.jsonl").open("a") as handle:
        handle.write('{"step": 6, "lo')
    (tmp_path / "work" / ".checkpoint-6.x.tmp").mkdir()
    train(network(), examples(27), OPTIONS, tmp_path / "out", tmp_path / "work")
    assert steps(tmp_path / "out" / "training.jsonl") == list(range(1, 11))


def test_only_the_newest_checkpoint_is_kept(tmp_path):
    with pytest.raises(StopError):
        train(network(), examples(27), OPTIONS, tmp_path / "out", tmp_path / "work", stop_at(7))
    assert sorted(p.name for p in (tmp_path / "work").iterdir()) == ["checkpoint-6", "training.jsonl"]
    assert {p.suffix for p in (tmp_path / "work" / "checkpoint-6").iterdir()} == {".safetensors", ".json"}


def test_checkpoint_of_another_run_is_refused(tmp_path):
    with pytest.raises(StopError):
        train(network(), examples(27), OPTIONS, tmp_path / "out", tmp_path / "work", stop_at(3))
    for items, options in [(examples(28), OPTIONS), (examples(27), replace(OPTIONS, learning_rate=2e-3))]:
        with pytest.raises(SophroError, match="another model, data or options"):
            train(network(), items, options, tmp_path / "out", tmp_path / "work")
    # How often to save is not part of the run.
    train(network(), examples(27), replace(OPTIONS, checkpoint_every=3), tmp_path / "out", tmp_path / "work")


def test_full_training_resumes_too(tmp_path):
    options = replace(OPTIONS, adapter="full")
    train(network(), examples(27), options, tmp_path / "straight")
    with pytest.raises(StopError):
        train(network(), examples(27), options, tmp_path / "out", tmp_path / "work", stop_at(5))
    train(network(), examples(27), options, tmp_path / "out", tmp_path / "work")
    first, second = ((tmp_path / n / "model.safetensors").read_bytes() for n in ("straight", "out"))
    assert first == second
