"""A back end without weights: a scripted model whose words come one by one.

Contract: ``sophro.models.ScriptedModel`` with its words as tokens. The reflection token in a script's text is the
reflection token. For tests, load runs and ``sophro serve --model stub/...``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Mapping
from typing import Any

from sophro.chat import REFLECTION_TOKEN, Transcript
from sophro.guard.server._back_end import Delta, Finish, Job, Usage
from sophro.guard.server._local_text import Text, refuse_unknown, to_transcript
from sophro.guard.server._settings import Settings
from sophro.models import ScriptedModel


class ScriptedBackEnd:
    """Serves a script.

    Args:
        model: The scripted model.
        settings: The server's settings.
        delay: Seconds between two words.
        created: Unix time for ``/v1/models``.

    Attributes:
        running: Answers being written now.
        stopped: Answers that were given up before their end.
    """

    scales = False

    def __init__(
        self, model: ScriptedModel, settings: Settings, delay: float = 0.0, created: int = 0
    ) -> None:
        self.model = model
        self.running = 0
        self.stopped = 0
        self._settings = settings
        self._delay = delay
        self._created = created

    async def models(self) -> list[dict[str, Any]]:
        """See ``BackEnd.models``."""
        return [{"id": self.model.name, "object": "model", "created": self._created, "owned_by": "sophro"}]

    async def not_ready(self) -> str:
        """See ``BackEnd.not_ready``."""
        return ""

    def refuse(self, body: Mapping[str, Any]) -> None:
        """See ``BackEnd.refuse``."""
        refuse_unknown(body, (self.model.name,))

    async def generate(self, job: Job) -> AsyncGenerator[Delta]:
        """See ``BackEnd.generate``."""
        transcript = to_transcript(job)
        words = sum(len(m["content"].split()) for m in job.messages)
        texts = [
            Text(job.visibility, self._settings.hold, self.model.trace, False, job.stop) for _ in range(job.n)
        ]
        scripts = [self._words(transcript) for _ in texts]
        made = [0] * job.n
        self.running += 1
        ended = False
        try:
            open_ = set(range(job.n))
            while open_:
                for i in sorted(open_):
                    finish: Finish | None = None
                    if made[i] < min(len(scripts[i]), job.max_tokens):
                        word = scripts[i][made[i]]
                        for delta in texts[i].push(i, word, time.monotonic()):
                            yield delta
                        made[i] += 1
                    if texts[i].stopped or made[i] >= len(scripts[i]):
                        finish = "stop"
                    elif made[i] >= job.max_tokens:
                        finish = "length"
                    if finish:
                        open_.discard(i)
                        for delta in texts[i].finish(i, finish):
                            yield delta
                # Even without a delay other streams get their turn.
                await asyncio.sleep(self._delay)
            ended = True
            yield Delta(usage=Usage(words, sum(made)))
        finally:
            self.running -= 1
            self.stopped += not ended

    def _words(self, transcript: Transcript) -> list[str | None]:
        out: list[str | None] = []
        for number, part in enumerate(self.model.script(transcript).split(REFLECTION_TOKEN)):
            if number:
                out.append(None)
            words = part.split(" ")
            out += [w + (" " if at < len(words) - 1 else "") for at, w in enumerate(words) if part]
        return out

    async def close(self) -> None:
        """See ``BackEnd.close``."""
