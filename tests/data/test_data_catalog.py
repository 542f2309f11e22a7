import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sophro.data import find_set, leak_check, list_sets, load_labels, load_set, names, pull
from sophro.errors import SophroError
from sophro.judge._types import OUTCOMES

ROOT = os.environ.get("SOPHRO_DATA")
needs_data = pytest.mark.skipif(not ROOT, reason="SOPHRO_DATA is not set")
PUBLIC = [s for s in list_sets() if not s.files[0].shipped]


def test_every_set_is_described() -> None:
    assert len(PUBLIC) >= 25 and len({s.name for s in list_sets()}) == len(list_sets())
    for info in list_sets():
        assert info.purpose and info.licence and info.columns and info.files, info.name
        for file in info.files:
            assert file.shipped or (file.sha256 and len(file.sha256) == 64 and file.source and file.revision)


def test_non_commercial_licences_are_flagged() -> None:
    for info in PUBLIC:
        if "NC" in info.licence:
            assert info.commercial_use is False, info.name
        if info.licence.startswith("unknown"):
            assert info.commercial_use is None, info.name


def test_importing_the_room_is_light() -> None:
    code = "import sys, sophro.data; print([m for m in ('numpy', 'torch', 'datasets') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_names_hold_languages_and_unknown_ones_are_errors() -> None:
    assert {"advbench", "advbench:en", "starter/plain", "starter/plain:zh", "multijail:th"} <= set(names())
    with pytest.raises(SophroError, match="unknown data set 'xtest/safe'; did you mean xstest/safe"):
        load_set("xtest/safe")
    with pytest.raises(SophroError, match="unknown data set 'starter/plain:fr'"):
        find_set("starter/plain:fr")
    with pytest.raises(SophroError, match="unknown data set 'advbench:'"):
        find_set("advbench:")
    with pytest.raises(SophroError, match="unknown split"):
        load_set("starter/plain", "tset")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", [s.name for s in list_sets() if s.files[0].shipped and s.kind != "labels"])
def test_starter_sets_load(name: str) -> None:
    records = load_set(name)
    info = find_set(name)[0]
    langs = {f.lang for f in info.files}
    assert langs == ({"en"} if name == "starter/harmful_starts" else {"en", "zh"})
    assert {r.lang for r in records} == langs and len({r.id for r in records}) == len(records)
    assert all(r.harmful is info.harmful and r.set == name for r in records)
    assert all(load_set(f"{name}:{lang}") == [r for r in records if r.lang == lang] for lang in langs)
    parts = [{r.id for r in load_set(name, p)} for p in ("train", "dev", "test")]
    assert sum(map(len, parts)) == len(set.union(*parts)) == len(records)


def test_starter_fields_arrive() -> None:
    assert all(r.opening and r.triggers for r in load_set("starter/harmful"))
    assert all(r.keywords for r in load_set("starter/plain")) and all(
        r.accept for r in load_set("starter/exact")
    )
    assert all(r.answer == r.prompt for r in load_set("starter/refusals"))
    harmful = {r.id: r for r in load_set("starter/harmful")}
    assert all(r.behaviour == r.id for r in harmful.values())
    for twin in load_set("starter/lookalikes"):
        assert twin.category == harmful[twin.behaviour].category and twin.lang == harmful[twin.behaviour].lang


@pytest.mark.parametrize("part", ["train", "dev", "test"])
def test_twins_are_in_the_same_part_in_every_way_of_loading(part: Any) -> None:
    want = {r.behaviour for r in load_set("starter/harmful", part)}
    assert {r.behaviour for r in load_set("starter/lookalikes", part)} <= want
    english = {r.behaviour for r in load_set("starter/lookalikes:en", part)}
    assert english <= {r.behaviour for r in load_set("starter/harmful:en", part)} <= want


def test_limit_is_balanced_and_seeded() -> None:
    some = load_set("starter/harmful:en", "test", limit=24)
    assert len(some) == 24 and set(Counter(r.category for r in some).values()) == {2}
    assert some == load_set("starter/harmful:en", "test", limit=24)
    assert some != load_set("starter/harmful:en", "test", limit=24, seed=1)


def test_judge_check_loads_as_labels() -> None:
    rows = load_labels("starter/judge_check")
    assert {r.label for r in rows} <= set(OUTCOMES) and len({r.id for r in rows}) == len(rows)
    assert all(r.licence and r.meta["kind"] for r in rows)
    with pytest.raises(SophroError, match="use load_labels"):
        load_set("starter/judge_check")
    with pytest.raises(SophroError, match="use load_set"):
        load_labels("starter/plain")


def test_a_users_file_is_a_set(tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    file.write_text("".join(json.dumps({"prompt": f"p {i}"}) + "\n" for i in range(20)))
    assert len(load_set(file)) == 20
    assert sum(len(load_set(str(file), p)) for p in ("train", "dev", "test")) == 20
    assert len(load_set(file, limit=3)) == 3


def test_public_sets_say_what_to_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SOPHRO_DATA", raising=False)
    with pytest.raises(SophroError, match=r"set SOPHRO_DATA to the folder that holds A_safety/advbench"):
        load_set("advbench")
    assert not find_set("advbench")[0].available and find_set("starter/plain")[0].available
    monkeypatch.setenv("SOPHRO_DATA", str(tmp_path))
    with pytest.raises(SophroError, match="is missing; check the folder in SOPHRO_DATA"):
        load_set("advbench")


def test_a_changed_file_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOPHRO_DATA", str(tmp_path))
    file = tmp_path / find_set("advbench")[0].files[0].path
    file.parent.mkdir(parents=True)
    file.write_text("goal,target\nhello,world\n")
    with pytest.raises(SophroError, match="SHA-256 differs"):
        load_set("advbench")


def test_pull_fails_in_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(SophroError, match="part of sophro"):
        pull("starter/plain", tmp_path / "x.jsonl")
    with pytest.raises(SophroError, match=r"no known hub id; take it from aounon/certified-llm-safety@"):
        pull("erase_and_check_safe", tmp_path / "x.jsonl")
    import datasets

    def offline(*_: object, **__: object) -> None:
        raise ConnectionError("no route to host\nsecond line")

    monkeypatch.setattr(datasets, "load_dataset", offline)
    with pytest.raises(
        SophroError, match=r"could not be fetched \(ConnectionError\); check network"
    ) as caught:
        pull("advbench", tmp_path / "x.jsonl")
    assert "\n" not in str(caught.value) and not list(tmp_path.iterdir())


def test_pull_writes_what_load_set_reads(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import datasets

    rows = datasets.Dataset.from_dict({"turns": [["a", "b"], ["c", "d"]], "prompt": [["a", "b"], ["c", "d"]]})
    monkeypatch.setattr(datasets, "load_dataset", lambda *_, **__: rows)
    records = load_set(pull("mt_bench", tmp_path / "mt.jsonl"))
    assert [(r.id, r.prompt, r.meta["turns"]) for r in records] == [
        ("mt_bench-0", "a", ["a", "b"]),
        ("mt_bench-1", "c", ["c", "d"]),
    ]
    with pytest.raises(SophroError, match="no column 'question'"):
        pull("gsm8k", tmp_path / "y.jsonl")


ROWS = {
    "advbench": 420, "beavertails_evaluation": 700, "catqa": 1650, "do_not_answer": 939, "erase_and_check_safe": 520,
    "gsm8k": 1319, "harmbench": 400, "ifeval": 541, "malicious_instruct": 100, "mt_bench": 80, "multijail": 3150,
    "oktest": 300, "simplesafetytests": 100, "strongreject": 313, "truthfulqa": 817, "xstest/safe": 164,
    "xstest/unsafe": 136, "alpaca_eval": 805, "xstest_human_labels": 1125, "gptfuzz_human_labels/evaluate": 770,
    "jailbreakeval_labels/jailjudge": 490, "jailbreakeval_labels/safe_rlhf": 3956, "do_not_answer_human_labels": 5634,
}  # fmt: skip


@needs_data
@pytest.mark.public_data
@pytest.mark.parametrize("info", PUBLIC, ids=lambda s: s.name)
def test_public_sets_load_whole(info: Any) -> None:
    if info.kind == "labels":
        labelled = load_labels(info.name)
        assert len({x.id for x in labelled}) == len(labelled) == ROWS.get(info.name, len(labelled))
        assert all(x.prompt.strip() and x.response.strip() for x in labelled)
        refusal = info.name == "xstest_human_labels"
        assert {x.label for x in labelled} <= (set(OUTCOMES) if refusal else {"harmful", "harmless"})
        assert all((x.harmful is None) == refusal for x in labelled)
        return
    records = load_set(info.name)
    assert len({r.id for r in records}) == len(records) == ROWS.get(info.name, len(records))
    assert all(r.set == info.name for r in records)
    assert Counter(r.lang for r in records).keys() == set(info.langs)
    parts = [load_set(info.name, p) for p in ("train", "dev", "test")]
    assert sum(map(len, parts)) == len(records)
    assert not leak_check(parts[0], parts[2]).exact or info.parallel


@needs_data
@pytest.mark.public_data
def test_public_fields_arrive() -> None:
    assert all(r.opening and r.harmful for r in load_set("advbench"))
    xstest = load_set("xstest")
    assert Counter(r.harmful for r in xstest) == {False: 164, True: 136}
    assert {r.id for r in load_set("xstest/safe")} == {r.id for r in xstest if r.harmful is False}
    gsm = load_set("gsm8k")
    assert gsm[0].accept == ("18",) and all(r.accept[-1].lstrip("-").isdigit() for r in gsm)
    assert load_set("mt_bench")[0].meta["turns"][0] == load_set("mt_bench")[0].prompt
    assert "\nD. " in load_set("mmlu/test")[0].prompt and load_set("mmlu/test")[0].answer in "ABCD"
    zh, en = load_set("multijail:zh"), load_set("multijail:en")
    assert [r.behaviour for r in zh] == [r.behaviour for r in en] and zh[0].prompt != en[0].prompt
    assert {r.behaviour for r in load_set("multijail:zh", "test")} == {
        r.behaviour for r in load_set("multijail:en", "test")
    }
    contextual = [r for r in load_set("harmbench") if r.meta["FunctionalCategory"] == "contextual"]
    assert all(
        r.prompt.endswith(r.meta["Behavior"]) and len(r.prompt) > len(r.meta["Behavior"]) for r in contextual
    )
    assert Counter(x.meta["model"] for x in load_labels("do_not_answer_human_labels")) == {
        m: 939 for m in ("GPT4", "ChatGPT", "Claude", "ChatGLM2", "llama2-7b-chat", "vicuna-7b")
    }


@needs_data
@pytest.mark.public_data
def test_overlap_of_public_sets_is_found() -> None:
    # StrongREJECT takes prompts from AdvBench, as its authors say.
    report = leak_check(load_set("advbench"), load_set("strongreject"))
    assert len(report.exact) >= 5
