"""What models are told in restructuring: the language of the talk decides; a Chinese talk works end to end."""

from __future__ import annotations

import json
import re

import pytest

from sophro.care.dialogue import View
from sophro.care.distortions import DISTORTIONS
from sophro.care.restructuring import (
    ALLOWED,
    STRATEGIES,
    Restructuring,
    Sentence,
    _controller,
    as_dialogue,
    checks,
    faults,
    fixed_turn,
    model_helper,
    model_reader,
    persona,
    read_by_rule,
    situations,
)
from sophro.care.restructuring._prompts import PROMPTS
from sophro.cli import run
from sophro.models import STUBS

HAN = re.compile("[\u3400-\u9fff]")
# What is form, not text: keys and values of the answer, names that stand in it.
FORM = {
    "JSON",
    "sentences",
    "strategy",
    "text",
    "quote",
    "changed",
    "yes",
    "no",
    "unclear",
    "channels",
    "distortion",
}
FORM |= {*STRATEGIES, *DISTORTIONS}


class Silent:
    level, flags, newly_raised, reply = 0, (), False, None

    def see(self, _):
        return self


def by_id(name):
    return next(s for s in situations() if s.id == name)


def english(messages):
    text = re.sub(r"(?<![a-z0-9])[0-9a-f]{16}(?![a-z0-9])", " ", "\n".join(m.text for m in messages))
    return {w for w in re.findall(r"[A-Za-z_]+", text) if w not in FORM}


def helper_prompt(lang, step, problem="", aim=""):
    s = by_id(f"career-{lang}")
    words = {
        "thought": s.thought,
        "belief": s.belief,
        "labels": "",
        "evidence": s.evidence[0],
        "new": s.new_thought,
    }
    task = {"step": step, "lines": step, "words": words, "allowed": sorted(ALLOWED[step]), "attempt": 0}
    task |= {"aim": aim or step, "facts": s.facts, "problem": problem, "lang": lang}
    return model_helper("none")._prompt(View("helper", "", (), {}, task, 0, 0))


def reader_prompt(lang, ask):
    task = {"ask": ask, "text": by_id(f"career-{lang}").thought, "heard": [], "old": "", "lang": lang}
    return model_reader("none")._prompt(View("reader", "", (), {}, task, 0, 0))


def test_both_languages_have_the_same_aims_questions_and_places():
    en, zh = PROMPTS["en"], PROMPTS["zh"]
    for field in ("aims", "asks", "strategies"):
        assert getattr(en, field).keys() == getattr(zh, field).keys()
    for field in ("helper", "now", "problem", "reader"):
        assert re.findall(r"{(\w+)}", getattr(en, field)) == re.findall(r"{(\w+)}", getattr(zh, field))


@pytest.mark.parametrize("step", [*ALLOWED, "situation"])
def test_the_language_of_the_talk_decides_what_the_helper_is_told(step):
    at = "automatic" if step == "situation" else step
    bad = [
        Sentence("hug", "抱抱"),
        Sentence("question", "你错了"),
        Sentence("question", ""),
        *[Sentence("x", "y")] * 4,
    ]
    wrong = "；".join(faults(bad, at, lang="zh"))
    zh, en = helper_prompt("zh", at, wrong, step), helper_prompt("en", at, "too long", step)
    assert english(zh) <= {"hug", "x"}, english(zh)
    assert PROMPTS["zh"].aims[step] in zh[-1].text and by_id("career-zh").thought in zh[-1].text
    assert not HAN.search("".join(m.text for m in en)) and PROMPTS["en"].aims[step] in en[-1].text
    for said in (zh, en):
        assert '{"sentences": [{"strategy": "...", "text": "..."}]}' in said[0].text
        assert all(name in said[0].text for name in ALLOWED[at])


@pytest.mark.parametrize("ask", list(PROMPTS["en"].asks))
def test_the_language_of_the_talk_decides_what_the_reader_is_told(ask):
    zh, en = reader_prompt("zh", ask), reader_prompt("en", ask)
    assert not english(zh), english(zh)
    assert PROMPTS["zh"].asks[ask] in zh[0].text and "开始 ===" in zh[1].text
    assert not HAN.search("".join(m.text for m in en)) and PROMPTS["en"].asks[ask] in en[0].text
    keys = (
        '{"quote": "...", "changed": "yes|no|unclear", "channels": [{"distortion": "...", "quote": "..."}]}'
    )
    assert keys in zh[0].text and keys in en[0].text


def test_faults_have_a_name_in_both_languages():
    turn = [Sentence("hug", "When I lost my father? Just be positive. And so on. You have a depression.")]
    en, zh = (faults(turn, "automatic", ("father",), lang=lang) for lang in ("en", "zh"))
    assert len(en) == len(zh) == 8 and not HAN.search("".join(en)) and all(HAN.search(f) for f in zh)


def scripted(seen, spoil=()):
    """A model that reads which role and language it has from its prompt, and answers in form."""

    def answer(transcript):
        messages = [(t.role, t.text) for t in transcript.turns]
        system, last = messages[0][1], messages[-1][1]
        seen.append(system + "\n" + last)
        lang = "zh" if HAN.search(system) else "en"
        if len(seen) in spoil:
            return "我先想一想。"
        if '"quote"' in system:
            shown = re.search(r"=== \S+ [0-9a-f]{16} \S+ ===\n(.*)\n=== ", messages[1][1], re.S)
            ask = next(name for name, text in PROMPTS[lang].asks.items() if text in system)
            found = read_by_rule(ask, shown[1].splitlines()[-1], heard=shown[1].splitlines())
            return json.dumps(found, ensure_ascii=False)
        words = next(m for _, m in messages[::-1] if PROMPTS[lang].now[:6] in m)
        (step,) = [name for name, text in PROMPTS[lang].aims.items() if text in words]
        given = dict(zip(PROMPTS["zh"].names, ["我考试没过。"] * 9, strict=False)) | {"labels": "读心"}
        said = fixed_turn(lang, step, 0, given, step)
        return json.dumps(
            {"sentences": [{"strategy": s.strategy, "text": s.text} for s in said]}, ensure_ascii=False
        )

    return answer


def test_a_chinese_talk_with_models_in_both_roles_is_chinese_throughout(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setitem(STUBS, "speaks", scripted(seen, spoil=(2,)))
    monkeypatch.setattr(_controller, "crisis_monitor", lambda _: Silent())
    monkeypatch.chdir(tmp_path)
    command = [
        "restructure",
        "generate",
        "-n",
        "1",
        "--lang",
        "zh",
        "--out",
        "cr.jsonl",
        "--dialogues",
        "t.jsonl",
    ]
    assert run([*command, "--helper", "stub/speaks", "--reader", "stub/speaks"]) == 0
    (talk,) = [json.loads(x) for x in (tmp_path / "t.jsonl").read_text("utf-8").splitlines()]
    assert (
        talk["lang"] == "zh"
        and talk["end"] == "closed"
        and talk["new_thoughts"]
        and all(checks(talk).values())
    )
    own = [x["text"] for x in talk["turns"] if x["speaker"] == "helper"]
    assert any("你想的是：我考试没过。" in x for x in own), "the model's own words were said"
    assert len(seen) > 12 and all(HAN.search(s) for s in seen)
    for said in seen:
        assert not re.search(r"You word|You read|Aim of|Answer with|Copy|could not be|begins ===", said)
    assert any(PROMPTS["zh"].reread in s for s in seen), (
        "also what is said after an answer that could not be read"
    )
    assert any('"quote"' in s for s in seen) and any('"sentences"' in s for s in seen)


def test_a_helper_out_of_form_hears_of_it_in_chinese(monkeypatch):
    from sophro.care.dialogue import run_sync

    seen = []

    def argues(transcript):
        seen.append(transcript.turns[-1].text)
        return json.dumps({"sentences": [{"strategy": "question", "text": "你错了。"}]}, ensure_ascii=False)

    monkeypatch.setitem(STUBS, "argues", argues)
    s = by_id("career-zh")
    helper = model_helper("stub/argues")
    done = run_sync(Restructuring(persona(s), helper, lang="zh", monitor=lambda _: Silent()))
    assert done.outcome["end"] == "closed" and done.outcome["fallbacks"] > 5
    assert "你上一次的话不能用：第1句：question要提问，别的策略不能提问；第1句在争辩" in seen[1]
    assert not any("sentence 1" in s for s in seen)
    reasons = [e["reason"] for e in done.events if e["event"] == "fallback"]
    assert all("only questions ask" in r for r in reasons), "the log stays English"
    assert as_dialogue(done, s, s.id)["end"] == "closed"


def test_the_chat_in_chinese_with_a_model(tmp_path, monkeypatch, capsys):
    import io

    seen = []
    monkeypatch.setitem(STUBS, "chats", scripted(seen))
    monkeypatch.setattr("sys.stdin", io.StringIO("我面试没通过。\n领导肯定看不上我。\n"))
    log = tmp_path / "talk.jsonl"
    assert run(["restructure", "chat", "--lang", "zh", "--helper", "stub/chats", "--log", str(log)]) == 0
    shown = capsys.readouterr().out
    assert "自助练习" in shown and "背后有一条什么样的规则" in shown and not re.search("[A-Za-z]{3}", shown)
    assert seen and all("简体中文" in s for s in seen)
