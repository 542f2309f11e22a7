"""A local model as judge is asked for little at a time, and its answers end."""

from __future__ import annotations

import json

import anyio
import pytest
from arena_world import profile, session
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from small_model import save_model

from sophro.care.arena import SIDES, ModelJudge, score_session
from sophro.care.arena._model_judge import FEW
from sophro.care.arena._prompts import SHORT_ITEM

RISKY = "partner-en-1"


@pytest.fixture(scope="module")
def played():
    """One session with a client at risk."""
    return session(RISKY, "good")


def scripted(calls, breaks=(), zero=()):
    """A model that fills in whatever form it is held to; groups with an item of ``breaks`` are cut off."""

    def answer(input, tools, tool_choice, config):
        schema = config.response_schema.json_schema.model_dump(exclude_none=True)
        names = list(schema["properties"])
        calls.append((names, config.max_tokens, schema))
        made = {}
        for name in names:
            parts = schema["properties"][name]["properties"]
            value = "score" if "score" in parts else "happened"
            given = False if value == "happened" else 0 if name in zero and 0 in parts["score"]["enum"] else 4
            made[name] = {"turn": parts["turn"]["enum"][1], value: given}
        text = json.dumps(made)
        cut = bool(set(names) & set(breaks))
        out = ModelOutput.from_content("mock", text[: len(text) // 2] if cut else text)
        if cut:
            out.choices[0].stop_reason = "max_tokens"
        out.usage = ModelUsage(
            input_tokens=1, output_tokens=1, total_tokens=2
        )  # counting would need a download
        return out

    return get_model("mockllm/model", custom_outputs=answer, memoize=False)


def rate(judge, played, name=RISKY):
    async def whole():
        items = [i for side in SIDES for i in await judge.rate(side, played.session, profile(name), None)]
        return items, await judge.flow(played.session, profile(name))

    return anyio.run(whole)


def test_remote_models_are_asked_once_for_a_side_and_local_ones_for_a_few_items(tmp_path):
    (tmp_path / "m").mkdir()
    assert ModelJudge("openai/gpt-4o").few == 0 and ModelJudge("anthropic/some").few == 0
    assert ModelJudge("smollm2-135m").few == ModelJudge("sophro/smollm2-135m").few == FEW
    assert ModelJudge(str(tmp_path / "m")).few == FEW
    assert ModelJudge("openai/gpt-4o", few=4).version != ModelJudge("openai/gpt-4o").version


def test_every_call_is_small_and_all_33_are_rated(played):
    calls = []
    items, red = rate(ModelJudge(scripted(calls), 1, few=FEW), played)
    assert {i.outcome for i in items} == {"scored"} and len(items) == 33 and {i.score for i in items} == {4.0}
    assert all(i.turns == (1,) for i in items)
    assert len(calls) == 4 + 5 + 3 + 5, "12, 14 and 7 items and 13 questions, three at a time"
    assert all(len(names) <= FEW and tokens <= SHORT_ITEM * FEW + 16 for names, tokens, _ in calls)
    assert {r.answer for r in red if r.item != "R7"} == {"no"}
    card = score_session(played.session, profile(RISKY), items, red)
    assert card.overall == pytest.approx(0.75)
    turns = {x.index for x in played.session.lines}
    for _, _, schema in calls:
        for part in schema["properties"].values():
            assert set(part["properties"]["turn"]["enum"]) == turns and part["additionalProperties"] is False


def test_what_cannot_be_read_twice_is_unscored_for_its_items_alone(played):
    calls = []
    items, _ = rate(ModelJudge(scripted(calls, breaks={"S5"}), 1, few=FEW), played)
    by = {i.item: i for i in items}
    assert {n for n, i in by.items() if i.outcome == "unscored"} == {"S4", "S5", "S6"}
    assert all("asked 2 times" in by[n].reason and by[n].score is None for n in ("S4", "S5", "S6"))
    assert sum(names == ["S4", "S5", "S6"] for names, _, _ in calls) == 2, "once more, and no oftener"
    assert by["S3"].outcome == by["S7"].outcome == "scored"


def test_no_occasion_is_said_with_0_but_not_of_what_is_mandatory(played):
    calls = []
    items, _ = rate(ModelJudge(scripted(calls, zero={"S11", "S12", "S13"}), 1, few=FEW), played)
    by = {i.item: i for i in items}
    assert by["S11"].outcome == "not_applicable"
    assert by["S12"].outcome == by["S13"].outcome == "scored", "the form has no 0 for them"


def test_a_flow_that_cannot_be_read_is_undecided(played):
    items, red = rate(ModelJudge(scripted([], breaks={"R9"}), 1, few=FEW), played)
    card = score_session(played.session, profile(RISKY), items, red)
    assert card.overall is None and "no answer to R8, R9, R10; asked 2 times" in card.undecided[0]
    assert {r.answer for r in red if r.item == "R1"} == {"no"}


def test_a_network_of_random_weights_comes_to_the_end_of_every_answer(tmp_path, played):
    """What no held form could promise before: the whole side never ended."""
    folder = str(save_model(tmp_path / "model"))
    config = tmp_path / "model" / "config.json"  # a whole talk, in tokens of about one letter each
    config.write_text(json.dumps(json.loads(config.read_text()) | {"max_position_embeddings": 32768}))
    judge = ModelJudge(folder, 1)
    found = anyio.run(lambda: judge.rate("counselor", played.session, profile(RISKY), None))
    assert {i.outcome for i in found} <= {"scored", "not_applicable"} and len(found) == 7, found
    assert all(1 <= i.score <= 5 and i.turns for i in found if i.outcome == "scored")
    whole = ModelJudge(folder, 1, max_tokens=400, few=0)
    found = anyio.run(lambda: whole.rate("counselor", played.session, profile(RISKY), None))
    assert {i.outcome for i in found} == {"unscored"}
