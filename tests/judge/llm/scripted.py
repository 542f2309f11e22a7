"""Judge models without weights, and the golden exchange."""

from __future__ import annotations

import inspect

from inspect_ai.model import ChatCompletionChoice, ChatMessageAssistant, ModelOutput, ModelUsage, get_model
from inspect_ai.model._model_output import Logprob, Logprobs, TopLogprob

from sophro.judge.llm import ADAPTERS, LlmJudge


def output(text, stop="stop", tokens=None):
    """One reply; ``tokens`` is a list of {text: log-probability}, the first one being the one generated."""
    logprobs = None
    if tokens:
        logprobs = Logprobs(
            content=[
                Logprob(
                    token=next(iter(t)),
                    logprob=next(iter(t.values())),
                    top_logprobs=[TopLogprob(token=k, logprob=v) for k, v in t.items()],
                )
                for t in tokens
            ]
        )
    choice = ChatCompletionChoice(
        message=ChatMessageAssistant(content=text), stop_reason=stop, logprobs=logprobs
    )
    # Usage is given because Inspect would otherwise fetch a tokenizer from the net to count.
    return ModelOutput(
        model="scripted",
        choices=[choice],
        usage=ModelUsage(input_tokens=100, output_tokens=10, total_tokens=110),
    )


def scripted(adapter, script):
    """A judge whose model answers ``script(turns, config)`` (text or ``ModelOutput``)."""

    async def answer(messages, tools, tool_choice, config):
        found = script([(m.role, m.text) for m in messages], config)
        if inspect.isawaitable(found):
            found = await found
        return found if isinstance(found, ModelOutput) else output(found)

    model = get_model("mockllm/scripted", memoize=False, custom_outputs=answer)
    return LlmJudge(ADAPTERS[adapter], model)
