"""What the target model does with prompts: refuses, complies, or neither can be told.

Contract: outcomes come from running the model and asking a judge, never from the label of a data set. Partial and
indirect refusals, broken and unscored answers are neither refusal nor compliance.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sophro.chat import Transcript
from sophro.data import Record
from sophro.errors import SophroError
from sophro.judge import Exchange, judge
from sophro.models import GenerationConfig
from sophro.models._patches import Patch, Scale

Outcome = Literal["refused", "complied", "neither"]
_OUTCOMES: Mapping[str | None, Outcome] = {"full_refusal": "refused", "full_compliance": "complied"}
Run = Callable[[Sequence["Asked"], Sequence[tuple[Patch, Scale]]], "list[Outcome]"]


@dataclass(frozen=True)
class Asked:
    """One prompt as the model sees it, and what the judge is asked about.

    Attributes:
        record: Where it comes from.
        transcript: The conversation that is answered.
        request: The plain request behind a disguise (``meta.request``), or the prompt.
    """

    record: Record
    transcript: Transcript
    request: str


def asked(records: Sequence[Record]) -> list[Asked]:
    """Return distinct prompts in an order that depends on their texts alone.

    A record may carry ``meta.messages`` (a conversation instead of one prompt) and ``meta.request``.
    """
    out: dict[str, Asked] = {}
    for record in records:
        messages = record.meta.get("messages")
        if messages is not None:
            transcript = Transcript.from_messages(messages, f"record {record.id!r}, messages")
        else:
            transcript = Transcript.of(record.prompt)
        out.setdefault(
            repr(transcript), Asked(record, transcript, str(record.meta.get("request", record.prompt)))
        )
    return [out[key] for key in sorted(out)]


def runner(model: Any, judge_name: str, max_new_tokens: int) -> Run:
    """Return the function that has the model answer and a judge decide."""
    decide = judge(judge_name)
    config = GenerationConfig(max_new_tokens=max_new_tokens)

    def run(items: Sequence[Asked], patches: Sequence[tuple[Patch, Scale]]) -> list[Outcome]:
        if not items:
            return []
        answers = model.generate([a.transcript for a in items], config, patches)
        long = [a.record.id for a, c in zip(items, answers, strict=True) if c.finish_reason == "too_long"]
        if long:
            raise SophroError(
                f"prompt {long[0]!r} and {max_new_tokens} new tokens do not fit the context of {model.context}; "
                "leave it out"
            )
        verdicts = decide(
            [
                Exchange(a.request, c.segments, c.state, {"finish_reason": c.finish_reason})
                for a, c in zip(items, answers, strict=True)
            ]
        )
        return [_OUTCOMES.get(v.outcome, "neither") for v in verdicts]

    return run


def counts(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """Return how often each outcome came."""
    found = Counter(outcomes)
    return {name: found.get(name, 0) for name in ("refused", "complied", "neither")}
