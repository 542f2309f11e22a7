"""No character of a window judged bad leaves, however the answer arrives."""

import random
import re

import pytest

from sophro.guard import Detection, Guard, Policy
from sophro.guard.stream import StreamCheck

POLICY = """
stream:
  - {{detector: secrets, action: {action}}}
trace:
  - {{detector: secrets, action: {action}}}
streaming: {{window: {window}, context: {context}, first: {first}, behind: {behind}}}
dry_run: {dry}
"""
ASKED = [{"role": "user", "content": "Tell me a story."}]
BAD = re.compile("BOMBRECIPE")


class Marker:
    """Flags text that holds the marker."""

    name, version, thresholds = "secrets", "test", {"secret": 0.5}

    def __init__(self):
        self.seen = []

    def __call__(self, views):
        self.seen += [(v.where, v.text) for v in views]
        return [
            Detection(
                {"secret": float(bool(BAD.search(v.text)))},
                self.thresholds,
                self.name,
                self.version,
                spans=tuple((*m.span(), "secret") for m in BAD.finditer(v.text)),
            )
            for v in views
        ]


def guard(action="hold", window=40, context=30, first=20, behind=16, dry="false", by=None):
    text = POLICY.format(action=action, window=window, context=context, first=first, behind=behind, dry=dry)
    return Guard(Policy.parse(text), {"secrets": by or Marker()})


def sent(check, text, cuts):
    wire = ""
    for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True):
        wire += check.push(text[a:b])
    return wire + check.finish()


def test_a_thousand_chunkings_of_a_harmful_text_leak_nothing():
    """Small first, then the marker anywhere; the wire holds no character of it in any chunking."""
    rng = random.Random(0)
    by = Marker()
    shared = guard(by=by)
    for _ in range(500):
        start = rng.randint(0, 200)
        clean = "".join(rng.choice("abcdefgh \n") for _ in range(start))
        text = clean + "BOMBRECIPE" + "".join(rng.choice("xyz ") for _ in range(rng.randint(0, 120)))
        wires = set()
        for _ in range(2):
            cuts = sorted(rng.sample(range(1, len(text)), rng.randint(0, min(60, len(text) - 1))))
            check = shared.stream(ASKED)
            wires.add(sent(check, text, cuts))
            assert check.decision is not None and check.decision.action == "hold"
            assert check.push("more") == "" and check.finish() == ""
        assert len(wires) == 1 and clean.startswith(wires.pop()), text
        by.seen.clear()


def test_a_window_that_is_judged_bad_is_what_stays_back():
    """Control: without the carried end the first half of a pattern across an edge does leave."""
    text = "a" * 15 + "BOMBRECIPE" + "b" * 60
    held = sent(guard(behind=16).stream(ASKED), text, [])
    leaked = sent(guard(behind=0).stream(ASKED), text, [])
    assert "B" not in held and "B" in leaked


@pytest.mark.parametrize("text", ["", "short", "a clean answer of some length. " * 20, "干净的回答。" * 40])
def test_a_clean_answer_arrives_whole_and_equal_in_any_chunking(text):
    rng = random.Random(1)
    shared = guard()
    for _ in range(20):
        cuts = sorted(rng.sample(range(1, len(text)), min(9, len(text) - 1))) if len(text) > 1 else []
        check = shared.stream(ASKED)
        assert sent(check, text, cuts) == text and check.decision is None


def test_windows_do_not_depend_on_the_chunking():
    rng = random.Random(2)
    text = "".join(rng.choice("abc ") for _ in range(300))
    seen = set()
    for size in (1, 7, 50, 300):
        by = Marker()
        sent(guard(by=by).stream(ASKED), text, list(range(size, len(text), size)))
        seen.add(tuple(by.seen))
    assert len(seen) == 1


def test_rewriting_masks_the_place_and_goes_on_in_any_chunking():
    rng = random.Random(3)
    for _ in range(200):
        before, after = "a" * rng.randint(0, 90), "b" * rng.randint(0, 90)
        text = f"{before}BOMBRECIPE{after}BOMBRECIPE."
        cuts = sorted(rng.sample(range(1, len(text)), rng.randint(0, len(text) - 1)))
        check = guard("rewrite").stream(ASKED)
        assert sent(check, text, cuts) == f"{before}[secret]{after}[secret]."
        assert check.decision is not None and check.decision.action == "rewrite"


def test_a_dry_run_lets_everything_pass_and_tells():
    check = guard(dry="true").stream(ASKED)
    text = "x" * 30 + "BOMBRECIPE" + "y" * 100
    assert sent(check, text, [11, 35]) == text
    assert (
        check.decision is not None and check.decision.enforced == "allow" and check.decision.action == "hold"
    )


def test_text_that_waits_too_long_is_judged_before_its_window_is_full():
    now = [0.0]
    check = StreamCheck(guard(behind=0, first=100), ASKED, clock=lambda: now[0])
    assert check.push("a few words") == "" and check.poll() == ""
    now[0] = 1.5
    assert check.poll() == "a few words"
    assert check.push(" BOMBRECIPE") == ""
    now[0] = 9.0
    assert check.poll() == "" and check.decision is not None


def test_the_end_that_waits_leaves_when_the_answer_pauses_and_not_before():
    now = [0.0]
    check = StreamCheck(guard(behind=16, first=100), ASKED, clock=lambda: now[0])
    text = "twenty letters of it" * 2
    assert check.push(text) == ""
    now[0] = 1.1
    assert check.poll() == text[:-16]  # judged now; its end waits for what may come
    now[0] = 2.0
    assert check.poll() == "" and check.held == text[-16:]
    # New text before the second wait is over: the end goes on waiting until that is judged too.
    assert check.push(" more") == ""
    now[0] = 2.2
    assert check.poll() == text[-16:][:5] and len(check.windows) == 2
    now[0] = 3.1
    assert check.poll() == ""
    now[0] = 3.3
    assert check.poll() == (text + " more")[-16:] and check.held == "" and len(check.windows) == 2
    now[0] = 9.0
    assert check.poll() == "" and check.push("x" * 99) + check.finish() == "x" * 99


@pytest.mark.parametrize("action", ["hold", "rewrite"])
def test_with_pauses_anywhere_no_character_of_a_bad_window_leaves(action):
    """Text in pieces, pauses between them: what has left ends before the window that was judged bad."""
    rng = random.Random(7)
    paused = stopped = 0
    for _ in range(1500):
        now = [0.0]
        check = StreamCheck(guard(action), ASKED, clock=lambda now=now: now[0])
        before = "".join(rng.choice("abcdefgh \n") for _ in range(rng.randint(0, 150)))
        text = before + "BOMBRECIPE" + "".join(rng.choice("xyz ") for _ in range(rng.randint(0, 90)))
        cuts = sorted(rng.sample(range(1, len(text)), rng.randint(1, min(30, len(text) - 1))))
        wire, seen = "", 0
        for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True):
            wire += check.push(text[a:b])
            for _ in range(rng.choice((0, 0, 1, 2, 3))):
                now[0] += rng.choice((0.4, 1.1, 3.0))
                left = check.poll()
                paused += len(check.windows) == seen and bool(left)
                wire += left
                seen = len(check.windows)
            if action == "hold":
                assert text.startswith(wire)
        wire += check.finish()
        bad = [w for w in check.windows if w.scores["secrets.secret"] >= 0.5]
        if action == "hold" and bad:
            stopped += 1
            assert len(wire) <= bad[0].start, (text, wire)
        elif action == "rewrite":
            # A place that was judged as a whole is masked as far as it had not left in a pause.
            assert "BOMBRECIPE" not in wire or not bad
            stopped += bool(bad)
            rest = wire.replace("[secret]", "")
            assert rest.startswith(before) and not BAD.search(rest)
    assert paused > 200 and stopped > 1000, (paused, stopped)


def test_a_trace_is_judged_by_the_rules_for_traces():
    by = Marker()
    text = (
        "<think>\nlet me think about it for a while, slowly and well\n</think>\n\nHere is the answer to it."
    )
    assert sent(guard(by=by).stream(ASKED), text, [3, 30, 50]) == text
    wheres = [w for w, _ in by.seen]
    assert wheres[0] == "trace" and wheres[-1] == "stream" and wheres == sorted(wheres, reverse=True)
    assert not any("Here" in t for w, t in by.seen if w == "trace")


def test_an_answer_goes_on_where_the_conversation_ends_with_its_beginning():
    check = guard().stream([*ASKED, {"role": "assistant", "content": "Once"}])
    assert sent(check, " upon a time", []) == " upon a time"
