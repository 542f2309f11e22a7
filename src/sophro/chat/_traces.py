"""Trace tags: which families exist and which one a tokenizer's chat template uses.

Contract: a format is a pair of tags plus the blanks that the family writes around them. Detection asks the
template itself (what does it render, what does it open) and knows families only by their tags.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sophro.chat._pieces import Message, Slot, render_pieces
from sophro.errors import SophroError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


@dataclass(frozen=True)
class TraceFormat:
    """Tags around a trace.

    Attributes:
        open: Tag that opens a trace.
        close: Tag that closes it.
        after_open: Blanks that the family writes behind ``open``.
        before_close: Blanks in front of ``close``.
        after_close: Blanks between ``close`` and the answer.
    """

    open: str
    close: str
    after_open: str = ""
    before_close: str = ""
    after_close: str = ""

    def __post_init__(self) -> None:
        if not self.open.strip() or not self.close.strip() or self.open == self.close:
            raise SophroError(
                f"a trace format needs two different tags, not {self.open!r} and {self.close!r}"
            )
        if (self.after_open + self.before_close + self.after_close).strip():
            raise SophroError(f"the padding of trace format {self.open!r} may hold blanks only")

    @property
    def opening(self) -> str:
        """The opening tag with its blanks, as rendered."""
        return self.open + self.after_open

    @property
    def closing(self) -> str:
        """The closing tag with its blanks, as rendered."""
        return self.before_close + self.close + self.after_close


TRACE_FORMATS: Mapping[str, TraceFormat] = {
    "think": TraceFormat("<think>", "</think>", "\n", "\n", "\n\n"),
    "thinking": TraceFormat("<thinking>", "</thinking>", "\n", "\n", "\n\n"),
    "reasoning": TraceFormat("<reasoning>", "</reasoning>", "\n", "\n", "\n\n"),
    "mistral": TraceFormat("[THINK]", "[/THINK]"),
    "thought": TraceFormat("<|begin_of_thought|>", "<|end_of_thought|>", "\n", "\n", "\n\n"),
    "kimi": TraceFormat("◁think▷", "◁/think▷"),
    "harmony": TraceFormat(
        "<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>"
    ),
}


def detect(
    tokenizer: PreTrainedTokenizerFast, variables: Mapping[str, Any] | None = None
) -> TraceFormat | None:
    """Return the trace format of the tokenizer's chat template, or None if it has none.

    Args:
        tokenizer: A tokenizer with a chat template.
        variables: Variables for the template (``enable_thinking``, ...).
    """
    source = str(tokenizer.get_chat_template())
    for format_ in TRACE_FORMATS.values():
        if format_.open in source or format_.close in source:
            return _with_blanks(tokenizer, format_, variables or {})
    return None


def _with_blanks(
    tokenizer: PreTrainedTokenizerFast, format_: TraceFormat, variables: Mapping[str, Any]
) -> TraceFormat:
    """Replace the family's usual blanks by those that this template writes, as far as it shows them."""
    example = (Message("user"), Message("assistant", trace=True))
    pieces = render_pieces(tokenizer, example, variables, open_turn=False)
    for before, slot, after in zip(pieces, pieces[1:], pieces[2:], strict=False):
        if (
            isinstance(slot, Slot)
            and slot.field == "t"
            and isinstance(before, str)
            and isinstance(after, str)
        ):
            _, opened, after_open = before.rpartition(format_.open)
            before_close, closed, after_close = after.partition(format_.close)
            if opened and closed and not (after_open + before_close + after_close).strip():
                return replace(
                    format_, after_open=after_open, before_close=before_close, after_close=after_close
                )
    head = str(render_pieces(tokenizer, (Message("user"),), variables)[-1])
    if head.endswith(format_.open):
        # A template that opens the tag without a line break belongs to a family that writes none.
        return TraceFormat(format_.open, format_.close)
    return format_
