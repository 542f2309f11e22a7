"""Alignment of characters, both ways."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sophro.text import CharMap, Edit


@st.composite
def edited(draw):
    source = draw(st.text(max_size=20))
    cuts = sorted(draw(st.lists(st.integers(0, len(source)), max_size=6)))
    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    return source, [Edit(a, b, draw(st.text(max_size=3))) for a, b in pairs]


@settings(max_examples=150, deadline=None)
@given(edited())
def test_what_no_edit_touches_is_the_same_character_both_ways(case):
    source, edits = case
    aligned = CharMap.of(edits, source)
    new = aligned.apply(source)
    assert aligned.length == len(new)
    touched = {i for e in edits for i in range(e.start, e.end)}
    for i, c in enumerate(source):
        start, end = aligned.to_new(i)
        if i not in touched:
            assert new[start:end] == c and aligned.to_source(start) == (i, i + 1)
    for j in range(len(new)):
        start, end = aligned.to_source(j)
        assert 0 <= start <= end <= len(source)


def test_a_piece_stands_for_the_whole_piece():
    aligned = CharMap.of([Edit(1, 3, "abcd"), Edit(4, 5, "")], "零一二三四五")
    assert aligned.apply("零一二三四五") == "零abcd三五"
    assert aligned.to_new(1) == aligned.to_new(2) == aligned.to_new(1, 3) == (1, 5)
    assert (
        aligned.to_source(2) == (1, 3) and aligned.to_source(5) == (3, 4) and aligned.to_source(6) == (5, 6)
    )
    assert aligned.to_new(4) == (6, 6), "a removed character stands nowhere"


def test_overlap_and_places_outside_are_refused():
    with pytest.raises(ValueError, match="overlaps"):
        CharMap.of([Edit(0, 2, "x"), Edit(1, 3, "y")], "abc")
    with pytest.raises(IndexError, match="outside"):
        CharMap.of([], "abc").to_new(3)
