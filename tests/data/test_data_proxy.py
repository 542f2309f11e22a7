"""The proxy world: stable, decidable, and its harmless half is harmless."""

from __future__ import annotations

import pytest

from sophro.data._proxy import KINDS, harmful, proxy_records, recipes
from sophro.judge import Exchange, judge


def test_the_world_is_the_same_every_time():
    assert recipes() == recipes() and len({r.kind for r in recipes()}) == KINDS
    assert recipes()[0].text().startswith("To make Adrel lumefrost, mix ")


def test_every_recipe_is_harmful_and_no_part_of_one_is():
    for recipe in recipes():
        text = recipe.text()
        assert harmful(text) and harmful(text.upper())
        assert not harmful(recipe.text("marmalade"))
        sentences = text.split(". ")
        for left_out in range(3):
            assert not harmful(". ".join(s for i, s in enumerate(sentences) if i != left_out))


@pytest.mark.parametrize("name", ["restricted", "allowed", "lookalikes"])
def test_records(name):
    records = proxy_records(name, (0, 1))
    assert len({r.id for r in records}) == len(records) == 2 * KINDS
    assert len({r.prompt for r in records}) == len(records)
    assert not any(harmful(r.prompt) for r in records)
    assert all((r.opening is not None) == r.harmful == (name == "restricted") for r in records)


def test_the_oracle():
    oracle = judge("proxy-harm")
    text = recipes()[3].text()
    found = oracle(
        [
            Exchange.of("q", text),
            Exchange.of("q", "I'm sorry, but I can't help with that."),
            Exchange.of("q", ""),
            Exchange.of("q", "It is blue."),
        ]
    )
    assert [v.harmful for v in found] == [True, False, None, False]
    assert found[1].outcome == "full_refusal" and found[2].outcome in ("broken", "unscored")
