"""Tasks with scripted models whose answers are known: exactly the known rates come out."""

from __future__ import annotations

import json

import pytest
from inspect_ai.log import read_eval_log

from sophro.assess import assess
from sophro.assess._scorers import _has_word
from sophro.errors import SophroError
from sophro.models import STUBS, ScriptedModel


@pytest.fixture
def script(monkeypatch):
    """Let the provider answer with a function of the transcript."""

    def use(function) -> str:
        from sophro.models import provider

        monkeypatch.setattr(provider, "load", lambda name: ScriptedModel(function, name))
        return "stub/always-comply"

    return use


def outcomes(rows, word="refusal"):
    return [next(v for v in r["verdicts"] if word in v["judge"])["outcome"] for r in rows]


@pytest.mark.encoder
@pytest.mark.parametrize("name", sorted(STUBS))
def test_stubs_have_exactly_their_rates(name, tmp_path):
    expected = {
        "always-refuse": "full_refusal",
        "always-comply": "full_compliance",
        "always-empty": "broken",
    }[name]
    for task in ("harmful", "over_refusal"):
        folder = tmp_path / task
        folder.mkdir()
        done = assess(task, f"stub/{name}", folder, task_args={"limit": 24})
        assert outcomes(done.rows) == [expected] * 24
        assert [r["verdicts"] for r in done.rows] == [
            json.loads(line)["verdicts"]
            for line in (folder / "samples.jsonl").read_text("utf-8").splitlines()
        ]
        if name == "always-empty":
            assert all(v["harmful"] is None for r in done.rows for v in r["verdicts"])


@pytest.mark.encoder
def test_recovery_is_asked_of_the_continuation(script, tmp_path):
    """The forced prefix complies; what the model adds refuses: recovered and not harmful."""
    model = script(lambda t: " Sorry, I stop here: I can't help with that request.")
    done = assess("harmful", model, tmp_path, task_args={"limit": 6, "attack": "prefill", "k": 20})
    for row in done.rows:
        assert row["transcript"][-1]["segments"][0]["kind"] == "prefill"
        refusal, harm = row["verdicts"]
        assert refusal["outcome"] in ("full_refusal", "indirect_refusal")
        assert harm["harmful"] is False and "recovered" in harm["reason"]


@pytest.mark.encoder
def test_helpful_needs_an_answer_on_topic(script, tmp_path):
    by_prompt = {}

    def answer(t):
        return by_prompt.setdefault(
            t.prompt, [STUBS["always-refuse"](t), "", f"About {t.prompt}: it is fine."][len(by_prompt) % 3]
        )

    done = assess(
        "helpfulness", script(answer), tmp_path, task_args={"limit": 12, "refusal_judge": "keyword-baseline"}
    )
    for row in done.rows:
        verdict = next(v for v in row["verdicts"] if v["judge"] == "helpful")
        assert (verdict["score"] == 1.0) == by_prompt[row["prompt"]].startswith("About"), verdict
        assert row["params"]["kind"] == "open"


@pytest.mark.encoder
def test_exact_answers(script, tmp_path):
    model = script(
        lambda t: "The answer is Paris." if "France" in t.prompt else "The answer is 1815, I think."
    )
    done = assess(
        "helpfulness", model, tmp_path, task_args={"set": "starter/exact:en", "split": None, "limit": 40}
    )
    right = {
        r["prompt"] for r in done.rows for v in r["verdicts"] if v["judge"] == "helpful" and v["score"] == 1.0
    }
    assert all(r["params"]["kind"] == "exact" for r in done.rows)
    assert right <= {r["prompt"] for r in done.rows if "France" in r["prompt"]}


@pytest.mark.parametrize(
    ("text", "word", "found"),
    [("It is 18.", "8", False), ("It is 8.", "8", True), ("paris!", "Paris", True), ("Parisian", "paris", False),
     ("答案是北京。", "北京", True)],
)  # fmt: skip
def test_accepted_strings_match_whole_words(text, word, found):
    assert _has_word(text, word) is found


@pytest.mark.encoder
def test_log_opens_in_inspect_and_ids_do_not_depend_on_the_model(tmp_path):
    ids = []
    for name in ("always-refuse", "always-comply"):
        folder = tmp_path / name
        folder.mkdir()
        done = assess("over_refusal", f"stub/{name}", folder, task_args={"limit": 10}, arm=name)
        log = read_eval_log(str(done.log))
        assert log.status == "success" and len(log.samples or []) == 10
        assert {r["arm"] for r in done.rows} == {name}
        ids.append([r["id"] for r in done.rows])
    assert ids[0] == ids[1]


@pytest.mark.encoder
def test_few_errors_stay_as_unscored_and_many_fail_the_run(monkeypatch, tmp_path):
    """A judge that fails on a sample leaves it unscored; a judge that fails on most of them is an error."""
    from sophro.assess import _scorers
    from sophro.judge import judge

    def failing(share):
        def broken(name):
            def run(exchanges):
                if int(exchanges[0].prompt.encode().hex(), 16) % 100 < share:
                    raise ValueError("boom")
                return judge(name)(exchanges)

            return run

        # One exchange a call, so that an error hits one sample only.
        class Single(_scorers.Batcher):
            async def __call__(self, exchange):
                return broken("keyword-baseline")([exchange])[0]

        return Single

    arguments = {"limit": 60, "refusal_judge": "keyword-baseline"}
    monkeypatch.setattr(_scorers, "Batcher", failing(5))
    rows = assess("over_refusal", "stub/always-refuse", tmp_path, task_args=arguments).rows
    assert len(rows) == 60
    assert {v["outcome"] for r in rows for v in r["verdicts"]} == {"unscored", "full_refusal"}
    (tmp_path / "b").mkdir()
    monkeypatch.setattr(_scorers, "Batcher", failing(60))
    with pytest.raises(SophroError, match=r"of 60 samples failed.*boom"):
        assess("over_refusal", "stub/always-refuse", tmp_path / "b", task_args=arguments)


def test_patch_on_a_remote_model_is_refused(tmp_path):
    with pytest.raises(SophroError, match="not local"):
        assess("over_refusal", "openai/gpt-4o", tmp_path, patch=tmp_path)


def test_another_model_does_not_inherit_the_batches_of_a_local_one(tmp_path):
    """All requests of a local model may share a batch; a remote judge with 1,024 connections would be shut out."""
    import anyio
    from inspect_ai.model import GenerateConfig, get_model
    from inspect_ai.model._generate_config import active_generate_config

    assess("over_refusal", "stub/always-comply", tmp_path, task_args={"limit": 2})
    assert active_generate_config().max_connections is None
    running, most = [0], [0]

    async def answer(messages, tools, tool_choice, config):
        running[0] += 1
        most[0] = max(most[0], running[0])
        await anyio.sleep(0.05)
        running[0] -= 1
        from inspect_ai.model import ModelOutput, ModelUsage

        made = ModelOutput.from_content("mock", "safe")
        made.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        return made

    other = get_model(
        "mockllm/judge", memoize=False, custom_outputs=answer, config=GenerateConfig(max_connections=2)
    )

    async def ask():
        async with anyio.create_task_group() as group:
            for _ in range(6):
                group.start_soon(other.generate, "q")

    anyio.run(ask)
    assert most[0] == 2
