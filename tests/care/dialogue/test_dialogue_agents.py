"""Model agents: prompts, structured answers, retry, unscored, choices."""

from __future__ import annotations

import anyio
import pytest
from inspect_ai.agent import AgentState, agent
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from pydantic import BaseModel, Field

from sophro.care.dialogue import InspectAgent, Message, ModelAgent, Turn, View, chat
from sophro.errors import SophroError


class Grade(BaseModel):
    score: int = Field(ge=1, le=5)
    reason: str


def view(*turns: tuple[str, str]) -> View:
    spoken = tuple(Turn(i, who, text, "") for i, (who, text) in enumerate(turns))
    return View("helper", "", spoken, {}, {}, 0, 7)


def output(text: str, stop: str = "stop") -> ModelOutput:
    made = ModelOutput.from_content("mock", text, stop_reason=stop)
    # Usage is given because Inspect would otherwise fetch a tokenizer from the net to count.
    made.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
    return made


def asked(outputs, **kwargs):
    """Return (utterance, requests) of a model that answers with ``outputs`` in turn."""
    requests = []
    queue = iter(outputs)

    def answer(input, tools, tool_choice, config):
        requests.append((input, config))
        said = next(queue)
        return said if isinstance(said, ModelOutput) else output(said)

    model = get_model("mockllm/model", custom_outputs=answer, memoize=False)
    made = ModelAgent("helper", model, lambda v: chat(v, "Be kind."), **kwargs)
    return anyio.run(made.speak, view(("person", "hello"))), requests


def test_plain_text_and_the_dialogue_from_this_side():
    said, requests = asked([" Hello back. "])
    assert said.text == "Hello back." and said.scored
    assert [(m.role, m.text) for m in requests[0][0]] == [("system", "Be kind."), ("user", "hello")]
    assert chat(view(("a", "1"), ("b", "2"), ("helper", "3")), names=True) == [
        Message("user", "a: 1\nb: 2"),
        Message("assistant", "3"),
    ]


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "no object",
        '{"score": 6, "reason": "x"}',
        '{"score": "4", "reason": "x"}',
        '{"score": true, "reason": "x"}',
        '{"score": 4}',
        '{"score": 4, "score": 5, "reason": "x"}',
        "<think>so {",
        '{"score": 4, "reason": "x"} no wait {"score": 9, "reason": "x"}',
        output('{"score": 4, "reason": "x"}', "max_tokens"),
        output('{"score": 4, "reason": "x"}', "content_filter"),
    ],
)
def test_unreadable_once_is_asked_again_and_twice_is_unscored(bad):
    good = 'First {"score": 1, "reason": "hm"}, then {"score": 4, "reason": "kind {really}"}'
    said, requests = asked([bad, good], schema=Grade)
    assert said.fields == {"score": 4, "reason": "kind {really}"} and len(requests) == 2
    assert "could not be read" in requests[1][0][-1].text
    assert requests[0][1].response_schema.name == "grade"
    said, requests = asked([bad, bad], schema=Grade)
    assert (said.outcome, said.fields, len(requests)) == ("unscored", {}, 2) and said.reason


def test_choices_are_read_strictly():
    choices = ["met", "not_met", "unclear"]
    assert asked(['"Not_met".'], choices=choices)[0].fields == {"choice": "not_met"}
    said, requests = asked(["I think met or not_met", "unclear"], choices=choices)
    assert said.text == "unclear" and "Answer with one of these" in requests[1][0][-1].text
    assert asked(["met, not_met", "yes"], choices=choices)[0].outcome == "unscored"
    assert asked(["b"], choices=lambda v: ["b"])[0].text == "b"


def test_an_empty_turn_is_unscored_and_a_cut_one_says_so():
    assert asked(["", " "])[0].outcome == "unscored"
    cut = output("I would say that", "max_tokens")
    said, _ = asked([cut])
    assert said.text == "I would say that" and said.fields == {"cut": True}


def test_bad_names_and_schema_with_choices_are_refused():
    with pytest.raises(SophroError, match="not both"):
        ModelAgent("a", "x/y", chat, schema=Grade, choices=["b"])
    with pytest.raises(SophroError, match="unknown model 'nonsense'"):
        anyio.run(ModelAgent("a", "nonsense", chat).speak, view())
    with pytest.raises(SophroError, match=r"of a cannot be used"):
        anyio.run(ModelAgent("a", "nonsense/model", chat).speak, view())


def test_an_inspect_agent_takes_a_role():
    @agent
    def echo():
        async def execute(state: AgentState) -> AgentState:
            state.output = output(f"heard {state.messages[-1].text}")
            return state

        return execute

    said = anyio.run(InspectAgent("helper", echo(), "Be kind.").speak, view(("person", "rain")))
    assert said.text == "heard rain"


@pytest.mark.model
def test_the_embedded_model_chooses_by_log_probability():
    """Never unreadable; the baseline takes out how likely each word is anyway."""
    choices = ["yes", "no", "maybe"]

    def prompt(text):
        return lambda v: [Message("user", f"{text} Answer yes, no or maybe.")]

    said = anyio.run(
        ModelAgent("helper", "smollm2-135m", prompt("Is water wet?"), choices=choices).speak, view()
    )
    assert said.fields["choice"] in choices and sum(said.fields["probabilities"].values()) == pytest.approx(1)
    same = ModelAgent(
        "helper", "smollm2-135m", prompt("Is water wet?"), choices=choices, baseline=prompt("Is water wet?")
    )
    shares = anyio.run(same.speak, view()).fields["probabilities"]
    assert list(shares.values()) == pytest.approx([1 / 3] * 3)
