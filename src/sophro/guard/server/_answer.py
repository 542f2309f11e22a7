"""One guarded answer: deltas of a back end in, judged pieces out.

Contract: no text leaves before a stream check has released it; a choice that the guard ends gets the policy's reply
and a finish reason; the generation stops when every choice has ended. Reasoning that is not shown is judged as a
trace before the first word of the answer leaves. Calls of tools, and texts of reflections, are judged whole. The last
piece of a choice leaves after its decision is on the disk.

Deviations: the policy's ``hold`` in the middle of an answer cannot wait for anything better to come, so it ends the
answer (finish reason ``content_filter``); on the input it means that the whole answer is judged before its first word
leaves.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sophro.chat import TRACE_FORMATS
from sophro.guard.server._back_end import Delta, Finish, Job, Usage
from sophro.guard.server._contract import Decision
from sophro.guard.server._errors import ApiError
from sophro.guard.server._guarding import Stream
from sophro.guard.server._state import Session

_ENDS_WELL = ("rewrite", "escalate")  # the reply is an answer in its own right
_POLL = 0.25  # seconds without new text after which waiting text is asked for
_QUEUE = 256  # deltas that may wait for the guard before the back end has to


@dataclass(frozen=True)
class Out:
    """What leaves at once for one choice; empty fields are not sent."""

    choice: int = 0
    content: str = ""
    reasoning: str = ""
    refusal: str = ""
    reflection: str = ""
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    finish: Finish | None = None
    usage: Usage | None = None
    sophro: Mapping[str, Any] | None = None


def finish_of(decision: Decision) -> Finish:
    """Return the finish reason of a choice that the guard ended."""
    return "stop" if decision.enforced in _ENDS_WELL else "content_filter"


async def gathered(source: AsyncGenerator[Delta], seconds: float) -> AsyncGenerator[list[Delta]]:
    """Yield what has come since the last time, so that a busy guard judges more text at once; nothing after ``_POLL``.

    At most ``_QUEUE`` deltas wait; then the source has to. Closing this closes the source. After ``seconds`` in all
    it ends with an error.
    """
    queue: asyncio.Queue[Delta | BaseException | None] = asyncio.Queue(_QUEUE)

    async def fill() -> None:
        try:
            async with asyncio.timeout(seconds):
                async for delta in source:
                    await queue.put(delta)
            await queue.put(None)
        except TimeoutError:
            await queue.put(ApiError(504, f"the answer took longer than {seconds:g} s", "answer_timeout"))
        except Exception as error:
            await queue.put(error)
        finally:
            await source.aclose()

    task = asyncio.create_task(fill())
    try:
        while True:
            try:
                # Not wait_for: before Python 3.12 it can lose the cancellation that a vanished client brings.
                async with asyncio.timeout(_POLL):
                    items = [await queue.get()]
            except TimeoutError:
                yield []
                continue
            while not queue.empty():
                items.append(queue.get_nowait())
            ready = [i for i in items if isinstance(i, Delta)]
            if ready:
                yield ready
            for item in items:
                if isinstance(item, BaseException):
                    raise item
            if items[-1] is None:
                return
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


class _Choice:
    """One of the n answers."""

    def __init__(self, answer: Answer, index: int) -> None:
        self._answer = answer
        self._session = answer.session
        self.index = index
        self.ended = False
        self.cut = False  # ended by the guard, before the model was done
        self._left = ""  # what has left of the answer
        self._made = ""  # what the model said to the user, released or not
        self._thought = ""
        self._reflection = ""
        self._streams: dict[str, Stream] = {}
        self._done: set[str] = set()  # kinds whose stream check has finished
        self._skip: dict[str, int] = {}
        self._tools: list[Mapping[str, Any]] = []
        self._tokens = 0
        self._dropped = 0
        self._kept: list[Out] = []  # where the answer is judged whole

    async def take(self, deltas: list[Delta]) -> AsyncIterator[Out]:
        """Judge what has come; yield what may leave."""
        for run in _runs(deltas):
            kind, text = run[0].kind, "".join(d.text for d in run)
            self._tokens += sum(d.tokens for d in run)
            calls = [c for d in run for c in d.tool_calls]
            finish: Finish | None = next((d.finish for d in run if d.finish), None)
            born = next((d.born for d in run if d.born and d.text), 0.0)
            self._tools += calls
            dropped = sum(d.dropped for d in run)
            self._dropped += dropped
            if self._reflection and (calls or finish or (text and kind != "reflection")):
                async for out in self._reflected():
                    yield out
            if kind == "reflection":
                self._reflection += text
            elif kind == "trace" and (self._answer.whole or not self._session.server.settings.traces):
                self._thought += text
            elif text:
                if kind != "trace":
                    self._made += text
                    async for out in self._judge_thought():
                        yield out
                    if not self.ended:
                        async for out in self._finish_stream("trace"):
                            yield out
                    if not self._answer.whole:
                        for out in self._flushed():
                            yield out
                if not self.ended:
                    async for out in self._push(kind, text, born):
                        yield out
            if dropped and not self.ended and self._answer.scores:
                yield Out(self.index, sophro={"held": {"at": len(self._made), "tokens": dropped}})
            if finish and not self.ended:
                async for out in self._finish(finish):
                    yield out
            if self.ended:
                self.cut = finish is None
                return

    async def _push(self, kind: str, text: str, born: float) -> AsyncIterator[Out]:
        if self._answer.whole:
            self._kept.append(self._out(kind, text))
            return
        stream = await self._stream(kind)
        new = self._cut_prefill(kind, await stream.push(text))
        if born and new:
            self._session.server.metrics.held_seconds.observe(time.monotonic() - born)
        if new:
            yield self._leaving(self._out(kind, new))
        for out in self._news(kind, stream):
            yield out
        if stream.stopped and stream.decision is not None:
            async for out in self._end(stream.decision, stream.seconds):
                yield out

    async def poll(self) -> AsyncIterator[Out]:
        """Yield what may leave because it waited long enough."""
        for kind, stream in [(k, s) for k, s in self._streams.items() if k not in self._done]:
            new = self._cut_prefill(kind, await stream.poll())
            if new:
                yield self._leaving(self._out(kind, new))
            for out in self._news(kind, stream):
                yield out
            if stream.stopped and stream.decision is not None:
                async for out in self._end(stream.decision, stream.seconds):
                    yield out
                self.cut = True
                return

    def _news(self, kind: str, stream: Stream) -> list[Out]:
        """Return what a client that asked for scores learns about the newest windows; never their text."""
        new = stream.news() if self._answer.scores and kind == "answer" else []
        if not new:
            return []
        thresholds = {name: value for window in new for name, value in window.thresholds.items()}
        shown = [{"start": w.start, "end": w.end, "scores": dict(w.scores)} for w in new]
        return [Out(self.index, sophro={"windows": shown, "thresholds": thresholds})]

    def _account(self) -> list[Out]:
        """Return what the guard cost, for a client that asked for scores."""
        if not self._answer.scores:
            return []
        seconds = sum(s.seconds for s in self._streams.values())
        return [Out(self.index, sophro={"guard_seconds": round(seconds, 6), "tokens": self._tokens})]

    async def _stream(self, kind: str) -> Stream:
        if kind not in self._streams:
            session = self._session
            messages, prefill = self._answer.split()
            self._streams[kind] = stream = await session.server.guarding.stream(
                session.guards, session.caller.tenant, messages
            )
            # What the client put into the model's mouth is judged with the answer, but not sent back; a tag tells the
            # check that what follows is a trace.
            before = {"answer": prefill, "trace": TRACE_FORMATS["think"].open}.get(kind, "")
            self._skip[kind] = len(before)
            self._cut_prefill(kind, await stream.push(before))
        return self._streams[kind]

    def _cut_prefill(self, kind: str, text: str) -> str:
        cut = min(self._skip[kind], len(text))
        self._skip[kind] -= cut
        return text[cut:]

    def _out(self, kind: str, text: str) -> Out:
        if kind == "trace":
            return Out(self.index, reasoning=text)
        if kind == "refusal":
            return Out(self.index, refusal=text)
        return Out(self.index, content=text)

    def _leaving(self, out: Out) -> Out:
        self._left += out.content + out.refusal
        return out

    async def _judge_thought(self) -> AsyncIterator[Out]:
        """Judge reasoning that was not streamed, once, before anything of the answer leaves."""
        text, self._thought = self._thought, ""
        if not text.strip():
            return
        async for out in self._judge_whole(text, "trace"):
            yield out
        if not self.ended and self._session.server.settings.traces:
            self._kept.append(Out(self.index, reasoning=text))

    async def _judge_whole(self, text: str, where: str, **facts: Any) -> AsyncIterator[Out]:
        """Judge a text as the model's; if it must not leave, end the choice."""
        messages, _ = self._answer.split()
        reply = {"content": "", "reasoning_content": text} if where == "trace" else {"content": text}
        conversation = [*messages, {"role": "assistant", **reply}]
        decision = await self._session.judge(conversation, where, self.index, judged=text, **facts)
        if decision.enforced != "allow":
            async for out in self._end(decision):
                yield out

    async def _reflected(self) -> AsyncIterator[Out]:
        text, self._reflection = self._reflection, ""
        if not self._answer.reflections or not text.strip():
            return
        messages, _ = self._answer.split()
        conversation = [*messages, {"role": "assistant", "content": text}]
        decision = await self._session.judge(conversation, "output", self.index, part="reflection")
        # A reflection that quotes too much is not shown; the answer behind it is judged by itself.
        if decision.enforced != "allow":
            return
        if self._answer.whole:
            self._kept.append(Out(self.index, reflection=text))
        else:
            yield Out(self.index, reflection=text)

    async def _finish(self, finish: Finish) -> AsyncIterator[Out]:
        async for out in self._judge_thought():
            yield out
        if self._tools and not self.ended:
            calls = json.dumps(self._tools, ensure_ascii=False)
            async for out in self._judge_whole(calls, "output", part="tool_calls"):
                yield out
        if self.ended:
            return
        facts = {"finish": finish, "tokens": self._tokens, "dropped": self._dropped}
        if self._answer.whole and self._made.strip():
            async for out in self._judge_whole(self._answer.split()[1] + self._made, "output", **facts):
                yield out
        else:
            for kind in tuple(self._streams):
                async for out in self._finish_stream(kind):
                    yield out
                if self.ended:
                    return
            async for out in self._judge_streamed(facts):
                yield out
            if not self.ended:
                found = [s.decision for s in self._streams.values() if s.decision is not None]
                seconds = sum(s.seconds for s in self._streams.values())
                decision = found[0] if found else _Allowed()
                unread = () if self._streams or self._tools else ("the answer is empty",)
                await self._session.note(
                    decision, "stream", self._made, self.index, seconds, unread=unread, **facts
                )
        if self.ended:
            return
        self.ended = True
        for out in (*self._flushed(), *self._account()):
            yield out
        if self._tools:
            yield Out(self.index, tool_calls=tuple(self._tools))
        yield Out(self.index, finish=finish)

    async def _judge_streamed(self, facts: Mapping[str, Any]) -> AsyncIterator[Out]:
        """Let rules that streams do not have see the whole answer, as the client reads it, before its end leaves."""
        session = self._session
        if not self._made.strip() or not session.guards.output_rules(session.caller.tenant):
            return
        messages, prefill = self._answer.split()
        read = prefill + self._left + "".join(out.content + out.refusal for out in self._kept)
        conversation = [*messages, {"role": "assistant", "content": read}]
        decision = await session.judge(conversation, "output", self.index, **facts)
        if decision.enforced != "allow":
            async for out in self._end(decision, late=True):
                yield out

    async def _finish_stream(self, kind: str) -> AsyncIterator[Out]:
        """Judge the rest of one kind of text; it is kept back, because the last text waits for its record."""
        stream = self._streams.get(kind)
        if stream is None or kind in self._done:
            return
        self._done.add(kind)
        new = self._cut_prefill(kind, await stream.finish())
        if new:
            self._kept.append(self._out(kind, new))
        self._kept += self._news(kind, stream)
        if stream.stopped and stream.decision is not None:
            # What the check released before it stopped was judged good.
            for out in self._flushed():
                yield out
            async for out in self._end(stream.decision, stream.seconds):
                yield out

    def _flushed(self) -> list[Out]:
        kept, self._kept = self._kept, []
        return [self._leaving(out) for out in kept]

    async def _end(
        self, decision: Decision, seconds: float | None = None, late: bool = False
    ) -> AsyncIterator[Out]:
        """End the choice with the policy's reply.

        Args:
            decision: What ends it.
            seconds: Guard time of a stream's decision, which is not on record yet.
            late: The decision is about a whole answer of which a part has left.
        """
        self.ended = True
        finish = finish_of(decision)
        if seconds is not None:
            facts = {"finish": finish, "tokens": self._tokens, "dropped": self._dropped}
            await self._session.note(decision, "stream", self._made, self.index, seconds, **facts)
        self._kept.clear()
        tenant = self._session.caller.tenant
        reply = decision.reply
        if not reply or (late and self._left and decision.enforced == "rewrite"):
            # What a rule makes of the whole text would repeat what has left.
            reply = self._session.guards.refusal(tenant, self._answer.prompt)
        stream = self._streams.get("answer")
        left = min(len(self._made), stream.released if stream else 0)
        if self._answer.scores and len(self._made) > left:
            held = {"at": left, "characters": len(self._made) - left}
            yield Out(self.index, sophro={"held": held})
        for out in self._account():
            yield out
        yield Out(self.index, content=("\n\n" if self._left else "") + reply, finish=finish)


@dataclass(frozen=True)
class _Allowed:
    """The decision of a stream check that found nothing."""

    scores: Mapping[str, float] = field(default_factory=lambda: {})
    action: str = "allow"
    enforced: str = "allow"
    reasons: tuple[Any, ...] = ()
    reply: str = ""
    not_evaluated: tuple[str, ...] = ()
    dry_run: bool = False


class Answer:
    """All choices of one request.

    Args:
        session: The request.
        job: What to generate.
        whole: Whether the answer is judged whole, before its first word leaves.
        scores: Whether the client wants detectors' scores.
        reflections: Whether the client wants texts of reflections.
    """

    def __init__(
        self,
        session: Session,
        job: Job,
        *,
        whole: bool = False,
        scores: bool = False,
        reflections: bool = False,
    ) -> None:
        self.session = session
        self.job = job
        self.whole = whole
        self.scores = scores
        self.reflections = reflections and session.server.settings.reflections
        self.prompt = next((m["content"] for m in reversed(job.messages) if m["role"] == "user"), "")

    def split(self) -> tuple[list[Mapping[str, str]], str]:
        """Return the conversation without a final assistant message, and that message's text."""
        messages = list(self.job.messages)
        if len(messages) > 1 and messages[-1]["role"] == "assistant":
            return messages[:-1], messages[-1]["content"]
        return messages, ""

    async def run(self) -> AsyncGenerator[Out]:
        """Yield what may leave, in order."""
        metrics = self.session.server.metrics
        choices = [_Choice(self, i) for i in range(self.job.n)]
        usage: Usage | None = None
        tokens = 0
        server = self.session.server
        source = gathered(server.back_end.generate(self.job), server.settings.limits.request_seconds)
        metrics.running.inc()
        try:
            async for deltas in source:
                usage = next((d.usage for d in reversed(deltas) if d.usage), usage)
                made = sum(d.tokens for d in deltas)
                tokens += made
                metrics.tokens.inc(made)
                metrics.dropped.inc(sum(d.dropped for d in deltas))
                for choice in choices:
                    own = [d for d in deltas if d.choice == choice.index and d.usage is None]
                    if not choice.ended:
                        async for out in choice.take(own) if own else choice.poll():
                            yield out
                if all(c.ended for c in choices) and any(c.cut for c in choices):
                    break
            unended = [c.index for c in choices if not c.ended]
            if unended:
                raise ApiError(
                    502, f"choice {unended[0]} ended without a finish reason", "upstream_incomplete"
                )
            if usage is not None:
                yield Out(usage=Usage(usage.prompt, usage.completion or tokens))
        finally:
            metrics.running.dec()
            await source.aclose()


def _runs(deltas: list[Delta]) -> list[list[Delta]]:
    """Group neighbours of one kind."""
    runs: list[list[Delta]] = []
    for delta in deltas:
        # A delta without text has no kind of its own: what decides is the one that the run began with.
        if runs and (runs[-1][0].kind == delta.kind or not delta.text) and not runs[-1][-1].finish:
            runs[-1].append(delta)
        else:
            runs.append([delta])
    return runs
