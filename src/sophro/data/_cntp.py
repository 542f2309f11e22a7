"""The project's own split of CNTP (ToxiBenchCN, arXiv 2505.24341), by hash of the base text.

Contract: the unit is the sentence before any disguise, so all eight disguises of one sentence, and copies of
it under other ids, fall into the same part. Nothing is tuned on ``test``; tables, thresholds and lexica are
chosen on ``train`` and looked at on ``dev``. Adding or removing sentences moves no other one.
"""

from __future__ import annotations

import hashlib
import unicodedata

from sophro.data._splits import Part

_CUTS = (0.5, 0.7)


def cntp_split(text: str) -> Part:
    """Return the part of a base sentence: half ``train``, a fifth ``dev``, the rest ``test``.

    Args:
        text: ``original_text`` of the record. Spaces and Unicode compatibility forms do not count, so that
            the same sentence typed differently stays on one side.
    """
    same = "".join(unicodedata.normalize("NFKC", text).split())
    # A lone surrogate cannot be written as UTF-8; "surrogatepass" keeps the split total.
    digest = hashlib.sha256(b"cntp\x1f" + same.encode("utf-8", "surrogatepass")).digest()
    at = int.from_bytes(digest[:8], "big") / 2**64
    return "train" if at < _CUTS[0] else "dev" if at < _CUTS[1] else "test"
