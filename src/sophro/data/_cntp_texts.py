"""Sentences of CNTP (ToxiBenchCN, arXiv 2505.24341) and their released disguises, by part of the project's split.

Contract: one text per sentence and disguise, in the order of the file; ids that the release repeats (258 of the emoji
file) are read once. A disguise that changed nothing (764 of Trad in the release) is returned and says so: counting it
as disguised would flatter a detector.
"""

from __future__ import annotations

from dataclasses import dataclass

from sophro.data._load import load_set
from sophro.data._splits import Part


@dataclass(frozen=True)
class ToxicText:
    """One text with its label.

    Attributes:
        id: Id of the sentence, shared by its disguises (``t12`` toxic, ``b7`` benign).
        text: What a detector reads.
        base: The sentence before any disguise.
        toxic: The label.
        spans: The toxic words of ``base``; empty for benign sentences.
        disguise: ``none`` or the name of the disguise.
    """

    id: str
    text: str
    base: str
    toxic: bool
    spans: tuple[str, ...]
    disguise: str

    @property
    def changed(self) -> bool:
        """Whether the disguise changed the sentence."""
        return self.text != self.base


def load_cntp(disguise: str = "none", part: Part | None = None) -> list[ToxicText]:
    """Return the toxic sentences under one released disguise.

    Args:
        disguise: ``none`` (as written), ``benign`` (the harmless sentences), or ``vsim``, ``split``, ``trad``,
            ``py_init``, ``py_full``, ``homo``, ``shuff``, ``emoji``.
        part: Part of the split; None for all.

    Raises:
        SophroError: If the disguise is unknown, or ``SOPHRO_DATA`` does not hold the files.
    """
    found: dict[str, ToxicText] = {}
    for record in load_set(f"cntp/{'toxic' if disguise == 'none' else disguise}", part):
        toxic = record.label == "toxic"
        name = f"{'t' if toxic else 'b'}{record.meta['sentence_id']}"
        base = str(record.meta.get("original_text", record.prompt))
        if name in found:
            continue
        spans = tuple(record.meta.get("toxic_entity") or ())
        how = "none" if disguise == "benign" else disguise
        found[name] = ToxicText(name, record.prompt, base, toxic, spans, how)
    return list(found.values())
