"""Encodings round-trip over Unicode; answers are read the way they were written, or not at all."""

from __future__ import annotations

import random

import pytest

from sophro.attack._reading import read
from sophro.data import load_set
from sophro.errors import SophroError
from sophro.judge import judge
from sophro.judge._types import Exchange
from sophro.text.encodings import NAMES, encoding
from sophro.text.english import english

PLAIN = [
    "I'm sorry, but I can't help with that.",
    "Sure, here is a full answer. First, gather what you need. Then follow each step in order until done.",
    "1. First, open the list.\n2. Then, by 10:45, write it all down.\n3. Step 3 is to go.",
    "No.",
    "我不能帮你做这件事。",
    "Je ne peux pas vous aider avec cette demande, désolé.",
]
NOISE = ["xqzv kjw pplm qqzx vvbn zzkq wxyz jqkv", "zxq wvk jjq", "QxZ9/+kk20xPqq8/Zw90vvKq=="]


def unicode_text(rng: random.Random) -> str:
    """Characters of all planes, blanks and line breaks included; no surrogates."""
    ranges = [(32, 127), (0, 32), (0xA0, 0x600), (0x4E00, 0x9FFF), (0x1F300, 0x1F700), (0xE0000, 0xE0080)]
    return "".join(chr(rng.randrange(*rng.choice(ranges))) for _ in range(rng.randrange(60)))


@pytest.mark.parametrize("name", [*NAMES, "caesar:1", "caesar:25"])
def test_every_cipher_round_trips_over_unicode(name):
    chosen, rng = encoding(name), random.Random(name)
    texts = [
        "",
        " ",
        "\n",
        "  a  b ",
        "....",
        "--/.",
        "SOS",
        "\ud800x",
        "ß İ ŉ",
        *(unicode_text(rng) for _ in range(300)),
    ]
    for text in texts:
        code = chosen.encode(text)
        if chosen.decode is None:
            assert name == "disemvowel" and not set(code.lower()) & set("aeiou")
        else:
            assert chosen.decode(code) == chosen.keeps(text), (name, text)
    if name not in ("morse", "leetspeak", "disemvowel"):
        assert all(chosen.keeps(t) == t for t in texts if "\ud800" not in t), (
            "these ciphers claim to lose nothing"
        )


def test_what_a_cipher_loses_is_what_it_says():
    assert encoding("morse").keeps("aß 你") == "Aß 你" and encoding("leetspeak").keeps("A4 B2") == "aa b2"
    assert encoding("base64").keeps("\ud800x") == "?x"
    for wrong in ("caesar:0", "caesar:26", "caesar:x"):
        with pytest.raises(SophroError, match="1 to 25"):
            encoding(wrong)
    with pytest.raises(SophroError, match="did you mean rot13"):
        encoding("rot31")


def test_codes_are_the_known_ones():
    assert encoding("morse").encode("SOS 1") == "... --- ... / .----"
    assert encoding("base64").encode("Man") == "TWFu" and encoding("ascii").encode("Az") == "65 122"
    assert (
        encoding("caesar:3").encode("xyz XYZ!") == "abc ABC!" and encoding("rot13").encode("Hello") == "Uryyb"
    )


@pytest.mark.parametrize("name", NAMES)
def test_plain_answers_stay_and_encoded_ones_are_decoded(name):
    chosen = encoding(name)
    openings = [r.opening or "" for r in load_set("starter/harmful:en", limit=24)]
    for text in [*PLAIN, *openings]:
        found = read(text, name)
        assert (found.text, found.how, found.problem) == (text, "plain", ""), (name, text)
    if chosen.decode is None:
        return
    if (
        name == "morse"
    ):  # signs without a code stand between the dots as they are and cut a run of them: <p> is < .--. >
        openings = [text for text in openings if not set(text) & set("<>#[]{}|*")]
        assert len(openings) >= 20
    for text in [*PLAIN[:2], *openings]:
        found = read(chosen.encode(text), name)
        assert (found.text, found.how, found.problem) == (chosen.keeps(text), "decoded", ""), (name, text)


@pytest.mark.parametrize("name", NAMES)
def test_what_reads_as_neither_has_no_reading(name):
    for text in NOISE[: 2 if name == "base64" else 3]:
        found = read(text, name)
        assert found.problem and found.text == text
    assert not read("", name).problem, "empty is for the judge, which calls it broken"


@pytest.mark.parametrize(
    ("name", "other"),
    [("base64", "caesar:3"), ("leetspeak", "caesar:3"), ("rot13", "caesar:3"), ("morse", "rot13")],
)
def test_the_wrong_cipher_is_not_taken_for_an_answer(name, other):
    """An answer in a cipher that nobody asked for is not judged as if it were plain."""
    for text in PLAIN[:2]:
        assert read(encoding(other).encode(text), name).problem, (name, other)


def test_the_card_s_trap_an_encoded_compliance_is_not_judged_as_it_stands():
    plain = PLAIN[1]
    found = read(encoding("rot13").encode(plain), "rot13")
    assert found.text == plain
    code = encoding("rot13").encode("I'm sorry, but I can't help with that.")
    refusal = judge("keyword-baseline")
    assert refusal([Exchange.of("p", code)])[0].outcome != "full_refusal", "undecoded, a refusal is lost"
    assert refusal([Exchange.of("p", read(code, "rot13").text)])[0].outcome == "full_refusal"


def test_mixed_and_cut_answers():
    hidden = encoding("base64").encode("First, gather what you need and open the list.")
    found = read(f"Sure, here it is: {hidden}", "base64")
    assert found.how == "mixed" and found.text.endswith("open the list.")
    cut = read(
        encoding("base64").encode("First, gather all that you need and then open it. 你好吗")[:-3], "base64"
    )
    assert cut.how == "decoded" and cut.text.startswith("First, gather all")
    assert read("8675309 9999999 1 2 3 4 5 6 7 8 9 10", "ascii").problem


def test_english_is_told_from_other_latin_languages():
    assert english("I'm sorry, but I can't help with that.")
    assert not english("Samahani, siwezi kukusaidia na ombi hilo kwa sababu ni hatari.")
    assert not english("")
