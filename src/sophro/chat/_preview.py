"""What is trained, token by token.

Contract: each token appears with its segment kind and weight; blanks, special tokens and control characters
are visible, and hostile text can neither move the terminal's cursor nor become markup.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sophro.chat._segments import KINDS
from sophro.chat._tokenized import TEMPLATE, TokenizedTranscript
from sophro.errors import SophroError

if TYPE_CHECKING:
    from rich.text import Text
    from transformers import PreTrainedTokenizerFast

_TERMINAL: Mapping[str, str] = {
    "system": "magenta",
    "user": "blue",
    "prefill": "yellow",
    "trace": "cyan",
    "reflection": "bright_cyan",
    "answer": "green",
    "harm": "red",
    TEMPLATE: "default",
}
# Hue and saturation; lightness comes from the light or dark scheme.
_HUES: Mapping[str, str] = {
    "system": "300 45%",
    "user": "220 75%",
    "prefill": "40 85%",
    "trace": "190 75%",
    "reflection": "165 70%",
    "answer": "130 55%",
    "harm": "0 75%",
    TEMPLATE: "220 8%",
}


@dataclass(frozen=True)
class Cell:
    """One token, or the few tokens that only together make a character, as shown."""

    text: str
    kind: str
    weight: float
    control: bool
    ids: tuple[int, ...]


@dataclass(frozen=True)
class Preview:
    """A transcript ready to be shown: name, cells, one-sentence summary and the hash of its ids."""

    name: str
    cells: tuple[Cell, ...]
    summary: str
    hash: str


def preview(
    name: str, tokenized: TokenizedTranscript, weights: Sequence[float], tokenizer: PreTrainedTokenizerFast
) -> Preview:
    """Prepare one transcript for :func:`preview_html`.

    Raises:
        SophroError: If the weights do not match the ids.
    """
    cells = _cells(tokenized, weights, tokenizer)
    return Preview(name, cells, _summary(cells, len(tokenized), tokenized.prompt_length), tokenized.hash)


def preview_summary(
    tokenized: TokenizedTranscript, weights: Sequence[float], tokenizer: PreTrainedTokenizerFast
) -> str:
    """Say in one sentence how much is trained and where it starts and ends."""
    return preview("", tokenized, weights, tokenizer).summary


def preview_terminal(
    tokenized: TokenizedTranscript, weights: Sequence[float], tokenizer: PreTrainedTokenizerFast
) -> Text:
    """Return a rich text: colour is the segment kind, dim means weight 0, underlined means trained.

    Raises:
        SophroError: If the weights do not match the ids.
    """
    from rich.style import Style
    from rich.text import Text

    shown = preview("", tokenized, weights, tokenizer)
    text = Text()
    for cell in shown.cells:
        trained = cell.weight != 0.0
        style = Style(
            color=_TERMINAL[cell.kind], dim=not trained, underline=trained, bold=trained, reverse=cell.control
        )
        text.append(cell.text, style)
        # The mark for a line break stays styled; the break itself keeps the text readable.
        if cell.text.endswith("⏎"):
            text.append("\n")
    text.append("\n\n")
    for kind, share in _legend(shown.cells).items():
        text.append(f" {kind} ", Style(color=_TERMINAL[kind], reverse=True))
        text.append(f" {share}  ")
    text.append(f"\n{shown.summary}\n")
    return text


def preview_html(rows: Sequence[Preview], title: str = "What is trained") -> str:
    """Return one self-contained HTML page (no script, no network, light and dark)."""
    from html import escape

    body: list[str] = []
    for row in rows:
        legend = "".join(
            f'<li><span class="k-{kind} on">{kind}</span> {escape(share)}</li>'
            for kind, share in _legend(row.cells).items()
        )
        tokens = "".join(_html_cell(cell) for cell in row.cells)
        body.append(
            f"<section><h2>{escape(visible(row.name))}</h2><p>{escape(row.summary)}</p><ul>{legend}</ul>"
            f'<pre>{tokens}</pre><p class="hash">ids sha256 {escape(row.hash)}</p></section>'
        )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(visible(title))}</title><style>{_css()}</style></head><body>"
        f"<h1>{escape(visible(title))}</h1><p>Bold and coloured: trained. Pale: weight 0. Boxed: control "
        "token. Hover for id and weight.</p>" + "".join(body) + "</body></html>\n"
    )


def visible(text: str) -> str:
    """Show blanks as marks and every control, format or surrogate character as an escape."""
    return "".join(_visible(char) for char in text)


def _visible(char: str) -> str:
    if char in " \n\t":
        return {" ": "·", "\n": "⏎", "\t": "⇥"}[char]
    if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"):
        return f"\\u{{{ord(char):x}}}"
    return char


def _cells(
    tokenized: TokenizedTranscript, weights: Sequence[float], tokenizer: PreTrainedTokenizerFast
) -> tuple[Cell, ...]:
    if len(weights) != len(tokenized):
        raise SophroError(f"{len(weights)} loss weights for {len(tokenized)} tokens")
    cells: list[Cell] = []
    at = 0
    while at < len(tokenized):
        end, text = at + 1, _decode(tokenizer, tokenized.ids[at : at + 1])
        # Byte-level tokens may hold a part of a character; join until the character is whole.
        for stop in range(at + 2, min(at + 5, len(tokenized)) + 1):
            if "\ufffd" not in text or weights[stop - 1] != weights[at]:
                break
            joined = _decode(tokenizer, tokenized.ids[at:stop])
            if "\ufffd" not in joined:
                end, text = stop, joined
        control = end == at + 1 and tokenized.ids[at] in tokenized.control_ids
        cells.append(Cell(visible(text), tokenized.kinds[at], weights[at], control, tokenized.ids[at:end]))
        at = end
    return tuple(cells)


def _decode(tokenizer: PreTrainedTokenizerFast, ids: Sequence[int]) -> str:
    # A decoder of SentencePiece style drops the blank in front of the first token; the vocabulary keeps it.
    text = str(tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False))
    first = str(tokenizer.convert_ids_to_tokens([ids[0]])[0])
    return f" {text}" if first.startswith("▁") and not text.startswith(" ") else text


def _summary(cells: Sequence[Cell], total: int, prompt_length: int) -> str:
    trained = [cell for cell in cells if cell.weight != 0.0]
    count = sum(len(cell.ids) for cell in trained)
    sizes = f"{count} of {total} tokens trained ({prompt_length} tokens of prompt)"
    if not trained:
        return f"{sizes}; nothing would be learned"
    return f"{sizes}; first trained {trained[0].text!r}, last trained {trained[-1].text!r}"


def _legend(cells: Sequence[Cell]) -> dict[str, str]:
    """Per kind in order of KINDS: how many tokens and with which weights."""
    legend: dict[str, str] = {}
    for kind in (*KINDS, TEMPLATE):
        mine = [cell for cell in cells if cell.kind == kind]
        if mine:
            weights = ", ".join(f"{w:g}" for w in sorted({cell.weight for cell in mine}))
            legend[kind] = f"{sum(len(c.ids) for c in mine)} tokens, weight {weights}"
    return legend


def _html_cell(cell: Cell) -> str:
    from html import escape

    classes = f"k-{cell.kind} {'on' if cell.weight != 0.0 else 'off'}{' control' if cell.control else ''}"
    ids = " ".join(map(str, cell.ids))
    title = f"{cell.kind}, weight {cell.weight:g}, id {ids}"
    shown = f'<span class="{classes}" title="{title}">{escape(cell.text)}</span>'
    return shown + ("\n" if cell.text.endswith("⏎") else "")


def _css() -> str:
    kinds = "".join(f".k-{kind}{{--h:{hue}}}" for kind, hue in _HUES.items())
    return (
        ":root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#5d6670;--l:88%}"
        "@media(prefers-color-scheme:dark){:root{--bg:#14171a;--fg:#e6e9ec;--dim:#98a2ad;--l:28%}}"
        "body{background:var(--bg);color:var(--fg);font:16px/1.5 system-ui,sans-serif;margin:2rem auto;"
        "max-width:72rem;padding:0 1rem}pre{white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.9}"
        "ul{list-style:none;display:flex;flex-wrap:wrap;gap:1rem;padding:0}"
        ".on{background:hsl(var(--h) var(--l));color:var(--fg);font-weight:700;border-radius:2px}"
        ".off{color:var(--dim);border-bottom:1px dotted hsl(var(--h) 50%)}"
        ".control{outline:1px solid currentColor;outline-offset:-1px}.hash{color:var(--dim);font-size:.8rem}"
        + kinds
    )
