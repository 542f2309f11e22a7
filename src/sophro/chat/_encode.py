"""Encoding in which text can never become a control token.

Contract: control tokens come from template text only. Everything between two control tokens is encoded as
one run by a copy of the tokenizer that matches no control token, and ids are traced back to their part by
character offsets. A run is what the tokenizer itself would see between two control tokens, so for ordinary
text the ids are those of ``apply_chat_template``, also where template text and content share a token.

``split_special_tokens=True`` of transformers is not enough: it leaves added tokens that are not flagged as
special (``<think>``, ``<tool_call>`` of many families) to be matched in user text.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sophro.chat._tokenized import TEMPLATE
from sophro.errors import SophroError

if TYPE_CHECKING:
    from tokenizers import Encoding
    from transformers import PreTrainedTokenizerFast

_Before = Literal["nothing", "control", "text"]


@dataclass(frozen=True)
class Part:
    """A stretch of rendered text.

    Attributes:
        text: The text; control tokens in it count only if ``kind`` is ``"template"``.
        kind: Segment kind or ``"template"``.
        segment: Index of the segment, -1 for none.
        generated: Whether the model would produce it itself.
        hard: Whether no token may straddle the boundary before this part.
    """

    text: str
    kind: str = TEMPLATE
    segment: int = -1
    generated: bool = False
    hard: bool = False


@dataclass(frozen=True)
class Encoded:
    """Ids and, per id, the part that it came from."""

    ids: list[int]
    parts: list[Part]


class Encoder:
    """Encodes parts with one tokenizer.

    Args:
        tokenizer: A fast transformers tokenizer; it is read, never changed.
        template_text: Source of the chat template: a word-like added token that occurs in it is control.
    """

    def __init__(self, tokenizer: PreTrainedTokenizerFast, template_text: str) -> None:
        from tokenizers import AddedToken, Tokenizer

        added = tokenizer.added_tokens_decoder
        self.control_ids = frozenset(
            id_
            for id_, token in added.items()
            if token.special or not _is_ordinary(token.content, template_text)
        ) | frozenset(tokenizer.all_special_ids)
        controls = {added[i].content: i for i in self.control_ids if i in added}
        self._controls = controls
        # Longest first, as the tokenizer matches; a token may swallow the blanks beside it.
        self._control_pattern = re.compile(
            "|".join(
                (r"\s*" if added[i].lstrip else "")
                + f"({re.escape(c)})"
                + (r"\s*" if added[i].rstrip else "")
                for c, i in sorted(controls.items(), key=lambda item: -len(item[0]))
            )
            or "(?!)"
        )
        spec = json.loads(tokenizer.backend_tokenizer.to_str())
        spec["post_processor"] = spec["truncation"] = spec["padding"] = None
        for entry in spec["added_tokens"]:
            entry["special"] = entry["id"] in self.control_ids
        self._plain = Tokenizer.from_str(json.dumps(spec))
        self._plain.encode_special_tokens = True
        # A run behind a control token must look to the tokenizer like text behind an added token, or
        # SentencePiece-like tokenizers would put the space of a text's start in front of it.
        self._mark = f"<mark-{secrets.token_hex(8)}>"
        self._plain.add_tokens([AddedToken(self._mark, normalized=False, special=False)])
        self._newline = self._plain.encode("\n", add_special_tokens=False).ids
        self._atoms: dict[str, tuple[tuple[str, int | None], ...]] = {}

    def atoms(self, text: str) -> tuple[tuple[str, int | None], ...]:
        """Cut template text into ``(text, control id or None)``."""
        known = self._atoms.get(text)
        if known is None:
            known = self._atoms[text] = tuple(self._cut(text))
        return known

    def _cut(self, text: str) -> Iterable[tuple[str, int | None]]:
        done = 0
        for match in self._control_pattern.finditer(text):
            if match.start() > done:
                yield text[done : match.start()], None
            yield match.group(), self._controls[match.group(match.lastindex or 0)]
            done = match.end()
        if done < len(text):
            yield text[done:], None

    def encode(self, parts: Sequence[Part], before: _Before = "nothing") -> Encoded:
        """Encode ``parts`` in order; ``before`` says what stands in front of the first one."""
        out = Encoded([], [])
        run: list[tuple[str, Part]] = []
        for part in parts:
            if not part.text:
                continue
            if part.hard and run:
                self._flush(run, before, out)
                before = "text"
            if part.kind != TEMPLATE:
                run.append((part.text, part))
                continue
            for text, control in self.atoms(part.text):
                if control is None:
                    run.append((text, part))
                    continue
                self._flush(run, before, out)
                out.ids.append(control)
                out.parts.append(part)
                before = "control"
        self._flush(run, before, out)
        return out

    def _flush(self, run: list[tuple[str, Part]], before: _Before, out: Encoded) -> None:
        text = "".join(t for t, _ in run)
        if text:
            encoding, skip_ids, skip_chars = self._encode_run(text, before)
            ids = encoding.ids[skip_ids:]
            if not self.control_ids.isdisjoint(ids):
                bad = next(i for i in ids if i in self.control_ids)
                raise SophroError(
                    f"this tokenizer makes the control token {self._plain.id_to_token(bad)!r} out of plain "
                    "text, so user text could pose as template; use a model with a BPE tokenizer"
                )
            out.ids.extend(ids)
            out.parts.extend(_owners(run, encoding.offsets[skip_ids:], skip_chars))
        run.clear()

    def _encode_run(self, text: str, before: _Before) -> tuple[Encoding, int, int]:
        """Return the encoding and how many ids and characters at its start are only context."""
        if before == "text":
            encoding = self._plain.encode("\n" + text, add_special_tokens=False)
            if encoding.ids[: len(self._newline)] == self._newline:
                return encoding, len(self._newline), 1
            before = "control"
        if before == "control":
            return self._plain.encode(self._mark + text, add_special_tokens=False), 1, len(self._mark)
        return self._plain.encode(text, add_special_tokens=False), 0, 0


def _is_ordinary(content: str, template_text: str) -> bool:
    # Some vocabularies add runs of blanks or whole words; those are ordinary text and users may type them.
    return content.isspace() or (content.isalnum() and content not in template_text)


def _owners(run: Sequence[tuple[str, Part]], offsets: Sequence[tuple[int, int]], skip: int) -> Iterable[Part]:
    """Yield the part of each id: the first segment that it overlaps, else the part where it starts."""
    by_char = [part for text, part in run for _ in text]
    for start, end in offsets:
        span = (
            by_char[max(start - skip, 0) : max(end - skip, 0)]
            or by_char[max(start - skip, 0) :][:1]
            or by_char[-1:]
        )
        yield next((p for p in span if p.kind != TEMPLATE), span[0])
