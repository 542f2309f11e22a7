"""A model that writes the rules: the counselor reflects on its diagnosis, in place of the fixed library.

Paper: Ψ-Arena (arXiv 2505.03293), reflection by the counselor itself. Contract: the model sees findings, never
transcripts or profiles, so that it has no client facts to copy; what it writes still passes ``check_rule``. An answer
that cannot be read twice gives no rules, and the loop ends there.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from sophro.care.arena._dimensions import DIMENSIONS
from sophro.care.arena._loop import Finding, Rule
from sophro.care.dialogue import Message, ModelAgent, View


class _Rule(BaseModel):
    text: str
    sources: list[str]


class _Rules(BaseModel):
    rules: list[_Rule]


class ModelWriter:
    """Writes rules with a model; call it as ``write`` of ``improve``.

    Attributes:
        unread: Why an answer could not be used, one entry for each.
    """

    def __init__(self, model: Any, most: int = 6) -> None:
        self._model = model
        self._most = most
        self.unread: list[str] = []

    def __call__(self, findings: Sequence[Finding], number: int) -> list[Rule]:
        """Return rules for a diagnosis."""
        import anyio

        if not findings:
            return []
        listed = "\n".join(
            f"- {f.dimension} ({f.side} side, mean {f.mean:.1f} of 5): {DIMENSIONS[f.dimension].question} "
            f"Low looks like: {DIMENSIONS[f.dimension].low}. Good looks like: {DIMENSIONS[f.dimension].high}."
            for f in findings
        )
        said = [
            Message(
                "system",
                "You are a counselor who learns from supervision. You get what was rated low in your sessions. Write "
                f"at most {self._most} general rules for your next sessions, each of the form 'When ..., do ...', with "
                "the dimensions it serves. No names, no facts of any client. Answer with one JSON object: "
                '{"rules": [{"text": "...", "sources": ["S2"]}]}',
            ),
            Message("user", listed),
        ]
        agent = ModelAgent("counselor", self._model, lambda _: said, schema=_Rules, max_tokens=700)
        answer = anyio.run(agent.speak, View("counselor", "", (), {}, {}, number, number))
        if not answer.scored:
            self.unread.append(answer.reason)
            return []
        known = [[s for s in r["sources"] if s in DIMENSIONS] for r in answer.fields["rules"]]
        return [
            Rule(" ".join(str(r["text"]).split()), tuple(sources), number)
            for r, sources in zip(answer.fields["rules"], known, strict=True)
        ][: self._most]
