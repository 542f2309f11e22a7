"""Claims about disguised Chinese: the normaliser brings detection back, and fine-tuning alone over-corrects.

Both are measured on the test part of CNTP (arXiv 2505.24341) with a detector whose train and dev texts are other
sentences; it is trained here, in seconds, because its training texts may not be passed on. The detector that the
package ships stands in the notes.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sophro.attack.perturb import NAMES, perturb
from sophro.data import ToxicText, load_cntp
from sophro.errors import SophroError
from sophro.evidence._types import Check
from sophro.files import digest
from sophro.guard._types import Detector
from sophro.stats import compare, rate, share_regained
from sophro.text import Normalized

TABLES = tuple(name for name in NAMES if name != "shuff")  # a shuffle needs no table
_RECOVERED, _RISE = 0.6, 0.01


def _missing() -> str | None:
    """Say what keeps the claims from being measured, or None."""
    try:
        for name in ("none", "benign", *NAMES):
            load_cntp(name, "test")
    except SophroError as error:
        return f"not measured: {error}"
    return None


def _trained(folder: Path) -> Any:
    from sophro.guard._detectors import LOCAL
    from sophro.guard.train import train

    return train("toxic_zh_local", LOCAL["toxic_zh_local"], folder / "chinese", dev="cntp-dev")[0]


def _first(texts: Sequence[ToxicText], limit: int | None) -> list[ToxicText]:
    ordered = sorted(texts, key=lambda t: digest("evidence", t.base))
    return ordered if limit is None else ordered[:limit]


def _flags(detector: Detector, texts: Sequence[str]) -> list[bool]:
    found = [d.flagged for d in detector(texts)]
    # CNTP holds no empty sentence, and no repair empties one.
    assert None not in found
    return [bool(f) for f in found]


def recovers_learned(folder: Path, quick: bool) -> tuple[list[Check], list[str]]:
    """The same with a language model that also learned the texts that the detector was trained on."""
    return recovers(folder, quick, learned=True)


def recovers(folder: Path, quick: bool, *, learned: bool = False) -> tuple[list[Check], list[str]]:
    """The normaliser regains most of what the table-driven disguises cost, and costs benign texts little.

    The detector reads the repaired text alone. Letting the higher of two readings count regained more, and as much
    with shuffled repairs: a second reading is a second chance, whatever it says.
    """
    from sophro.guard import detector as named
    from sophro.guard._tune import disguised_texts
    from sophro.text import language_model
    from sophro.text import normalize as undo

    whats = (
        f"share of the detection lost to {len(TABLES)} table-driven disguises that the normaliser regains",
        "rise of benign error with the normaliser",
        "control: share regained with the repairs shuffled",
    )
    missing = _missing()
    if missing:
        return [Check(w, None, None, None, 0, ">=", _RECOVERED) for w in whats[:2]], [missing]
    model = language_model()
    if learned:
        from sophro.guard._corpus import training_texts

        # COLD is in the shipped model already; dev and test texts of CNTP are left out wherever they come from.
        model = model.learned(t.text for t in training_texts(("cntp", "toxicn")))

    def normalize(text: str) -> Normalized:
        return undo(text, model)

    wanted = {t.id for t in _first(load_cntp("none", "test"), 50 if quick else 250)}
    texts = [t for name in TABLES for t in load_cntp(name, "test") if t.changed and t.id in wanted]
    benign = _first(load_cntp("benign", "test"), 200 if quick else None)
    read, honest = ([normalize(t.text) for t in part] for part in (texts, benign))
    odd = disguised_texts(load_cntp("benign", "test"), TABLES, _make, 100, seed=0)
    calm, mended = [t.base for t in odd], [normalize(t.text).text for t in odd]
    wrong = _shuffled([[(u.start, u.end, u.found, u.restored) for u in n.undone] for n in read], texts)
    names = [t.id for t in texts]
    notes: list[str] = []
    checks: list[Check] = []
    for detector in (_trained(folder), named("toxic_zh")):
        before = _flags(detector, [t.base for t in texts])
        under = _flags(detector, [t.text for t in texts])
        after = _flags(detector, [n.text for n in read])
        part = share_regained(before, under, after, names)
        bad = share_regained(before, under, _flags(detector, wrong), names)
        plain, repaired = (_flags(detector, x) for x in ([t.text for t in benign], [n.text for n in honest]))
        rise = compare(repaired, plain, [t.id for t in benign])
        if not checks:
            checks = [
                Check(whats[0], part.value, part.low, part.high, len(texts), ">=", _RECOVERED),
                Check(whats[1], rise.difference, rise.low, rise.high, len(benign), "<=", _RISE),
                Check(whats[2], bad.value, bad.low, bad.high, len(texts), "<", _RECOVERED, True),
            ]
            notes.append(
                f"benign sentences that sophro disguised ({len(odd)}): error {_share(_flags(detector, calm))} as "
                f"written, "
                f"{_share(_flags(detector, [t.text for t in odd]))} disguised, "
                f"{_share(_flags(detector, mended))} repaired; a repair that invents insults would raise it"
            )
        else:
            notes.append(
                f"{detector.name} (shipped): detection {_share(before)} as written, {_share(under)} disguised, "
                f"{_share(after)} repaired; benign error {_share(plain)}, {_share(repaired)} repaired"
            )
        for name in TABLES if detector.name != "toxic_zh" else ():
            own = [i for i, t in enumerate(texts) if t.disguise == name]
            rates = (_share([flags[i] for i in own]) for flags in (before, under, after))
            exact = _share([read[i].text == texts[i].base for i in own])
            words = [w in read[i].text for i in own for w in texts[i].spans if w not in texts[i].text]
            notes.append(
                f"{name}: detection {', '.join(rates)} as written, disguised, repaired; {exact} restored exactly; "
                f"{_share(words)} of the disguised words back"
            )
    return checks, notes


def _make(text: str, name: str, spans: Sequence[str], seed: int) -> str:
    return perturb(text, name, spans=spans, seed=seed).text


def _share(flags: Sequence[bool]) -> str:
    found = rate(list(flags))
    if found.value is None or found.low is None or found.high is None:
        return "-"
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


def _shuffled(
    repairs: Sequence[Sequence[tuple[int, int, str, str]]], texts: Sequence[ToxicText]
) -> list[str]:
    """Return the texts with every disguised piece replaced by what stands for another one."""
    table = sorted({(found, new) for own in repairs for _, _, found, new in own})
    values = [new for _, new in table]
    random.Random(0).shuffle(values)
    wrong = dict(zip(table, values, strict=True))
    made: list[str] = []
    for own, text in zip(repairs, texts, strict=True):
        out = text.text
        for start, end, found, new in sorted(own, reverse=True):
            out = out[:start] + wrong[found, new] + out[end:]
        made.append(out)
    return made


def overcorrection(folder: Path, quick: bool) -> tuple[list[Check], list[str]]:
    """Fine-tuning on disguised toxic texts alone raises benign error; with benign ones beside them it does less."""
    from sophro.guard import detector as named
    from sophro.guard._tune import disguised_texts, tune_on

    whats = (
        "rise of benign error after 40 disguised toxic texts",
        "lower end of that rise",
        "control: upper end of the change of benign error when 40 disguised benign texts are mixed in",
        "rise of detection of disguised texts after 40 disguised toxic texts",
    )
    missing = _missing()
    if missing:
        return [Check(w, None, None, None, 0, ">", 0.0) for w in whats[:3]], [missing]

    toxic, calm = load_cntp("none", "train"), load_cntp("benign", "train")
    benign = load_cntp("benign", "test")
    wanted = {t.id for t in _first(load_cntp("none", "test"), 100 if quick else None)}
    disguised = [t for name in NAMES for t in load_cntp(name, "test") if t.changed and t.id in wanted]
    seeds = range(1 if quick else 3)
    checks: list[Check] = []
    notes: list[str] = []
    for start in (_trained(folder), named("toxic_zh")):
        assert hasattr(start, "weights")
        first_benign, first_toxic = (_flags(start, [t.text for t in x]) for x in (benign, disguised))
        for number in (40,) if start.name == "toxic_zh" else (40, 10, 20):
            alone: list[bool] = []
            mixed: list[bool] = []
            caught: list[bool] = []
            for seed in seeds:
                bad = disguised_texts(toxic, NAMES, _make, number, seed)
                good = disguised_texts(calm, NAMES, _make, number, seed)
                only, both = (tune_on(start, x, start.name) for x in (bad, [*bad, *good]))  # type: ignore[arg-type]
                alone += _flags(only, [t.text for t in benign])
                mixed += _flags(both, [t.text for t in benign])
                caught += _flags(only, [t.text for t in disguised])
            ids = [t.id for t in benign] * len(seeds)
            rise = compare(alone, first_benign * len(seeds), ids)
            eased = compare(mixed, alone, ids)
            gain = compare(caught, first_toxic * len(seeds), [t.id for t in disguised] * len(seeds))
            if not checks:
                checks = [
                    Check(whats[0], rise.difference, rise.low, rise.high, len(benign), ">", 0.0),
                    Check(whats[1], rise.low, None, None, len(benign), ">", 0.0),
                    Check(whats[2], eased.high, None, None, len(benign), "<", 0.0, True),
                    Check(whats[3], gain.difference, gain.low, gain.high, len(disguised), ">", 0.0),
                ]
            means = [sum(x) / len(x) for x in (first_benign, alone, mixed, first_toxic, caught)]
            notes.append(
                f"{start.name}, {number} texts: benign error {means[0]:.3f}, {means[1]:.3f} after toxic texts alone, "
                f"{means[2]:.3f} with benign ones; detection of disguised texts {means[3]:.3f}, {means[4]:.3f} after"
            )
    return checks, [*notes, f"{len(seeds)} draw(s) of the texts; n counts sentences"]
