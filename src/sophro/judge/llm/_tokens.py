"""Cuts an answer to its first tokens, as the HarmBench classifier does before it reads it.

Contract: the cut is at a token border of the original text, nothing is re-spelled. Exact only with the classifier's
own tokenizer: name its folder in ``SOPHRO_HARMBENCH_TOKENIZER``. Without it the embedded encoder's WordPiece stands
in (inferred): it counts about as many tokens as Llama's for English prose and one a character for Chinese, where
Llama's needs one to three, so a Chinese answer is then cut later than HarmBench would.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Any

from sophro.errors import SophroError
from sophro.files import file_sha256

VARIABLE = "SOPHRO_HARMBENCH_TOKENIZER"


def first_tokens(text: str, count: int) -> str:
    """Return the part of ``text`` that its first ``count`` tokens cover.

    Raises:
        SophroError: If the named tokenizer folder does not hold a tokenizer.
    """
    if len(text) <= count // 8:  # no tokenizer makes eight tokens of a character
        return text
    clean = text.encode("utf-8", "replace").decode("utf-8")
    encoding = _tokenizer(_path()).encode(clean, add_special_tokens=False)
    if len(encoding.ids) <= count:
        return clean
    return clean[: encoding.offsets[count - 1][1]]


def tokenizer_identity() -> str:
    """Return what tells one tokenizer from another: part of the version of a judge that cuts."""
    return file_sha256(_path())


def _path() -> Path:
    named = os.environ.get(VARIABLE)
    if named:
        path = Path(named) / "tokenizer.json" if Path(named).is_dir() else Path(named)
        if not path.is_file():
            raise SophroError(f"{path}: no tokenizer; {VARIABLE} must name a folder with tokenizer.json")
        return path
    from sophro.models._encoder import encoder_folder

    return encoder_folder() / "tokenizer.json"


@functools.cache
def _tokenizer(path: Path) -> Any:
    from tokenizers import Tokenizer

    found = Tokenizer.from_file(str(path))
    found.no_truncation()
    found.no_padding()
    return found
