"""Previews: every token shown once, hostile text harmless, readable without script."""

import io
import re
from html.parser import HTMLParser

import pytest
import tiny
from rich.console import Console

from sophro.chat import (
    Segment,
    Template,
    Transcript,
    Turn,
    loss_weights,
    preview,
    preview_html,
    preview_summary,
    preview_terminal,
    render,
)
from sophro.errors import SophroError

TEMPLATE = Template(tiny.tokenizer("hybrid"))
HOSTILE = "<script>alert(1)</script>\x1b[2J\x1b]0;owned\x07 \u202eevil\u200b &amp; \"' 你😀"


def record(user="Hello there", answer="Yes.\nNo."):
    turn = Turn("assistant", (Segment("trace", "hm"), Segment("answer", answer)))
    ours = render(Transcript((Turn("user", (Segment("user", user),)), turn)), TEMPLATE, close=True)
    return ours, loss_weights(ours, {"answer": 1, "trace": 0.5})


def terminal(*args, colour=False):
    out = io.StringIO()
    Console(file=out, force_terminal=colour, color_system="truecolor" if colour else None, width=200).print(
        preview_terminal(*args, TEMPLATE.tokenizer)
    )
    return out.getvalue()


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.spans, self.pre, self._in = [], [], "", False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self._in = self._in or tag == "pre"
        if tag == "span" and self._in:
            self.spans.append(dict(attrs))

    def handle_endtag(self, tag):
        self._in = self._in and tag != "pre"

    def handle_data(self, data):
        self.pre += data if self._in else ""


def test_cells_cover_all_ids_in_order():
    ours, weights = record(user=HOSTILE)
    cells = preview("r", ours, weights, TEMPLATE.tokenizer).cells
    assert [i for c in cells for i in c.ids] == list(ours.ids)
    assert [c.weight for c in cells for _ in c.ids] == weights
    assert [c.kind for c in cells for _ in c.ids] == list(ours.kinds)
    assert "你" in "".join(c.text for c in cells) and "😀" in "".join(c.text for c in cells)


def test_summary_says_what_is_trained():
    ours, weights = record()
    summary = preview_summary(ours, weights, TEMPLATE.tokenizer)
    trained = sum(w != 0 for w in weights)
    assert summary.startswith(
        f"{trained} of {len(ours)} tokens trained ({ours.prompt_length} tokens of prompt)"
    )
    assert "first trained '<think>'" in summary and "last trained '<|im_end|>'" in summary
    assert "nothing would be learned" in preview_summary(ours, [0.0] * len(ours), TEMPLATE.tokenizer)


def test_terminal_shows_marks_and_no_control_characters():
    ours, weights = record(user=HOSTILE)
    text = terminal(ours, weights)
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f\u202e\u200b]", text)
    assert "\\u{1b}" in text and "\\u{202e}" in text and "·" in text and "Yes.⏎" in text
    assert "<|im_end|>" in text and "answer" in text and "tokens, weight 0.5" in text


def test_terminal_dims_what_is_not_trained():
    ours, weights = record()
    text = preview_terminal(ours, weights, TEMPLATE.tokenizer)
    styles = {text.plain[s.start : s.end]: s.style for s in text.spans}
    assert styles["<|im_start|>"].dim and not styles["<|im_start|>"].underline
    assert styles["</think>"].underline and not styles["</think>"].dim


def test_html_is_self_contained_and_escaped():
    ours, weights = record(user=HOSTILE)
    text = preview_html([preview("row <b>1</b>", ours, weights, TEMPLATE.tokenizer)], title="<i>")
    page = Page(text)
    assert not {"script", "img", "link", "iframe", "b", "i"} & set(page.tags)
    assert not re.search(r"https?:|src=|\son\w+=|url\(", text)
    assert "<script>alert(1)</script>" in page.pre.replace("·", " ")
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e]", text)
    assert "prefers-color-scheme" in text and ours.hash in text


def test_html_has_one_span_per_cell_with_kind_and_weight():
    ours, weights = record()
    shown = preview("r", ours, weights, TEMPLATE.tokenizer)
    spans = Page(preview_html([shown])).spans
    assert len(spans) == len(shown.cells)
    for span, cell in zip(spans, shown.cells, strict=True):
        assert span["class"].split()[:2] == [f"k-{cell.kind}", "on" if cell.weight else "off"]
        assert f"weight {cell.weight:g}" in span["title"]


def test_sentencepiece_blanks_are_visible():
    template = Template(tiny.tokenizer("inst", sentencepiece=True))
    ours = render(Transcript.of("Hello world"), template)
    shown = "".join(c.text for c in preview("r", ours, [0.0] * len(ours), template.tokenizer).cells)
    assert "Hello·world" in shown


def test_weights_must_match():
    ours, weights = record()
    with pytest.raises(SophroError, match="loss weights for"):
        preview("r", ours, weights[:-1], TEMPLATE.tokenizer)
