"""Plain safety fine-tuning: harmful requests answered by refusals, with or without benign answers.

Paper: the baseline that everybody uses; the benign mix follows Bianchi et al. 2023 (arXiv 2309.07875).

Contract: weighted likelihood of the answer tokens alone (system, user and template tokens have weight 0).
Roles of the data: ``harmful`` (required; a record's own ``answer`` is used if it has one, else a refusal of
its category and language), ``benign`` (optional; needs an ``answer``, usually written by the base model).

Deviations: LoRA instead of full fine-tuning; refusals come from a written list, by default with usual openers.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import Any

from sophro.align._prepare import need
from sophro.align._run import AlignMethod
from sophro.chat import Transcript
from sophro.data import Record, load_set
from sophro.errors import SophroError
from sophro.train import TrainItem, sft_items

OPTIONS: dict[str, Any] = {"benign_weight": 1.0, "refusal_style": "plain"}

# What most safety data sets look like: the same few openers again and again.
_OPENERS = {
    "en": ("I'm sorry, but I can't help with that.", "I can't help with that request."),
    "zh": ("抱歉，我不能帮你做这件事。", "对不起，这个请求我无法协助。"),
}
_SENTENCE = re.compile(r"(?<=[.!?])\s+|(?<=[。!?])")


def items(model: Any, data: Mapping[str, Sequence[Record]], options: Mapping[str, Any]) -> list[TrainItem]:
    """Build the training items.

    Args:
        model: The chat model (its template renders the records).
        data: Records by role.
        options: ``benign_weight``: loss weight of benign answer tokens relative to refusal tokens.
            ``refusal_style``: ``plain`` (a usual opener and one sentence of reason) or ``full`` (the written
            texts with varied openers and an offer of help).

    Raises:
        SophroError: If a role is missing or unknown, or a benign record has no answer.
    """
    need("safety_sft", data, ("harmful",), ("benign",))
    weight = float(options["benign_weight"])
    if weight <= 0:
        raise SophroError(f"safety_sft: option benign_weight is {weight}; it must be greater than 0")
    refusals = RefusalBook(str(options["refusal_style"]))
    rows = [(r, r.answer or refusals.choose(r), 1.0) for r in data["harmful"]]
    for record in data.get("benign", ()):
        if not record.answer:
            raise SophroError(
                f"safety_sft: benign record {record.id!r} has no answer; set the option benign_answers: self "
                "or add an answer"
            )
        rows.append((record, record.answer, weight))
    return sft_items(model, [(Transcript.of(r.prompt, answer=text), r, w) for r, text, w in rows])


class RefusalBook:
    """Refusals by language and category; the choice depends on the record alone.

    Args:
        style: ``plain`` or ``full``.
    """

    def __init__(self, style: str = "plain") -> None:
        if style not in ("plain", "full"):
            raise SophroError(f"safety_sft: option refusal_style is {style!r}; known: plain, full")
        self._style = style
        self._texts: dict[tuple[str, str], list[str]] = {}

    def choose(self, record: Record) -> str:
        """Return a refusal for ``record``: of its category, or a general one."""
        lang = "zh" if record.lang == "zh" else "en"
        if (lang, "any") not in self._texts:
            for row in load_set(f"starter/refusals:{lang}"):
                self._texts.setdefault((lang, row.category), []).append(row.prompt)
        texts = self._texts.get((lang, record.category)) or self._texts[lang, "any"]
        number = int(hashlib.sha256(record.id.encode()).hexdigest(), 16)
        text = texts[number % len(texts)]
        if self._style == "full":
            return text
        reason = _SENTENCE.split(text)[1:2]
        opener = _OPENERS[lang][number // len(texts) % len(_OPENERS[lang])]
        return (" " if lang == "en" else "").join([opener, *reason])


METHOD = AlignMethod("safety_sft", items, OPTIONS)
