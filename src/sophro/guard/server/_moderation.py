"""``/v1/moderations``: what the policy's input detectors say, in OpenAI's shape.

Contract: one result per input string, one for a list of parts. All thirteen names of OpenAI are there; what no
detector of the policy finds stands at 0, and which detectors judged is told in ``sophro``. Detectors' own labels are
further keys (``detector.label``), and ``flagged`` is true exactly if one category is.

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


async def moderate(server: Server, caller: Caller, body: ModerationRequest) -> dict[str, Any]:
    """Judge every input.

    Raises:
        ApiError: If an input cannot be read.
    """
    server.gate.count(caller.key)
    session = Session(server, caller, "moderations", new_id("modr"), body.model or "")
    texts = _texts(body)
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
        "model": body.model or "sophro-guard",
        "results": results,
        "sophro": {**session.extension(), "policy": session.guards.version, "not_evaluated": list(unread)},
    }


def result(decision: Decision) -> dict[str, Any]:
    """Return one result; what a rule acts on (``allow`` included, which only records) is flagged."""
    acted = {f"{r.detector}.{r.label}" for r in decision.reasons}
    categories: dict[str, bool] = {name: False for name in CATEGORIES}
    scores: dict[str, float] = {name: 0.0 for name in CATEGORIES}
    for key, score in decision.scores.items():
        found = key in acted
        categories[key], scores[key] = found, float(score)
        name = BRIDGE.get(key) or BRIDGE.get(key.partition(".")[0])
        if name is not None:
            categories[name] = categories[name] or found
            scores[name] = max(scores[name], float(score))
    return {
        "flagged": any(categories.values()),
        "categories": categories,
        "category_scores": scores,
        "category_applied_input_types": {name: ["text"] for name in categories},
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
