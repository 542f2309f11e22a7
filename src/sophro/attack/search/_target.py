"""Asking the target inside a search: local models in one batch, remote ones at once, errors as errors.

Contract: one reply per prompt, in order; a reply that has an ``error`` was no answer and is never judged.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from sophro.chat import Segment, Transcript, parse_response, visible_segments
from sophro.errors import SophroError
from sophro.judge import Exchange


@dataclass(frozen=True)
class Reply:
    """What the target answered.

    Attributes:
        segments: The answer as segments.
        state: Its parse state.
        error: Why there is none; empty if there is.
    """

    segments: tuple[Segment, ...] = ()
    state: str = ""
    error: str = ""

    def exchange(self, prompt: str) -> Exchange:
        """Return what a judge reads: what a user would see, under the behaviour in plain words."""
        return Exchange(prompt, visible_segments(self.segments), self.state)


def patched(target: Any) -> AbstractContextManager[Any]:
    """Put the target's patch on its network; attacker and judge may be the same network without it."""
    patch = getattr(target, "patch", None)
    return contextlib.nullcontext() if patch is None else target.model.patched(patch, target.scale)


def ask_target(target: Any, transcripts: Sequence[Transcript], max_new_tokens: int) -> list[Reply]:
    """Ask greedily.

    Args:
        target: A local model or view, or a ``RemoteTarget``.
        transcripts: What to ask.
        max_new_tokens: Length of an answer.
    """
    if isinstance(target, RemoteTarget):
        return target.say(transcripts, max_new_tokens)
    from sophro.models import GenerationConfig

    decoding = getattr(target, "decoding", None) or GenerationConfig
    out: list[Reply] = []
    with patched(target):
        answers = target.generate(transcripts, decoding(max_new_tokens=max_new_tokens)) if transcripts else []
    for done in answers:
        if done.finish_reason == "too_long":
            out.append(Reply(error="the prompt does not fit the target's context"))
        else:
            out.append(Reply(done.segments, done.state))
    return out


class RemoteTarget:
    """A target that is no local model: any Inspect model, asked in text only.

    Args:
        model: Name of an Inspect model, or a model object (tests).
        base_url: As for Inspect's ``get_model``.
        args: Model arguments, as for Inspect's ``get_model``.
    """

    capabilities = frozenset({"chat"})

    def __init__(
        self, model: Any, base_url: str | None = None, args: Mapping[str, Any] | None = None
    ) -> None:
        self._model, self._base_url, self._args = model, base_url, dict(args or {})
        self.name = str(model)

    def say(self, transcripts: Sequence[Transcript], max_new_tokens: int) -> list[Reply]:
        """Ask all at once; a failed call is a reply with its error."""
        # The caller may be inside Inspect's own event loop, so the calls get one of theirs in another thread.
        with ThreadPoolExecutor(max_workers=1) as pool:
            return pool.submit(lambda: asyncio.run(self._all(transcripts, max_new_tokens))).result()

    async def _all(self, transcripts: Sequence[Transcript], max_new_tokens: int) -> list[Reply]:
        from inspect_ai.model import GenerateConfig, get_model

        config = GenerateConfig(temperature=0.0, max_tokens=max_new_tokens, seed=0)
        model = self._model
        if isinstance(model, str):  # a client belongs to its event loop, so every call opens one
            try:
                model = get_model(model, config=config, memoize=False, base_url=self._base_url, **self._args)
            except (ValueError, ImportError) as error:
                raise SophroError(
                    f"model {self.name!r} cannot be used: {str(error).splitlines()[0]}"
                ) from error
        return list(await asyncio.gather(*(self._one(model, t, config) for t in transcripts)))

    async def _one(self, model: Any, transcript: Transcript, config: Any) -> Reply:
        from inspect_ai.model import ChatMessageSystem, ChatMessageUser

        messages = [
            ChatMessageSystem(content=t.text) if t.role == "system" else ChatMessageUser(content=t.text)
            for t in transcript.turns
        ]
        try:
            said = await model.generate(messages, config=config)
        except Exception as error:  # any provider error; it becomes a counted node without a score
            reason = (str(error).splitlines() or [""])[0][:200]
            return Reply(error=f"the target failed: {type(error).__name__}: {reason}")
        cut = said.stop_reason in ("max_tokens", "model_length")
        parsed = parse_response(said.completion, None, False, "length" if cut else "stop")
        return Reply(parsed.segments, parsed.state)
