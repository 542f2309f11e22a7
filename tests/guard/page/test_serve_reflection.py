"""What scripts/serve_reflection.py calls a leak; the run itself needs a trained adapter and is in docs/serve.md."""

from __future__ import annotations

from typing import Any

from script_loader import load_script

script = load_script("serve_reflection")
RAW = script.Answer(before="one two three four", after="No, sorry.", reflected=True, first=0.1, seconds=1.0)


def count(text: str) -> int:
    return len(text.split())


def seen(text: str) -> Any:
    return script.Answer(before=text, first=0.5, seconds=1.0)


def test_every_token_of_what_was_held_counts_and_what_had_left_does_not():
    assert script.leaked(RAW, seen("No, sorry."), 64, count) == 0
    assert script.leaked(RAW, seen("one two No, sorry."), 64, count) == 2
    assert script.leaked(RAW, seen("one two No, sorry."), 2, count) == 0, "older than the hold"
    assert script.leaked(RAW, seen("one two three No, sorry."), 2, count) == 1
    assert script.leaked(RAW, seen("one No, sorry."), None, count) == 1, "cut holds all"
    same = script.Answer(before="No way", after="No, sorry.", reflected=True)
    assert script.leaked(same, seen("No, sorry."), 64, count) == 0, (
        "the recovery begins like what was taken back"
    )


def test_the_run_fails_where_it_should():
    def rows(raw: int = 3, leaks: int = 0, recovery: int = 2) -> dict[str, Any]:
        first = script.row_of("raw", [RAW, RAW], [RAW, RAW], 64, count)
        one = {**first, "visibility": "hold", "held_tokens_on_the_wire": leaks, "recovery_seen": recovery}
        return {"rows": [{**first, "held_tokens_on_the_wire": raw}, one]}

    assert script.held(rows())
    assert not script.held(rows(leaks=1)) and not script.held(rows(recovery=1))
    assert not script.held(rows(raw=0)), "a control that sees nothing proves nothing"
    plain = script.Answer(before="x", seconds=1.0)
    few = script.row_of("raw", [RAW, plain, plain], [RAW, plain, plain], 64, count)
    assert not script.held({"rows": [few]}), "too few answers reflected"


def test_prompts_are_harmful_ones_with_a_begun_answer():
    rows = script.prompts(20, 12)
    assert len(rows) == 20 and len({p for p, _ in rows}) == 20
    assert all(1 <= len(begun.split()) <= 12 for _, begun in rows)
