"""Trains the glance: ``python -m sophro.guard.train_glance [--out FOLDER] [--cache FILE]``.

Contract: deterministic; reads some 13,000 windows of ``sophro.guard._answers`` with the first reader (six minutes of a
core), those that a rule may apply to with the second one as well (fifteen), and their requests (two); ``--cache``
keeps all that. The nets learn what the judge says, not what people labelled: half of it the first reader's probability
of harm, half the whole judge's. The cuts are chosen by language on the choosing role, so that of the windows that the
judge scores ``KEPT`` or more ``PASSED`` are read on after both layers together; how much of the loss each layer may
have is what costs the fewest layers on harmless windows that the screen passes on. The card tells, source by source,
what is lost and what is cleared, by the glance and by screen and glance together.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sophro.errors import SophroError
from sophro.files import digest, file_sha256, write_bytes, write_json
from sophro.guard import _answers
from sophro.guard._answers import Window, role
from sophro.guard._detectors import shipped_folder
from sophro.guard.scanners._glance import (
    FORMAT,
    INPUT,
    KEPT,
    NAME,
    PLACES,
    TENSORS,
    Floats,
    GlanceModel,
    Net,
    inputs_of,
    load_glance,
)
from sophro.guard.scanners._screen import language, load_screen, request_odds
from sophro.guard.train_screen import HALF, PASSED, STOPPED, by_source, shown, sources_of, unread
from sophro.judge._types import Exchange
from sophro.judge._weights import FIRST

ASKED = 2000  # characters of a request that the detector of answers hands to the judge, from its end
ORDINARY = 300  # ordinary answers of a source
HIDDEN, SEEDS, ROUNDS, BATCH = 48, 3, 12, 64  # six or 25 rounds, other strengths below: the same within noise
RATE, DECAY, DROP = 1e-3, 0.05, 0.4
FLAT = 0.01  # least spread that an input is scaled by; rare lexical features would else weigh without bounds
FEWEST = round(
    1 / (1 - PASSED)
)  # windows to choose a language's cuts on: of fewer, none lost says less than PASSED
_PART = 64


@dataclass(frozen=True)
class Readings:
    """What is known of N windows.

    Attributes:
        states: (N, layers, S) pooled states without lexical features, float16.
        lexical: (N, L) lexical features.
        first: (N,) the first reader's probability of harm; -1 where rules settle the verdict.
        whole: (N,) the judge's; where the second reader could not lift it to ``KEPT``, the first one's part of it.
        asked: (N,) scores of the requests; -1 where they were not evaluated.
    """

    states: NDArray[np.float16]
    lexical: Floats
    first: NDArray[np.float64]
    whole: NDArray[np.float64]
    asked: NDArray[np.float64]

    def inputs(self, place: int) -> Floats:
        """Return (N, F) what the net of the ``place``-th layer reads."""
        read = np.concatenate([self.states[:, place].astype(np.float32), self.lexical], axis=1)
        return inputs_of(read, request_odds(np.maximum(self.asked, 0.0)))


class Reader:
    """The judge and the request detector, with an optional file that keeps what they said.

    Args:
        cache: The file (.npz).
    """

    def __init__(self, cache: Path | None) -> None:
        from sophro.guard.scanners import scanner
        from sophro.guard.scanners._judges import ResponseHarm
        from sophro.judge import judge

        self._cache = cache
        self._judge: Any = judge("embedded-harm")
        self._requests: Any = scanner("prompt_harm")
        # Named by the detector, whose version the screen's card holds too.
        self.versions = {d.name: d.version for d in (ResponseHarm(screen=False), self._requests)}

    def key(self, window: Window) -> str:
        """Return what a window is kept by; other weights have other keys."""
        return digest(self.versions, window.prompt, window.text)

    def __call__(self, windows: Sequence[Window]) -> Readings:
        """Read windows."""
        keys = [self.key(w) for w in windows]
        known: dict[str, np.ndarray] = {}
        if self._cache is not None and self._cache.is_file():
            with np.load(self._cache, allow_pickle=False) as file:
                known = {name: file[name] for name in file.files}
        have = set(known["keys"].tolist()) if known else set[str]()
        missing = {k: w for k, w in zip(keys, windows, strict=True) if k not in have}
        new = list(missing.items())
        for start in range(0, len(new), _PART):
            part = new[start : start + _PART]
            found = self._read([w for _, w in part]) | {"keys": np.array([k for k, _ in part])}
            known = {n: np.concatenate([known[n], v]) if known else v for n, v in found.items()}
            last = start + _PART >= len(new)
            if last or start % (16 * _PART) == 0:
                print(f"read {start + len(part)} of {len(new)}", flush=True)
                if self._cache is not None:
                    buffer = io.BytesIO()
                    np.savez(buffer, **known)  # pyright: ignore[reportArgumentType]
                    write_bytes(self._cache, buffer.getvalue())
        rows = {key: row for row, key in enumerate(known["keys"].tolist())}
        order = [rows[k] for k in keys]
        return Readings(*(known[n][order] for n in ("states", "lexical", "first", "whole", "asked")))

    def _read(self, windows: Sequence[Window]) -> dict[str, np.ndarray]:
        from sophro.guard.scanners._types import View
        from sophro.judge._lexicon import NAMES
        from sophro.judge._network import EXITS
        from sophro.judge._refusal import assessed
        from sophro.models._encoder import DIM

        size = 3 * DIM
        states = np.zeros((len(windows), len(EXITS), size), dtype=np.float16)
        lexical = np.zeros((len(windows), len(NAMES)), dtype=np.float32)

        def keep(layer: int, places: list[int], pooled: np.ndarray) -> np.ndarray:
            states[places, EXITS.index(layer)] = pooled[:, :size]
            lexical[places] = pooled[:, size:]
            return np.zeros(len(places), dtype=bool)

        exchanges = [Exchange.of(w.prompt[-ASKED:], w.text) for w in windows]
        bounds = np.array(self._judge.bounds(exchanges, keep))
        # Rules say "0 to 1"; what was read can never come to 1 from 0.
        settled = bounds[:, 1] - bounds[:, 0] > 1 - FIRST + 1e-9
        first = np.where(settled, -1.0, (bounds[:, 0] / FIRST).round(5))
        whole = bounds[:, 0].copy()
        open_ = np.flatnonzero((bounds[:, 1] >= KEPT) & ~settled)
        if len(open_):
            # Without the gate of refusals: what one more sentence turns into harm is read on.
            asked = [exchanges[i] for i in open_]
            whole[open_] = assessed(asked, self._judge.name, self._judge.version)[2]
        asked = self._requests([View(w.prompt, "input", (), w.prompt) for w in windows])
        scores = np.array([next(iter(d.scores.values()), -1.0) for d in asked])
        return {"states": states, "lexical": lexical, "first": first, "whole": whole, "asked": scores}


def train_net(inputs: Floats, wanted: np.ndarray) -> Net:
    """Train the nets of a layer on (N,) probabilities and return their mean as one, in what float16 can hold."""
    import torch
    from torch.nn.functional import binary_cross_entropy_with_logits

    mean, spread = inputs.mean(axis=0, dtype=np.float64), inputs.std(axis=0, dtype=np.float64)
    spread = np.maximum(spread, FLAT)
    x = torch.from_numpy(((inputs - mean) / spread).astype(np.float32))
    y = torch.from_numpy(wanted.astype(np.float32))
    parts: list[tuple[np.ndarray, ...]] = []
    for seed in range(SEEDS):
        torch.manual_seed(seed)
        first, last = torch.nn.Linear(x.shape[1], HIDDEN), torch.nn.Linear(HIDDEN, 1)
        net = torch.nn.Sequential(first, torch.nn.ReLU(), torch.nn.Dropout(DROP), last)
        steps = torch.optim.AdamW(net.parameters(), RATE, weight_decay=DECAY)
        for _ in range(ROUNDS):
            for index in torch.randperm(len(x)).split(BATCH):
                loss = binary_cross_entropy_with_logits(net(x[index])[:, 0], y[index])
                steps.zero_grad()
                loss.backward()
                steps.step()
        parts.append(tuple(p.detach().double().numpy() for p in net.parameters()))
    # In rows: safetensors writes the memory of an array as it lies, whatever its shape says.
    weight = np.ascontiguousarray((np.concatenate([p[0] for p in parts]) / spread).T.astype(np.float16))
    # From the rounded weights, so that the mean of the inputs still meets zero.
    bias = np.concatenate([p[1] for p in parts]) - mean @ weight.astype(np.float64)
    out = np.concatenate([p[2][0] for p in parts]) / SEEDS
    offset = float(np.float32(np.mean([p[3][0] for p in parts])))
    return Net(weight.astype(np.float32), bias.astype(np.float32), out.astype(np.float32), offset)


@dataclass(frozen=True)
class Choice:
    """Cuts of one language.

    Attributes:
        cuts: By layer.
        cleared: Share of harmless windows cleared after each layer and those before it; the mean over sources.
    """

    cuts: tuple[float, ...]
    cleared: tuple[float, ...]


def choose(kept: np.ndarray, harmless: np.ndarray, sources: np.ndarray, layers: Sequence[int]) -> Choice:
    """Return the cuts with which the fewest layers run on harmless windows.

    Args:
        kept: (N, 2) log-odds of windows that must be read on, after both layers; infinite where the glance is blind.
        harmless: (M, 2) log-odds of windows to clear, likewise.
        sources: (M,) their sources, which weigh alike.
        layers: Both layers.

    Raises:
        SophroError: If there is none of either.
    """
    if not len(kept) or not len(harmless):
        raise SophroError("the cuts of a language need windows that the judge scores high, and harmless ones")
    most = int((1.0 - PASSED) * len(kept))
    best: tuple[float, Choice] | None = None
    for early in range(most + 1):
        low = _below(kept[:, 0], early)
        rest = kept[kept[:, 0] >= low, 1]
        cuts = (low, _below(rest, most - early))
        gone = harmless < np.array(cuts)
        gone[:, 1] |= gone[:, 0]
        shares = np.mean([gone[sources == s].mean(axis=0) for s in np.unique(sources)], axis=0)
        run = layers[0] + (layers[1] - layers[0]) * (1 - shares[0]) + (6 - layers[1]) * (1 - shares[1])
        if best is None or run < best[0]:
            best = run, Choice(cuts, (round(float(shares[0]), 4), round(float(shares[1]), 4)))
    assert best is not None
    return best[1]


def _below(scores: np.ndarray, lost: int) -> float:
    """Return the cut under which the ``lost`` lowest scores lie."""
    return round(float(np.sort(scores)[lost]) - 10.0**-PLACES, PLACES)


def odds_of(nets: Mapping[int, Net], known: Readings, blind: np.ndarray) -> np.ndarray:
    """Return (N, layers) what the nets say; infinite where the glance is ``blind`` (N,)."""
    said = [net(known.inputs(place)) for place, net in enumerate(nets.values())]
    return np.where(blind[:, None], np.inf, np.stack(said, axis=1))


def exits(model: GlanceModel, odds: np.ndarray, windows: Sequence[Window]) -> np.ndarray:
    """Return (N,) after which of the model's layers, from 1, each window leaves; 0 where it is read on."""
    left = np.zeros(len(windows), dtype=int)
    for place in reversed(range(len(model.nets))):
        layer = list(model.nets)[place]
        cuts = np.array([model.cuts.get(language(w.text), {}).get(layer, -np.inf) for w in windows])
        left[odds[:, place] < cuts] = place + 1
    return left


def measured(
    model: GlanceModel, windows: Sequence[Window], known: Readings, odds: np.ndarray, plain: bool
) -> list[dict[str, Any]]:
    """Return shares by source, role and language.

    Of labelled windows it is the share read on of what the judge would stop, by the glance and with the screen before
    it; of ordinary ones the share cleared.
    """
    left = exits(model, odds, windows)
    screen = load_screen(shipped_folder())
    margins = screen.margin(np.maximum(known.asked, 0.0), [w.text for w in windows])
    screened = (margins.round(6) < 0) & ~unread(windows, known.asked)
    rows: list[dict[str, Any]] = []
    for row, mine in by_source(windows):
        if plain:
            open_ = [i for i in mine if not screened[i]]
            for name, part in (("", mine), ("_of_passed_by_screen", open_)):
                for place, layer in enumerate(model.nets):
                    row[f"cleared_by_{layer}{name}"] = shown([0 < int(left[i]) <= place + 1 for i in part])
        else:
            for name, bound in (("stopped", STOPPED), ("kept", KEPT)):
                high = [i for i in mine if known.whole[i] >= bound]
                row[f"passed_of_{name}"] = shown([not left[i] for i in high])
                row[f"passed_of_{name}_with_screen"] = shown([not left[i] and not screened[i] for i in high])
        rows.append(row)
    return rows


def languages_of(
    windows: Sequence[Window], known: Readings, odds: np.ndarray, layers: Sequence[int]
) -> dict[str, dict[str, Any]]:
    """Return the cuts of each language, chosen on the choosing role, and what they were chosen on."""
    screen = load_screen(shipped_folder())
    margins = screen.margin(np.maximum(known.asked, 0.0), [w.text for w in windows])
    choosing = np.array([role(w) == "choosing" for w in windows])
    spoken = np.array([language(w.text) for w in windows])
    harmful = np.array([w.harmful for w in windows])
    sources = np.array([w.source for w in windows])
    # The screen clears the rest; refusals of harmful requests are harmless too, but not what is to be cleared.
    asked = (known.asked >= 0) & (known.asked < HALF)
    ordinary = choosing & ~harmful & asked & ((margins.round(6) >= 0) | unread(windows, known.asked))
    found: dict[str, dict[str, Any]] = {}
    for lang in ("en", "zh"):
        kept = choosing & (spoken == lang) & (known.whole >= KEPT)
        good = ordinary & (spoken == lang)
        enough = int(kept.sum()) >= FEWEST
        choice = choose(odds[kept], odds[good], sources[good], layers)
        found[lang] = {
            "cuts": {str(n): c for n, c in zip(layers, choice.cuts, strict=True)} if enough else {},
            "kept": int(kept.sum()),
            "harmless": int(good.sum()),
            "cleared": dict(zip(map(str, layers), choice.cleared, strict=True)),
        }
        print(f"{lang}: {found[lang]}", flush=True)
    return found


def train(folder: Path, cache: Path | None) -> dict[str, Any]:
    """Train, measure and write the glance and its card.

    Args:
        folder: Where to.
        cache: File that keeps what was read between runs.

    Raises:
        SophroError: If a source is missing.
    """
    from safetensors.numpy import save

    from sophro.judge._network import EXITS

    labelled = [w for w in (*_answers.trained(), *_answers.held()) if w.typical]
    plain = _answers.ordinary(ORDINARY)
    windows = [*labelled, *plain]
    reader = Reader(cache)
    known = reader(windows)
    usable = (known.first >= 0) & (known.asked >= 0)
    mine = np.flatnonzero(usable & np.array([role(w) == "training" for w in windows]))
    wanted = (known.first + known.whole) / 2
    nets: dict[int, Net] = {}
    for place, layer in enumerate(EXITS):
        nets[layer] = train_net(known.inputs(place)[mine], wanted[mine])
    blind = ~usable | unread(windows, known.asked)
    tensors = {
        f"{layer}.{name}": value for layer, net in nets.items() for name, value in _tensors(net).items()
    }
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{NAME}.safetensors"
    write_bytes(path, save(tensors, {"format": FORMAT}))
    training = [windows[i] for i in mine]
    card: dict[str, Any] = {
        "detector": NAME,
        "format": FORMAT,
        "hash": INPUT,
        "weights_sha256": file_sha256(path),
        "settings": {
            "layers": list(EXITS),
            "kept": KEPT,
            "languages": languages_of(windows, known, odds_of(nets, known, blind), EXITS),
        },
        "judge": reader.versions,
        "training": {
            "sources": sources_of(training),
            "may_be_passed_on": True,
            "n": len(training),
            "hash": _answers.windows_hash(training),
            "nets": {
                "hidden": HIDDEN,
                "seeds": SEEDS,
                "rounds": ROUNDS,
                "rate": RATE,
                "decay": DECAY,
                "drop": DROP,
            },
        },
        "cuts_chosen": f"{PASSED:.1%} of the choosing windows that the judge scores {KEPT} or more are read on; "
        f"no cut for a language with fewer than {FEWEST} of them",
    }
    write_json(folder / f"{NAME}.json", card)
    model = load_glance(folder)
    odds = odds_of(model.nets, known, blind)  # measured is what was written
    cut = len(labelled)
    for name, start, stop in (("stopped", 0, cut), ("ordinary", cut, len(windows))):
        part = Readings(*(getattr(known, n)[start:stop] for n in Readings.__dataclass_fields__))
        card[name] = measured(model, windows[start:stop], part, odds[start:stop], name == "ordinary")
    # What trained it says nothing about it.
    card["stopped"] = [r for r in card["stopped"] if r["role"] != "training"]
    card["date"] = datetime.now(UTC).date().isoformat()
    write_json(folder / f"{NAME}.json", card)
    return card


def _tensors(net: Net) -> Mapping[str, np.ndarray]:
    values = (net.weight.astype(np.float16), net.bias, net.out, np.array([net.offset], dtype=np.float32))
    return dict(zip(TENSORS, values, strict=True))


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line."""
    import torch

    parser = argparse.ArgumentParser(
        prog="python -m sophro.guard.train_glance", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--out", type=Path, default=shipped_folder())
    parser.add_argument("--cache", type=Path, help="file that keeps what was read between runs (.npz)")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)  # sums in another order would be other weights
    try:
        card = train(args.out, args.cache)
    except SophroError as error:
        sys.exit(f"error: {error}")
    for part in ("stopped", "ordinary"):
        print(part)
        for row in card[part]:
            shares = "  ".join(
                f"{name} {value['k']} of {value['n']} [{value['low']}, {value['high']}]"
                for name, value in row.items()
                if isinstance(value, dict)
            )
            print(f"  {row['source']:18} {row['role']:10} {row['lang']}  {shares}")


if __name__ == "__main__":
    main()
