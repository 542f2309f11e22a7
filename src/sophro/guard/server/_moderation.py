"""``/v1/moderations``: what the policy's input detectors say, in OpenAI's shape.

Contract: one result per input string, one for a list of parts. All thirteen names of OpenAI are there; what no
detector of the policy looks for stands at 0 and is named in the result's ``sophro.not_evaluated``: there false means
that nobody looked. Detectors' own labels are further keys (``detector.label``), and ``flagged`` is true exactly if one
category is.

Deviations: the bridge from our labels to OpenAI's names is ours (inferred; see the table in ``guard_models.md``).
"""

from __future__ import annotations

import asyncio
from typing import Any

from sophro.guard.server._contract import Decision
from sophro.guard.server._errors import bad
from sophro.guard.server._events import new_id
from sophro.guard.server._keys import Caller
from sophro.guard.server._requests import ModerationRequest, Part
from sophro.guard.server._sse import unless_gone
from sophro.guard.server._state import Server, Session

CATEGORIES = (
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm",
    "self-harm/instructions", "self-harm/intent", "sexual", "sexual/minors", "violence", "violence/graphic",
)  # fmt: skip
# detector, or detector.label -> OpenAI's name.
BRIDGE = {
    "prompt_harm": "illicit",
    "response_harm": "illicit",
    "toxic_zh": "harassment",
    "crisis": "self-harm/intent",
    "insult": "harassment",
}
_AT_ONCE = 16  # inputs judged together; their judgements share one time limit


async def moderate(server: Server, caller: Caller, body: ModerationRequest, receive: Any) -> dict[str, Any]:
    """Judge every input; each counts as a request, together they hold one place among the running answers.

    Raises:
        ApiError: If an input cannot be read, or a limit is reached.
    """
    server.open()
    texts = _texts(body)
    server.gate.count(caller.key, max(1, len(texts)))
    session = Session(server, caller, "moderations", new_id("modr"), body.model or "")
    with server.gate.answering(caller.key):
        return await unless_gone(server, receive, _moderated(session, texts, body.model))


async def _moderated(session: Session, texts: list[str], model: str | None) -> dict[str, Any]:
    decisions: list[Decision] = []
    for start in range(0, len(texts), _AT_ONCE):
        # Judged in one batch and written in one commit.
        decisions += await asyncio.gather(
            *(
                session.judge([{"role": "user", "content": text}], "input", number)
                for number, text in enumerate(texts[start : start + _AT_ONCE], start)
            )
        )
    results = [result(decision) for decision in decisions]
    unread = dict.fromkeys(reason for decision in decisions for reason in decision.not_evaluated)
    session.decisions.sort(key=lambda d: d["choice"])
    return {
        "id": session.request,
        "model": model or "sophro-guard",
        "results": results,
        "sophro": {**session.extension(), "policy": session.guards.version, "not_evaluated": list(unread)},
    }


def result(decision: Decision) -> dict[str, Any]:
    """Return one result; what a rule acts on (``allow`` included, which only records) is flagged."""
    judged: set[str] = set()
    acted = {f"{r.detector}.{r.label}" for r in decision.reasons}
    categories: dict[str, bool] = {name: False for name in CATEGORIES}
    scores: dict[str, float] = {name: 0.0 for name in CATEGORIES}
    for key, score in decision.scores.items():
        found = key in acted
        categories[key], scores[key] = found, float(score)
        name = BRIDGE.get(key) or BRIDGE.get(key.partition(".")[0])
        if name is not None:
            judged.add(name)
            categories[name] = categories[name] or found
            scores[name] = max(scores[name], float(score))
    return {
        "flagged": any(categories.values()),
        "categories": categories,
        "category_scores": scores,
        "category_applied_input_types": {name: ["text"] for name in categories},
        "sophro": {"not_evaluated": [name for name in CATEGORIES if name not in judged]},
    }


def _texts(body: ModerationRequest) -> list[str]:
    if isinstance(body.input, str):
        return [body.input]
    strings = [p for p in body.input if isinstance(p, str)]
    parts = [p for p in body.input if isinstance(p, Part)]
    if strings and parts:
        raise bad("input mixes strings and parts; send one kind", "input")
    if parts:
        wrong = next((i for i, p in enumerate(parts) if p.text is None), None)
        if wrong is not None:
            raise bad(
                f"input[{wrong}]: only parts of type text can be judged here",
                f"input[{wrong}]",
                "unjudged_media",
            )
        return ["\n".join(p.text or "" for p in parts)]
    return strings
