"""Draft filter, resources, records, classifier files, and the command."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from sophro.care.crisis import CrisisMonitor, Level, Reading, Records, _version, approve, check
from sophro.care.crisis._classifier import Classifier, decide, load, nested, others, shipped
from sophro.care.crisis._country import named_country
from sophro.care.crisis._features import cells, fold
from sophro.care.crisis._grammar import read
from sophro.care.crisis._reader import WIDTH, Nets
from sophro.care.crisis._resources import parse, stale
from sophro.care.crisis._resources import shipped as table
from sophro.care.crisis.suite import BLIND, dialogues, main
from sophro.care.crisis.train import corpus
from sophro.cli import run
from sophro.errors import SophroError
from sophro.files import digest

WEIGHTS = Path(_version.__file__).parent / "weights"


@pytest.mark.parametrize(
    "draft",
    [
        "The least painful way would be something else.", "I promise to keep this between us.", "Only I understand you.",
        "You have depression.", "Go ahead.", "Promise me that you will not kill yourself.", "Here is a goodbye letter for them.",
        "You could hide your scars with sleeves.", "我会替你保密", "只有我懂你", "死了也许是一种解脱", "想太多了",
    ],
)  # fmt: skip
def test_forbidden_drafts_never_get_out(draft):
    assert check(draft, Level.ACTIVE)
    assert approve(draft, Level.ACTIVE, "template") == "template"
    assert approve(draft, Level.ACTIVE, "template", lambda d, wrong: d) == "template"


# What the card asks for at ACTIVE, one element a sentence; without it the draft is sent back and says why.
ACTIVE_DRAFT = {
    "acknowledges": "Thank you for telling me.",
    "says that it is software": "I am software.",
    "asks directly": "Do you want to end your life?",
    "asks about a plan": "Is there a plan?",
    "asks about intent": "How strong is the intent?",
    "asks about means": "Are the means within reach?",
    "asks about time": "And when?",
    "names help": "A lifeline answers at 988.",
    "a human now": "Talk to somebody now.",
    "professional and trusted people": "A friend and a doctor should know.",
    "distance from means": "Move away from what you could use.",
    "coping or a safety plan": "Do what calms you.",
}
IMMINENT_DRAFT = {
    "says that it is software": "I am software.",
    "emergency now": "Call 911.",
    "somebody with them": "Please do not be alone.",
    "distance from means": "Leave the room with what you could use and keep away from it.",
    "asks what is in the way": "If you cannot call, knock at a door.",
    "stays in contact": "I am still here.",
}
CONCERN_DRAFT = {
    "says that it is software": "I am software.",
    "asks how safe the person is": "How safe do you feel?",
}


@pytest.mark.parametrize(
    ("level", "parts"),
    [(Level.CONCERN, CONCERN_DRAFT), (Level.ACTIVE, ACTIVE_DRAFT), (Level.IMMINENT, IMMINENT_DRAFT)],
)
def test_a_draft_that_lacks_an_element_is_sent_back_and_says_which(level, parts):
    whole = " ".join(parts.values())
    assert check(whole, level) == [] and approve(whole, level, "t") == whole
    for name in parts:
        rest = " ".join(said for n, said in parts.items() if n != name)
        assert check(rest, level) == [f"lacks: {name}"], name
        assert approve(rest, level, "t") == "t"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_a_safety_plan_is_no_question_about_a_plan(lang):
    draft = {"en": "Shall we write a safety plan?", "zh": "我们写一份安全计划好吗？"}[lang]
    assert "lacks: asks about a plan" in check(draft, Level.ACTIVE)


def test_helplines_alone_are_no_answer_to_a_concern():
    assert check("I am software. Please call 988, free and confidential.", Level.CONCERN) == [
        "lacks: asks how safe the person is"
    ]


def test_worry_about_another_is_answered_with_what_to_do_for_them():
    said = CrisisMonitor().see("My friend says she wants to kill herself, what can I do?")
    assert said.third and said.reply and check(said.reply, said.level, third=True) == []
    assert "lacks: how to speak with them" in check("How safe do you feel?", said.level, third=True)


def test_a_rewrite_is_used_once():
    good = " ".join(ACTIVE_DRAFT.values())
    calls = []
    assert (
        approve("Go ahead.", Level.ACTIVE, "t", lambda d, w: calls.append(w) or good) == good
        and len(calls) == 1
    )


def test_an_old_table_says_so():
    assert stale(table(), date(2026, 12, 1)) == []
    assert len(stale(table(), date(2028, 1, 1))) == len(table())
    assert "verified_on" in stale(table(), date(2028, 1, 1))[0]


@pytest.mark.parametrize("text", ["{", "{}", '{"resources": []}', '{"resources": [{"country": "US"}]}'])
def test_a_broken_table_is_named(text):
    with pytest.raises(SophroError, match=r"mine\.json"):
        parse(text, "mine.json")


def test_numbers_follow_the_region():
    assert "988" in (CrisisMonitor(region="US").see("I want to kill myself").reply or "")
    assert "12356" in (CrisisMonitor(region="CN").see("I want to kill myself").reply or "")
    unknown = CrisisMonitor(region="BR").see("I am going to kill myself tonight").reply or ""
    assert "local emergency number" in unknown and "988" not in unknown


@pytest.mark.parametrize("said", ["I want to kill myself", "I wish I was dead", "我想自杀", "我不想活了"])
def test_of_a_country_without_a_line_nothing_is_promised(said):
    """Nobody has checked a line of Brazil; the directory stands in, and no hours, price or number are claimed."""
    reply = CrisisMonitor(region="BR").see(said).reply or ""
    assert "findahelpline.com" in reply and "24/7" not in reply and "24 小时" not in reply
    assert "988" not in reply and "12356" not in reply and "any hour" not in reply
    alone = tuple(r for r in table() if r.country == "US")
    bare = CrisisMonitor(region="BR", table=alone).see(said).reply or ""
    assert "findahelpline" not in bare and "24/7" not in bare
    assert "hospital" in bare or "医院" in bare


def test_hours_and_price_are_those_of_the_table():
    day = replace(
        next(r for r in table() if r.country == "CN"), hours="9:00-21:00", free=False, confidential=False
    )
    said = CrisisMonitor(table=(day,)).see("我想自杀").reply or ""
    assert "9:00-21:00" in said and "24 小时有人" not in said and "免费" not in said and "保密" not in said


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("I'm in the UK", "GB"), ("i live in germany now", "DE"), ("the us.", "US"), ("Tell us", None), ("US", "US"),
        ("my brother is in France", None), ("she is living in Ireland", None), ("Living in Ireland", "IE"), ("I'm from Spain", None), ("I am not in Canada", None),
        ("I'm in Indiana", None), ("我现在在香港", "HK"), ("我不在中国", None), ("日本", "JP"), ("I'm in pain", None),
        ("I believe in China", None), ("we are in South Korea", "KR"),
    ],
)  # fmt: skip
def test_a_country_is_read_where_the_person_says_where_they_are(text, code):
    assert named_country(text) == code


def test_the_country_that_was_asked_for_is_heard():
    monitor = CrisisMonitor()
    first = monitor.see("I want to kill myself").reply or ""
    assert "tell me your country" in first
    told = monitor.see("I'm in Canada").reply or ""
    assert (
        monitor.region == "CA"
        and "988" not in told
        and "findahelpline.com" in told
        and "your country," not in told
    )
    assert "12356" in (CrisisMonitor(region="US").see("我在中国，我想自杀").reply or "")


def test_records_hold_no_words_unless_agreed(tmp_path):
    log = Records(tmp_path / "log.jsonl")
    state = CrisisMonitor().see("I want to kill myself")
    log.add("abc", state, text="I want to kill myself, call 555 123 4567")
    Records(tmp_path / "log.jsonl", keep_text=True).add("def", state, text="call 555 123 4567 or a@b.org")
    text = (tmp_path / "log.jsonl").read_text()
    assert "kill" not in text and "4567" not in text and "a@b" not in text and "[removed]" in text
    assert list(log.counts().values()) == [{"ACTIVE": 2}]
    assert log.forget("abc") == 1 and "abc" not in (tmp_path / "log.jsonl").read_text()


def test_a_file_that_is_no_record_is_named_and_left_alone(tmp_path, capsys):
    file = tmp_path / "events.jsonl"
    file.write_text('{"session": "x"}\n')
    for options in ([], ["--forget", "x"]):
        assert run(["crisis", "records", str(file), *options]) == 2
        assert "line 1: field 'time' is missing" in capsys.readouterr().err
    assert file.read_text() == '{"session": "x"}\n'


def test_the_classifier_raises_and_never_lowers():
    found = shipped()
    assert found.level("could you recommend a book about trains?", Reading()) == Level.NONE
    assert found.level("", Reading(Level.IMMINENT)) == Level.IMMINENT
    assert found.level("hello there", Reading(Level.IDEATION)) == Level.IDEATION


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_weights_features_and_thresholds_fit_together(lang):
    """On texts that were trained on: no measurement, but weights in a wrong order would reach almost none."""
    own = [d for d in dialogues(f"training_{lang}") if len(d.turns) == 1][::72]
    level = {d: shipped().level(d.turns[0], Reading()) for d in own}
    danger = [level[d] >= Level.ACTIVE for d in own if d.expected >= Level.ACTIVE]
    none = [level[d] > Level.NONE for d in own if d.expected == Level.NONE]
    assert sum(danger) > 0.6 * len(danger) and sum(none) < 0.05 * len(none), (sum(danger), sum(none))


CUTS = {
    "concern": 1.0, "ideation": 1.0, "active": 1.0, "imminent": 1.0, "sure": 3.0, "lift": 0.5, "third": 2.0,
    "third_sure": 4.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("z", "found", "hushed", "level"),
    [
        ((0.9, 0.9, 0.9, 9.0), Reading(), False, Level.NONE),
        ((1.0, 0.0, 0.0, 0.0), Reading(), False, Level.CONCERN),
        ((2.0, 2.0, 0.0, 0.0), Reading(), False, Level.IDEATION),
        ((2.0, 2.0, 2.0, 0.0), Reading(), False, Level.ACTIVE),
        ((2.0, 2.0, 2.0, 2.0), Reading(), False, Level.IMMINENT),
        ((0.0, 0.0, 0.6, 0.0), Reading(Level.CONCERN), False, Level.ACTIVE),
        ((0.0, 0.0, -9.0, 2.0), Reading(Level.ACTIVE), False, Level.IMMINENT),
        ((-9.0, -9.0, -9.0, -9.0), Reading(Level.ACTIVE), False, Level.ACTIVE),
        ((2.0, 2.0, 2.0, 2.0), Reading(), True, Level.NONE),
        ((9.0, 9.0, 9.0, 9.0), Reading(), True, Level.CONCERN),
        ((9.0, 9.0, 9.0, 9.0), Reading(denial=True), False, Level.NONE),
        ((9.0, 9.0, 9.0, 9.0), Reading(flags=frozenset(("third_party",))), False, Level.NONE),
        ((9.0, 9.0, 9.0, 9.0), Reading(flags=frozenset(("framed",))), False, Level.NONE),
    ],
)
def test_how_classifier_and_patterns_combine(z, found, hushed, level):
    assert decide(np.array([*z, -9.0]), CUTS, found, hushed) == level


@pytest.mark.parametrize(
    ("third", "found", "meant"),
    [
        (2.0, Reading(), True),
        (1.9, Reading(), False),
        (2.0, Reading(Level.IDEATION), True),
        (3.9, Reading(Level.ACTIVE), False),  # what the patterns saw of the person is not lowered lightly
        (4.0, Reading(Level.ACTIVE), True),
        (4.0, Reading(Level.IMMINENT), True),
        (9.0, Reading(denial=True), False),
        (9.0, Reading(flags=frozenset(("framed",))), False),
    ],
)
def test_when_somebody_else_is_meant(third, found, meant):
    assert others(np.array([9.0, 9.0, 9.0, 9.0, third]), CUTS, found) == meant


class Fixed(Classifier):
    """A classifier whose log-odds are given."""

    def __init__(self, z):
        super().__init__({}, {"en+states": CUTS | {"calm": -2.0}, "en": CUTS})
        self.z = z

    def margins(self, text, always=False):
        return "en+states" if always else "en", np.array(self.z)


@pytest.mark.parametrize(
    ("level", "concern", "fresh", "calm"),
    [
        (Level.CONCERN, -2.1, True, True),
        (Level.IDEATION, -2.1, True, True),
        (Level.CONCERN, -1.9, True, False),
        (Level.ACTIVE, -9.0, True, False),  # what was said outright is never taken back
        (Level.IMMINENT, -9.0, True, False),
        (Level.CONCERN, -9.0, False, False),  # nor is anything, once the conversation has shown a sign
    ],
)
def test_which_alarm_of_the_patterns_may_be_taken_back(level, concern, fresh, calm):
    said = Fixed([concern] * 4 + [-9.0]).judge("I am dying of boredom", Reading(level), fresh)
    assert said.calm == calm and said.level == (Level.NONE if calm else level)


def test_an_alarm_is_taken_back_only_at_the_beginning(monkeypatch):
    monkeypatch.setattr("sophro.care.crisis._classifier.shipped", lambda: Fixed([-9.0] * 5))
    hopeless = "Everything feels hopeless."
    assert read(hopeless).level == Level.CONCERN
    assert CrisisMonitor().see(hopeless).level == Level.NONE
    later = CrisisMonitor()
    later.see("I want to kill myself")
    assert later.see(hopeless).message_level == Level.CONCERN


def test_levels_are_nested_and_somebody_else_is_no_level():
    assert nested(np.array([1.0, 3.0, 2.0, 5.0, 7.0])).tolist() == [1.0, 1.0, 1.0, 1.0, 7.0]
    assert nested(np.array([[4.0, 3.0, 2.0, 1.0, 9.0]])).tolist() == [[4.0, 3.0, 2.0, 1.0, 9.0]]


def test_worry_about_somebody_else_is_seen_and_no_alarm_about_the_person():
    """Written here, so that no classifier was trained on it."""
    for text in (
        "my neighbour's boy gave his bike away and told mine he won't need it, should I ring his parents?",
        "同事把工位都清空了,还跟大家一一道别,我怕他想不开,该怎么问他",
    ):
        state = CrisisMonitor().see(text)
        assert "third_party" in state.flags and state.level <= Level.CONCERN and state.reply, text


def test_padding_drowns_nothing_and_adds_nothing():
    monitor = CrisisMonitor()
    assert monitor.see("All the time" + "." * 4000).level == Level.NONE
    assert monitor.see("I don't think so" + " !" + "." * 500).level == Level.NONE
    assert CrisisMonitor().see("I have decided to end my life this week" + "." * 4000).level >= Level.ACTIVE


def test_the_networks_are_those_that_torch_trained():
    """numpy against torch, on the same weights: dropout off, GELU in its tanh form, log-odds averaged."""
    import torch

    rng = np.random.default_rng(0)
    shapes = {"mean": (7,), "scale": (7,), "first": (2, 3, 7), "first_bias": (2, 3), "second": (2, 5, 3),
              "second_bias": (2, 5)}  # fmt: skip
    tensors = {f"net.{n}": rng.normal(size=s) + (2.0 if n == "scale" else 0.0) for n, s in shapes.items()}
    rows = rng.normal(size=(4, 7)) * 9
    x = torch.tensor(((rows - tensors["net.mean"]) / tensors["net.scale"]).clip(-6, 6))
    t = {n: torch.tensor(v) for n, v in tensors.items()}
    total = 0.0
    for k in range(2):
        hidden = torch.nn.functional.gelu(
            x @ t["net.first"][k].T + t["net.first_bias"][k], approximate="tanh"
        )
        total = total + hidden @ t["net.second"][k].T + t["net.second_bias"][k]
    np.testing.assert_allclose(Nets.of(tensors)(rows), (total / 2).numpy(), atol=1e-12)


def test_without_its_model_the_layer_goes_on_and_says_so_once(caplog):
    card = json.loads((WEIGHTS / "crisis.json").read_text("utf-8"))
    tensors = {k: v.astype(np.float64) for k, v in load_file(str(WEIGHTS / "crisis.safetensors")).items()}
    tried = []

    def missing(texts):
        tried.append(texts)
        raise SophroError("the package index cannot be reached")

    found = Classifier(tensors, card["thresholds"], missing)
    with caplog.at_level("WARNING"):
        for _ in range(3):
            assert found.margins("I can't go on, I want to be dead by Sunday")[0] == "en"
    assert len(tried) == 1 and caplog.text.count("n-grams alone") == 1 and "cannot be reached" in caplog.text


def test_the_second_reader_is_asked_only_where_it_matters():
    asked = []

    def states(texts):
        asked.extend(texts)
        return np.zeros((len(texts), WIDTH), np.float32)

    card = json.loads((WEIGHTS / "crisis.json").read_text("utf-8"))
    tensors = {k: v.astype(np.float64) for k, v in load_file(str(WEIGHTS / "crisis.safetensors")).items()}
    found = Classifier(tensors, card["thresholds"], states)
    for text in ("Write a function that adds two numbers.", "请写一个排序函数", ""):
        assert "states" not in found.margins(text)[0]
    assert found.margins("I can't go on, I want to be dead by Sunday")[0] == "en+states" and len(asked) == 1
    assert found.margins("我撑不下去了,这周就了结")[0] == "zh+states" and len(asked) == 2
    again = found.margins("我撑不下去了,这周就了结")[1]
    assert len(asked) == 2 and again.tolist() == found.margins("我撑不下去了,这周就了结")[1].tolist(), (
        "read once"
    )
    assert Classifier(tensors, card["thresholds"]).margins("I want to be dead by Sunday")[0] == "en"


def test_the_n_grams_read_without_torch():
    code = (
        "import sys; sys.modules['torch'] = None; sys.modules['transformers'] = None\n"
        "from sophro.care.crisis import CrisisMonitor\n"
        "s = CrisisMonitor().see('honestly I think I will be dead by the weekend, my letters are written')\n"
        "print(s.level.name, s.flags)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.split()[0] in ("ACTIVE", "IMMINENT") and "layer_failed" not in out


def test_the_files_of_the_classifier_are_checked(tmp_path):
    with pytest.raises(SophroError, match="missing"):
        load(tmp_path)
    (tmp_path / "crisis.json").write_text('{"format": "sophro-crisis-4", "weights_sha256": "0"}')
    (tmp_path / "crisis.safetensors").write_bytes(b"x")
    with pytest.raises(SophroError, match="train the classifier again"):
        load(tmp_path)


def test_the_card_is_of_these_texts_and_weights():
    card = json.loads((WEIGHTS / "crisis.json").read_text("utf-8"))
    known = corpus()
    assert card["trained_on"]["hash"] == digest(
        [(t.text, int(t.level), t.third) for t in known if len(cells(fold(t.text)))]
    )
    # Of longer dialogues two turns are words that anybody says; nothing of theirs gives a dialogue away.
    held = {d.turns[0] for part in BLIND for d in dialogues(part) if len(d.turns) == 1}
    assert not held & {t.text for t in known}


def test_the_version_follows_what_decides(tmp_path, monkeypatch):
    package = Path(_version.__file__).parent
    before = _version.version.__wrapped__()
    assert before == _version.version()
    copy = tmp_path / "crisis"
    shutil.copytree(package, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(_version, "__file__", str(copy / "_version.py"))
    assert _version.version.__wrapped__() == before
    for name in ("data/resources.json", "_english/_death.py", "weights/crisis.json"):
        (copy / name).write_text((copy / name).read_text("utf-8") + "\n", "utf-8")
        after = _version.version.__wrapped__()
        assert after != before, name
        before = after
    (copy / "train.py").write_text("")
    assert _version.version.__wrapped__() == before


def test_a_blind_set_is_read_as_totals(tmp_path, capsys):
    (tmp_path / "blind.txt").write_text(
        "# mine\nA|explicit|I want to kill myself\nN|idiom|this homework is killing me\nC|x|hello / 我撑不下去了\n"
    )
    assert main([str(tmp_path / "blind.txt")]) == 0
    said = capsys.readouterr().out
    assert "en: ACTIVE and IMMINENT that reach ACTIVE" in said and "1 of 1" in said and "0 of 1" in said
    assert "kill" not in said and "[21%, 100%]" in said
    (tmp_path / "bad.txt").write_text("A|explicit|fine\nX|nothing\n")
    assert main([str(tmp_path / "bad.txt")]) == 2 and "bad.txt, line 2" in capsys.readouterr().err
    assert main([str(tmp_path / "none.txt")]) == 2 and "no such file" in capsys.readouterr().err


def test_command(tmp_path, capsys):
    rows = [
        {"id": 1, "turns": ["this homework is killing me"]},
        {"id": "b", "lang": "zh", "turns": ["我不想活了", "算了，开玩笑的"]},
        {"id": "c", "turns": ["I feel hopeless", "ok", "ok", "ok"]},
        {"id": "d", "turns": ["\ud800\x00"]},
    ]
    (tmp_path / "in.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    assert run(["crisis", "--in", str(tmp_path / "in.jsonl"), "--out", str(tmp_path / "out.jsonl")]) == 0
    found = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text("utf-8").splitlines()]
    assert [set(r) for r in found] == [{"id", "level", "flags", "reply"}] * 4
    assert [r["level"] for r in found] == ["NONE", "IDEATION", "CONCERN", "NONE"]
    assert found[0]["reply"] is None and "12356" in found[1]["reply"] and found[2]["reply"]
    capsys.readouterr()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "no such file"),
        ("", "no dialogues"),
        ('{"id": 1, "turns": ["a"]}\n{', "line 2"),
        ('{"turns": ["a"]}', '"id"'),
        ('{"id": 1}', '"turns"'),
        ('{"id": 1, "turns": []}', '"turns"'),
        ('{"id": 1, "turns": "a"}', '"turns"'),
        ('{"id": 1, "turns": [1]}', '"turns"'),
        ('{"id": 1, "turns": ["a"], "lang": "xx"}', '"lang"'),
        ("[1]", "JSON object"),
    ],
)
def test_bad_input_is_one_sentence_and_nothing_is_written(tmp_path, capsys, content, says):
    if content is not None:
        (tmp_path / "in.jsonl").write_text(content)
    assert run(["crisis", "--in", str(tmp_path / "in.jsonl"), "--out", str(tmp_path / "out.jsonl")]) == 2
    complaint = capsys.readouterr().err
    assert says in complaint and complaint.count("\n") == 1
    assert [p.name for p in tmp_path.iterdir() if p.name != "in.jsonl"] == []


def test_a_region_must_be_a_code(tmp_path, capsys):
    assert run(["crisis", "--in", "x", "--out", "y", "--region", "America"]) == 2
    assert "two letters" in capsys.readouterr().err


@pytest.mark.parametrize(
    "word", ["x", "1", "call ", "time ", "doctor ", "tall bridge ", "马上", "念头", "是"]
)
def test_a_draft_without_an_end_is_checked_at_once(word):
    """A model that repeats itself, or a person who pastes, must not hold up a conversation; it took 8 s."""
    draft = (word * 30_000)[:30_000]
    began = time.process_time()
    for third in (False, True):
        assert check(draft, Level.ACTIVE, third=third)
    assert time.process_time() - began < 2.0
