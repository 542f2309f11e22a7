"""``sophro perturb`` and ``sophro normalize``: JSONL to JSONL, one line at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from sophro.errors import SophroError, unknown_name
from sophro.files import read_jsonl, separate, write_jsonl


def perturb(
    name: str,
    *,
    in_: Annotated[Path, Parameter(name="--in")],
    out: Path,
    seed: int = 0,
    budget: float = 1.0,
) -> None:
    """Disguise toxic Chinese in one of eight ways, JSONL to JSONL.

    Args:
        name: vsim, split, trad, py_init, py_full, homo, shuff or emoji.
        in_: File with one object a line: id, text, and optionally spans (list of substrings to disguise;
            without it the starter lexicon finds them).
        out: File to write: id, text, source, name, changed, spans, edits; other fields are kept.
        seed: Draws among candidates; the same seed gives the same file.
        budget: Largest share of the characters of a text that may change, 0 to 1.
    """
    from sophro.attack.perturb import NAMES
    from sophro.attack.perturb import perturb as disguise

    if name not in NAMES:
        raise unknown_name("disguise", name, NAMES)
    if not 0 <= budget <= 1:
        raise SophroError(f"--budget {budget} must be a share of characters between 0 and 1")
    separate(in_, out)
    changed = 0

    def rows() -> Iterator[dict[str, Any]]:
        nonlocal changed
        for line, row in _lines(in_):
            made = disguise(
                _text(row, in_, line), name, spans=_spans(row, in_, line), seed=seed, budget=budget
            )
            changed += made.changed
            yield {
                **row,
                "text": made.text,
                "source": made.source,
                "name": name,
                "changed": made.changed,
                "spans": [list(span) for span in made.spans],
                "edits": [list(edit) for edit in made.edits],
            }

    count = write_jsonl(out, rows())
    print(f"{out}: {count} texts, {changed} changed by {name}")


def normalize(*, in_: Annotated[Path, Parameter(name="--in")], out: Path, learn: Path | None = None) -> None:
    """Undo disguises of Chinese text, JSONL to JSONL.

    Args:
        in_: File with one object a line: id, text.
        out: File to write: id, text, source, undone (start, end, found, restored, kind, confidence),
            confidence; other fields are kept.
        learn: File of texts as your users write them (id, text): words that stand there are read better.
    """
    from sophro.text import language_model
    from sophro.text import normalize as undo

    model = language_model()
    if learn is not None:
        model = model.learned(_text(row, learn, line) for line, row in _lines(learn))

    separate(in_, out)
    changed = 0

    def rows() -> Iterator[dict[str, Any]]:
        nonlocal changed
        for line, row in _lines(in_):
            result = undo(_text(row, in_, line), model)
            changed += bool(result.undone)
            yield {
                **row,
                "text": result.text,
                "source": result.source,
                "undone": [vars(u) for u in result.undone],
                "confidence": result.confidence,
            }

    count = write_jsonl(out, rows())
    print(f"{out}: {count} texts, {changed} with disguises undone")


def _lines(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield what is in ``file``; an empty one is most likely the wrong one."""
    empty = True
    for found in read_jsonl(file):
        empty = False
        yield found
    if empty:
        raise SophroError(f"{file}: no texts; one JSON object a line is needed")


def _text(row: dict[str, Any], file: Path, line: int) -> str:
    if not isinstance(row.get("id"), str | int):
        raise SophroError(f'{file}, line {line}: field "id" (text or number) is missing')
    if not isinstance(row.get("text"), str):
        raise SophroError(f'{file}, line {line}: field "text" must be a string')
    return row["text"]


def _spans(row: dict[str, Any], file: Path, line: int) -> list[str]:
    spans = row.get("spans", [])
    if not isinstance(spans, list) or not all(isinstance(s, str) and s for s in spans):
        raise SophroError(f'{file}, line {line}: field "spans" must be a list of non-empty substrings')
    for span in spans:
        if span not in row["text"]:
            raise SophroError(
                f'{file}, line {line}: field "spans" names a substring that the text does not hold; correct it'
            )
    return spans
