"""The small fine-tune: which texts it sees, and that the label alone makes it over-correct."""

from __future__ import annotations

import numpy as np
import pytest

from sophro.attack.perturb import NAMES, perturb
from sophro.data import ToxicText
from sophro.errors import SophroError
from sophro.guard._fit import fit
from sophro.guard._linear import NgramDetector
from sophro.guard._ngrams import features
from sophro.guard._tune import disguised_texts, tune_on

PLACES = ["公园", "学校", "车站", "图书馆", "食堂", "操场", "商店", "办公室"]
BAD = [ToxicText(f"t{i}", f"{p}里那个笨蛋又来了", "", True, ("笨蛋",), "none") for i, p in enumerate(PLACES)]
GOOD = [ToxicText(f"b{i}", f"{p}里今天人不多很安静", "", False, (), "none") for i, p in enumerate(PLACES)]


def make(text, name, spans, seed):
    return perturb(text, name, spans=spans, seed=seed).text


def start() -> NgramDetector:
    rows = features([t.text for t in BAD + GOOD], 2, 14)
    weights = fit(rows, np.array([True] * 8 + [False] * 8), 10.0, 14)
    return NgramDetector("start", weights, order=2, bits=14, threshold=0.97)


def test_texts_are_drawn_by_seed_take_disguises_in_turn_and_are_changed():
    found = disguised_texts(BAD, ("split", "homo", "py_full"), make, 6, seed=1)
    assert found == disguised_texts(BAD, ("split", "homo", "py_full"), make, 6, seed=1)
    assert found != disguised_texts(BAD, ("split", "homo", "py_full"), make, 6, seed=2)
    assert [t.disguise for t in found] == ["split", "homo", "py_full"] * 2
    plain = {t.id: t.text for t in BAD}
    assert all(t.text != plain[t.id] and t.toxic for t in found) and len({t.id for t in found}) == 6
    benign = disguised_texts(GOOD, NAMES, make, 8, seed=1)
    assert not any(t.toxic for t in benign) and all(t.spans for t in benign)


def test_all_of_a_number_that_fits_and_none_beyond():
    assert len(disguised_texts(BAD, ("homo",), make, 8, seed=0)) == 8
    with pytest.raises(SophroError, match="only 8 of 9"):
        disguised_texts(BAD, ("homo",), make, 9, seed=0)
    # A word without another traditional form leaves its turn to the next disguise.
    assert {t.disguise for t in disguised_texts(BAD, ("trad", "homo"), make, 8, seed=0)} == {"homo"}


def test_toxic_texts_alone_raise_benign_scores_and_benign_ones_beside_them_less():
    before = start()
    bad, good = (disguised_texts(x, NAMES, make, 8, seed=0) for x in (BAD, GOOD))
    benign = [t.text for t in GOOD]
    plain, alone, mixed = (
        float(d.log_odds(benign).mean())
        for d in (before, tune_on(before, bad, "alone"), tune_on(before, [*bad, *good], "mixed"))
    )
    assert alone > plain and mixed < alone
    assert before.version == start().version, "the start is left as it is"
    assert tune_on(before, bad, "a").thresholds == before.thresholds
