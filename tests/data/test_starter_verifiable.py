"""The starter sets of mathematics and instructions: loadable, checkable, and each rule can be kept."""

from __future__ import annotations

import pytest

from sophro.data import load_set
from sophro.judge.verify import check_instructions, instructions_of, parse_number, verify_maths


@pytest.mark.parametrize(("lang", "count"), [("en", 30), ("zh", 20)])
def test_maths(lang, count):
    records = load_set(f"starter/maths:{lang}")
    assert len(records) == count == len({r.prompt for r in records})
    for record in records:
        (result,) = record.accept
        assert parse_number(result) is not None, record.id
        said = f"The answer is {result}." if lang == "en" else f"答案是{result}。"
        assert verify_maths(said, record.accept).outcome == "right", record.id
        # The result must not simply stand in the prompt, where an echo would earn it.
        assert (
            verify_maths(record.prompt.rpartition("?" if lang == "en" else "？")[0], record.accept).outcome
            != "right"
        )


@pytest.mark.parametrize(("lang", "count"), [("en", 30), ("zh", 20)])
def test_instructions(lang, count):
    records = load_set(f"starter/instructions:{lang}")
    assert len(records) == count == len({r.prompt for r in records})
    for record in records:
        rules = instructions_of(record.meta, record.id)
        # An echo of the prompt, and an empty answer, must not keep all rules of most rows.
        assert check_instructions(" ", rules).loose is False
    echoes = [check_instructions(r.prompt, instructions_of(r.meta, r.id)).strict for r in records]
    assert sum(e is True for e in echoes) <= 0.5 * count


KEPT = {
    "instr-en-001": "The umbrella shone under the lamp.",
    "instr-en-013": "* fig\n* plum\n* pear",
    "instr-en-015": '{"country": "Peru", "capital": "Lima"}',
    "instr-en-020": "My answer is yes.",
    "instr-en-026": '"A friend is someone who stays."',
    "instr-en-030": "The bridge stands over a wide river and carries trains to the other side.",
    "instr-zh-005": "长城是中国古代的伟大建筑。",
    "instr-zh-019": "I am a model and I like to help. I was made to answer you.",
    "instr-zh-020": "大海很蓝。浪花拍打着岸边的石头。",
}


def test_rows_can_be_kept():
    rows = {r.id: r for lang in ("en", "zh") for r in load_set(f"starter/instructions:{lang}")}
    for name, answer in KEPT.items():
        assert check_instructions(answer, instructions_of(rows[name].meta, name)).strict is True, name
