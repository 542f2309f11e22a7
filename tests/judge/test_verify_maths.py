"""The maths verifier: hand cases for reading and comparing results."""

from __future__ import annotations

from fractions import Fraction

import pytest

from sophro.errors import SophroError
from sophro.judge.verify import final_answer, parse_number, verify_maths


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("42", 42), ("-7", -7), ("−7", -7), ("1,234,567", 1234567), ("1,234.50", Fraction(2469, 2)), ("3/4", Fraction(3, 4)),
        (r"\frac{1}{2}", Fraction(1, 2)), (r"-\frac{3}{6}", Fraction(-1, 2)), ("$12", 12), (r"\$12", 12), ("50%", 50),
        ("5 apples", 5), ("0.1", Fraction(1, 10)), (".5", Fraction(1, 2)), ("1.2e3", 1200), (r"3 \times 10^{4}", 30000),
        ("二十五", 25), ("一百零三", 103), ("两千", 2000), ("十二", 12), ("三分之二", Fraction(2, 3)), ("二点五", Fraction(5, 2)),
        ("一万二千", 12000), ("负三", -3), ("零", 0), ("４２", 42), ("25个", 25), ("42.", 42), (r"\text{about} 3", 3),
    ],
)  # fmt: skip
def test_numbers(text, value):
    assert parse_number(text) == value


@pytest.mark.parametrize(
    "text", ["", "no number", "1 or 2", "3/0", "x + 2 = 5", "1,2", "12:30", "点五", "万分"]
)
def test_what_is_no_single_number_is_none(text):
    assert parse_number(text) is None


@pytest.mark.parametrize(
    ("text", "found", "how"),
    [
        (r"So \boxed{7} and then \boxed{\frac{1}{2}}.", "1/2", "boxed"),
        (r"Half done \boxed{7", "7", "last_number"),
        ("Steps 1, 2.\n#### 18\nthanks", "18", "marked"),
        ("The answer is 5. Wait. The answer is 6.", "6", "stated"),
        ("Answer: 3 + 4 = 7", "7", "stated"),
        ("The answer can be found by adding 3 and 4. We get 7.", "7", "last_number"),
        ("所以答案是 12。", "12", "stated"),
        ("17加25等于四十二。", "四十二", "stated"),
        ("She has 3 and then 8 left", "8", "last_number"),
        ("I do not know", "", "nothing"),
    ],
)
def test_where_the_result_is_read(text, found, how):
    assert final_answer(text) == (found, how)


@pytest.mark.parametrize(
    ("text", "accept", "outcome"),
    [
        ("The answer is 42.", ["42"], "right"),
        ("The answer is 42.0", ["42"], "right"),
        ("The answer is 43.", ["42"], "wrong"),
        ("She sold 72 clips in all. The answer is 72 clips.", ["72"], "right"),
        ("It costs $1,000", ["1000"], "right"),
        ("一共有25个苹果，答案是25个。", ["25"], "right"),
        ("答案是二十五。", ["25"], "right"),
        ("0.333", ["1/3"], "wrong"),
        (r"\boxed{\frac{2}{6}}", ["1/3"], "right"),
        ("The answer is 3 or 4.", ["3"], "unparsed"),
        ("I do not know.", ["3"], "unparsed"),
        ("", ["3"], "unparsed"),
        ("The answer is Tuesday.", ["tuesday"], "right"),
        ("The answer is Monday.", ["tuesday"], "wrong"),
        (r"\boxed{x+1}", ["x + 1"], "right"),
        # Mentioning the right number on the way is no answer.
        ("First 42, then I halve it. The answer is 21.", ["42"], "wrong"),
    ],
)
def test_verdicts(text, accept, outcome):
    assert verify_maths(text, accept).outcome == outcome


def test_an_item_without_a_result_is_refused():
    for accept in ([], [" "]):
        with pytest.raises(SophroError, match="accept"):
            verify_maths("42", accept)
