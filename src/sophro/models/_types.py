"""What a model is asked for and what it returns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sophro.chat._segments import Segment
from sophro.errors import SophroError

FINISH_REASONS = ("stop", "length", "too_long")


@dataclass(frozen=True)
class GenerationConfig:
    """How to decode. The defaults are greedy, so that two runs agree.

    Attributes:
        max_new_tokens: Upper bound of generated tokens per prompt.
        temperature: 0 is greedy (arg max); above 0 samples with one random stream per prompt.
        top_p: Nucleus of the sampling distribution; 1 keeps everything. Unused when greedy.
        seed: Base seed; prompt i draws from stream (seed, i), whatever batch it lands in.
        logit_bias: Added to the logits of these token ids at every step.
        json_schema: JSON schema (as JSON) that the answer must fit; only tokens that can still become such an object
            are chosen. None: any text.
        reflections: Most reflection tokens in one answer; one more ends it with a refusal. None: no limit.
        max_rows: Most prompts in one batch.
        max_batch_tokens: Most cache cells (rows x length) in one batch; lower it when memory is short.
    """

    max_new_tokens: int = 256
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    logit_bias: Mapping[int, float] = field(default_factory=lambda: {})
    json_schema: str | None = None
    reflections: int | None = 1
    max_rows: int = 64
    max_batch_tokens: int = 32_768

    def __post_init__(self) -> None:
        if self.max_new_tokens < 1:
            raise SophroError(f"max_new_tokens is {self.max_new_tokens}; at least 1 is needed")
        if self.temperature < 0 or not 0 < self.top_p <= 1:
            raise SophroError("temperature must be >= 0 and top_p in (0, 1]")
        if self.reflections is not None and self.reflections < 0:
            raise SophroError(f"reflections is {self.reflections}; 0 or more, or None for no limit")
        if self.max_rows < 1 or self.max_batch_tokens < 1:
            raise SophroError("max_rows and max_batch_tokens must be at least 1")


@dataclass(frozen=True)
class Completion:
    """What the model produced after the prompt (and after any forced prefix).

    Attributes:
        ids: Generated token ids, without the end-of-turn token.
        text: Their text; special tokens are kept only where the template names them (trace tags).
        segments: The parsed text. The forced prefix is part of the transcript, not of this.
        state: Parse state (see ``sophro.chat.parse_response``); ``too_long`` if nothing could be generated.
        finish_reason: ``stop`` (end of turn), ``length`` (cut at ``max_new_tokens``) or ``too_long`` (the
            prompt does not fit the context).
        prompt_tokens: Tokens of prompt and forced prefix.
        new_tokens: Tokens generated, the end-of-turn token included.
        reflections: Positions in ``ids`` at which the reflection token stands.
    """

    ids: tuple[int, ...]
    text: str
    segments: tuple[Segment, ...]
    state: str
    finish_reason: str
    prompt_tokens: int
    new_tokens: int
    reflections: tuple[int, ...] = ()


ProgressFn = Callable[[int], None]
"""Called with the number of prompts that have just been finished."""
