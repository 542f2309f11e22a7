"""How far a supervisor agrees with clinicians: the 60 conversations of MindEval that four clinicians scored.

Data: SWORDHealth/mind-eval (arXiv 2511.18491), read from ``SOPHRO_DATA``, never shipped. 20 simulated people with three
models each; ten criteria from 1 to 6, 0 where a clinician did not rate. Who is which clinician is not in the data, so
the four places of a list are taken as they stand.

Contract: rank correlation with an interval over people (not conversations), beside what the clinicians reach among
themselves: nothing can agree with them much better than they do.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from sophro.care.arena._judge import supervise
from sophro.care.arena._score import share
from sophro.care.arena._types import ItemScore, Line, Session
from sophro.data._catalog import data_root
from sophro.errors import SophroError
from sophro.files import digest, file_sha256, read_jsonl
from sophro.stats import Interval, bootstrap_statistic, correlation, midranks, spearman_interval

FILE = "F_mental_health/mind_eval/human_annotations.jsonl"
SHA256 = "c83b5ff7dabcf8adcc71450b65f3292462577563f30598fc804bd8c2af272e5a"
OVERALL = "criterion11"


@dataclass(frozen=True)
class Conversation:
    """One conversation with its ratings.

    Attributes:
        person: Who was simulated; conversations of one person are one cluster.
        model: Which model was the counselor.
        session: The conversation.
        ratings: For each criterion what each clinician gave, None where not rated.
    """

    person: str
    model: str
    session: Session
    ratings: Mapping[str, tuple[float | None, ...]]

    def mean(self, criterion: str) -> float | None:
        """Return the clinicians' mean."""
        given = [r for r in self.ratings[criterion] if r is not None]
        return sum(given) / len(given) if given else None


@dataclass(frozen=True)
class Agreed:
    """What a supervisor reaches.

    Attributes:
        n: Conversations scored.
        unscored: Conversations without a score.
        overall: Rank correlation with the clinicians' overall criterion.
        everything: The same with their mean over all criteria.
        criteria: The same for each criterion.
        clinicians: Mean rank correlation of one clinician's overall rating with the mean of the others'.
        models: Mean score and mean of the clinicians for each model.
    """

    n: int
    unscored: int
    overall: Interval
    everything: Interval
    criteria: Mapping[str, Interval]
    clinicians: Interval
    models: Mapping[str, tuple[float, float]]

    def to_dict(self) -> dict[str, Any]:
        """Return JSON-able values."""
        return asdict(self)


def available() -> bool:
    """Whether the clinicians' file is here."""
    root = data_root()
    return root is not None and (root / FILE).is_file()


def load_conversations(path: Path | None = None) -> list[Conversation]:
    """Read the conversations.

    Raises:
        SophroError: If the file is not in ``SOPHRO_DATA``, or is another one than was described.
    """
    if path is None:
        root = data_root()
        if root is None or not (root / FILE).is_file():
            raise SophroError(
                f"the clinicians' scores are not shipped; set SOPHRO_DATA to the folder that holds {FILE}"
            )
        path = root / FILE
        if file_sha256(path) != SHA256:
            raise SophroError(f"{path}: has changed since it was described; fetch it again")
    found: list[Conversation] = []
    for line, row in read_jsonl(path):
        try:
            found.append(_conversation(row))
        except (KeyError, TypeError, ValueError) as error:
            raise SophroError(f"{path}, line {line}: not a scored conversation ({error!r})") from None
    return found


def _conversation(row: Mapping[str, Any]) -> Conversation:
    messages = cast("list[dict[str, str]]", row["messages"])
    lines = [
        Line(
            i,
            "counselor" if m["role"] == "assistant" else "client",
            m["content"],
            # No phases were recorded; thirds stand in for them.
            ("trust", "diagnose", "solve")[min(2, 3 * i // len(messages))],
        )
        for i, m in enumerate(messages)
    ]
    ratings = {
        name: tuple(float(v) if v else None for v in cast("list[float]", values))
        for name, values in row.items()
        if name.startswith("criterion")
    }
    session = Session(str(row["id"]), str(row["model"]), "mind_eval", 0, tuple(lines), "cap")
    return Conversation(digest(row["member_profile"]), str(row["model"]), session, ratings)


def supervisor_score(items: Sequence[ItemScore]) -> float | None:
    """Return the supervisor side of a session, None if less than half of what applies was rated."""
    own = [i for i in items if i.outcome != "not_applicable"]
    rated = [s for i in own if (s := share(i)) is not None]
    return sum(rated) / len(rated) if rated and 2 * len(rated) >= len(own) else None


def rule_scores(conversations: Sequence[Conversation]) -> list[float | None]:
    """Return what the rule-based supervisor gives; nothing of it was fitted to these conversations."""
    return [supervisor_score(supervise(c.session, None)) for c in conversations]


def fitted_scores(conversations: Sequence[Conversation], penalty: float = 20.0) -> list[float]:
    """Return ridge predictions of the overall criterion from the rule-based items, each person left out in turn.

    This is the best that these features give where clinicians' scores are there to be learned from.
    """
    rows = [[share(i) for i in supervise(c.session, None)] for c in conversations]
    x = np.array([[0.5 if v is None else v for v in row] for row in rows], dtype=np.float64)
    y = np.array([c.mean(OVERALL) or 0.0 for c in conversations], dtype=np.float64)
    people = np.array([c.person for c in conversations])
    out = np.zeros(len(y))
    for person in np.unique(people):
        train = people != person
        centre, spread = x[train].mean(axis=0), x[train].std(axis=0)
        z = (x - centre) / np.where(spread > 0, spread, 1.0)
        a = z[train].T @ z[train] + penalty * np.eye(x.shape[1])
        w = np.linalg.solve(a, z[train].T @ (y[train] - y[train].mean()))
        out[~train] = z[~train] @ w + y[train].mean()
    return [float(v) for v in out]


def agreement_with(
    conversations: Sequence[Conversation], scores: Sequence[float | None], resamples: int = 2000
) -> Agreed:
    """Compare scores with the clinicians.

    Raises:
        SophroError: If there is not one score for each conversation.
    """
    if len(scores) != len(conversations):
        raise SophroError(f"{len(scores)} scores for {len(conversations)} conversations; one each is needed")
    kept = [(c, s) for c, s in zip(conversations, scores, strict=True) if s is not None]
    values, people = [s for _, s in kept], [c.person for c, _ in kept]
    criteria = sorted(conversations[0].ratings, key=lambda n: (len(n), n)) if conversations else []

    def with_(target: Sequence[float | None]) -> Interval:
        there = [i for i, t in enumerate(target) if t is not None]
        return spearman_interval(
            [values[i] for i in there],
            [target[i] or 0.0 for i in there],
            [people[i] for i in there],
            resamples,
        )

    means = {name: [c.mean(name) for c, _ in kept] for name in criteria}
    whole = [_mean([m for name in criteria if (m := means[name][i]) is not None]) for i in range(len(kept))]
    models: dict[str, tuple[float, float]] = {}
    for name in sorted({c.model for c, _ in kept}):
        own = [i for i, (c, _) in enumerate(kept) if c.model == name]
        theirs = [w for i in own if (w := whole[i]) is not None]
        models[name] = (sum(values[i] for i in own) / len(own), sum(theirs) / max(1, len(theirs)))
    return Agreed(
        len(kept),
        len(scores) - len(kept),
        with_(means[OVERALL]),
        with_(whole),
        {name: with_(means[name]) for name in criteria},
        _among(conversations, resamples),
        models,
    )


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _among(conversations: Sequence[Conversation], resamples: int) -> Interval:
    """Return the mean correlation of each clinician's overall rating with the mean of the others'."""
    full = [c for c in conversations if all(r is not None for r in c.ratings[OVERALL])]
    table = np.array([[r or 0.0 for r in c.ratings[OVERALL]] for c in full], dtype=np.float64)

    def one(rows: Any) -> float | None:
        part = table[rows]
        each: list[float] = []
        for j in range(part.shape[1]):
            r = correlation(midranks(part[:, j]), midranks(np.delete(part, j, axis=1).mean(axis=1)))
            if r is not None:
                each.append(r)
        return sum(each) / len(each) if each else None

    return bootstrap_statistic(one, [c.person for c in full], resamples)
