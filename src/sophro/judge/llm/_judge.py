"""Runs an adapter on any Inspect model: one retry, then unscored; calls, tokens and seconds counted.

Contract: a response that is no answer never reaches the model (``gate``). A reply that cannot be read is asked for
once more; then the verdict is ``unscored`` with the reason. A call that raises is unscored too, but more than one in
ten of them fail the whole call: an error is not a judgement (UKGovernmentBEIS/inspect_evals#2212). Concurrency is
Inspect's: all exchanges are handed over at once and the model's ``max_connections`` decides how many run. Inside an
event loop of Inspect await ``assess``; elsewhere call the judge, which opens the model for that call alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sophro.errors import SophroError
from sophro.files import digest
from sophro.judge._rules import gate
from sophro.judge._types import Exchange, Verdict
from sophro.judge.llm._adapter import Adapter, Reading
from sophro.judge.llm._fence import tag_of
from sophro.judge.llm._reply import Reply, Token, Unparsed

if TYPE_CHECKING:
    from inspect_ai.model import Model, ModelOutput

ATTEMPTS = 2
_ERROR_BUDGET = 0.1
_TOP = 20


@dataclass
class Usage:
    """What judging cost.

    Attributes:
        calls: Calls to the model that returned.
        retries: Second calls after a reply that could not be read.
        errors: Calls that raised.
        input_tokens: Tokens sent, as far as the provider counts them.
        output_tokens: Tokens received.
        seconds: Sum of the calls' latencies; with parallel calls more than the wall time.
        cost: In the provider's currency, None where Inspect knows no price.
    """

    calls: int = 0
    retries: int = 0
    errors: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    seconds: float = 0.0
    cost: float | None = None

    def add(self, other: Usage) -> None:
        """Add another count to this one."""
        for name in ("calls", "retries", "errors", "input_tokens", "output_tokens", "seconds"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        if other.cost is not None:
            self.cost = (self.cost or 0.0) + other.cost


@dataclass(frozen=True)
class Judged:
    """One finished exchange.

    Attributes:
        index: Its place in the batch.
        verdict: The verdict.
        usage: What it cost.
        error: The exception that left it unscored, as text; a later run should ask again.
    """

    index: int
    verdict: Verdict
    usage: Usage = field(default_factory=Usage)
    error: str | None = None


class LlmJudge:
    """An adapter on a model.

    Args:
        adapter: How to ask and read.
        model: Name of any Inspect model, or a model object (tests).
        settings: Further generation settings (``seed``, ``max_connections``); temperature is 0 unless set.
    """

    def __init__(self, adapter: Adapter, model: str | Model, settings: dict[str, Any] | None = None) -> None:
        self.adapter = adapter
        self._model = model
        self.settings: dict[str, Any] = {"temperature": 0.0, **(settings or {})}
        self.name = f"{adapter.name}@{model}"
        extra: list[str] = []
        if adapter.name == "harmbench":
            from sophro.judge.llm._tokens import tokenizer_identity

            extra.append(tokenizer_identity())
        kept = {k: v for k, v in self.settings.items() if k != "max_connections"}
        self.version = digest(adapter.fingerprint, str(model), kept, *extra)[:16]
        self.usage = Usage()

    def __call__(
        self, exchanges: Sequence[Exchange], on_judged: Callable[[Judged], None] | None = None
    ) -> list[Verdict]:
        """Return one verdict per exchange, in order.

        Raises:
            SophroError: If the model cannot be used, or more than one in ten calls raised.
        """
        import anyio

        async def run() -> list[Verdict]:
            if not isinstance(self._model, str):
                return await self.assess(exchanges, on_judged)
            # A client belongs to its event loop, so it is opened and closed with this one.
            async with self._open(memoize=False) as model:
                return await self.assess(exchanges, on_judged, model)

        return anyio.run(run) if len(exchanges) else []

    def _open(self, memoize: bool) -> Model:
        from inspect_ai.model import get_model

        if not isinstance(self._model, str):
            return self._model
        try:
            return get_model(self._model, memoize=memoize)
        except (ValueError, ImportError) as error:
            raise SophroError(
                f"judge model {self._model!r} cannot be used: {str(error).splitlines()[0]}"
            ) from error

    async def assess(
        self,
        exchanges: Sequence[Exchange],
        on_judged: Callable[[Judged], None] | None = None,
        model: Model | None = None,
    ) -> list[Verdict]:
        """Judge inside a running event loop; the model's own limit decides how many calls run at once.

        Args:
            exchanges: What to judge.
            on_judged: Called with every finished exchange, in order of finishing.
            model: An opened model; by default Inspect's shared one.

        Raises:
            SophroError: If more than one in ten calls raised.
        """
        import anyio

        found: list[Judged | None] = [None] * len(exchanges)
        opened: list[Model] = [model] if model is not None else []

        async def one(index: int) -> None:
            judged = await self._one(index, exchanges[index], opened)
            found[index] = judged
            self.usage.add(judged.usage)
            if on_judged is not None:
                on_judged(judged)

        async with anyio.create_task_group() as group:
            for index in range(len(exchanges)):
                group.start_soon(one, index)
        done = [judged for judged in found if judged is not None]
        failed = [judged.error for judged in done if judged.error is not None]
        asked = sum(judged.usage.calls + judged.usage.errors > 0 for judged in done)
        if len(failed) > _ERROR_BUDGET * asked:
            raise SophroError(
                f"judge {self.name}: {len(failed)} of {asked} calls failed ({failed[0][:300]}); "
                "nothing is scored by errors"
            )
        return [judged.verdict for judged in done]

    async def _one(self, index: int, exchange: Exchange, opened: list[Model]) -> Judged:
        settled = gate(exchange, self.name, self.version)
        if settled is not None:
            return Judged(index, settled)
        if not opened:
            opened.append(self._open(memoize=True))
        usage = Usage()
        reasons: list[str] = []
        for attempt in range(ATTEMPTS):
            tag = tag_of(self.adapter.name, str(attempt), exchange.prompt, exchange.text())
            started = time.monotonic()
            try:
                output = await self._generate(opened[0], exchange, tag, attempt)
            except Exception as error:
                usage.errors += 1
                usage.seconds += time.monotonic() - started
                text = f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"
                return Judged(
                    index, self._unscored(f"the call to the judge failed: {text[:200]}"), usage, text
                )
            usage.calls += 1
            usage.retries += attempt
            usage.seconds += time.monotonic() - started
            if output.usage is not None:
                usage.input_tokens += output.usage.input_tokens
                usage.output_tokens += output.usage.output_tokens
                if output.usage.total_cost is not None:
                    usage.cost = (usage.cost or 0.0) + output.usage.total_cost
            try:
                return Judged(index, self._verdict(self.adapter.read(_reply(output), tag)), usage)
            except Unparsed as error:
                reasons.append(str(error))
        why = reasons[0] if len(set(reasons)) == 1 else "; then: ".join(reasons)
        return Judged(index, self._unscored(f"asked {ATTEMPTS} times: {why}"), usage)

    async def _generate(self, model: Model, exchange: Exchange, tag: str, attempt: int) -> ModelOutput:
        from inspect_ai.model import (
            ChatMessageAssistant,
            ChatMessageSystem,
            ChatMessageUser,
            GenerateConfig,
        )

        kinds = {"system": ChatMessageSystem, "user": ChatMessageUser, "assistant": ChatMessageAssistant}
        turns = self.adapter.ask(exchange, tag, attempt > 0)
        config = GenerateConfig(max_tokens=self.adapter.max_tokens, **self.settings)
        if self.adapter.logprobs:
            config = config.merge(GenerateConfig(logprobs=True, top_logprobs=_TOP))
        return await model.generate([kinds[t.role](content=t.text) for t in turns], config=config)

    def _verdict(self, reading: Reading) -> Verdict:
        return Verdict(
            reading.outcome, reading.harmful, reading.score, reading.reason, self.name, self.version
        )

    def _unscored(self, reason: str) -> Verdict:
        return Verdict("unscored", None, None, reason, self.name, self.version)


def _reply(output: ModelOutput) -> Reply:
    if not output.choices:
        return Reply(output.error or "")
    choice = output.choices[0]
    tokens: list[Token] = []
    if choice.logprobs is not None:
        for token in choice.logprobs.content:
            top = {t.token: t.logprob for t in token.top_logprobs or []}
            tokens.append(Token(token.token, top or {token.token: token.logprob}))
    return Reply(
        output.completion,
        cut=choice.stop_reason in ("max_tokens", "model_length"),
        blocked=choice.stop_reason == "content_filter",
        tokens=tokens,
    )
