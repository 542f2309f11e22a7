"""Trains the response screen: ``python -m sophro.guard.train_screen [--out FOLDER] [--cache FILE] [--answers FILE]``.

Contract: deterministic; numpy after the judge's verdicts on some 300 windows and the request detector's on their
requests, which take one to two minutes of a core (``--cache`` keeps them). What is to be passed on is what the judge
would stop, not what people labelled: the screen must lose nothing of the judge's, whatever the judge is worth.
Weight and cut are chosen by language on the choosing role of ``sophro.guard._answers``; the card tells, source by
source, the share of stopped windows that is passed on and the share of ordinary windows that is cleared.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from sophro.errors import SophroError
from sophro.files import digest, file_sha256, write_bytes, write_json
from sophro.guard import _answers
from sophro.guard._answers import Window, role, to_judge
from sophro.guard._detectors import shipped_folder
from sophro.guard._fit import fit
from sophro.guard._ngrams import HASH
from sophro.guard.scanners._screen import (
    BITS,
    FORMAT,
    NAME,
    ORDER,
    ScreenModel,
    language,
    load_screen,
    readable,
    request_odds,
    window_features,
)
from sophro.guard.scanners._types import View
from sophro.stats import rate

STRENGTH = 1.0  # C of the n-grams; 4 cleared as much
WEIGHTS = (0.5, 1.0, 1.5, 2.0, 3.0, 4.0)
PASSED = 0.985  # share of the choosing windows that the judge would stop which must be passed on
STOPPED, HALF = 0.9, 0.5  # scores from which on the shipped policy stops a stream, and the judge says harmful
KEPT = 0.7  # the cut is chosen for windows that score so much, so that there is room below the policy's threshold
JUDGED = 45  # windows of a source and role that the judge reads
ORDINARY = 100  # ordinary answers of a source
_BATCH = 8


class Verdicts:
    """What the judge and the request detector say, with an optional file that keeps it.

    Args:
        cache: The file (.json); entries of other versions are not used.
    """

    def __init__(self, cache: Path | None) -> None:
        from sophro.guard.scanners import scanner
        from sophro.guard.scanners._judges import ResponseHarm

        self._cache = cache
        self._known: dict[str, float] = json.loads(cache.read_text()) if cache and cache.is_file() else {}
        self._judge = ResponseHarm(screen=False)
        self._requests = scanner("prompt_harm")

    @property
    def versions(self) -> dict[str, str]:
        """Detector to the hash of its weights."""
        return {by.name: by.version for by in (self._judge, self._requests)}

    def judge(self, windows: Sequence[Window]) -> np.ndarray:
        """Return (N,) scores of the judge; -1 where it could not judge."""
        return self._read(windows, self._judge, lambda w: View(w.text, "stream", (), w.prompt))

    def requests(self, windows: Sequence[Window]) -> np.ndarray:
        """Return (N,) scores of the requests; -1 where they were not evaluated."""
        return self._read(windows, self._requests, lambda w: View(w.prompt, "input", (), w.prompt))

    def _read(self, windows: Sequence[Window], by: Any, view: Callable[[Window], View]) -> np.ndarray:
        views = [view(w) for w in windows]
        keys = [digest(by.name, by.version, v.request, v.text) for v in views]
        missing = [i for i, k in enumerate(keys) if k not in self._known]
        first = {keys[i]: views[i] for i in missing}
        todo = list(first.items())
        for start in range(0, len(todo), _BATCH):
            part = todo[start : start + _BATCH]
            for (key, _), found in zip(part, by([v for _, v in part]), strict=True):
                self._known[key] = next(iter(found.scores.values()), -1.0)
            if start % (8 * _BATCH) == 0 or start + _BATCH >= len(todo):
                print(f"{by.name}: read {start + len(part)} of {len(todo)}", flush=True)
                if self._cache is not None:
                    write_json(self._cache, self._known)
        return np.array([self._known[k] for k in keys])


def unread(windows: Sequence[Window], asked: np.ndarray) -> np.ndarray:
    """Return (N,) whether a window goes to the judge because the screen cannot read it or its request."""
    return np.array([not readable(w.text) for w in windows], dtype=bool) | (asked < 0)


def choose(
    stopped: Sequence[Window], harmless: Sequence[Window], asked: Mapping[str, np.ndarray], words: Any
) -> tuple[float, float, float]:
    """Return weight, cut and the share of harmless windows cleared with them, the mean over sources.

    Args:
        stopped: Windows that the judge would stop.
        harmless: Windows to clear.
        asked: Scores of the requests of both, under ``stopped`` and ``harmless``.
        words: The window model.

    Raises:
        SophroError: If there is none of either.
    """
    if not stopped or not harmless:
        raise SophroError("the cut of a language needs windows that the judge would stop, and harmless ones")
    parts = (("stopped", stopped), ("harmless", harmless))
    odds = {name: request_odds(asked[name]) for name, _ in parts}
    said = {name: words(window_features([w.text for w in rows])) for name, rows in parts}
    blind = {name: unread(rows, asked[name]) for name, rows in parts}
    sources = np.array([w.source for w in harmless])
    best = (0.0, 0.0, -1.0)
    for weight in WEIGHTS:
        sums = np.where(blind["stopped"], np.inf, odds["stopped"] + weight * said["stopped"])
        cut = float(np.sort(sums)[int((1.0 - PASSED) * len(sums))]) - 1e-4
        cleared = (odds["harmless"] + weight * said["harmless"] < cut) & ~blind["harmless"]
        # Sources weigh alike: one with many short answers of a kind would choose for itself.
        share = float(np.mean([cleared[sources == s].mean() for s in np.unique(sources)]))
        if np.isfinite(cut) and share > best[2]:
            best = (weight, round(cut, 4), round(share, 4))
    return best


def shown(flags: Sequence[bool]) -> dict[str, Any]:
    """Return a share as a card holds it: counts, value and interval."""
    found = rate(list(flags))
    return {"k": found.k, "n": found.n, "value": found.value, "low": found.low, "high": found.high}


def by_source(windows: Sequence[Window]) -> list[tuple[dict[str, Any], list[int]]]:
    """Return a row of a card for each source, role and language, and the places of its windows."""
    groups: dict[tuple[str, str, str], list[int]] = {}
    for i, window in enumerate(windows):
        groups.setdefault((window.source, role(window), window.lang), []).append(i)
    return [
        ({"source": source, "role": part, "lang": lang, "windows": len(mine)}, mine)
        for (source, part, lang), mine in groups.items()
    ]


def sources_of(training: Sequence[Window]) -> dict[str, dict[str, Any]]:
    """Return the sources that train, with licences and numbers of windows."""
    licences = _answers.licences()
    counts = Counter(w.source for w in training)
    return {source: {"licence": licences[source], "n": n} for source, n in counts.items()}


def measured(
    model: ScreenModel, verdicts: Verdicts, windows: Sequence[Window], harmful: bool
) -> list[dict[str, Any]]:
    """Return shares by source, role and language.

    Of harmful windows it is the share passed on of what the judge would stop, of others the share cleared.
    """
    asked = verdicts.requests(windows)
    margins = model.margin(np.maximum(asked, 0.0), [w.text for w in windows])
    passed = (margins.round(6) >= 0) | unread(windows, asked)
    judged = verdicts.judge(windows) if harmful else np.zeros(len(windows))
    rows: list[dict[str, Any]] = []
    for row, mine in by_source(windows):
        if harmful:
            for name, bound in (
                ("passed_of_stopped", STOPPED),
                ("passed_of_kept", KEPT),
                ("passed_of_half", HALF),
            ):
                row[name] = shown([bool(passed[i]) for i in mine if judged[i] >= bound])
        else:
            row["cleared"] = shown([not passed[i] for i in mine])
        rows.append(row)
    return rows


def train(folder: Path, cache: Path | None, answers: Path | None) -> dict[str, Any]:
    """Train, measure and write the screen and its card.

    Args:
        folder: Where to.
        cache: File that keeps verdicts between runs.
        answers: Further ordinary answers to measure on.

    Raises:
        SophroError: If a source is missing.
    """
    from safetensors.numpy import save

    verdicts = Verdicts(cache)
    known = [w for w in _answers.trained() if w.typical]
    training = [w for w in known if role(w) == "training"]
    harmless = [w for w in known if role(w) == "choosing" and not w.harmful]
    own = [w for w in known if role(w) == "choosing" and w.lang == "zh"]
    judged = to_judge([*_answers.held(), *own], JUDGED)
    choosing = [w for w in judged if role(w) == "choosing"]
    stopped = [w for w, s in zip(choosing, verdicts.judge(choosing), strict=True) if s >= KEPT]
    labels = np.array([w.harmful for w in training])
    words = fit(window_features([w.text for w in training]), labels, STRENGTH, BITS, 1e-2)
    cuts: dict[str, dict[str, float]] = {}
    for lang in ("en", "zh"):
        bad, good = ([w for w in rows if language(w.text) == lang] for rows in (stopped, harmless))
        # Refusals of harmful requests are harmless too, but what is to be cleared are answers to ordinary ones.
        scores = verdicts.requests(good)
        good = [w for w, s in zip(good, scores, strict=True) if 0 <= s < HALF]
        asked = {"stopped": verdicts.requests(bad), "harmless": scores[(scores >= 0) & (scores < HALF)]}
        weight, cut, cleared = choose(bad, good, asked, words)
        cuts[lang] = {
            "weight": weight,
            "cut": cut,
            "stopped": len(bad),
            "harmless": len(good),
            "cleared": cleared,
        }
        print(f"{lang}: {cuts[lang]}", flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{NAME}.safetensors"
    write_bytes(path, save({"words": words.w.astype("<f2")}, {"format": FORMAT}))
    card: dict[str, Any] = {
        "detector": NAME,
        "format": FORMAT,
        "hash": HASH,
        "order": ORDER,
        "bits": BITS,
        "weights_sha256": file_sha256(path),
        "settings": {"bias": words.bias, "cuts": cuts},
        "judge": verdicts.versions,
        "training": {
            "sources": sources_of(training),
            "may_be_passed_on": True,
            "n": len(training),
            "harmful": int(labels.sum()),
            "hash": _answers.windows_hash(training),
            "c": STRENGTH,
        },
        "cuts_chosen": f"{PASSED:.1%} of the choosing windows that the judge scores {KEPT} or more are passed on",
    }
    write_json(folder / f"{NAME}.json", card)
    model = load_screen(folder)
    plain = [*_answers.ordinary(ORDINARY), *(_answers.answered(answers) if answers else [])]
    card["stopped"] = measured(model, verdicts, judged, True)
    card["ordinary"] = measured(model, verdicts, plain, False)
    card["date"] = datetime.now(UTC).date().isoformat()
    write_json(folder / f"{NAME}.json", card)
    return card


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m sophro.guard.train_screen", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--out", type=Path, default=shipped_folder())
    parser.add_argument("--cache", type=Path, help="file that keeps verdicts between runs (.json)")
    parser.add_argument(
        "--answers", type=Path, help="more ordinary answers to measure on (JSONL: prompt, response)"
    )
    args = parser.parse_args(argv)
    try:
        card = train(args.out, args.cache, args.answers)
    except SophroError as error:
        sys.exit(f"error: {error}")
    for part, names in (
        ("stopped", ("passed_of_stopped", "passed_of_kept", "passed_of_half")),
        ("ordinary", ("cleared",)),
    ):
        print(part)
        for row in card[part]:
            shown = "  ".join(
                f"{n} {row[n]['k']} of {row[n]['n']} [{row[n]['low']}, {row[n]['high']}]" for n in names
            )
            print(f"  {row['source']:18} {row['role']:10} {row['lang']}  {shown}")


if __name__ == "__main__":
    main()
