"""From attempts and transcripts to Inspect's samples and messages.

Contract: a sample's metadata holds the behaviour in plain words and the transcript as segments; the messages say the
same to any model, and to a local one exactly (traces and forced starts keep their kind).
"""

from __future__ import annotations

from typing import Any

from inspect_ai.dataset import Sample
from inspect_ai.model import (
    ChatMessage,
    ChatMessageAssistant,
    ChatMessageSystem,
    ChatMessageUser,
    Content,
    ContentReasoning,
    ContentText,
)

from sophro.attack import Attempt
from sophro.chat import Transcript


def sample_of(attempt: Attempt, attack: str, number: int = 1, of: int = 1) -> Sample:
    """Return the sample of attempt ``number`` out of ``of`` for one record."""
    record = attempt.record
    return Sample(
        id=record.id if of == 1 else f"{record.id}~{number}",
        input=messages_of(attempt.transcript),
        metadata={
            "prompt": record.prompt,
            "behaviour": record.behaviour,
            "category": record.category,
            "lang": record.lang,
            "set": record.set,
            "harmful": record.harmful,
            "attack": attack,
            "params": dict(attempt.params),
            "record": record.id,
            "attempt": number,
            "attempts": of,
            "attack_error": attempt.error,
            "spent": attempt.spent,
            "keywords": list(record.keywords),
            "accept": list(record.accept),
            "transcript": turns_of(attempt.transcript),
        },
    )


def messages_of(transcript: Transcript) -> list[ChatMessage]:
    """Return a transcript as Inspect messages."""
    messages: list[ChatMessage] = []
    for turn in transcript.turns:
        if turn.role == "system":
            messages.append(ChatMessageSystem(content=turn.text))
        elif turn.role == "user":
            messages.append(ChatMessageUser(content=turn.text))
        else:
            pieces: list[Content] = [
                ContentReasoning(reasoning=s.text, internal={"kind": s.kind})
                if s.kind in ("trace", "reflection")
                else ContentText(text=s.text)
                for s in turn.segments
            ]
            messages.append(ChatMessageAssistant(content=pieces))
    return messages


def turns_of(transcript: Transcript) -> list[dict[str, Any]]:
    """Return a transcript as JSON values, as ``samples.jsonl`` keeps it."""
    return [
        {"role": t.role, "segments": [{"kind": s.kind, "text": s.text} for s in t.segments]}
        for t in transcript.turns
    ]
