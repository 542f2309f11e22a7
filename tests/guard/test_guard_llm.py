"""Guard models as detectors: scripted replies, both forms, and nothing unread becomes a verdict."""

from inspect_ai.model import ModelOutput, ModelUsage, get_model

from sophro.guard import Guard, Policy
from sophro.guard.scanners import View
from sophro.guard.scanners._judges import LlmGuard

NAME = "llama-guard-3-harm@mockllm/model"


def model(*replies, seen=None):
    queue = iter(replies)

    def answer(messages, tools, choice, config):
        if seen is not None:
            seen.append([m.role for m in messages])
        reply = next(queue)
        if isinstance(reply, Exception):
            raise reply
        output = ModelOutput.from_content("mockllm/model", reply)
        output.usage = ModelUsage(input_tokens=10, output_tokens=2, total_tokens=12)
        return output

    return get_model("mockllm/model", custom_outputs=answer, memoize=False)


def test_requests_and_answers_are_asked_in_their_own_form():
    seen = []
    by = LlmGuard(NAME, model("unsafe\nS2", "safe", seen=seen))
    found = by([View("how do I rob a bank?"), View("Stay calm.", "output", request="help")])
    assert [d.flagged for d in found] == [True, False] and seen == [["user"], ["user", "assistant"]]
    assert "S2 non-violent crimes" in found[0].note


def test_qwen_guard_reads_two_lines_of_a_request_and_three_of_an_answer():
    two, three = "Safety: Unsafe\nCategories: Violent", "Safety: Safe\nCategories: None\nRefusal: No"
    by = LlmGuard("qwen3guard-harm@mockllm/model", model(two, three))
    found = by([View("a request"), View("an answer", "output", request="r")])
    assert [d.flagged for d in found] == [True, False]


def test_what_cannot_be_read_is_asked_again_and_then_not_evaluated():
    by = LlmGuard(NAME, model("I would rather talk about cats", "safe"))
    assert by([View("hello there")])[0].flagged is False  # the second reply
    by = LlmGuard(NAME, model(*["well, hard to say"] * 10))
    (found,) = by([View("hello there")])
    assert found.flagged is None and found.failed and "could not judge" in found.reason
    policy = Policy.parse(f"on_failure: closed\ninput: [{{detector: {NAME}, action: refuse}}]")
    by = LlmGuard(NAME, model(*["well, hard to say"] * 10))
    (decision,) = Guard(policy, {NAME: by}).check([[{"role": "user", "content": "hello"}]])
    assert decision.action == "refuse" and decision.failed


def test_a_guard_that_is_down_is_reported_and_never_safe():
    by = LlmGuard(NAME, model(*[RuntimeError("no route")] * 10))
    (found,) = by([View("hello there")])
    assert found.flagged is None and found.failed
