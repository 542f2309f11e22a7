"""Holding back the last tokens of a stream, so that what a reflection takes back never left the server.

Paper: the policy is ours; the need for it is in "Self-Reflection Improves Safety of Large Reasoning Models"
(2026.findings-acl.678), where nothing is deleted, and in Backtracking (arXiv 2409.14586), where it is.

Contract: tokens in, text out. A token is released once ``size`` newer ones have come, or at the end. When the
reflection token comes, everything that is still held is dropped, and so is the reflection itself (up to the
first blank line). With ``size`` 0 nothing is ever taken back.
"""

from __future__ import annotations

from typing import Any

from sophro.chat import REFLECTION_END
from sophro.errors import SophroError


class HoldBack:
    """One stream.

    Args:
        tokenizer: The model's tokenizer.
        reflection_id: Id of the reflection token.
        size: Tokens held back.
    """

    def __init__(self, tokenizer: Any, reflection_id: int, size: int = 64) -> None:
        if size < 0:
            raise SophroError(f"hold is {size} tokens; 0 or more are needed")
        self._tokenizer = tokenizer
        self._reflection = reflection_id
        self._size = size
        self._held: list[int] = []
        self._thought: list[int] | None = None
        self._passage: list[int] = []  # released since the start or the last reflection
        self._said = ""  # its text that has left
        self.dropped = 0

    def push(self, token: int) -> str:
        """Take the next generated id; return the text that may leave now (often empty)."""
        if token == self._reflection:
            self.dropped += len(self._held)
            self._held, self._thought = [], []
            return ""
        if self._thought is not None:
            self._thought.append(token)
            _, blank, rest = self._text(self._thought).partition(REFLECTION_END)
            if not blank:
                return ""
            self._thought, self._passage, self._said = None, [], ""
            # The blank line's last token may already hold the answer's first letters.
            return rest.lstrip("\n")
        self._held.append(token)
        if len(self._held) <= self._size:
            return ""
        self._passage.append(self._held.pop(0))
        return self._released()

    def finish(self) -> str:
        """Return what is still held; a reflection that never ended releases nothing."""
        self._passage.extend(self._held)
        self._held = []
        return self._released(last=True)

    def _released(self, last: bool = False) -> str:
        # Decoded as a whole: a single id may be half a character, or lose the blank in front of it.
        text = self._text(self._passage)
        if text.endswith("\ufffd") and not last:
            return ""
        new, self._said = text[len(self._said) :], text
        return new

    def _text(self, ids: list[int]) -> str:
        return str(self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))
