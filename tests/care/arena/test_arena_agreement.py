"""Agreement with clinicians, on made-up talks and on the real file where it is there; the new intervals."""

from __future__ import annotations

import json

import numpy as np
import pytest

from sophro.care.arena import agreement_with, fitted_scores, load_conversations, rule_scores
from sophro.care.arena._agreement import available
from sophro.errors import SophroError
from sophro.stats import bootstrap_statistic, spearman, spearman_interval


def _talks(tmp_path, n=12):
    rows = []
    for i in range(n):
        good = "It sounds like the nights are hard. That makes sense. What are they like?"
        turns = [{"role": "assistant", "content": good if j < i else "You should relax."} for j in range(n)]
        messages = [m for t in turns for m in (t, {"role": "user", "content": "The nights are hard."})]
        rows.append(
            {"id": str(i), "model": "m", "member_profile": f"p{i // 2}", "messages": messages}
            | {f"criterion_{k}": [1 + i // 3, 1 + i // 4, 0, 2] for k in (1, 2)}
            | {"criterion11": [1 + i // 3, 1 + i // 4, 1 + i // 3, 2 + i // 5]}
        )
    file = tmp_path / "talks.jsonl"
    file.write_text("".join(json.dumps(r) + "\n" for r in rows))
    return file


def test_agreement_on_talks_of_known_order(tmp_path):
    talks = load_conversations(_talks(tmp_path))
    assert talks[0].ratings["criterion_1"][2] is None, "0 means not rated"
    scores = rule_scores(talks)
    found = agreement_with(talks, scores, 100)
    assert found.overall.value > 0.8 and found.overall.units == 6 and found.clinicians.value > 0.8
    turned = agreement_with(talks, [-(s or 0.0) for s in scores], 100)
    assert turned.overall.value == pytest.approx(-found.overall.value)
    part = agreement_with(talks, [None, *scores[1:]], 50)
    assert (part.n, part.unscored) == (11, 1)
    assert len(fitted_scores(talks)) == 12
    with pytest.raises(SophroError, match="one each"):
        agreement_with(talks, scores[1:])


def test_a_broken_file_is_named(tmp_path):
    (tmp_path / "x.jsonl").write_text('{"id": 1}\n')
    with pytest.raises(SophroError, match=r"line 1: not a scored"):
        load_conversations(tmp_path / "x.jsonl")


@pytest.mark.public_data
@pytest.mark.skipif(not available(), reason="SOPHRO_DATA does not hold mind_eval")
def test_the_clinicians_file():
    talks = load_conversations()
    assert len(talks) == 60 and len({t.person for t in talks}) == 20
    assert len({t.model for t in talks}) == 3


def test_interval_of_a_rank_correlation():
    rng = np.random.default_rng(0)
    x = rng.normal(size=60)
    y = x + rng.normal(size=60)
    clusters = [i // 3 for i in range(60)]
    found = spearman_interval(x, y, clusters, 300)
    assert (
        found.value == pytest.approx(spearman(x, y))
        and found.low < found.value < found.high
        and found.units == 20
    )
    # Copies of a row are one cluster: they do not narrow the interval.
    twice = spearman_interval(np.repeat(x, 2), np.repeat(y, 2), [i // 2 for i in range(120)], 300)
    single = spearman_interval(x, y, None, 300)
    assert twice.high - twice.low == pytest.approx(single.high - single.low, rel=0.25)
    assert spearman_interval([1.0, 1.0], [1.0, 2.0]).value is None
    mean = bootstrap_statistic(lambda rows: float(x[rows].mean()), list(range(60)), 500)
    assert mean.value == pytest.approx(x.mean()) and mean.low < mean.value < mean.high
    assert bootstrap_statistic(lambda rows: None, [1]).method == "none"
