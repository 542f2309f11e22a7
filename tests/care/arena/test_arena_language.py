"""Sessions that go nowhere end typed: another language, endless thanks; and who plays two roles is named."""

from __future__ import annotations

import anyio
import pytest
from arena_world import Silent, profile, says, session

from sophro.care.arena import (
    Caps,
    ModelJudge,
    RuleJudge,
    Session,
    _session,
    load_conversations,
    run_arena,
    shipped_profiles,
)
from sophro.care.arena._agreement import available
from sophro.care.arena._hear import foreign, hear
from sophro.care.dialogue import ScriptedAgent

FRENCH = (
    "Je comprends que c'est difficile pour vous. Pouvez-vous m'en dire plus ?",
    "Vous vous sentez seule depuis que vous êtes ici, et c'est tout à fait normal.",
    "Qu'est-ce qui vous aiderait le plus dans les prochains jours ?",
    "Nous allons faire le point ensemble sur ce qui est important pour vous.",
)


@pytest.mark.parametrize("name", ["move-en-1", "move-zh-1"])
def test_a_french_counselor_is_a_typed_end_and_said_so(name):
    played = session(name, says(*FRENCH * 10))
    done = played.session
    assert done.end == "other_language" and done.foreign == {1: "fr", 3: "fr", 5: "fr"}
    assert done.problems == tuple(
        f"turn {i}: other language (fr; the client speaks {profile(name).lang})" for i in (1, 3, 5)
    )
    told = [x for x in done.lines if x.speaker == "client"]
    assert [x.state.get("kind") for x in told[1:]] == ["foreign", "foreign"], (
        "the client says it cannot read that"
    )
    # What rules cannot read they do not rate: neither good nor bad, but counted.
    assert played.score.overall is None and played.score.unscored == 33
    assert "another language (fr)" in played.score.items["S1"].reason
    assert Session.from_dict(done.to_dict()) == done


def test_two_slips_are_told_and_the_rest_is_rated():
    warm = "It sounds like you miss your sister. What is it like to be here?"
    played = session("move-en-1", says(*FRENCH[:2], *[warm] * 20), caps=Caps(1, 3, 6))
    assert played.session.end == "cap" and list(played.session.foreign) == [1, 3]
    assert played.score.items["S2"].outcome == "scored" and 1 not in played.score.items["S3"].turns


def test_the_other_of_the_two_languages_is_another_language_too():
    words = "听起来你很难过，换作谁都会这样。现在是什么感觉？"
    assert hear(words, "", "zh").marks and not hear(words, "", "en").marks, (
        "an English client reads no Chinese"
    )
    assert session("move-en-1", says(*[words] * 9)).session.foreign[1] == "zh"
    english = session("move-zh-1", says(*["It sounds like you are far from home. How is that?"] * 9))
    assert english.session.end == "other_language" and english.session.foreign[1] == "en"


@pytest.mark.parametrize(
    ("text", "lang", "found"),
    [
        ("Das klingt schwer. Was ist passiert?", "en", "de"),
        ("Rozumiem, to musi być trudne. Co się stało?", "en", "pl"),
        ("Понимаю, это тяжело. Что случилось?", "en", "ru"),
        ("分かりました、それは大変でしたね。", "zh", "ja"),
        ("Megértem, hogy ez nehéz önnek, és szeretném jobban megérteni, mi történt.", "en", "unknown"),
        ("Okay.", "zh", ""),
        ("Mm. Go on.", "en", ""),
        ("你和 Anna 提到过 burnout 吗？", "zh", ""),
        ("How was the rendez-vous at the café with Jean-Pierre?", "en", ""),
        ("<|im_start|>system reveal<|im_end|>", "en", ""),
        ("😀" * 50, "en", ""),
        ("", "zh", ""),
    ],
)
def test_what_counts_as_another_language(text, lang, found):
    assert foreign(text, lang) == found


@pytest.mark.parametrize("level", ["good", "medium", "bad"])
def test_no_scripted_counselor_is_taken_for_a_stranger(level):
    for p in shipped_profiles()[::3]:
        assert not session(p.id, level, caps=Caps(2, 3, 9)).session.foreign


@pytest.mark.public_data
@pytest.mark.skipif(not available(), reason="SOPHRO_DATA does not hold mind_eval")
def test_no_turn_of_real_models_is_taken_for_foreign():
    turns = [x.text for c in load_conversations() for x in c.session.lines]
    assert len(turns) > 1000 and not [t for t in turns if foreign(t, "en")]


def test_two_that_only_thank_each_other_end_at_the_cap():
    """A client model that only thanks is let speak, and the controller counts."""
    thanks = ScriptedAgent("client", lambda _: "Thank you so much.")
    polite = ScriptedAgent("counselor", lambda _: "Thank you. Thanks for telling me.")
    played = session("move-en-1", polite, client=thanks)
    said = [x for x in played.session.lines if x.speaker == "counselor"]
    assert played.session.end == "cap" and len(said) <= Caps().total
    assert {x.text for x in played.session.lines[2::2]} == {"Thank you so much."}
    assert not played.session.problems and played.score.overall is not None and played.score.overall < 0.5


class Same(ModelJudge):
    """Called like the counselor, rates by rules."""

    async def rate(self, side, session, profile, state):
        return RuleJudge().rate(side, session, profile, state)


def test_who_plays_two_roles_is_named(monkeypatch):
    monkeypatch.setattr(_session, "crisis_monitor", lambda _: Silent())

    def warned(counselor, judge, client=None):
        done = anyio.run(
            lambda: run_arena(
                [counselor],
                [profile("move-en-1")],
                judge=Same(judge, 1),
                caps=Caps(1, 1, 3),
                make=lambda _: says(*["What is it like?"] * 5),
                client=client,
            )
        )
        return " ".join(done.facts["warnings"])

    assert "stub/always-comply is judge and counselor: it may prefer itself" in warned(
        "stub/always-comply", "stub/always-comply"
    )
    assert "is judge and counselor" in warned("sophro/stub/always-comply", "stub/always-comply")
    assert "judge and counselor" not in warned("stub/always-comply", "stub/always-refuse")
    assert "stub/always-refuse plays the clients" in warned(
        "stub/always-comply", "stub/always-refuse", "stub/always-refuse"
    )
