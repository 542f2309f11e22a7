"""Inspect provider ``sophro/...``: concurrent requests share batches of one local engine.

Contract: requests that arrive together are decoded together, whoever sent them; each gets its own result,
with segments, parse state and token counts in ``ModelOutput.metadata``. Nothing asks the network: token
counting uses the model's own tokenizer. Requests with equal settings are sorted by content, so that a batch
does not depend on the order in which samples started.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import anyio
import anyio.to_thread
from inspect_ai.model import (
    ChatCompletionChoice,
    ChatMessage,
    ChatMessageAssistant,
    Content,
    ContentReasoning,
    ContentText,
    GenerateConfig,
    ModelAPI,
    ModelOutput,
    ModelUsage,
    modelapi,
)
from inspect_ai.model import StopReason as InspectStop
from inspect_ai.tool import ToolChoice, ToolInfo

from sophro.chat import Segment, Transcript, Turn
from sophro.errors import SophroError
from sophro.models._hold import HoldBack
from sophro.models._load import load
from sophro.models._patches import Patch, load_patch
from sophro.models._reflection import ReflectionSettings, knows_token, reflection_settings
from sophro.models._types import Completion, GenerationConfig

_QUIET = 0.05  # seconds without a new request before a batch starts
_STOP: dict[str, InspectStop] = {"stop": "stop", "length": "max_tokens", "too_long": "model_length"}
_LOCKS: dict[int, threading.Lock] = {}


@dataclass
class _Request:
    transcript: Transcript
    config: GenerationConfig
    done: Completion | None = None
    error: BaseException | None = None


@modelapi(name="sophro")
class SophroAPI(ModelAPI):
    """A local model with an optional patch.

    Args:
        model_name: Any name that ``sophro.models.load`` takes.
        base_url: Unused; local models have none.
        api_key: Unused.
        config: Inspect's generation defaults.
        patch: Folder of a patch or PEFT adapter (``-M patch=DIR``).
        scale: Strength of the patch.
        hold: Tokens held back by the visibility policy ``hold``.
        max_connections: Requests that may wait for one batch.
        on_progress: Called with the number of finished requests (in process only).
    """

    def __init__(
        self,
        model_name: str,
        base_url: str | None = None,
        api_key: str | None = None,
        config: GenerateConfig = GenerateConfig(),  # noqa: B008 (Inspect's own convention)
        patch: str | None = None,
        scale: float = 1.0,
        hold: int = 64,
        max_connections: int = 1024,
        on_progress: Any = None,
        **model_args: Any,
    ) -> None:
        super().__init__(model_name, base_url, api_key, [], config)
        if model_args:
            raise SophroError(f"model argument {min(model_args)!r} is unknown; known: patch, scale, hold")
        self.model = load(model_name)
        self.patch: Patch | None = load_patch(Path(patch)) if patch else None
        self.scale = scale
        self.reflects = knows_token(self.model, self.patch)
        self._hold = hold
        # A merged checkpoint brings its own, also below a patch that has none.
        own = reflection_settings(Path(patch)) if patch else ReflectionSettings()
        self._decoding = own if own != ReflectionSettings() else reflection_settings(Path(self.model.name))
        self._limit = max_connections
        self._on_progress = on_progress
        self._waiting: list[_Request] = []
        self._turn = anyio.Lock()
        # Two arms may share one network; a patch must never be on while the other arm decodes.
        self._network_lock = _LOCKS.setdefault(id(self.model), threading.Lock())

    def max_connections(self) -> int:
        """Return how many requests may be in flight, which bounds how many can share a batch."""
        return self._limit

    async def count_text_tokens(self, text: str) -> int:
        """Count with the model's own tokenizer (Inspect's default downloads a table)."""
        tokenizer = getattr(self.model, "tokenizer", None)
        return len(tokenizer(text)["input_ids"]) if tokenizer is not None else len(text.split())

    async def generate(
        self,
        input: list[ChatMessage],
        tools: list[ToolInfo],
        tool_choice: ToolChoice,
        config: GenerateConfig,
    ) -> ModelOutput:
        """Answer one request; requests that wait at the same time are decoded in one batch."""
        if tools:
            raise SophroError(f"model sophro/{self.model_name} has no tool calling; use another provider")
        request = _Request(to_transcript(input), self._settings(config))
        self._waiting.append(request)
        async with self._turn:
            if request.done is None and request.error is None:
                await self._serve_all()
        if request.error is not None:
            raise request.error
        assert request.done is not None
        return self._output(request.done)

    async def _serve_all(self) -> None:
        # The first request of a wave waits until no more arrive, then decodes for all of them.
        seen = -1
        while seen != len(self._waiting):
            seen = len(self._waiting)
            await anyio.sleep(_QUIET)
        wave, self._waiting = self._waiting, []
        try:
            await anyio.to_thread.run_sync(self._decode, wave)
        except BaseException as error:
            for request in wave:
                request.error = request.error or (error if request.done is None else None)
            raise

    def _decode(self, wave: Sequence[_Request]) -> None:
        groups: dict[str, list[_Request]] = {}
        for request in wave:
            groups.setdefault(repr(request.config), []).append(request)
        for _, group in sorted(groups.items()):
            group.sort(key=lambda r: repr(r.transcript))
            with self._network_lock:
                patches = [(self.patch, self.scale)] if self.patch is not None else []
                answers = self.model.generate(
                    [r.transcript for r in group],
                    group[0].config,
                    patches,
                    self._on_progress,
                )
            for request, answer in zip(group, answers, strict=True):
                request.done = answer

    @property
    def scores_options(self) -> bool:
        """Whether ``option_log_probs`` works: the model has weights."""
        return hasattr(self.model, "continuation_log_probs")

    async def option_log_probs(self, input: list[ChatMessage], options: Sequence[str]) -> list[float]:
        """Return how likely each of a few fixed answers is: nats, summed over its tokens, the end of turn left out.

        Args:
            input: The request.
            options: Answers; none may be empty.

        Raises:
            SophroError: If the request does not fit the context.
        """

        def read() -> list[float]:
            model = cast(Any, self.model)
            transcript = to_transcript(input)
            longest = len(model.render(transcript).ids) + 16
            if longest > model.context:
                raise SophroError(f"a request of {longest} tokens does not fit model {self.model_name}")
            with self._network_lock, model.patched(self.patch, self.scale) if self.patch else nullcontext():
                return [float(x) for x in model.continuation_log_probs([transcript], options)[0]]

        return await anyio.to_thread.run_sync(read)

    def decoding(self, max_new_tokens: int) -> GenerationConfig:
        """Return how a greedy request of this length is decoded, with what the patch asks for."""
        return self._settings(GenerateConfig(max_tokens=max_new_tokens, temperature=0.0, seed=0))

    def _settings(self, config: GenerateConfig) -> GenerationConfig:
        bias = {int(k): float(v) for k, v in (config.logit_bias or {}).items()}
        token = getattr(self.model, "reflection_id", None)
        if token is not None and self._decoding.bias:
            bias[token] = bias.get(token, 0.0) + self._decoding.bias
        return GenerationConfig(
            max_new_tokens=config.max_tokens or 256,
            temperature=config.temperature or 0.0,
            top_p=config.top_p or 1.0,
            seed=config.seed or 0,
            logit_bias=bias,
            reflections=self._decoding.limit,
            json_schema=_schema(config),
        )

    def _held(self, completion: Completion) -> str | None:
        """Return what a client would have received under the policy ``hold``, if anything was taken back."""
        if not completion.reflections:
            return None
        model: Any = self.model
        stream = HoldBack(model.tokenizer, model.reflection_id, self._hold)
        released = "".join(map(stream.push, completion.ids))
        if completion.reflections[-1] < len(completion.ids):
            return released + stream.finish()
        # One reflection too many: what is still held is dropped, and the forced refusal ends the answer.
        return released + stream.push(model.reflection_id) + completion.segments[-1].text

    def _output(self, completion: Completion) -> ModelOutput:
        content: list[Content] = []
        for segment in completion.segments:
            if segment.kind in ("trace", "reflection"):
                content.append(ContentReasoning(reasoning=segment.text, internal={"kind": segment.kind}))
            else:
                content.append(ContentText(text=segment.text))
        message = ChatMessageAssistant(content=content or "", source="generate", model=self.model_name)
        return ModelOutput(
            model=self.model_name,
            choices=[ChatCompletionChoice(message=message, stop_reason=_STOP[completion.finish_reason])],
            usage=ModelUsage(
                input_tokens=completion.prompt_tokens,
                output_tokens=completion.new_tokens,
                total_tokens=completion.prompt_tokens + completion.new_tokens,
            ),
            metadata={
                "segments": [{"kind": s.kind, "text": s.text} for s in completion.segments],
                "state": completion.state,
                "finish_reason": completion.finish_reason,
                "new_tokens": completion.new_tokens,
                "reflections": list(completion.reflections),
                "held": self._held(completion),
            },
        )


def _schema(config: GenerateConfig) -> str | None:
    asked = config.response_schema
    return None if asked is None else asked.json_schema.model_dump_json(exclude_none=True, by_alias=True)


def to_transcript(messages: Sequence[ChatMessage]) -> Transcript:
    """Turn Inspect messages into a transcript; a final assistant message becomes a forced prefix."""
    turns: list[Turn] = []
    for index, message in enumerate(messages):
        last = index == len(messages) - 1
        if isinstance(message, ChatMessageAssistant):
            turns.append(Turn("assistant", _assistant(message, last)))
        elif message.role == "system":
            turns.append(Turn("system", (Segment("system", message.text),)))
        elif message.role == "user":
            turns.append(Turn("user", (Segment("user", message.text),)))
        else:
            raise SophroError(
                f"message {index + 1} has role {message.role!r}, which local models do not know"
            )
    return Transcript(tuple(turns))


def _assistant(message: ChatMessageAssistant, forced: bool) -> tuple[Segment, ...]:
    pieces = message.content if isinstance(message.content, list) else [ContentText(text=message.content)]
    segments: list[Segment] = []
    for piece in pieces:
        marked = cast(Any, piece).internal
        kind = marked.get("kind") if isinstance(marked, dict) else None
        if isinstance(piece, ContentReasoning):
            segments.append(Segment("reflection" if kind == "reflection" else "trace", piece.reasoning))
        elif isinstance(piece, ContentText):
            segments.append(Segment("prefill" if forced else "answer", piece.text))
        else:
            raise SophroError(f"local models read text only, a message holds {piece.type!r}")
    # An empty thought in front of a forced answer means that there is nothing to think about.
    thinks = forced and any(s.kind == "trace" for s in segments)
    return tuple(s for s in segments if s.text or thinks)
