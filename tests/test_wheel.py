"""What is needed at run time is in the wheel: hatch packs what lies under src/sophro and no .gitignore names."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "src" / "sophro"
# One file of every kind of data that the package reads, by what would break without it.
NEEDED = (
    "data/catalog.json",
    "data/starter/harmful.en.jsonl",
    "data/starter/judge_check.jsonl",
    "guard/policy/default.yaml",
    "guard/server/page/index.html",
    "guard/server/page/app.js",
    "guard/server/page/page.css",
    "guard/training/zh.json",
    "judge/training/own.jsonl",
)
WEIGHTS = ("guard/weights", "judge/weights")


def git(*arguments: str, given: str = "") -> list[str]:
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: what is tracked cannot be listed")
    done = subprocess.run(
        ["git", *arguments], cwd=ROOT, input=given, capture_output=True, text=True, check=False
    )
    assert done.returncode in (0, 1), done.stderr
    return done.stdout.splitlines()


def test_no_tracked_file_of_the_package_is_ignored_and_so_left_out_of_the_wheel():
    tracked = git("ls-files", "src/sophro")
    assert len(tracked) > 300
    assert git("check-ignore", "--no-index", "--stdin", given="\n".join(tracked)) == []
    # The check itself can fail.
    assert git("check-ignore", "--no-index", "--stdin", given="src/sophro/__pycache__/x.pyc") != []


def test_nothing_but_caches_lies_in_the_package_without_being_tracked():
    """A file that exists here only would work in tests and be missing for users."""
    ignored = git("ls-files", "--others", "--ignored", "--exclude-standard", "src/sophro")
    assert [p for p in ignored if "__pycache__" not in p] == []


def test_data_that_is_read_at_run_time_is_tracked():
    tracked = {p.removeprefix("src/sophro/") for p in git("ls-files", "src/sophro")}
    assert set(NEEDED) <= tracked, set(NEEDED) - tracked
    for folder in WEIGHTS:
        cards = {p for p in tracked if p.startswith(folder) and p.endswith(".json")}
        weights = {p for p in tracked if p.startswith(folder) and p.endswith(".safetensors")}
        assert weights and {w.replace(".safetensors", ".json") for w in weights} <= cards
    used = {
        f"guard/weights/{n}.safetensors"
        for path in (PACKAGE / "guard").rglob("*.py")
        for n in re.findall(r'"(\w+)\.safetensors"', path.read_text("utf-8"))
    }
    assert used and used <= tracked, used - tracked


def test_the_wheel_is_the_package_and_nothing_else():
    import tomllib

    build = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]
    assert build == {"targets": {"wheel": {"packages": ["src/sophro"]}}}, "an exclude could leave data out"
