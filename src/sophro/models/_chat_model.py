"""``ChatModel``: tokenizer + template + network behind one small surface.

Contract: transcripts in, completions out, in the order given. One network object serves every arm of a run:
variants are patches on it, so no model is loaded twice. Float32 on a CPU; greedy unless asked otherwise.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import torch

from sophro.chat import (
    REFLECTION_TOKEN,
    Segment,
    Template,
    TokenizedTranscript,
    Transcript,
    add_reflection_token,
    render,
)
from sophro.errors import SophroError
from sophro.models._engine import Generated, decode
from sophro.models._fingerprint import Bare, Fingerprint, FingerprintCache, bare_weights
from sophro.models._grammar import Vocabulary
from sophro.models._patches import Patch, Scale
from sophro.models._reflection import forced_refusal
from sophro.models._running import Running
from sophro.models._subject import Subject
from sophro.models._types import Completion, GenerationConfig, ProgressFn

if TYPE_CHECKING:
    import numpy as np

CAPABILITIES = frozenset({"chat", "logprobs", "activations", "prefill", "patches", "gradients"})


class ChatModel:
    """A local chat model.

    Attributes:
        name: The name it was loaded by.
        tokenizer: The transformers tokenizer.
        template: Its chat template (``sophro.chat.Template``).
        network: The transformers causal language model, in eval mode.
        capabilities: What attacks and methods may ask of it.
        context: Most tokens of prompt and answer together.
        reflection_id: Id of the reflection token. The tokenizer knows it from here on; the network has a row
            for it only if it was trained with one, or while a patch with that row is on.
        has_reflection: Whether the tokenizer knew the token before, as that of a model trained with it does. The
            size of the embedding does not tell: many models have more rows than tokens.
    """

    capabilities = CAPABILITIES

    def __init__(self, name: str, tokenizer: Any, network: Any) -> None:
        self.name = name
        self.tokenizer = tokenizer
        self.has_reflection = REFLECTION_TOKEN in tokenizer.added_tokens_encoder
        self.reflection_id = add_reflection_token(tokenizer)
        self.template = Template(tokenizer)
        self.network = network.eval()
        limit = getattr(network.config.get_text_config(), "max_position_embeddings", None)
        self.context = int(limit) if limit else 1 << 20
        self._running = Running()
        self._subject: Subject | None = None
        self._fingerprints = FingerprintCache(network, tokenizer)
        self._bare: list[Bare] | None = None
        self._whole = 0  # patches that are on and need every prompt in one pass of its own

    @property
    def stop_ids(self) -> frozenset[int]:
        """Ids that end a turn: those of the template and of the model's generation settings."""
        own = getattr(self.network.generation_config, "eos_token_id", None)
        listed = own if isinstance(own, list) else [] if own is None else [own]
        return frozenset(self.template.stop_ids) | frozenset(int(i) for i in listed)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """What the tokens spell, for answers that must fit a schema."""
        return Vocabulary(self.tokenizer, self.network.get_output_embeddings().weight.shape[0], self.stop_ids)

    def render(self, transcript: Transcript, *, close: bool = False) -> TokenizedTranscript:
        """Tokenise ``transcript``; with ``close`` the final assistant turn is ended, as for training."""
        return render(transcript, self.template, close=close)

    def generate(
        self,
        transcripts: Sequence[Transcript],
        config: GenerationConfig | None = None,
        patches: Sequence[tuple[Patch, Scale]] = (),
        progress: ProgressFn | None = None,
    ) -> list[Completion]:
        """Continue every transcript.

        A transcript that ends with an assistant turn is continued from there (prefill). Prompts that do not
        fit the context come back with finish reason ``too_long`` instead of stopping the run.

        Args:
            transcripts: What to continue.
            config: Decoding settings; greedy with 256 tokens by default.
            patches: Patches with their scale, one number or a tensor with one number per transcript.
            progress: Called with the number of transcripts just finished.

        Returns:
            One completion per transcript, in order.
        """
        config = config or GenerationConfig()
        rendered = [self.render(t).ids for t in transcripts]
        results: list[Completion | None] = [None] * len(transcripts)
        fits = [i for i, ids in enumerate(rendered) if len(ids) + config.max_new_tokens <= self.context]
        for i in set(range(len(transcripts))) - set(fits):
            results[i] = Completion((), "", (), "too_long", "too_long", len(rendered[i]), 0)
            if progress:
                progress(1)

        def done(position: int, generated: Generated) -> None:
            index = fits[position]
            results[index] = self._complete(transcripts[index], len(rendered[index]), generated)
            if progress:
                progress(1)

        chosen = [(p, s[fits] if isinstance(s, torch.Tensor) else s) for p, s in patches]
        with contextlib.ExitStack() as stack:
            for patch, scale in chosen:
                stack.enter_context(self.patched(patch, scale))
            self._check_ids(rendered)
            decode(
                self.network,
                [rendered[i] for i in fits],
                self._possible(config),
                self.stop_ids,
                on_done=done,
                running=self._running,
                share=not self._whole,
                limit=None if config.reflections is None else (self.reflection_id, config.reflections),
                schema=None if config.json_schema is None else self.vocabulary.schema(config.json_schema),
            )
        return [r for r in results if r is not None]

    def _possible(self, config: GenerationConfig) -> GenerationConfig:
        """Drop the bias of a reflection token that the network has no row for: it cannot come anyway."""
        size = self.network.get_output_embeddings().weight.shape[0]
        if self.reflection_id < size or self.reflection_id not in config.logit_bias:
            return config
        bias = {k: v for k, v in config.logit_bias.items() if k != self.reflection_id}
        return replace(config, logit_bias=bias)

    def _check_ids(self, rendered: Sequence[Sequence[int]]) -> None:
        if max(map(max, rendered), default=0) >= self.network.get_input_embeddings().weight.shape[0]:
            raise SophroError(
                f"model {self.name!r} has no reflection token, but a forced answer holds one; put the adapter that "
                "was trained with it on the model"
            )

    def _complete(self, transcript: Transcript, prompt_tokens: int, generated: Generated) -> Completion:
        reason: Literal["stop", "length"] = "stop" if generated.stopped or generated.exceeded else "length"
        parsed = self.template.parse(generated.ids, reason, transcript.forced)
        text, segments, state = "".join(piece for _, piece in parsed.pieces), parsed.segments, parsed.state
        if generated.exceeded:
            refusal = forced_refusal(transcript.prompt)
            segments = (*segments, Segment("reflection", refusal[0]), Segment("answer", refusal[1]))
            text, state = text + "".join(refusal), "ok"
        new = len(generated.ids) + int(generated.stopped or generated.exceeded)
        at = tuple(i for i, id_ in enumerate(generated.ids) if id_ == self.reflection_id)
        if generated.exceeded:
            at = (*at, len(generated.ids))
        return Completion(generated.ids, text, segments, state, reason, prompt_tokens, new, at)

    @contextlib.contextmanager
    def patched(self, patch: Patch, scale: Scale = 1.0) -> Generator[ChatModel]:
        """Put ``patch`` on for the time of the ``with`` block; scale 0 leaves the base untouched."""
        if not isinstance(scale, torch.Tensor) and scale == 0:
            yield self
            return
        outermost = self._bare is None
        if outermost:
            self._bare = bare_weights(self.network)
        differs = isinstance(scale, torch.Tensor) or getattr(patch, "whole_prompts", False)
        try:
            self._refuse_stranger(patch)
            remove = patch.attach(self.network, scale, self._running)
            self._whole += differs
            try:
                yield self
            finally:
                self._whole -= differs
                remove()
        finally:
            if outermost:
                self._bare = None

    def fingerprint(self) -> Fingerprint:
        """Return what identifies this model without its patches (see ``Fingerprint``)."""
        return self._fingerprints.get(self._bare)

    def _refuse_stranger(self, patch: Patch) -> None:
        made_on: Subject | None = getattr(patch, "subject", None)
        if made_on is not None:
            made_on.refuse(self.subject, f"{patch.kind} patch")
        made_for: Fingerprint | None = getattr(patch, "fingerprint", None)
        if made_for is not None:
            made_for.refuse(self.fingerprint(), f"{patch.kind} patch")

    def log_probs(
        self, sequences: Sequence[TokenizedTranscript], max_tokens: int = 8192
    ) -> list[torch.Tensor]:
        """Return the log-probability (nats) of every id given those before it.

        Args:
            sequences: Rendered transcripts.
            max_tokens: Most padded tokens in one batch.

        Returns:
            Per sequence a float32 tensor of shape (len(ids) - 1,): entry t belongs to id t + 1.
        """
        from sophro.models._read import log_probs

        prompts = [s.prompt_length for s in sequences]
        return log_probs(self.network, [s.ids for s in sequences], prompts, max_tokens, self._running)

    def activations(
        self,
        transcripts: Sequence[Transcript],
        position: str = "last",
        max_tokens: int = 8192,
    ) -> np.ndarray:
        """Return hidden states of every decoder block; ``sophro.models.capture`` streams them.

        Args:
            transcripts: Prompts, rendered with the generation prompt.
            position: ``last`` (the last token), ``mean`` (over all tokens), or another name that ``capture`` knows.
            max_tokens: Most padded tokens in one batch.

        Returns:
            Array of shape (N, L, d), float32: block outputs before the final norm.
        """
        from sophro.models._capture import collect

        return collect(self, transcripts, (position,), max_tokens=max_tokens)[:, 0]

    def continuation_log_probs(
        self, transcripts: Sequence[Transcript], texts: Sequence[str], max_tokens: int = 16_384
    ) -> np.ndarray:
        """Return how likely each of a few fixed starts of an answer is, for every transcript.

        Args:
            transcripts: Prompts, rendered with the generation prompt.
            texts: Starts of an answer, the same for all.
            max_tokens: Most cache cells (prompts x their length with all texts) at once.

        Returns:
            Array of shape (N, len(texts)), float32: nats, summed over the tokens of a text.
        """
        from sophro.models._read import continuations

        tails = [self.tokenizer(t, add_special_tokens=False)["input_ids"] for t in texts]
        if not transcripts or not all(tails):
            raise SophroError("continuation_log_probs: transcripts and non-empty texts are needed")
        prompts = [self.render(t).ids for t in transcripts]
        share = not self._whole
        return continuations(self.network, prompts, tails, max_tokens, self._running, share).numpy()

    def reflection_margins(
        self, sequences: Sequence[TokenizedTranscript], max_tokens: int = 8192
    ) -> list[torch.Tensor]:
        """Return how near the reflection token comes to being the greedy choice, position by position.

        The greedy path is the same with and without a bias until the token fires, so that the share of
        sequences that would fire under a bias ``b`` is the share whose largest margin exceeds ``-b``.

        Args:
            sequences: Rendered transcripts; the final assistant turn is looked at.
            max_tokens: Most padded tokens in one batch.

        Returns:
            Per sequence a float32 tensor: entry t is the logit of the token minus the largest other logit, where
            it could stand instead of the t-th id of the assistant turn (the last entry: after the turn).
        """
        from sophro.models._read import margins

        starts = [s.prompt_length for s in sequences]
        ids = [s.ids for s in sequences]
        return margins(self.network, ids, starts, self.reflection_id, max_tokens, self._running)

    @property
    def subject(self) -> Subject:
        """What patches of this model must agree with: family, width, blocks, tokenizer."""
        if self._subject is None:
            self._subject = Subject.of(self.network, self.tokenizer)
        return self._subject

    @property
    def running(self) -> Running:
        """What patches may know of the running pass; whoever runs the network sets it."""
        return self._running

    def digest(self) -> str:
        """Return a hash of the weights and the chat template; equal hashes mean equal models."""
        from sophro.files import digest

        parts = [
            (
                name,
                tuple(p.shape),
                float(p.detach().double().sum()),
                float(p.detach().double().square().sum()),
            )
            for name, p in self.network.named_parameters()
        ]
        return digest(parts, str(self.tokenizer.chat_template))


def require(model: Any, needs: Sequence[str], who: str) -> None:
    """Refuse, before any work, a model that lacks a capability.

    Raises:
        SophroError: Naming what is missing and what the model offers.
    """
    offers = set(model.capabilities)
    if any(getattr(part, "trace", None) for part in (model, getattr(model, "template", None))):
        offers.add("trace")  # a property of the template, not of the engine
    missing = [n for n in needs if n not in offers]
    if missing:
        offered = ", ".join(sorted(offers)) or "none"
        raise SophroError(
            f"{who} needs {', '.join(missing)}, which model {model.name!r} does not offer (it offers: {offered}); "
            "use a local model"
        )
