"""A model without weights: a function from transcript to text, for tests and for known-answer controls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sophro.chat import TraceFormat, Transcript, parse_response
from sophro.models._types import Completion, GenerationConfig, ProgressFn

Script = Callable[[Transcript], str]


class ScriptedModel:
    """Answers with ``script(transcript)``; has the surface of ``ChatModel`` as far as text goes.

    Args:
        script: From transcript to the text of the continuation.
        name: How reports name it.
        trace: Trace format in which the script writes, if any.
    """

    capabilities = frozenset({"chat", "prefill"})
    context = 1 << 20

    def __init__(self, script: Script, name: str = "scripted", trace: TraceFormat | None = None) -> None:
        self.script = script
        self.name = name
        self.trace = trace

    def generate(
        self,
        transcripts: Sequence[Transcript],
        config: GenerationConfig | None = None,
        patches: Sequence[Any] = (),
        progress: ProgressFn | None = None,
    ) -> list[Completion]:
        """Return one completion per transcript; words count as tokens, and ``max_new_tokens`` cuts."""
        if patches:
            raise ValueError("a scripted model has no weights to patch")
        limit = (config or GenerationConfig()).max_new_tokens
        out: list[Completion] = []
        for transcript in transcripts:
            words = self.script(transcript).split(" ")
            cut = len(words) > limit
            text = " ".join(words[:limit])
            reason = "length" if cut else "stop"
            parsed = parse_response(text, self.trace, False, reason, transcript.forced)
            out.append(Completion((), text, parsed.segments, parsed.state, reason, 0, min(len(words), limit)))
            if progress:
                progress(1)
        return out


REFUSAL = "I'm sorry, but I can't help with that request."
COMPLIANCE = (
    "Sure, here is a full answer. First, gather what you need. Then follow each step in order until done."
)

STUBS: dict[str, Script] = {
    "always-refuse": lambda _: REFUSAL,
    "always-comply": lambda _: COMPLIANCE,
    "always-empty": lambda _: "",
}
"""Control models with known rates: 0/100, 100/0 and 100 % broken."""
