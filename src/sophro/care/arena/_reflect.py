"""A model that writes the rules: the counselor reflects on its diagnosis, in place of the fixed library.

Paper: Ψ-Arena (arXiv 2505.03293), reflection by the counselor itself. Contract: the model sees findings, never
transcripts or profiles, so that it has no client facts to copy; what it writes still passes ``check_rule``. An answer
that cannot be read twice gives no rules, and the loop ends there. With a folder its answers are kept: a loop that was
killed goes on with the rules that it tried, whatever the model would say today.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from sophro.care.arena._dimensions import DIMENSIONS
from sophro.care.arena._loop import Finding, Rule
from sophro.care.arena._words import WRITING
from sophro.care.dialogue import Message, ModelAgent, View
from sophro.files import digest, read_text, write_json


class _Rule(BaseModel):
    text: str
    sources: list[str]


class _Rules(BaseModel):
    rules: list[_Rule]


class ModelWriter:
    """Writes rules with a model; call it as ``write`` of ``improve``.

    Args:
        model: Any Inspect model or a local name.
        most: Most rules of one answer.
        folder: Where answers are kept; None asks every time.
        lang: Language of the question and of the rules: ``en`` or ``zh``.

    Attributes:
        unread: Why an answer could not be used, one entry for each.
    """

    def __init__(self, model: Any, most: int = 6, folder: Path | None = None, lang: str = "en") -> None:
        self._model = model
        self._most = most
        self._folder = folder
        self._lang = lang
        self.unread: list[str] = []

    def __call__(self, findings: Sequence[Finding], number: int) -> list[Rule]:
        """Return rules for a diagnosis."""
        if not findings:
            return []
        key = digest("rules", str(self._model), self._most, self._lang, number, [asdict(f) for f in findings])
        file = None if self._folder is None else self._folder / f"{key}.json"
        if file is not None and file.is_file():
            return [Rule(r["text"], tuple(r["sources"]), r["round"]) for r in json.loads(read_text(file))]
        found = self._ask(findings, number)
        if file is not None and found:
            write_json(file, [asdict(r) for r in found])
        return found

    def _ask(self, findings: Sequence[Finding], number: int) -> list[Rule]:
        import anyio

        words = WRITING[self._lang]
        listed = "\n".join(
            words.finding.format(
                id=f.dimension,
                side=words.sides[f.side],
                mean=f.mean,
                **DIMENSIONS[f.dimension].text(self._lang)._asdict(),
            )
            for f in findings
        )
        said = [
            Message("system", words.frame.format(most=self._most) + words.form),
            Message("user", listed),
        ]
        agent = ModelAgent(
            "counselor", self._model, lambda _: said, schema=_Rules, max_tokens=700, again=words.reread
        )
        answer = anyio.run(agent.speak, View("counselor", "", (), {}, {}, number, number))
        if not answer.scored:
            self.unread.append(answer.reason)
            return []
        known = [[s for s in r["sources"] if s in DIMENSIONS] for r in answer.fields["rules"]]
        return [
            Rule(" ".join(str(r["text"]).split()), tuple(sources), number)
            for r, sources in zip(answer.fields["rules"], known, strict=True)
        ][: self._most]
