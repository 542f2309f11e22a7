"""One guarded answer: all its choices, from the back end to what may leave.

Contract: see ``_choice`` for what may leave. The generation stops when every choice has ended; a back end that ends
before its choices do is an error.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator

from sophro.guard.server._back_end import Job, Usage
from sophro.guard.server._choice import Choice
from sophro.guard.server._errors import ApiError
from sophro.guard.server._pieces import Out, gathered
from sophro.guard.server._state import Session


async def answered(session: Session, job: Job, *, whole: bool, reflections: bool) -> AsyncGenerator[Out]:
    """Generate an answer and yield what may leave, in order.

    Args:
        session: The request.
        job: What to generate.
        whole: Whether every choice is judged whole, before its first word leaves.
        reflections: Whether the client wants texts of reflections.

    Raises:
        ApiError: For whatever the back end or the guard cannot do.
    """
    server = session.server
    metrics = server.metrics
    choices = [Choice(session, job, i, whole, reflections) for i in range(job.n)]
    usage: Usage | None = None
    tokens = 0
    source = gathered(server.back_end.generate(job), server.settings.limits.request_seconds)
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
            raise ApiError(502, f"choice {unended[0]} ended without a finish reason", "upstream_incomplete")
        if usage is not None:
            yield Out(usage=Usage(usage.prompt, usage.completion or tokens))
    finally:
        metrics.running.dec()
        await source.aclose()
