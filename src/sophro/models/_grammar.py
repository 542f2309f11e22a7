"""Answers that must be JSON of a schema: before every token, what cannot stand there is left out.

Paper: "Efficient Guided Generation for Large Language Models" (Willard and Louf 2023, arXiv 2307.09702); the automata
are llguidance's (xgrammar, which the design names, brings a GPU compiler of 200 MB with it).

Contract: ids in, ids out. What a row may say next depends on what it said and on nothing else, so neighbours in a
batch change nothing. When the object is complete, only the end of the turn may follow. White space is fixed
(``{"a": 1}``), or a small model would fill its answer with it. An answer that reaches its longest length is cut and
unfinished, as any other. There is no thinking and no reflection inside: their tokens stand in no JSON.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import torch

from sophro.errors import SophroError

_LAYOUT: Any = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}


class Vocabulary:
    """What the tokens of a model spell, prepared once (about a second for 50,000 tokens).

    Args:
        tokenizer: A fast tokenizer of transformers.
        size: Rows of the output matrix.
        stop_ids: Ids that end a turn.

    Raises:
        SophroError: If the tokenizer is not a fast one.
    """

    def __init__(self, tokenizer: Any, size: int, stop_ids: Iterable[int]) -> None:
        from llguidance.hf import from_tokenizer

        try:
            # A reflection token may have an id beyond the network's rows; it stands in no JSON anyway.
            rows = max(size, len(tokenizer))
            self.tokens = from_tokenizer(tokenizer, n_vocab=rows, eos_token=sorted(stop_ids))
        except ValueError as error:
            raise SophroError(f"answers cannot be held to a schema with this tokenizer: {error}") from None
        self.size, self._rows = size, rows

    def schema(self, schema: str) -> Schema:
        """Return what holds answers to a JSON schema."""
        return Schema(self, schema)

    def words(self) -> int:
        """Return how many 32-bit words one row's mask has."""
        return (self._rows + 31) // 32


class Schema:
    """Holds the rows of one run to a JSON schema; see the module header.

    Args:
        vocabulary: Of the model.
        schema: JSON schema as JSON.

    Raises:
        SophroError: If it is no JSON schema that can be followed.
    """

    def __init__(self, vocabulary: Vocabulary, schema: str) -> None:
        from llguidance import LLMatcher

        try:
            loaded: Any = json.loads(schema)
        except ValueError as error:
            raise SophroError(f"json_schema is no JSON: {error}") from None
        if not isinstance(loaded, Mapping):
            raise SophroError("json_schema must be an object")
        self._vocabulary = vocabulary
        self._grammar = LLMatcher.grammar_from_json_schema(schema, overrides=_LAYOUT)
        problem, _, _ = LLMatcher.validate_grammar(self._grammar, vocabulary.tokens).partition("\n")
        if problem and not problem.startswith("WARNING"):
            raise SophroError(f"json_schema cannot be followed: {problem}")
        self._rows: dict[int, Any] = {}

    def masked(self, logits: torch.Tensor, index: torch.Tensor, alive: torch.Tensor) -> torch.Tensor:
        """Return logits with minus infinity where a token cannot stand.

        Args:
            logits: Shape (rows, vocabulary).
            index: Prompt of each row, shape (rows,).
            alive: Rows that have not ended, shape (rows,), bool; the others are left as they are.
        """
        import numpy as np
        from llguidance import LLMatcher
        from llguidance.numpy import fill_next_token_bitmask

        rows = torch.nonzero(alive).flatten()
        bits = np.zeros((len(rows), self._vocabulary.words()), dtype=np.int32)
        for at, key in enumerate(index[rows].tolist()):
            if key not in self._rows:
                self._rows[key] = LLMatcher(self._vocabulary.tokens, self._grammar, log_level=0)
            fill_next_token_bitmask(self._rows[key], bits, at)
            self._check(key)
        spread = np.unpackbits(bits.view(np.uint8), axis=1, bitorder="little")[:, : logits.shape[1]]
        allowed = torch.from_numpy(spread).to(logits.device).bool()
        out = logits.clone()
        out[rows] = logits[rows].masked_fill(~allowed, float("-inf"))
        return out

    def take(self, chosen: torch.Tensor, index: torch.Tensor, alive: torch.Tensor) -> None:
        """Tell what each row said; arguments as for ``masked``, ``chosen`` has shape (rows,)."""
        for at in torch.nonzero(alive).flatten().tolist():
            key = int(index[at])
            self._rows[key].consume_token(int(chosen[at]))
            self._check(key)

    def _check(self, key: int) -> None:
        if self._rows[key].is_error():
            reason = str(self._rows[key].get_error()).split("\n")[0]
            raise SophroError(f"json_schema cannot be followed any further: {reason}")
