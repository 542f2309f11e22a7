"""Does training data reach into the assessment?

Contract: every assessment prompt is reported at most once, with its nearest training prompt, under the
strongest of four kinds: same text after normalisation, same behaviour (a twin or translation), a shared run
of words (characters for Chinese, Japanese, Korean), or near-equal sentence vectors. Kinds that were not
checked are None, which is not the same as "none found".

The word run of 8 follows common practice in contamination checks (8 to 13). The default cosine was chosen on the
embedded MiniLM encoder: within AdvBench, pairs of 0.90 and more are one request in other words, while the
starter twins reach 0.81 and 2 of 136 unsafe XSTest prompts reach 0.90 to a safe one. That encoder is English:
unrelated Chinese requests reach 0.97, so only English prompts are compared unless the caller says otherwise.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from sophro.data._records import Record, is_cjk
from sophro.errors import SophroError

if TYPE_CHECKING:
    import numpy as np

Kind = Literal["exact", "behaviour", "ngram", "embedding"]
_BLOCK = 4096


class Encoder(Protocol):
    """Anything that turns N texts into N rows of norm 1."""

    def encode(self, texts: list[str], /) -> np.ndarray:
        """Return (N, d) rows of norm 1."""
        ...


@dataclass(frozen=True)
class Leak:
    """One assessment prompt and the training prompt that it is too close to.

    Attributes:
        train: Id of the training record (``set:id``).
        assess: Id of the assessment record (``set:id``).
        score: 1 for ``exact`` and ``behaviour``; share of the assessment prompt's runs that the training
            prompt holds for ``ngram``; cosine for ``embedding``.
    """

    train: str
    assess: str
    score: float


@dataclass(frozen=True)
class LeakReport:
    """Result of a leak check.

    Attributes:
        exact: Same text after normalisation.
        behaviour: Same behaviour, other text.
        ngram: A shared run of words or characters.
        embedding: Near-equal sentence vectors; None when no encoder was given.
        not_embedded: Assessment prompts that were left without this last comparison because of their language
            (all remaining ones when no encoder was given).
        n_train: Training prompts.
        n_assess: Assessment prompts.
        words: Length of a word run.
        chars: Length of a character run in CJK text.
        cosine: Threshold of the cosine.
    """

    exact: tuple[Leak, ...]
    behaviour: tuple[Leak, ...]
    ngram: tuple[Leak, ...]
    embedding: tuple[Leak, ...] | None
    not_embedded: int
    n_train: int
    n_assess: int
    words: int
    chars: int
    cosine: float

    @property
    def pairs(self) -> int:
        """Number of assessment prompts that leak."""
        return len(self.exact) + len(self.behaviour) + len(self.ngram) + len(self.embedding or ())

    def to_dict(self) -> dict[str, Any]:
        """Return all fields and the number of pairs as JSON-able values."""
        return {"pairs": self.pairs, **asdict(self)}

    def sentence(self) -> str:
        """Say the result in one line."""
        vectors = "sentence vectors not checked"
        if self.embedding is not None:
            vectors = f"near in meaning {len(self.embedding)}"
            vectors += f", meaning not checked for {self.not_embedded}" if self.not_embedded else ""
        return (
            f"{self.pairs} of {self.n_assess} assessment prompts overlap with {self.n_train} training "
            f"prompts (same text {len(self.exact)}, same behaviour {len(self.behaviour)}, "
            f"shared run {len(self.ngram)}, {vectors})"
        )


def normalise(text: str) -> str:
    """Return the words of ``text``: compatibility forms unified, lower case, punctuation and spaces gone."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    # Apostrophes vanish (don't, dont); other marks separate words. Combining marks belong to letters.
    kept = (c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in plain if c not in "'’`")
    return " ".join("".join(kept).split())


def _runs(text: str, words: int, chars: int) -> set[str]:
    """Return the runs of a normalised text; a shorter text has none, it can only match exactly."""
    if is_cjk(text):
        dense = text.replace(" ", "")
        return {dense[i : i + chars] for i in range(len(dense) - chars + 1)}
    tokens = text.split(" ")
    return {" ".join(tokens[i : i + words]) for i in range(len(tokens) - words + 1)}


def _name(record: Record) -> str:
    return f"{record.set}:{record.id}"


def leak_check(
    train: Sequence[Record],
    assess: Sequence[Record],
    encoder: Encoder | None = None,
    words: int = 8,
    chars: int = 12,
    cosine: float = 0.9,
    langs: frozenset[str] | None = frozenset({"en"}),
) -> LeakReport:
    """Look for assessment prompts that are in, or close to, the training prompts.

    Args:
        train: Training records.
        assess: Assessment records.
        encoder: Sentence encoder; None skips the comparison of meanings, and the report says so.
        words: Words in a shared run.
        chars: Characters in a shared run of CJK text.
        cosine: Cosine from which two prompts count as the same.
        langs: Languages that the encoder tells apart; None for all.

    Raises:
        SophroError: If a threshold is impossible or the encoder does not return rows of norm 1.
    """
    if words < 1 or chars < 1 or not 0 < cosine <= 1:
        raise SophroError(
            f"leak check: words {words} and chars {chars} must be >= 1, cosine {cosine} in (0, 1]"
        )
    texts = [normalise(r.prompt) for r in train]
    by_text = {text: i for i, text in reversed(list(enumerate(texts))) if text}
    by_behaviour = {r.behaviour: i for i, r in reversed(list(enumerate(train)))}
    by_run: defaultdict[str, list[int]] = defaultdict(list)
    for i, text in enumerate(texts):
        for run in _runs(text, words, chars):
            by_run[run].append(i)
    found: dict[Kind, list[Leak]] = {"exact": [], "behaviour": [], "ngram": [], "embedding": []}
    rest: list[Record] = []
    for record in assess:
        text = normalise(record.prompt)
        if text in by_text:
            found["exact"].append(Leak(_name(train[by_text[text]]), _name(record), 1.0))
        elif record.behaviour in by_behaviour:
            found["behaviour"].append(Leak(_name(train[by_behaviour[record.behaviour]]), _name(record), 1.0))
        elif (near := _most_shared(_runs(text, words, chars), by_run)) is not None:
            found["ngram"].append(Leak(_name(train[near[0]]), _name(record), near[1]))
        else:
            rest.append(record)
    readable = [r for r in rest if encoder is not None and (langs is None or r.lang in langs)]
    if encoder is not None:
        others = [r for r in train if langs is None or r.lang in langs]
        found["embedding"] = _near(others, readable, encoder, cosine)
    return LeakReport(
        tuple(found["exact"]),
        tuple(found["behaviour"]),
        tuple(found["ngram"]),
        None if encoder is None else tuple(found["embedding"]),
        len(rest) - len(readable),
        len(train),
        len(assess),
        words,
        chars,
        cosine,
    )


def _most_shared(runs: set[str], by_run: dict[str, list[int]]) -> tuple[int, float] | None:
    hits: defaultdict[int, int] = defaultdict(int)
    for run in runs:
        for i in by_run.get(run, ()):
            hits[i] += 1
    if not hits:
        return None
    best = min(hits, key=lambda i: (-hits[i], i))
    return best, hits[best] / len(runs)


def _near(train: Sequence[Record], assess: Sequence[Record], encoder: Encoder, cosine: float) -> list[Leak]:
    import numpy as np

    if not train or not assess:
        return []
    left = np.asarray(encoder.encode([r.prompt for r in train]), dtype=np.float32)
    right = np.asarray(encoder.encode([r.prompt for r in assess]), dtype=np.float32)
    for rows, count in ((left, len(train)), (right, len(assess))):
        if (
            rows.ndim != 2
            or len(rows) != count
            or not np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-3)
        ):
            raise SophroError("leak check: the encoder must return one row of norm 1 per text")
    leaks: list[Leak] = []
    for start in range(0, len(right), _BLOCK):
        scores = right[start : start + _BLOCK] @ left.T
        best = scores.argmax(axis=1)
        for offset in np.flatnonzero(scores.max(axis=1) >= cosine):
            score = min(1.0, float(scores[offset, best[offset]]))
            leaks.append(Leak(_name(train[int(best[offset])]), _name(assess[start + int(offset)]), score))
    return leaks
