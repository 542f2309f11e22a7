"""AdaSteer in the planted world: the card's invariants, what it must reach, and what it must refuse."""

from __future__ import annotations

import dataclasses
import json
import random

import numpy as np
import planted
import pytest
import torch

from sophro.data import Record
from sophro.errors import SophroError
from sophro.models import GenerationConfig, SteeringPatch, collect, load_patch
from sophro.models.directions import onto
from sophro.stats import spearman
from sophro.steer import fit
from sophro.steer._layers import best_layer
from sophro.steer._outcomes import asked, runner
from sophro.steer.adasteer import at_clip
from sophro.steer.adasteer._laws import Law, harmfulness_law, needed, rejection_law
from sophro.steer.adasteer._vectors import positions, vectors

OPTIONS = {"judge": "keyword-baseline", "max_new_tokens": 4}
HARMFUL = [r for kind in ("plain", "short", "long", "saga") for r in planted.prompts(kind, 20)]
BENIGN = [
    r
    for kind in ("benign", "benign:short", "lookalike:short", "lookalike:long")
    for r in planted.prompts(kind, 20)
]
RNG = np.random.default_rng(0)


@pytest.fixture(scope="module")
def model():
    return planted.planted()


@pytest.fixture(scope="module")
def fitted(model, tmp_path_factory):
    out = tmp_path_factory.mktemp("steer") / "patch"
    made = fit("adasteer", model, {"harmful": HARMFUL, "benign": BENIGN}, out, options=OPTIONS)
    return made, out


def rates(model, patches, kinds, seed=1):
    """Refused share of fresh prompts of each kind."""
    run = runner(model, "keyword-baseline", 4)
    out = {}
    for kind in kinds:
        found = run(asked(planted.prompts(kind, 20, seed)), patches)
        out[kind] = found.count("refused") / len(found)
    return out


# The vectors


def random_means(seed=0):
    return [np.random.default_rng(seed + i).normal(size=(3, 8)) for i in range(3)]


def test_anchors_lie_at_0_and_100():
    a, b, c = random_means()
    for zero, hundred in ((a, b), (a, c)):
        np.testing.assert_allclose(positions(zero, zero, hundred), 0, atol=1e-3)
        np.testing.assert_allclose(positions(hundred, zero, hundred), 100, atol=1e-3)


def test_harmfulness_is_collinear_with_rejection_and_not_orthogonal_to_it():
    v = vectors(*random_means())
    cos = (v.harmfulness * v.rejection).sum(-1) / (
        np.linalg.norm(v.harmfulness, axis=-1) * np.linalg.norm(v.rejection, axis=-1)
    )
    assert (np.abs(cos) > 0.999).all()
    np.testing.assert_allclose(v.harmfulness, onto(v.complied - v.benign, v.rejection))


def test_an_orthogonal_difference_gives_no_harmfulness_vector():
    a, b = np.zeros((1, 4)), np.array([[2.0, 0, 0, 0]])
    v = vectors(a, b, np.array([[0.0, 0, 3, 0]]))
    assert not v.harmfulness.any() and v.give_back == 0


def test_scaling_all_states_scales_vectors_and_leaves_positions():
    a, b, c = random_means()
    states = RNG.normal(size=(5, 3, 8))
    one, ten = vectors(a, b, c), vectors(10 * a, 10 * b, 10 * c)
    np.testing.assert_allclose(ten.rejection, 10 * one.rejection)
    np.testing.assert_allclose(ten.harmfulness, 10 * one.harmfulness)
    np.testing.assert_allclose(positions(10 * states, 10 * a, 10 * b), positions(states, a, b))


def test_equal_anchor_means_are_refused():
    a, b, c = random_means()
    with pytest.raises(SophroError, match=r"complied and refused.*same mean at layer 0"):
        vectors(a, a + 1e-14, c)
    with pytest.raises(SophroError, match="complied and benign"):
        vectors(a, b, a)


# The laws


def test_laws_recover_a_planted_line_and_cover_what_was_asked():
    where = np.linspace(-80, 100, 60)
    strength = np.clip(0.3 - 0.003 * where, 0, None) + RNG.uniform(-0.02, 0.02, 60) * (where < 80)
    law = rejection_law(where, np.clip(strength, 0, None), 0.9)
    assert law.slope == pytest.approx(0.003, rel=0.15) and law.high == 0
    short = strength > 0
    assert np.mean(-law(where[short]) >= strength[short] - 1e-12) >= 0.85
    for sign in (1.0, -1.0):
        back = harmfulness_law(where, np.clip(where, 0, None) * 0.01, sign)
        assert np.sign(back(100)) == sign and back(-80) == 0 and back.low <= 0 <= back.high


def test_laws_with_the_wrong_sign_are_refused():
    where = np.linspace(-80, 100, 30)
    with pytest.raises(SophroError, match="rejection law does not hold"):
        rejection_law(where, 0.1 + 0.001 * (where + 80), 0.9)
    with pytest.raises(SophroError, match="rejection law does not hold"):
        rejection_law(np.full(30, 5.0), np.linspace(0, 1, 30), 0.9)
    with pytest.raises(SophroError, match="harmfulness: false"):
        harmfulness_law(where, 100 - where, 1.0)


def test_needed_strength_is_the_first_that_works_and_never_made_up():
    rows = [
        ["complied", "refused", "neither"],
        ["refused", "refused", "neither"],
        ["complied", "refused", "neither"],
    ]
    np.testing.assert_array_equal(needed(rows, [0.0, 0.1, 0.2], "refused"), [0.1, 0.0, np.nan])


def test_layer_choice_prefers_the_clearer_gap_and_refuses_chance():
    flags = [True] * 10 + [False] * 10
    truth = np.array(flags, dtype=float)
    scores = np.stack([RNG.normal(size=20), truth + 0.3 * RNG.random(20), truth + 0.05 * RNG.random(20)], 1)
    assert best_layer(scores, flags, least=0.7, who="x").layer == 2
    assert best_layer(scores, flags, [0, 1], least=0.7, who="x").areas[2] is None
    with pytest.raises(SophroError, match=r"AUROC 0\.\d\d, at least 0\.7"):
        best_layer(np.tile([0.0, 1.0], 10)[:, None], flags, least=0.7, who="x")
    with pytest.raises(SophroError, match="one class"):
        best_layer(scores, [True] * 20, least=0.7, who="x")


# The fit


def test_it_raises_defence_and_leaves_benign_prompts_alone(model, fitted):
    patch = load_patch(fitted[1])
    disguises = ("short", "long", "saga")
    plain, steered = rates(model, (), disguises), rates(model, [(patch, 1.0)], disguises)
    assert max(plain.values()) == 0 and min(steered.values()) >= 0.8, steered
    kinds = ("benign", "benign:short", "lookalike:short", "lookalike:long")
    assert np.mean(list(rates(model, [(patch, 1.0)], kinds).values())) <= 0.1


def test_it_beats_every_fixed_strength_at_equal_benign_compliance(model, fitted):
    patch = load_patch(fitted[1])
    push = SteeringPatch(patch.terms[0].vectors, "prefill")
    kinds, disguises = ("benign", "lookalike:short", "lookalike:long"), ("short", "long", "saga")

    def both(patches):
        good = 1 - np.mean(list(rates(model, patches, kinds).values()))
        return np.mean(list(rates(model, patches, disguises).values())), good

    defence, good = both([(patch, 1.0)])
    fixed = [both([(push, -s)]) for s in (0.06, 0.13, 0.18, 0.25, 0.35)]
    matched = [d for d, g in fixed if g >= good - 0.02]
    assert matched and defence > max(matched) + 0.1, (defence, good, fixed)


def test_without_the_harmfulness_term_benign_compliance_falls(model, fitted):
    patch = load_patch(fitted[1])
    assert [t.name for t in patch.terms] == ["rejection", "harmfulness"]
    alone = dataclasses.replace(patch, terms=patch.terms[:1])
    kinds = ("lookalike:short", "lookalike:long")
    with_it = np.mean(list(rates(model, [(patch, 1.0)], kinds).values()))
    without = np.mean(list(rates(model, [(alone, 1.0)], kinds).values()))
    assert without >= with_it + 0.2, (without, with_it)


def test_r_law_needed_strength_falls_with_the_position(fitted):
    rows = fitted[0].report["law"]["needed"]
    found = [(r["position"], r["strength"]) for r in rows if r["strength"] is not None]
    assert len(found) >= 20 and spearman(*zip(*found, strict=True)) <= -0.5
    assert fitted[0].report["law"]["rejection_spearman"] == pytest.approx(spearman(*zip(*found, strict=True)))


def test_refusal_is_monotone_in_strength_on_complied_prompts(model, fitted):
    patch = load_patch(fitted[1])
    push = SteeringPatch(patch.terms[0].vectors, "prefill")
    refused = [
        sum(rates(model, [(push, -s)], ("short", "long")).values()) for s in (0, 0.06, 0.13, 0.25, 0.5)
    ]
    assert refused == sorted(refused) and refused[0] == 0 and refused[-1] == 2


def test_the_report_keeps_sweep_layers_and_anchors(fitted):
    report = json.loads((fitted[1] / "steering.json").read_text())
    assert report["method"] == "adasteer" and report["anchors"]["tried"]["harmful"]["complied"] >= 20
    assert [row["strength"] for row in report["sweep"]][:3] == [0.0, 0.02, 0.04]
    assert len(report["layers"]["rejection: refused against complied"]) == planted.LAYERS
    sides = report["development"]
    assert sides["adaptive"]["harmful"]["refused"] > sides["plain"]["harmful"]["refused"]
    assert sides["adaptive"]["benign"]["complied"] >= sides["rejection term alone"]["benign"]["complied"]


def test_order_of_the_prompts_does_not_matter(model, fitted, tmp_path):
    harmful, benign = HARMFUL[:], BENIGN[:]
    random.Random(3).shuffle(harmful)
    random.Random(4).shuffle(benign)
    again = fit(
        "adasteer",
        model,
        {"harmful": harmful + harmful[:5], "benign": benign},
        tmp_path / "p",
        options=OPTIONS,
    )
    first = load_patch(fitted[1])
    for a, b in zip(first.terms, again.patch.terms, strict=True):
        assert (a.slope, a.intercept, a.layer) == (b.slope, b.intercept, b.layer)
        assert all(torch.equal(a.vectors[i], b.vectors[i]) for i in a.vectors)


def test_anchors_of_the_patch_are_means_of_what_the_model_did(model, fitted):
    """Recomputed by hand: every second distinct prompt, sorted by outcome, averaged in float64."""
    items = asked(HARMFUL)[::2]
    outcomes = runner(model, "keyword-baseline", 4)(items, ())
    states = collect(model, [a.transcript for a in items])[:, 0].astype(np.float64)
    patch = load_patch(fitted[1])
    refused = states[[i for i, o in enumerate(outcomes) if o == "refused"][:30]].mean(0)
    term = patch.terms[0]
    np.testing.assert_allclose(term.hundred.numpy(), refused[term.layer], atol=1e-5)
    complied = states[[i for i, o in enumerate(outcomes) if o == "complied"][:30]].mean(0)
    for layer, vector in term.vectors.items():
        np.testing.assert_allclose(vector.numpy(), (complied - refused)[layer], atol=1e-5)


# What it refuses


@pytest.mark.parametrize(
    ("harmful", "benign", "options", "message"),
    [
        (planted.prompts("short", 20), BENIGN, {}, "refused 0 .*at least 5 anchors"),
        (planted.prompts("plain", 20), BENIGN, {}, "complied with 0 .*at least 5 anchors"),
        (HARMFUL, planted.prompts("benign", 6), {}, "answered 3 .*at least 5 anchors"),
        (HARMFUL, BENIGN, {"least_auroc": 1.1}, "steering is not enabled"),
        (HARMFUL, BENIGN, {"strengths": [0.01]}, "refuses only 0 of"),
        (HARMFUL, BENIGN, {"strengths": [0.2, 0.1]}, "increasing"),
        (HARMFUL, BENIGN, {"strengths": []}, "increasing"),
        (HARMFUL, BENIGN, {"strengths": ["much"]}, "increasing"),
        (HARMFUL, BENIGN, {"strengths": 0.1}, "must be a list"),
        (HARMFUL, BENIGN, {"strength": 1}, "did you mean strengths"),
        (HARMFUL, BENIGN, {"cover": "all"}, "must be a number"),
        ([], BENIGN, {}, "role 'harmful' is empty"),
        ([*HARMFUL, Record("e", " ", "s", "none", True, "en", "e")], BENIGN, {}, "empty prompt"),
    ],
)
def test_it_refuses_to_fit(model, tmp_path, harmful, benign, options, message):
    with pytest.raises(SophroError, match=message):
        fit(
            "adasteer",
            model,
            {"harmful": harmful, "benign": benign},
            tmp_path / "p",
            options={**OPTIONS, **options},
        )
    assert not list(tmp_path.iterdir()), "nothing half-written"
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.network.modules())


def test_one_class_of_development_prompts_is_refused(model, tmp_path):
    data = {"harmful": HARMFUL, "benign": BENIGN, "dev_harmful": planted.prompts("saga", 10, 5)}
    with pytest.raises(SophroError, match="one class"):
        fit("adasteer", model, data, tmp_path / "p", options=OPTIONS)


def test_unknown_roles_and_occupied_folders_are_refused(model, tmp_path):
    with pytest.raises(SophroError, match="data role 'bad' is unknown; known: harmful, benign, dev_harmful"):
        fit("adasteer", model, {"bad": HARMFUL}, tmp_path / "p")
    with pytest.raises(SophroError, match="exists already"):
        fit("adasteer", model, {"harmful": HARMFUL, "benign": BENIGN}, tmp_path)
    with pytest.raises(SophroError, match="unknown method"):
        fit("adastear", model, {}, tmp_path / "p")


def test_a_prompt_beyond_the_context_is_refused(model, tmp_path):
    long = dataclasses.replace(HARMFUL[0], id="long", prompt="fox " * 600)
    with pytest.raises(SophroError, match="'long' and 4 new tokens do not fit"):
        fit(
            "adasteer",
            model,
            {"harmful": [*HARMFUL, long], "benign": BENIGN},
            tmp_path / "p",
            options=OPTIONS,
        )


def test_conversations_are_read_as_conversations():
    messages = [{"role": "user", "content": "hello"}, {"role": "assistant", "content": "hello"}]
    messages.append({"role": "user", "content": "tell me"})
    record = dataclasses.replace(HARMFUL[0], meta={"messages": messages, "request": "plain words"})
    found = asked([record])[0]
    assert len(found.transcript.turns) == 3 and found.request == "plain words"


def test_a_clipped_ramp_is_told(fitted):
    """The constants that the release gives LLaMA ramp over seven units of position only."""
    llama = Law(0.02, 1.2, -0.22, -0.08)
    where = np.concatenate([np.linspace(-200, -75, 50), np.linspace(-60, 150, 48), [-68.0, -66.0]])
    assert "in effect this is fixed steering" in at_clip("rejection", llama, where)[0]
    assert not at_clip("rejection", llama, np.linspace(-71, -64, 50))
    assert not any("fixed steering" in w for w in fitted[0].warnings)


def test_the_model_comes_back_unchanged(model, fitted):
    config = GenerationConfig(max_new_tokens=4)
    items = [a.transcript for a in asked(HARMFUL[:8])]
    fresh = planted.planted().generate(items, config)
    assert [c.ids for c in model.generate(items, config)] == [c.ids for c in fresh]
