"""The runner: kills, locks, full disks, failures; existence means completeness."""

from __future__ import annotations

import errno
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from fake_recipe_executors import Fake, executors

from sophro import files
from sophro.errors import SophroError
from sophro.recipe import Job, Names, Recipe, RunResult, Stage, load_recipe, plan, run

SCRIPT = Path(__file__).with_name("fake_recipe_executors.py")

TEXT = """\
name: small
model: m-1m
seeds: [0]
arms:
  base: {}
  tuned:
    method: safety_sft
    data: {benign: {set: b, limit: 4}}
    options: {benign_answers: self}
assessments:
  - {task: harmful, set: h, limit: 4}
  - {task: harmful, set: h, limit: 4, attack: prefill, params: {k: [5, 10]}}
"""
RESULT_FILES = {"stage.json", "first.jsonl", "result.jsonl"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    file = tmp_path / "small.yaml"
    file.write_text(TEXT)
    return file


@pytest.fixture
def recipe(path: Path) -> Recipe:
    return load_recipe(path, names=Names())


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Contents of an uninterrupted run."""
    folder = tmp_path_factory.mktemp("whole")
    (folder / "small.yaml").write_text(TEXT)
    run(load_recipe(folder / "small.yaml", names=Names()), folder / "out", executors())
    return contents(folder / "out")


def contents(out: Path) -> dict[str, bytes]:
    """All result bytes of a run, without times."""
    found = {p.relative_to(out).as_posix(): p.read_bytes() for p in sorted((out / "stages").rglob("*.jsonl"))}
    for p in sorted((out / "stages").glob("*/stage.json")):
        record = json.loads(p.read_text())
        found[p.relative_to(out).as_posix()] = repr(
            {k: record[k] for k in record if k not in ("seconds", "started")}
        ).encode()
    return found | {"recipe.yaml": (out / "recipe.yaml").read_bytes()}


def snapshot(out: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(p): (p.stat().st_mtime_ns, p.read_bytes())
        for p in out.rglob("*")
        if p.is_file() and p.name != ".lock"
    }


def no_half_written_stage(out: Path) -> None:
    for folder in (out / "stages").glob("[!.]*"):
        assert {p.name for p in folder.iterdir()} == RESULT_FILES, folder
    if (out / "run.json").exists():
        json.loads((out / "run.json").read_text())


def test_run_directory(recipe: Recipe, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run(recipe, out, executors(), facts={"leak_check": {"near": 0}})
    found = plan(recipe)
    assert isinstance(result, RunResult) and result.executed == tuple(s.name for s in found)
    assert {p.name for p in (out / "stages").iterdir()} == {f"{s.name}-{s.key}" for s in found}
    assert list((out / "work").iterdir()) == [] and not list(out.rglob("*.tmp"))
    facts = json.loads((out / "run.json").read_text())
    assert facts["complete"] and facts["seeds"] == [0] and facts["leak_check"] == {"near": 0}
    assert {"versions", "host", "recipe_hash", "started"} <= facts.keys()
    assert facts["finished"] >= max(row["started"] for row in facts["stages"]) >= facts["started"]
    assert all(row["seconds"] >= 0 and row["started"] and row["done"] for row in facts["stages"])
    record = json.loads((result.stages["align-tuned-s0"] / "stage.json").read_text())
    assert {"name", "kind", "inputs", "seconds", "started"} <= record.keys()
    assert record["needs"] == {s.name: s.key for s in found if s.kind == "answers"}
    assert plan(load_recipe(out / "recipe.yaml", names=Names())) == found


def test_again_executes_and_writes_nothing(recipe: Recipe, tmp_path: Path) -> None:
    run(recipe, tmp_path / "out", executors())
    before = snapshot(tmp_path / "out")
    log: list[str] = []
    assert run(recipe, tmp_path / "out", executors(log=log)).executed == ()
    assert log == [] and snapshot(tmp_path / "out") == before


def test_executor_gets_the_folders_it_needs_in_order(recipe: Recipe, tmp_path: Path) -> None:
    seen: dict[str, list[str]] = {}

    def look(job: Job) -> None:
        seen[job.stage.name] = list(job.needs)
        assert list(job.folder.iterdir()) == [] and all(
            (p / "stage.json").exists() for p in job.needs.values()
        )

    run(recipe, tmp_path / "out", dict.fromkeys(("answers", "align", "assess"), look))
    assert seen["align-tuned-s0"] == ["answers-b-s0"] and seen["assess-tuned-s0-harmful"] == [
        "align-tuned-s0"
    ]


def test_default_out(recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(recipe, None, executors()).out == Path("runs/small")


def test_changed_recipe_keeps_old_stages_and_reports_them(path: Path, recipe: Recipe, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(recipe, out, executors())
    before = contents(out)
    changed = load_recipe(path, ["assessments.0.limit=5"], names=Names())
    result = run(changed, out, executors())
    assert result.executed == ("assess-base-s0-harmful", "assess-tuned-s0-harmful")
    assert sorted(p.name.rpartition("-")[0] for p in result.unused) == sorted(result.executed)
    assert len(json.loads((out / "run.json").read_text())["unused"]) == 2
    assert {
        k: v for k, v in contents(out).items() if k in before and k != "recipe.yaml"
    }.items() <= before.items()
    assert run(recipe, out, executors()).executed == ()


def test_renaming_an_arm_trains_nothing_again(path: Path, recipe: Recipe, tmp_path: Path) -> None:
    run(recipe, tmp_path / "out", executors())
    path.write_text(TEXT.replace("  tuned:", "  renamed:"))
    result = run(load_recipe(path, names=Names()), tmp_path / "out", executors())
    assert result.executed and all(name.startswith("assess-renamed-") for name in result.executed)
    assert result.stages["align-renamed-s0"].name.startswith("align-tuned-s0-")


def launch(path: Path, out: Path, seconds: float) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), str(path), str(out), str(seconds)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip


def test_killed_at_random_moments_ends_like_an_uninterrupted_run(
    path: Path, recipe: Recipe, tmp_path: Path, whole: dict[str, bytes]
) -> None:
    out = tmp_path / "killed"
    rng = random.Random(7)
    resumed, done = 0, [0]
    for _ in range(12):
        process = launch(path, out, 0.03)
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        time.sleep(rng.uniform(0.0, 0.2))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        no_half_written_stage(out)
        done.append(len(list((out / "stages").glob("[!.]*"))))
        resumed += any(log.read_text().split()[-1] != "0" for log in (out / "work").glob("*/resumed.log"))
    assert resumed > 0 and 0 < done[-1] < len(plan(recipe)) and done == sorted(done)
    process = launch(path, out, 0.0)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 0, stderr
    assert len(json.loads(stdout.splitlines()[-1])) == len(plan(recipe)) - done[-1]
    assert contents(out) == whole
    assert not list(out.rglob("*.tmp")) and list((out / "work").iterdir()) == []


@pytest.mark.parametrize("call", range(1, 83, 9))
def test_killed_at_every_kind_of_write(
    path: Path, tmp_path: Path, whole: dict[str, bytes], call: int
) -> None:
    """SIGKILL just before the n-th rename or rmtree, wherever that is."""
    out = tmp_path / "out"
    pid = os.fork()
    if pid == 0:  # the child dies in the middle; it must never return into pytest
        count = 0

        def deadly(real: Any) -> Any:
            def wrapped(*args: Any, **kwargs: Any) -> Any:
                nonlocal count
                count += 1
                if count == call:
                    os.kill(os.getpid(), signal.SIGKILL)
                return real(*args, **kwargs)

            return wrapped

        try:
            os.replace, os.rename = deadly(os.replace), deadly(os.rename)
            files.shutil.rmtree = deadly(files.shutil.rmtree)
            run(load_recipe(path, names=Names()), out, executors())
        finally:
            os._exit(0)
    _, status = os.waitpid(pid, 0)
    assert os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
    no_half_written_stage(out)
    recipe = load_recipe(path, names=Names())
    run(recipe, out, executors())
    assert contents(out) == whole
    assert not list(out.rglob("*.tmp")) and list((out / "work").iterdir()) == []


def test_no_half_written_stage_is_visible_at_any_time(recipe: Recipe, tmp_path: Path) -> None:
    out = tmp_path / "out"
    stop = threading.Event()
    looks = 0
    wrong: list[BaseException] = []

    def watch() -> None:
        nonlocal looks
        while not stop.is_set():
            try:
                no_half_written_stage(out)
                looks += 1
            except BaseException as error:
                wrong.append(error)
                return

    watcher = threading.Thread(target=watch)
    watcher.start()
    run(recipe, out, executors(0.005))
    stop.set()
    watcher.join()
    assert not wrong and looks > 50


def test_second_process_gets_a_clear_error_and_a_dead_one_does_not_block(
    path: Path, recipe: Recipe, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    first = launch(path, out, 0.2)
    while not list((out / "work").glob("*/checkpoint.json")):
        assert first.poll() is None, first.communicate()
        time.sleep(0.01)
    with pytest.raises(SophroError, match=rf"in use by process {first.pid}; wait for it"):
        run(recipe, out, executors())
    first.kill()
    first.communicate()
    run(recipe, out, executors())


def test_children_of_a_killed_run_do_not_hold_the_lock(path: Path, recipe: Recipe, tmp_path: Path) -> None:
    out, pids = tmp_path / "out", tmp_path / "pids"
    code = (
        "import os, time, sys; from sophro.recipe import *\n"
        "def work(job):\n"
        "    child = os.fork()\n"
        "    if child == 0: time.sleep(30); os._exit(0)\n"
        f"    open({str(pids)!r} + '.tmp', 'w').write(str(child)); os.rename({str(pids)!r} + '.tmp', {str(pids)!r})\n"
        "    time.sleep(30)\n"
        f"run(load_recipe({str(path)!r}, names=Names()), {str(out)!r}, dict.fromkeys(('answers', 'align', 'assess'), work))\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code])
    while not pids.exists():
        assert parent.poll() is None
        time.sleep(0.01)
    parent.kill()
    parent.wait()
    try:
        run(recipe, out, executors())
    finally:
        os.kill(int(pids.read_text()), signal.SIGKILL)


def test_lock_within_one_process(recipe: Recipe, tmp_path: Path) -> None:
    def again(job: Job) -> None:
        run(recipe, tmp_path / "out", executors())

    with pytest.raises(SophroError, match="already running in it"):
        run(recipe, tmp_path / "out", dict.fromkeys(("answers", "align", "assess"), again))


def failing(error: BaseException, at: str) -> dict[Any, Any]:
    def work(job: Job) -> None:
        if job.stage.name == at:
            (job.folder / "partial.bin").write_bytes(b"x")
            (job.work / "kept.txt").write_text("x")
            raise error
        Fake()(job)

    return dict.fromkeys(("answers", "align", "assess"), work)


def wrapped_enospc() -> Exception:
    error = RuntimeError("SafetensorError: I/O error")
    error.__cause__ = OSError(errno.ENOSPC, "No space left on device")
    return error


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk is full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), "disk is full"),
        (wrapped_enospc(), "disk is full"),
        (RuntimeError("io: No space left on device (os error 28)"), "disk is full"),
        (KeyboardInterrupt(), "interrupted"),
    ],
)
def test_full_disk_and_interrupt_say_how_to_go_on(
    recipe: Recipe, tmp_path: Path, whole: dict[str, bytes], error: BaseException, says: str
) -> None:
    out = tmp_path / "my out"
    with pytest.raises(SophroError) as caught:
        run(recipe, out, failing(error, "align-tuned-s0"))
    message = str(caught.value)
    assert says in message and "in stage align-tuned-s0" in message and "\n" not in message
    assert "4 of 8 stages are finished and safe" in message
    assert f"go on with: sophro run '{out}/recipe.yaml' --out '{out}'" in message
    no_half_written_stage(out)
    assert len(list((out / "work").glob("align-tuned-s0-*/kept.txt"))) == 1
    resumed = run(load_recipe(out / "recipe.yaml", names=Names()), out, executors())
    assert resumed.executed[0] == "align-tuned-s0" and len(resumed.executed) == 4
    assert contents(out) == whole


@pytest.mark.parametrize("call", [1, 2, 5, 12, 20, 31])
def test_full_disk_in_our_own_writing(
    recipe: Recipe, tmp_path: Path, whole: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    count = 0
    real = os.fsync

    def fsync(fd: int) -> None:
        nonlocal count
        count += 1
        if count >= call * 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(fd)

    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        with pytest.raises(SophroError, match=r"the disk is full.*go on with: sophro run"):
            run(recipe, out, executors())
    no_half_written_stage(out)
    run(recipe, out, executors())
    assert contents(out) == whole


def test_failed_stage_is_named_and_keeps_its_work(recipe: Recipe, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(
        SophroError, match=r"stage align-tuned-s0 failed: ValueError: two lines; the traceback is in"
    ) as caught:
        run(recipe, out, failing(ValueError("two\nlines"), "align-tuned-s0"))
    trace = Path(str(caught.value).rpartition(" is in ")[2])
    assert "raise error" in trace.read_text() and isinstance(caught.value.__cause__, ValueError)
    with pytest.raises(SophroError, match=r"^stage align-tuned-s0: no such set$"):
        run(recipe, out, failing(SophroError("no such set"), "align-tuned-s0"))
    no_half_written_stage(out)
    facts = json.loads((out / "run.json").read_text())
    assert facts["finished"] is None
    assert not facts["complete"] and [r["done"] for r in facts["stages"]].count(True) == 4
    run(recipe, out, executors())
    assert not trace.exists()


def test_missing_executor_is_an_error_before_anything_runs(recipe: Recipe, tmp_path: Path) -> None:
    log: list[str] = []
    with pytest.raises(SophroError, match=r"stage align-tuned-s0: .*'align'"):
        run(recipe, tmp_path / "out", {"assess": Fake(log=log), "answers": Fake(log=log)})
    assert log == []


def test_out_that_cannot_be_a_folder(recipe: Recipe, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(SophroError, match="check the path"):
        run(recipe, tmp_path / "file", executors())


@pytest.mark.parametrize("damage", ["run.json", "stage.json"])
def test_damaged_records_are_named_with_the_remedy(recipe: Recipe, tmp_path: Path, damage: str) -> None:
    out = tmp_path / "out"
    result = run(recipe, out, executors())
    target = out / "run.json" if damage == "run.json" else result.stages["align-tuned-s0"] / "stage.json"
    target.write_text('{"half')
    with pytest.raises(SophroError, match=rf"{damage}.*delete"):
        run(recipe, out, executors())


class Watcher:
    def __init__(self) -> None:
        self.events: list[tuple[Any, ...]] = []

    def stage_started(self, stage: Stage) -> None:
        self.events.append(("started", stage.name))

    def advanced(self, stage: Stage, done: float, total: float) -> None:
        self.events.append(("advanced", stage.name, done / total))

    def finished(self, stage: Stage, seconds: float | None) -> None:
        self.events.append(("finished", stage.name, seconds is None))


def test_progress_is_told_everything_once(recipe: Recipe, tmp_path: Path) -> None:
    first, second = Watcher(), Watcher()
    run(recipe, tmp_path / "out", executors(), first)
    names = [s.name for s in plan(recipe)]
    assert [e[1] for e in first.events if e[0] == "started"] == names
    assert [e[1:] for e in first.events if e[0] == "finished"] == [(n, False) for n in names]
    assert [e[2] for e in first.events if e[0] == "advanced" and e[1] == names[0]][-1] == 1.0
    run(recipe, tmp_path / "out", executors(), second)
    assert second.events == [("finished", n, True) for n in names]
