"""Any damage to a tree file is one clear error or leaves a tree that passed every check; never a traceback."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest
import yaml

from sophro.care.interview._tree import SHIPPED, TREES, Module, build_module, read_module
from sophro.errors import SophroError

JUNK: tuple[Any, ...] = (
    None, 0, -1, 1.5, True, "", "x", "end", [], [1], [[]], {}, {"a": 1}, "risk >= 99", "((", "now && then", 10**9, "\x00",
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        for key, part in value.items():
            found += places(part, (*path, key))
    elif isinstance(value, list):
        for i, part in enumerate(value):
            found += places(part, (*path, i))
    return found


def damaged(tree: Any, rng: random.Random) -> Any:
    made = copy.deepcopy(tree)
    for _ in range(rng.choice((1, 1, 2))):
        where = rng.choice(places(made))
        part = made
        for key in where[:-1]:
            part = part[key]
        kind = rng.randrange(4)
        if kind == 0:
            del part[where[-1]]
        elif kind == 1:
            part[where[-1]] = rng.choice(JUNK)
        elif kind == 2 and isinstance(part, dict):
            part[f"{where[-1]}x"] = part.pop(where[-1])
        elif isinstance(part, list):
            part.append(copy.deepcopy(rng.choice(part)))
        else:
            other = rng.choice(places(made))
            value = made
            for key in other:
                value = value[key]
            part[where[-1]] = copy.deepcopy(value)
    return made


@pytest.mark.parametrize("name", SHIPPED)
def test_damage_is_an_error_or_a_tree_that_passed_every_check(name):
    tree = yaml.safe_load((TREES / f"{name}.yaml").read_text("utf-8"))
    refused = 0
    for seed in range(300):
        made = damaged(tree, random.Random(f"{name}-{seed}"))
        try:
            assert isinstance(build_module(made, "mine.yaml"), Module)
        except SophroError as error:
            refused += 1
            assert str(error).startswith(("mine.yaml", "unknown")) or "mine.yaml" in str(error)
    assert refused > 150, "most damage is seen"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.update(saftey_required=True), "saftey_required"),
        (lambda t: t.update(window_days=0), "window_days"),
        (lambda t: t.update(window={"en": 3, "zh": ["x"]}), "window"),
        (lambda t: t.update(title={"en": ["a"], "zh": "b"}), "title"),
        (lambda t: next(iter(t["nodes"].values())).update(max_clarify=-1), "max_clarify"),
        (lambda t: next(iter(t["nodes"].values())).update(on_refuse=["end"]), "on_refuse"),
        (lambda t: next(iter(t["nodes"].values()))["en"].update(ask=[1, 2]), "ask"),
        (lambda t: t.update(groups={"a": [["x"]]}), "group"),
    ],
)
def test_what_was_accepted_or_crashed_is_named(change, said):
    tree = yaml.safe_load((TREES / "low_mood.yaml").read_text("utf-8"))
    change(tree)
    with pytest.raises(SophroError, match=said):
        build_module(tree, "mine.yaml")


def test_a_key_twice_is_named_with_its_line(tmp_path):
    text = (TREES / "worry.yaml").read_text("utf-8")
    (tmp_path / "t.yaml").write_text(text + "\nentry: other\n", encoding="utf-8")
    with pytest.raises(SophroError, match="line"):
        read_module(tmp_path / "t.yaml")


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe", b"- 1\n", b"{", b"a: &a [*a]\n", b"!!python/object:os.system x\n", b"\x00"]
)
def test_what_is_no_tree_is_one_sentence(tmp_path, content):
    (tmp_path / "t.yaml").write_bytes(content)
    with pytest.raises(SophroError, match=r"t\.yaml"):
        read_module(tmp_path / "t.yaml")
