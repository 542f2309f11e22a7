"""One choice of a guarded answer: deltas of a back end in, judged pieces out.

Contract: no text leaves before a stream check has released it; a choice that the guard ends gets the policy's reply
and a finish reason. Reasoning that is not shown is judged as a trace before the first word of the answer leaves.
Calls of tools, and texts of reflections, are judged whole. The last piece leaves after its decision is on the disk.

Deviations: the policy's ``hold`` in the middle of an answer cannot wait for anything better to come, so it ends the
answer (finish reason ``content_filter``); on the input it means that the whole answer is judged before its first word
leaves.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

from sophro.chat import TRACE_FORMATS
from sophro.guard.server._back_end import Delta, Finish, Job
from sophro.guard.server._contract import Allowed, Decision
from sophro.guard.server._guarding import Stream
from sophro.guard.server._pieces import Out, runs_of
from sophro.guard.server._state import Session

_ENDS_WELL = ("rewrite", "escalate")  # the reply is an answer in its own right


def finish_of(decision: Decision) -> Finish:
    """Return the finish reason of a choice that the guard ended."""
    return "stop" if decision.enforced in _ENDS_WELL else "content_filter"


class Choice:
    """One of the n answers.

    Args:
        session: The request.
        job: What is generated.
        index: Which of the n.
        whole: Whether it is judged whole, before its first word leaves.
        reflections: Whether the client wants texts of reflections.

    Attributes:
        ended: Nothing more will leave.
        cut: The guard ended it, before the model was done.
    """

    def __init__(self, session: Session, job: Job, index: int, whole: bool, reflections: bool) -> None:
        self._session = session
        self._prompt = job.prompt
        self._messages, self._prefill = job.split()
        self._whole = whole
        self._reflections = reflections and session.server.settings.reflections
        self.index = index
        self.ended = False
        self.cut = False
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
        for run in runs_of(deltas):
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
            elif kind == "trace" and (self._whole or not self._session.server.settings.traces):
                self._thought += text
            elif text:
                if kind != "trace":
                    self._made += text
                    async for out in self._judge_thought():
                        yield out
                    if not self.ended:
                        async for out in self._finish_stream("trace"):
                            yield out
                    if not self._whole:
                        for out in self._flushed():
                            yield out
                if not self.ended:
                    async for out in self._push(kind, text, born):
                        yield out
            if dropped and not self.ended and self._session.scores:
                yield Out(self.index, sophro={"held": {"at": len(self._made), "tokens": dropped}})
            if finish and not self.ended:
                async for out in self._finish(finish):
                    yield out
            if self.ended:
                self.cut = finish is None
                return

    async def _push(self, kind: str, text: str, born: float) -> AsyncIterator[Out]:
        if self._whole:
            self._kept.append(self._out(kind, text))
            return
        stream = await self._stream(kind)
        async for out in self._released(kind, stream, await stream.push(text, born)):
            yield out

    async def poll(self) -> AsyncIterator[Out]:
        """Yield what may leave because it waited long enough."""
        for kind, stream in [(k, s) for k, s in self._streams.items() if k not in self._done]:
            async for out in self._released(kind, stream, await stream.poll()):
                yield out
            if self.ended:
                self.cut = True
                return

    async def _released(self, kind: str, stream: Stream, text: str) -> AsyncIterator[Out]:
        """Send what the check let go, tell its news, and end the choice if it stopped."""
        new = self._cut_prefill(kind, text)
        if new:
            yield self._leaving(self._out(kind, new))
        for out in self._news(kind, stream):
            yield out
        if stream.stopped and stream.decision is not None:
            async for out in self._end(stream.decision, stream.seconds):
                yield out

    def _news(self, kind: str, stream: Stream) -> list[Out]:
        """Return what a client that asked for scores learns about the newest windows; never their text."""
        new = stream.news() if self._session.scores and kind == "answer" else []
        if not new:
            return []
        thresholds = {name: value for window in new for name, value in window.thresholds.items()}
        shown = [{"start": w.start, "end": w.end, "scores": dict(w.scores)} for w in new]
        return [Out(self.index, sophro={"windows": shown, "thresholds": thresholds})]

    def _account(self) -> list[Out]:
        """Return what the guard cost, for a client that asked for scores."""
        if not self._session.scores:
            return []
        seconds = sum(s.seconds for s in self._streams.values())
        return [Out(self.index, sophro={"guard_seconds": round(seconds, 6), "tokens": self._tokens})]

    async def _stream(self, kind: str) -> Stream:
        if kind not in self._streams:
            session = self._session
            self._streams[kind] = stream = await session.server.guarding.stream(
                session.guards, session.caller.tenant, self._messages
            )
            # What the client put into the model's mouth is judged with the answer, but not sent back; a tag tells the
            # check that what follows is a trace.
            before = {"answer": self._prefill, "trace": TRACE_FORMATS["think"].open}.get(kind, "")
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
        reply = {"content": "", "reasoning_content": text} if where == "trace" else {"content": text}
        conversation = [*self._messages, {"role": "assistant", **reply}]
        decision = await self._session.judge(conversation, where, self.index, judged=text, **facts)
        if decision.enforced != "allow":
            async for out in self._end(decision):
                yield out

    async def _reflected(self) -> AsyncIterator[Out]:
        text, self._reflection = self._reflection, ""
        if not self._reflections or not text.strip():
            return
        conversation = [*self._messages, {"role": "assistant", "content": text}]
        decision = await self._session.judge(conversation, "output", self.index, part="reflection")
        # A reflection that quotes too much is not shown; the answer behind it is judged by itself.
        if decision.enforced != "allow":
            return
        if self._whole:
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
        if self._whole and self._made.strip():
            async for out in self._judge_whole(self._prefill + self._made, "output", **facts):
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
                decision = found[0] if found else Allowed()
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
        read = self._prefill + self._left + "".join(out.content + out.refusal for out in self._kept)
        conversation = [*self._messages, {"role": "assistant", "content": read}]
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
        # What a rule makes of the whole text would repeat what has left.
        own = not (late and self._left and decision.enforced == "rewrite")
        reply = self._session.reply(decision, self._prompt, own=own)
        stream = self._streams.get("answer")
        left = min(len(self._made), stream.released if stream else 0)
        if self._session.scores and len(self._made) > left:
            held = {"at": left, "characters": len(self._made) - left}
            yield Out(self.index, sophro={"held": held})
        for out in self._account():
            yield out
        yield Out(self.index, content=("\n\n" if self._left else "") + reply, finish=finish)
