"""CNTP through the catalogue: parts by the sentence before its disguise, repeated ids once, unchanged ones named."""

from __future__ import annotations

import os

import pytest

from sophro.attack.perturb import NAMES
from sophro.data import cntp_split, load_cntp, load_set
from sophro.errors import SophroError

pytestmark = [
    pytest.mark.public_data,
    pytest.mark.skipif(not os.environ.get("SOPHRO_DATA"), reason="SOPHRO_DATA is not set"),
]


def test_a_sentence_and_its_disguises_share_part_and_behaviour():
    part_of, group_of = {}, {}
    for part in ("train", "dev", "test"):
        for name in ("toxic", *NAMES):
            for record in load_set(f"cntp/{name}", part):
                base = record.meta.get("original_text", record.prompt)
                assert part_of.setdefault(record.meta["sentence_id"], part) == part == cntp_split(base)
                assert group_of.setdefault(record.meta["sentence_id"], record.behaviour) == record.behaviour


@pytest.mark.parametrize("name", ["none", "benign", *NAMES])
def test_one_text_per_sentence(name):
    texts = load_cntp(name)
    assert len({t.id for t in texts}) == len(texts)
    assert all(t.toxic == (name != "benign") for t in texts)
    whole = [t for part in ("train", "dev", "test") for t in load_cntp(name, part)]
    assert sorted(t.id for t in whole) == sorted(t.id for t in texts)


def test_unchanged_texts_are_said_to_be_so():
    share = sum(t.changed for t in load_cntp("trad")) / len(load_cntp("trad"))
    assert 0.6 < share < 0.8, "the release leaves 764 of 2533 sentences as they were"
    assert not any(t.changed for t in load_cntp("none"))


def test_an_unknown_disguise_is_an_error():
    with pytest.raises(SophroError, match="unknown data set 'cntp/sideways'"):
        load_cntp("sideways")
