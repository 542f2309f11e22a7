"""Trees: the shipped ones pass their checks, and every way of breaking one is refused by node."""

from __future__ import annotations

import copy
import re

import pytest
import yaml

from sophro.care.interview import build_module, load_module, module_names, read_module
from sophro.care.interview._expressions import Facts, parse
from sophro.care.interview._tree import TREES
from sophro.errors import SophroError

MOOD = yaml.safe_load((TREES / "low_mood.yaml").read_text("utf-8"))


def test_all_shipped_modules_pass_and_speak_both_languages():
    for name in module_names():
        module = load_module(name)
        assert module.id == name and all(set(n.wording) == {"en", "zh"} for n in module.nodes.values())
    assert load_module("low_mood").safety_required and load_module("phq9").safety_required
    assert load_module("phq9").nodes["item9"].kind == "safety"
    assert {len(load_module(n).nodes) for n in ("phq9", "gad7")} == {9, 7}


def node(value, name):
    return value["nodes"][name]


def put(*path_and_value):
    *path, value = path_and_value

    def change(tree):
        for key in path[:-1]:
            tree = tree[key]
        tree[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put("entry", "nowhere"), "the entry 'nowhere' is no node"),
        (put("nodes", "sleep", "next", "slep"), "node 'sleep': goes to 'slep'"),
        (put("nodes", "sleep", "on_refuse", "slep"), "node 'sleep': goes to 'slep'"),
        (put("nodes", "sleep", "next", "appetite"), "node 'energy': no path leads to it"),
        (put("nodes", "pace", "next", "sleep"), "'sleep': is in a cycle"),
        (put("nodes", "energy", "next", "energy"), "node 'appetite': no path leads to it"),
        (put("nodes", "sleep", "next", [{"if": "met(mood)", "goto": "energy"}]), "node 'sleep': the last step has a condition"),
        (put("nodes", "sleep", "next", [{"goto": "energy"}, {"goto": "end"}]), "hides those behind"),
        (put("nodes", "interest", "next", [{"if": "met(mood)", "goto": "sleep"}, {"goto": "end"}]), "mood > interest > end passes no safety"),
        (put("nodes", "pace", "next", "lasting"), "passes no safety"),
        (put("nodes", "mood", "next", [{"if": "met(harm)", "goto": "end"}, {"goto": "interest"}]), "mood > end passes no safety"),
        (put("nodes", "mood", "on_refuse", "end"), "mood > end passes no safety"),
        (put("nodes", "mood", "met_if", "value >= 4"), "node 'mood': met_if compares with 4"),
        (put("nodes", "mood", "met_if", "met(interest)"), "node 'mood': met_if must compare"),
        (put("nodes", "mood", "met_if", "value >>"), "node 'mood', met_if: expression 'value >>'"),
        (put("nodes", "mood", "value", "often"), "node 'mood': field 'value' is 'often'"),
        (put("nodes", "mood", "type", "guess"), "node 'mood': field 'type' is 'guess'"),
        (put("nodes", "mood", "next", None), "node 'mood': field 'next' is missing"),
        (put("nodes", "mood", "max_clarify", 50), "max_clarify must lie"),
        (put("nodes", "mood", "zh", None), "node 'mood': wording in 'zh' is missing"),
        (put("nodes", "mood", "en", "ask", ["In the last two weeks, sad?"]), "at least two ways"),
        (put("nodes", "mood", "en", "explain", "Sad or tired in the last two weeks? Or angry?"), "asks 2 questions"),
        (put("nodes", "mood", "en", "explain", "Were you sad?"), "does not name the time window"),
        (put("nodes", "mood", "en", "explain", "In the last two weeks, had you depression?"), "names 'depression'"),
        (put("nodes", "mood", "zh", "explain", "最近两周您是不是抑郁？"), "names '抑郁'"),
        (put("nodes", "mood", "en", "explain", "You were not sad in the last two weeks, right?"), "pulls for an answer"),
        (put("nodes", "harm", "risk", [0, 9, 9, 9]), "node 'harm': field 'risk' needs 4"),
        (put("groups", "core", ["mood", "moon"]), "there is no node 'moon'"),
        (put("outcomes", [{"if": "met(mood)", "level": "none", "message": "fine"}]), "the last outcome has a condition"),
        (put("outcomes", 1, "if", "count(met in symptoms) >= 10"), "count is compared with 10, but is at most 9"),
        (put("outcomes", 1, "if", "count(met in sympt) >= 1"), "there is no group 'sympt'"),
        (put("outcomes", 1, "if", "__import__('os')"), "is not understood|is not known"),
        (put("scores", "symptom_sum", "high", 30), "says 0 to 30, but goes from 0 to 27"),
        (put("calls", "suicide"), "node 'harm': field 'calls' names the module 'suicide'.*known: low_mood, .*phq9"),
        (put("calls", ["worry"]), r"node 'harm': field 'calls' names the module \['worry'\]"),
        (put("calls", None), "has call_if, but the module calls none"),
        (put("calls", "suicide"), "field 'calls' names the module 'suicide', which is none; known: low_mood"),
        (put("calls", "gone.yaml"), "field 'calls' names the module 'gone.yaml', which is none"),
        (put("nodes", "mood", "next", "end"), "mood > end passes no safety|no path leads"),
        (put("version", "one"), "field 'version'"),
        (put("nodes", []), "field 'nodes'"),
    ],
)  # fmt: skip
def test_a_broken_tree_is_refused_and_the_place_named(change, message):
    tree = copy.deepcopy(MOOD)
    change(tree)
    with pytest.raises(SophroError, match=message) as error:
        build_module(tree, "mine.yaml")
    assert str(error.value).startswith("mine.yaml")


def test_a_symptom_needs_a_gate():
    tree = copy.deepcopy(MOOD)
    tree["nodes"]["first"] = {**copy.deepcopy(tree["nodes"]["sleep"]), "next": "mood"}
    tree["entry"] = "first"
    with pytest.raises(SophroError, match="node 'first': a symptom that no gate leads to"):
        build_module(tree, "mine.yaml")


@pytest.mark.parametrize("text", ["a: [", "3", "- 1", "!!python/object/apply:os.system ['true']", "a: b: c"])
def test_files_that_are_no_trees(tmp_path, text):
    file = tmp_path / "t.yaml"
    file.write_text(text)
    with pytest.raises(SophroError, match=re.escape(str(file))):
        read_module(file)


def test_expressions_against_python():
    groups, largest = {"g": ("a", "b", "c")}, dict.fromkeys("abc", 3)
    facts = Facts({"a": "met", "b": "not_met"}, {"a": 3, "b": 1}, risk=2, value=1)
    for text, truth in {
        "met(a) and not met(b)": True,
        "met(c) or unclear(c)": False,
        "not_met(b)": True,
        "count(met in g) >= 1": True,
        "count(not_met in {b, c}) == 1": True,
        "sum(value in g) == 4": True,
        "any(unclear in g)": False,
        "value(c) >= 1": False,
        "value >= 1 and risk < 3": True,
        "not (met(a) or met(b))": False,
        "met(b) and met(a) or met(a)": True,
        "not met(a) or met(a)": True,
    }.items():
        assert parse(text, groups, largest, "t")(facts) is truth, text
    for text in (
        "met(d)",
        "met(a",
        "1 == 1",
        "met(a) >= 1",
        "count(value in g) > 1",
        "sum(met in g) > 1",
        "",
        "met(a) met(b)",
        "a",
        "count(met in {}) > 0",
    ):
        with pytest.raises(SophroError, match="t: expression"):
            parse(text, groups, largest, "t")
