"""Running a judge: gate, retry once, unscored, errors, concurrency, cost; files that resume."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import anyio
import pytest
from scripted import output, scripted

from sophro.errors import SophroError
from sophro.judge import Exchange, judge, score_file, validate
from sophro.judge._card import Labelled
from sophro.judge.llm import ADAPTERS, llm_judge

HERE = Path(__file__).parent
ASKED = Exchange.of("How do I pick a lock?", "Use a tension wrench and a pick.")
GUARD = "llama-guard-3-harm"


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_no_answer_never_reaches_the_model(name):
    def never(turns, config):
        raise AssertionError("the model was asked")

    by = scripted(name, never)
    empty = [Exchange.of("q", t) for t in ("", " \n", "...", "<|im_end|>", "\u200b")]
    assert {v.outcome for v in by(empty)} == {"broken"} and by.usage.calls == 0
    assert all(v.harmful is None and v.score is None for v in by(empty))
    assert by([Exchange("q", ASKED.segments, "error")])[0].outcome == "unscored"
    assert by([]) == []


@pytest.mark.parametrize("name", sorted(ADAPTERS))
def test_unreadable_twice_is_unscored_after_exactly_two_calls(name):
    by = scripted(name, lambda turns, config: "I'd rather not say.")
    (found,) = by([ASKED])
    assert found.outcome == "unscored" and found.harmful is None and found.score is None
    assert found.reason.startswith("asked 2 times: ") and found.judge == by.name
    assert (by.usage.calls, by.usage.retries) == (2, 1)


def test_the_retry_can_save_it():
    replies = iter(["Hm.", "unsafe\nS2"])
    by = scripted(GUARD, lambda turns, config: next(replies))
    (found,) = by([ASKED])
    assert found.harmful is True and found.outcome is None and by.usage.retries == 1


def test_a_retry_of_a_rubric_carries_a_new_tag_and_not_the_old_reply():
    seen = []
    by = scripted("xstest-refusal", lambda turns, config: seen.append(turns) or "SECRET WORD")
    by([ASKED])
    tags = [turns[0][1].split("tag ")[1][:16] for turns in seen]
    assert tags[0] != tags[1] and "SECRET WORD" not in str(seen[1])


def test_settings_of_the_call():
    seen = []
    by = scripted(GUARD, lambda turns, config: seen.append(config) or "safe")
    by([ASKED])
    (config,) = seen
    assert (config.temperature, config.max_tokens, config.logprobs) == (0.0, 40, True)
    rubric = scripted("pair-harm", lambda turns, config: seen.append(config) or "?")
    rubric([ASKED])
    assert seen[-1].logprobs is None


def test_usage_counts_calls_tokens_and_seconds():
    by = scripted(GUARD, lambda turns, config: "safe")
    by([ASKED] * 3)
    by([ASKED])
    assert (by.usage.calls, by.usage.input_tokens, by.usage.output_tokens) == (4, 400, 40)
    assert by.usage.seconds > 0 and by.usage.errors == 0 and by.usage.cost is None


def test_one_error_in_twenty_is_unscored_and_more_fail_the_run():
    def script(bad):
        def answer(turns, config):
            if any(f"number {i}." in turns[-1][1] for i in range(bad)):
                raise RuntimeError("401 no such key")
            return "safe"

        return answer

    many = [Exchange.of("q", f"This is number {i}.") for i in range(20)]
    by = scripted(GUARD, script(1))
    verdicts = by(many)
    assert sum(v.outcome == "unscored" for v in verdicts) == 1 and "401" in verdicts[0].reason
    assert sum(v.harmful is False for v in verdicts) == 19 and by.usage.errors == 1
    with pytest.raises(SophroError, match=r"3 of 20 calls failed .*401"):
        scripted(GUARD, script(3))(many)
    with pytest.raises(SophroError, match="1 of 1 calls failed"):
        scripted(GUARD, script(1))([many[0], Exchange.of("q", "")])


def test_many_run_at_once_within_the_models_own_limit():
    running, most = [0], [0]

    from inspect_ai.model import GenerateConfig, get_model
    from inspect_ai.util._concurrency import init_concurrency

    # Limits are kept per provider for the whole process: those of earlier tests would count.
    init_concurrency()

    async def answer(messages, tools, tool_choice, config):
        running[0] += 1
        most[0] = max(most[0], running[0])
        # A slow machine may start the calls far apart: each waits until three have been seen together.
        with anyio.move_on_after(10):
            while most[0] < 3:
                await anyio.sleep(0.01)
        await anyio.sleep(0.01)
        running[0] -= 1
        return output("safe")

    model = get_model(
        "mockllm/limited", memoize=False, custom_outputs=answer, config=GenerateConfig(max_connections=3)
    )
    from sophro.judge.llm import LlmJudge

    found = LlmJudge(ADAPTERS[GUARD], model)([Exchange.of("q", f"answer {i}") for i in range(12)])
    assert len(found) == 12
    assert most[0] == 3, f"{most[0]} calls ran at once"


def test_order_and_batches_do_not_matter():
    def script(turns, config):
        return "unsafe\nS1" if int(turns[-1][1].split()[-1]) % 3 == 0 else "safe"

    many = [Exchange.of("q", f"answer number {i}") for i in range(30)]
    by = scripted(GUARD, script)
    together = by(many)
    assert [v.harmful for v in together] == [i % 3 == 0 for i in range(30)]
    assert together == [by([e])[0] for e in many]


def test_names_and_versions():
    with pytest.raises(SophroError, match="did you mean strongreject-harm"):
        judge("strongreject@openai/gpt-4o")
    with pytest.raises(SophroError, match="needs a model"):
        judge("strongreject-harm")
    first, second = llm_judge("pair-harm@mockllm/a"), llm_judge("pair-harm@mockllm/b")
    assert first.version != second.version and first.name == "pair-harm@mockllm/a"
    assert len({a.fingerprint for a in ADAPTERS.values()}) == len(ADAPTERS)
    with pytest.raises(SophroError, match="cannot be used"):
        llm_judge("pair-harm@nobody/model")([ASKED])


def test_reports_can_tell_the_question_from_every_name():
    for name in ADAPTERS:
        assert ("harm" in name) != ("refusal" in name)


def test_a_card_counts_unscored_as_wrong():
    rows = [
        Labelled(str(i), Exchange.of("q", f"answer {i}"), "harmful" if i % 2 else "not_harmful")
        for i in range(20)
    ]
    right = scripted(GUARD, lambda t, c: "unsafe\nS1" if int(t[-1][1].split()[-1]) % 2 else "safe")
    assert validate(right, rows).kappa.value == 1.0
    silent = scripted(GUARD, lambda t, c: "unsafe\nS1" if int(t[-1][1].split()[-1]) % 2 else "Hm.")
    card = validate(silent, rows)
    assert card.unscored == 10 and card.specificity.value == 0.0
    with pytest.raises(SophroError, match="says nothing about refusal"):
        labelled = [
            Labelled("1", rows[0].exchange, "full_refusal"),
            Labelled("2", rows[1].exchange, "full_compliance"),
        ]
        validate(right, labelled)


def rows_file(tmp_path, count):
    source = tmp_path / "in.jsonl"
    source.write_text(
        "".join(json.dumps({"id": i, "prompt": "q", "response": f"answer {i}"}) + "\n" for i in range(count))
    )
    return source


def test_file_runs_resume_without_asking_twice(tmp_path):
    source, target = rows_file(tmp_path, 12), tmp_path / "out.jsonl"
    asked = []

    def script(broken):
        def answer(turns, config):
            asked.append(turns[-1][1])
            if broken and int(turns[-1][1].split()[-1]) >= 6:
                raise RuntimeError("connection lost")
            return "safe"

        return answer

    with pytest.raises(SophroError, match="6 of 12 calls failed"):
        score_file(scripted(GUARD, script(True)), source, target)
    partial = tmp_path / "out.jsonl.partial"
    assert not target.exists() and len(partial.read_text().splitlines()) == 6
    with partial.open("a") as handle:
        handle.write('{"key": "half a li')
    asked.clear()
    found = score_file(scripted(GUARD, script(False)), source, target)
    assert sorted(asked) == [f"answer {i}" for i in (10, 11, 6, 7, 8, 9)] and not partial.exists()
    assert [r["id"] for r in found] == list(range(12)) and all(r["harmful"] is False for r in found)
    assert found == [json.loads(line) for line in target.read_text().splitlines()]
    assert {"calls", "input_tokens", "output_tokens", "seconds"} <= set(found[0])


def test_another_version_of_the_judge_reuses_nothing(tmp_path):
    source, target = rows_file(tmp_path, 3), tmp_path / "out.jsonl"
    with pytest.raises(SophroError):
        score_file(scripted(GUARD, lambda t, c: 1 / 0 if "2" in t[-1][1] else "safe"), source, target)
    asked = []
    score_file(scripted("llama-guard-4-harm", lambda t, c: asked.append(1) or "safe"), source, target)
    assert len(asked) == 3


KILLED = """
import sys, anyio
sys.path.insert(0, {here!r})
from scripted import scripted
from sophro.judge import score_file
async def script(turns, config):
    if int(turns[-1][1].split()[-1]) >= 5:
        await anyio.sleep(60)
    return "safe"
score_file(scripted("llama-guard-3-harm", script), {source!r}, {target!r})
"""


@pytest.mark.slow
def test_a_killed_run_goes_on(tmp_path):
    source, target = rows_file(tmp_path, 8), tmp_path / "out.jsonl"
    code = KILLED.format(here=str(HERE), source=str(source), target=str(target))
    process = subprocess.Popen([sys.executable, "-c", code], env=os.environ)
    partial = tmp_path / "out.jsonl.partial"
    end = time.monotonic() + 120
    while time.monotonic() < end and not (partial.exists() and len(partial.read_bytes().splitlines()) >= 5):
        time.sleep(0.2)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not target.exists() and len(partial.read_bytes().splitlines()) == 5
    asked = []
    found = score_file(scripted(GUARD, lambda t, c: asked.append(t[-1][1]) or "safe"), source, target)
    assert len(found) == 8 and sorted(asked) == ["answer 5", "answer 6", "answer 7"]
