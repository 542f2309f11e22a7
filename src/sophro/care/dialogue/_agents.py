"""Who may take part: scripts, models, agents of Inspect, people.

Contract: an agent keeps nothing between two calls; all that it knows is its view. A model's structured answer is
either read strictly (JSON by schema; local models, and providers that can, are held to it token by token) or, for a
local model and a few options, not generated at all: the options are scored by log-probability and the likeliest is the
answer, so it cannot be unreadable. An answer that cannot be read is asked for once more and then ``unscored``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from sophro.care.dialogue._types import LEFT, Utterance, View
from sophro.errors import SophroError

if TYPE_CHECKING:
    from inspect_ai.agent import Agent as InspectsAgent
    from inspect_ai.model import Model, ModelOutput
    from pydantic import BaseModel

ATTEMPTS = 2
Said = str | Utterance


class Message(NamedTuple):
    """One chat message of a prompt."""

    role: Literal["system", "user", "assistant"]
    text: str


PromptFn = Callable[[View], Sequence[Message]]
ChoicesFn = Callable[[View], Sequence[str]]


class ScriptedAgent:
    """Answers by a function of its view, or with the next text of a list.

    Args:
        role: Its role.
        script: A function, or a list of answers; when the list is at its end, the agent leaves.
    """

    def __init__(
        self, role: str, script: Callable[[View], Said] | Callable[[View], Awaitable[Said]] | Sequence[Said]
    ) -> None:
        self.role = role
        self._script = script

    async def speak(self, view: View) -> Utterance:
        """Answer one view."""
        said: Any
        if callable(self._script):
            said = self._script(view)
            if isinstance(said, Awaitable):
                said = await cast("Awaitable[Said]", said)
        elif view.asked < len(self._script):
            said = self._script[view.asked]
        else:
            return LEFT
        return said if isinstance(said, Utterance) else Utterance(str(said))


class ModelAgent:
    """Any Inspect model in a role.

    Args:
        role: Its role.
        model: Name of a local model (``smollm2-135m``, a folder) or of any Inspect model, an opened model, or None for
            the model that Inspect evaluates.
        prompt: From view to chat messages.
        schema: Pydantic model that the answer must fit; its values become the utterance's ``fields``.
        choices: Allowed answers, or a function that gives them for a view. The answer stands in ``fields["choice"]``;
            local models also give ``fields["probabilities"]``.
        baseline: Prompt without content, for choices by a local model: the log-probabilities that it gives are
            subtracted, which takes out how likely each word is anyway (Zhao et al. 2021, arXiv 2102.09690).
        max_tokens: Longest answer.
        temperature: Of decoding.
        settings: Further settings of Inspect's ``GenerateConfig``.
        again: What is said after a reply that could not be read, for prompts in another language than English; a
            function of the view where the language is the dialogue's, None for the usual words.

    Raises:
        SophroError: If both a schema and choices are given.
    """

    def __init__(
        self,
        role: str,
        model: str | Model | None,
        prompt: PromptFn,
        *,
        schema: type[BaseModel] | None = None,
        choices: Sequence[str] | ChoicesFn | None = None,
        baseline: PromptFn | None = None,
        max_tokens: int = 256,
        temperature: float = 0.0,
        settings: Mapping[str, Any] | None = None,
        again: str | Callable[[View], str | None] | None = None,
    ) -> None:
        if schema is not None and choices is not None:
            raise SophroError(f"agent {role!r}: a schema or choices, not both")
        self.role = role
        self.name = (
            model if isinstance(model, str) else "the evaluated model" if model is None else str(model)
        )
        self._model = model
        self._prompt = prompt
        self._schema = schema
        self._choices = choices
        self._baseline = baseline
        self._max_tokens = max_tokens
        self._temperature = temperature
        self._settings = dict(settings or {})
        self._again = again
        self._empty: dict[str, list[float]] = {}  # the baseline of a prompt never changes

    async def speak(self, view: View) -> Utterance:
        """Answer one view.

        Raises:
            SophroError: If the model cannot be used. Errors of a call pass through; the session decides.
        """
        model = open_model(self._model, self.role)
        choices = list(self._choices(view) if callable(self._choices) else self._choices or ())
        if choices:
            scored = await self._score(model, view, choices)
            if scored is not None:
                return scored
        reasons: list[str] = []
        for attempt in range(ATTEMPTS):
            output = await self._generate(model, view, choices, reasons[-1] if reasons else "", attempt)
            try:
                return self._read(output, choices)
            except _unreadable() as error:
                reasons.append(str(error))
        why = reasons[0] if len(set(reasons)) == 1 else "; then: ".join(reasons)
        return Utterance("", outcome="unscored", reason=f"asked {ATTEMPTS} times: {why}")

    async def _score(self, model: Model, view: View, choices: list[str]) -> Utterance | None:
        score = getattr(model.api, "option_log_probs", None)
        if score is None or not getattr(model.api, "scores_options", False):
            return None
        found: list[float] = await score(_messages(self._prompt(view)), choices)
        if self._baseline is not None:
            said = self._baseline(view)
            key = repr((said, choices))
            if key not in self._empty:
                self._empty[key] = await score(_messages(said), choices)
            empty = self._empty[key]
            found = [a - b for a, b in zip(found, empty, strict=True)]
        top = max(found)
        mass = [math.exp(f - top) for f in found]
        shares = {c: m / sum(mass) for c, m in zip(choices, mass, strict=True)}
        best = choices[found.index(top)]
        return Utterance(best, {"choice": best, "probabilities": shares})

    async def _generate(
        self, model: Model, view: View, choices: list[str], problem: str, attempt: int
    ) -> ModelOutput:
        from inspect_ai.model import GenerateConfig, ResponseSchema
        from inspect_ai.util import json_schema

        said = list(self._prompt(view))
        if problem:
            own = self._again(view) if callable(self._again) else self._again
            again = own or f"Your last reply could not be read: {problem}. {_form(choices)}"
            said.append(Message("user", again))
        config = GenerateConfig(
            max_tokens=self._max_tokens,
            temperature=self._temperature,
            seed=(view.seed + attempt) % (1 << 31),
        )
        if self._schema is not None:
            config = config.merge(
                GenerateConfig(
                    response_schema=ResponseSchema(
                        name=self._schema.__name__.strip("_").lower(), json_schema=json_schema(self._schema)
                    )
                )
            )
        return await model.generate(_messages(said), config=config.merge(GenerateConfig(**self._settings)))

    def _read(self, output: ModelOutput, choices: list[str]) -> Utterance:
        from sophro.care.dialogue._reading import read_choice, read_json, read_words
        from sophro.judge.llm import Reply

        stop = output.choices[0].stop_reason if output.choices else "unknown"
        reply = Reply(
            output.completion if output.choices else "",
            cut=stop in ("max_tokens", "model_length"),
            blocked=stop == "content_filter",
        )
        if choices:
            choice = read_choice(reply, choices)
            return Utterance(choice, {"choice": choice})
        if self._schema is not None:
            return Utterance(reply.text, read_json(reply, self._schema))
        if reply.cut and reply.text.strip():
            # A long turn is still a turn; the cut is told, not hidden.
            return Utterance(reply.text.strip(), {"cut": True})
        return Utterance(read_words(reply))


class InspectAgent:
    """An agent of Inspect (with tools, with loops of its own) in a role; what it answers last is its turn.

    Args:
        role: Its role.
        agent: The agent.
        system: What it is told first.
    """

    def __init__(self, role: str, agent: InspectsAgent, system: str = "") -> None:
        self.role = role
        self._agent = agent
        self._system = system

    async def speak(self, view: View) -> Utterance:
        """Answer one view."""
        from inspect_ai.agent import run

        state = await run(self._agent, _messages(chat(view, self._system)))
        text = state.output.completion.strip()
        if not text:
            return Utterance("", outcome="unscored", reason="the agent said nothing")
        return Utterance(text)


def chat(view: View, system: str = "", names: bool = False) -> list[Message]:
    """Return the dialogue as this role lives it: its own turns are the assistant's, all others the user's.

    Args:
        view: What it sees.
        system: What it is told first.
        names: Put the speaker's name before the turns of others; needed where there are more than one.
    """
    found = [Message("system", system)] if system else []
    for turn in view.turns:
        mine = turn.speaker == view.role
        text = turn.text if mine or not names else f"{turn.speaker}: {turn.text}"
        role: Literal["user", "assistant"] = "assistant" if mine else "user"
        if found and found[-1].role == role:  # chat templates want roles in turn
            found[-1] = Message(role, f"{found[-1].text}\n{text}")
        else:
            found.append(Message(role, text))
    return found


def open_model(model: str | Model | None, role: str, *, memoize: bool = True) -> Model:
    """Return an Inspect model; local names run on sophro's own engine.

    Args:
        model: Name, or an opened model, or None for the model that Inspect evaluates.
        role: Who it speaks for, named where it cannot be used.
        memoize: Whether Inspect may hand out one that is open already, whose connections may belong to another loop.

    Raises:
        SophroError: If the name is unknown or its provider cannot be used.
    """
    from inspect_ai.model import Model, get_model

    if isinstance(model, Model):
        return model
    if model is None:
        return get_model()
    from sophro.models import check_name, is_local

    check_name(model)
    try:
        if is_local(model):
            from sophro.models import provider

            del provider  # registers ``sophro/``
            return get_model(f"sophro/{model}", memoize=memoize)
        return get_model(model, memoize=memoize)
    except SophroError:
        raise
    except Exception as error:  # a missing key or package: providers raise what they like
        said = re.sub(r"\[/?[a-z ]+\]", "", str(getattr(error, "message", error)))
        raise SophroError(
            f"model {model!r} of {role} cannot be used: {' '.join(said.removeprefix('ERROR: ').split())}"
        ) from error


def _form(choices: Sequence[str]) -> str:
    if choices:
        return f"Answer with one of these and nothing else: {', '.join(choices)}."
    return "Answer with one JSON object that fits the schema and nothing else."


def _messages(said: Sequence[Message]) -> list[Any]:
    from inspect_ai.model import ChatMessageAssistant, ChatMessageSystem, ChatMessageUser

    kinds = {"system": ChatMessageSystem, "user": ChatMessageUser, "assistant": ChatMessageAssistant}
    return [kinds[m.role](content=m.text) for m in said]


def _unreadable() -> type[Exception]:
    from sophro.care.dialogue._reading import Unreadable

    return Unreadable
