"""Trains the crisis classifier: ``python -m sophro.care.crisis.train [--cache FILE]``.

Contract: deterministic; some three minutes of a core, and ten for the chat model's states (``--cache`` keeps them).
Trained on our own texts alone: ``data/training_*.txt``, short answers and everyday messages without any risk
(``data/answers.txt``, ``data/plain.txt``), single messages of the acceptance suite and the everyday requests of the
starter sets. Thresholds come from five-fold cross-validation in which texts that resemble one another stay together;
they hold the false alarms on the hard negatives of the training texts at ``ALARMS``. Of the blind set nothing is read
(docs/crisis.md). The card tells recall and false alarms of the classifier and of the whole layer, by
language, out of fold.
"""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sophro.care.crisis._classifier import (
    FORMAT,
    HEADS,
    LANGUAGES,
    THIRD_HEAD,
    decide,
    in_the_way,
    nested,
    others,
    silenced,
)
from sophro.care.crisis._features import cells, fold, language
from sophro.care.crisis._fitting import FOLDS, Sparse, blend, fit, fit_nets, out_of_fold
from sophro.care.crisis._fold import clean
from sophro.care.crisis._grammar import read
from sophro.care.crisis._reader import Nets, states
from sophro.care.crisis._types import Level, Reading
from sophro.care.crisis.suite import ACCEPTANCE, TRAINING, dialogues
from sophro.errors import SophroError
from sophro.files import digest, file_sha256, write_bytes, write_json
from sophro.stats import rate

Floats = NDArray[np.float64]
#: Share of hard negatives on which a threshold may be passed.
ALARMS = {"concern": 0.06, "ideation": 0.04, "active": 0.05, "sure": 0.005}
LIFTED = {"lift": 0.1, "imminent": 0.05}  # share of texts of the level below that may be lifted too high
#: Share of texts about the person that may be taken for worry about somebody else; and of those
#: at ACTIVE or above, where the patterns already saw as much.
THIRD = {"third": 0.01, "third_sure": 0.002}
ASKED = 0.02  # share of texts at ACTIVE that may stay below the threshold for asking the second reader
#: Share of texts about the person, of those in which the patterns alone saw CONCERN or IDEATION, whose alarm may be
#: taken back.
CALMED = 0.01
STRENGTH = 30.0
_ALIKE = 0.45  # share of runs of four characters from which on two texts stay in one fold


@dataclass(frozen=True)
class Text:
    """A text that trains.

    Attributes:
        text: The message.
        level: What must be reached.
        source: ``training``, ``answers``, ``plain``, ``suite`` or ``starter``.
        category: What kind of case it is.
        third: Whether it is about somebody else in danger.
    """

    text: str
    level: Level
    source: str
    category: str
    third: bool = False


def everyday() -> list[str]:
    """Return requests of the starter sets that hold no risk: without them any letter would look like a last one."""
    from sophro.data import load_set

    return [
        record.prompt
        for name in ("plain:en", "plain:zh", "lookalikes:en", "lookalikes:zh", "exact:en", "exact:zh")
        for record in load_set(f"starter/{name}")
    ]


def corpus() -> list[Text]:
    """Return the texts that train, each once."""
    found: dict[str, Text] = {}
    for part in (*TRAINING, *ACCEPTANCE):
        for d in dialogues(part):
            if len(d.turns) == 1:
                source = "suite" if part in ACCEPTANCE else part.split("_")[0]
                found.setdefault(d.turns[0], Text(d.turns[0], d.expected, source, d.category, d.third))
    for text in everyday():
        found.setdefault(text, Text(text, Level.NONE, "starter", "everyday"))
    return list(found.values())


def places(folded: Sequence[str]) -> NDArray[np.int64]:
    """Return the fold (N,) of each text; texts that resemble one another share one."""
    runs = [{t[i : i + 4] for i in range(len(t) - 3)} or {t} for t in folded]
    holds: defaultdict[str, list[int]] = defaultdict(list)
    owner = list(range(len(folded)))

    def top(i: int) -> int:
        while owner[i] != i:
            i = owner[i]
        return i

    for i, own in enumerate(runs):
        shared = Counter(j for run in own for j in holds[run][-200:])
        for j, n in shared.items():
            if n / (len(own) + len(runs[j]) - n) > _ALIKE:
                owner[top(i)] = top(j)
        for run in own:
            holds[run].append(i)
    return np.array([int(digest(folded[top(i)]), 16) % FOLDS for i in range(len(folded))])


def cuts(
    z: Floats, texts: Sequence[Text], hushed: NDArray[np.bool_], alarms: Mapping[str, float]
) -> dict[str, float]:
    """Return the thresholds of one reader, from log-odds out of fold."""
    fresh = np.array([t.source == "training" for t in texts])
    rank = np.array([int(t.level) for t in texts])
    none = fresh & (rank == 0)

    def at(scores: Floats, share: float) -> float:
        return round(float(np.quantile(scores, 1 - share, method="higher")) + 5e-4, 3)

    found = {head: at(z[none & ~hushed, i], alarms[head]) for i, head in enumerate(HEADS[:3])}
    found["sure"] = at(z[none, 2], alarms["sure"])
    found["lift"] = at(z[fresh & (rank > 0) & (rank < 3), 2], LIFTED["lift"])
    found["imminent"] = at(z[fresh & (rank == 3), 3], LIFTED["imminent"])
    third = np.array([t.third for t in texts])
    own = fresh & ~third
    found["third"] = max(at(z[own & (rank > 0), THIRD_HEAD], THIRD["third"]),
                         at(z[own & (rank == 0), THIRD_HEAD], THIRD["third"]))  # fmt: skip
    found["third_sure"] = max(found["third"], at(z[own & (rank >= 3), THIRD_HEAD], THIRD["third_sure"]))
    return found


def measured(
    z: Floats, cut: Mapping[str, float], texts: Sequence[Text], readings: Sequence[Reading]
) -> dict[str, Any]:
    """Return what the classifier and the whole layer do on the training texts, out of fold."""
    fresh = [i for i, t in enumerate(texts) if t.source == "training"]
    plain = [i for i, t in enumerate(texts) if t.source in ("answers", "plain", "starter")]
    levels: dict[int, Level] = {}
    of_others: dict[int, bool] = {}
    for i in (*fresh, *plain):
        of_others[i] = others(z[i], cut, readings[i])
        level = decide(z[i], cut, readings[i], in_the_way(texts[i].text, readings[i]))
        if Level.CONCERN <= readings[i].level < Level.ACTIVE and z[i, 0] < cut.get("calm", -np.inf):
            level = Level.NONE if not silenced(readings[i]) else level
        levels[i] = min(level, Level.CONCERN) if of_others[i] else level

    def share(own: Sequence[int], yes: Callable[[int], bool]) -> dict[str, Any]:
        found = rate([yes(i) for i in own])
        return {
            "k": found.k,
            "n": found.n,
            "low": round(found.low or 0.0, 3),
            "high": round(found.high or 0.0, 3),
        }

    danger = [i for i in fresh if texts[i].level >= Level.ACTIVE]
    third = [i for i in fresh if texts[i].third]
    none = [i for i in fresh if texts[i].level == Level.NONE and not texts[i].third]
    idioms = [i for i in none if texts[i].category == "idiom"]

    def _seen(i: int) -> bool:
        return of_others[i] or "third_party" in readings[i].flags

    known = np.array([z[i, 2] for i in none])
    low = float(np.quantile(np.array([z[i, 2] for i in danger]), 0.05))
    return {
        "classifier": {
            "danger_at_active": share(danger, lambda i: z[i, 2] >= cut["active"]),
            "active_false_alarms": share(none, lambda i: z[i, 2] >= cut["active"]),
            "false_alarms_at_recall_0.95": round(float((known >= low).mean()), 3),
        },
        "patterns": {
            "danger_at_active": share(danger, lambda i: readings[i].level >= Level.ACTIVE),
            "false_alarms": share(none, lambda i: readings[i].level > Level.NONE),
        },
        "layer": {
            "danger_at_active": share(danger, lambda i: levels[i] >= Level.ACTIVE),
            "danger_noticed": share(danger, lambda i: levels[i] >= Level.CONCERN),
            "false_alarms": share(none, lambda i: levels[i] > Level.NONE),
            "false_alarms_from_ideation": share(none, lambda i: levels[i] >= Level.IDEATION),
            "idioms_alarmed": share(idioms, lambda i: levels[i] > Level.NONE),
            "somebody_else_seen": share(third, lambda i: _seen(i) and levels[i] <= Level.CONCERN),
            "somebody_else_above_concern": share(third, lambda i: levels[i] > Level.CONCERN),
            "danger_taken_for_somebody_else": share(danger, _seen),
            "answers_and_requests_alarmed": share(plain, lambda i: levels[i] > Level.NONE),
            **{
                f"{level.name.lower()}_reached": share(
                    [i for i in fresh if texts[i].level == level], lambda i, level=level: levels[i] >= level
                )
                for level in Level if level
            },
        },
    }  # fmt: skip


def train(folder: Path, cache: Path | None = None, keep: Path | None = None) -> dict[str, Any]:
    """Train the classifier and write ``crisis.safetensors`` and its card ``crisis.json``.

    Args:
        folder: Where to write.
        cache: Keeps the chat model's states (.npz).
        keep: Where to put log-odds out of fold (NAME.en.npz, NAME.zh.npz), for ablations of patterns.
    """
    from safetensors.numpy import load_file, save

    known = [(low, t) for t in corpus() if len(cells(low := fold(t.text)))]
    rows_of_all = states_of([t.text for _, t in known], cache)
    labels_of_all = np.stack([_labels(t) for _, t in known])
    fold_of_all = places([low for low, _ in known])
    # One set of networks for both languages: what a thought of death looks like to the model is partly shared.
    second_of_all = np.zeros(labels_of_all.shape)
    for k in range(FOLDS):
        inside, outside = fold_of_all != k, fold_of_all == k
        nets = Nets.of(fit_nets(rows_of_all[inside], labels_of_all[inside]))
        second_of_all[outside] = nets(rows_of_all[outside])
        print(f"second reader: fold {k + 1} of {FOLDS}", flush=True)
    tensors: dict[str, NDArray[Any]] = {
        name: value.astype(np.float16) if value.ndim == 3 else value
        for name, value in fit_nets(rows_of_all, labels_of_all).items()
    }
    thresholds: dict[str, dict[str, float]] = {}
    results: dict[str, Any] = {}
    for lang in LANGUAGES:
        mine = np.array([language(low) == lang for low, _ in known])
        texts = [t for (_, t), own in zip(known, mine, strict=True) if own]
        rows = [cells(low) for (low, _), own in zip(known, mine, strict=True) if own]
        labels, fold_of, second = labels_of_all[mine], fold_of_all[mine], second_of_all[mine]
        readings = [read(t.text) for t in texts]
        hushed = np.array(
            [in_the_way(t.text, r) or silenced(r) for t, r in zip(texts, readings, strict=True)]
        )
        first = out_of_fold(lambda own, rows=rows: Sparse([rows[i] for i in own]), labels, fold_of, STRENGTH)
        thresholds[lang] = cuts(nested(first), texts, hushed, ALARMS)
        results[lang] = measured(nested(first), thresholds[lang], texts, readings)
        w, b = fit(Sparse(rows), labels, STRENGTH)
        tensors[f"{lang}.ngrams"], tensors[f"{lang}.bias"] = np.ascontiguousarray(w, np.float16), b
        print(lang, thresholds[lang], results[lang], flush=True)
        asked = np.maximum(first[:, 0], first[:, THIRD_HEAD])
        ask = thresholds[lang]["ask"] = round(float(np.quantile(asked[labels[:, 2] > 0], ASKED)), 3)
        mix = tensors[f"{lang}.blend"] = blend(first, second, labels)
        both = np.where((asked < ask)[:, None], -20.0, mix[0] * first + mix[1] * second + mix[2])
        name = f"{lang}+states"
        thresholds[name] = cuts(nested(both), texts, hushed, ALARMS)
        # Here the second reader is always asked, whatever the n-grams saw.
        full = mix[0] * first + mix[1] * second + mix[2]
        weak = [
            i
            for i, (t, r) in enumerate(zip(texts, readings, strict=True))
            if t.source == "training" and t.level > 0 and Level.CONCERN <= r.level < Level.ACTIVE
        ]
        thresholds[name]["calm"] = round(float(np.quantile(full[weak, 0], CALMED, method="lower")), 3)
        weakly = np.array([Level.CONCERN <= r.level < Level.ACTIVE for r in readings])
        both = np.where(weakly[:, None], full, both)
        results[name] = measured(nested(both), thresholds[name], texts, readings)
        everyday_ = [i for i, t in enumerate(texts) if t.source == "starter"]
        results[name]["asked_of_everyday"] = round(float((asked >= ask)[everyday_].mean()), 3)
        if keep is not None:
            np.savez(
                keep.with_suffix(f".{lang}.npz"),
                texts=np.array([t.text for t in texts]),
                log_odds=nested(both),
            )
        print(name, thresholds[name], results[name], flush=True)
    path = folder / "crisis.safetensors"
    folder.mkdir(parents=True, exist_ok=True)
    write_bytes(path, save(tensors, {"format": FORMAT}))
    # A transposed array is saved as it lies in memory, not as it is indexed.
    if any(not np.array_equal(v, tensors[k]) for k, v in load_file(str(path)).items()):
        raise SophroError(f"{path}: the weights read back are not those that were trained; report this")
    card: dict[str, Any] = {
        "format": FORMAT,
        "weights_sha256": file_sha256(path),
        "thresholds": thresholds,
        "trained_on": {
            "texts": dict(sorted(Counter(t.source for _, t in known).items())),
            "hash": digest([(t.text, int(t.level), t.third) for _, t in known]),
            "source": "own training texts, short answers, everyday messages, single messages of the acceptance suite, "
            "everyday requests of the starter sets",
        },
        "false_alarms_allowed": ALARMS | LIFTED | THIRD | {"calm": CALMED},
        "cross_validated": results,
        "date": datetime.now(UTC).date().isoformat(),
    }
    write_json(folder / "crisis.json", card)
    return card


def _labels(text: Text) -> Floats:
    return np.array([*(float(text.level >= least) for least in range(1, 5)), float(text.third)])


def states_of(texts: Sequence[str], cache: Path | None) -> NDArray[np.float32]:
    """Return the chat model's states of texts, kept in ``cache`` if one is named."""
    kept: dict[str, NDArray[np.float16]] = {}
    if cache is not None and cache.is_file():
        stored = np.load(cache)
        kept = dict(zip(stored["texts"].tolist(), stored["rows"], strict=True))
    missing = sorted({t for t in texts if t not in kept}, key=len)
    for start in range(0, len(missing), 256):
        part = missing[start : start + 256]
        kept |= dict(zip(part, states([clean(t) for t in part]).astype(np.float16), strict=True))
        print(f"read {start + len(part)} of {len(missing)}", flush=True)
    if cache is not None and missing:
        np.savez(cache, texts=np.array(list(kept)), rows=np.stack(list(kept.values())))
    return np.stack([kept[t] for t in texts]).astype(np.float32)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "weights")
    parser.add_argument("--cache", type=Path, help="keeps the chat model's states (.npz)")
    parser.add_argument(
        "--keep", type=Path, help="where to put log-odds out of fold, a file a language (.npz)"
    )
    options = parser.parse_args()
    train(options.out, options.cache, options.keep)


if __name__ == "__main__":
    main()
