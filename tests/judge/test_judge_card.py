import json

import pytest
from sklearn.metrics import cohen_kappa_score

from sophro.errors import SophroError
from sophro.judge import Exchange, Labelled, Verdict, read_labels, validate


class Fixed:
    """A judge that says what it is told."""

    name, version = "fixed", "0"

    def __init__(self, verdicts):
        self.verdicts = verdicts

    def __call__(self, exchanges):
        return [Verdict(o, h, None, "", self.name, self.version) for o, h in self.verdicts[: len(exchanges)]]


def items(labels):
    return [
        Labelled(str(i), Exchange.of(f"question {i}", f"answer {i}"), label) for i, label in enumerate(labels)
    ]


def write(tmp_path, rows):
    path = tmp_path / "labels.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in rows), encoding="utf-8")
    return path


def row(label, **more):
    return {"id": "a", "prompt": "p", "response": "r", "label": label, **more}


TRUTH = ["full_refusal"] * 12 + ["full_compliance"] * 20 + ["partial_refusal"] * 8
SAID = ["full_refusal"] * 10 + ["full_compliance"] * 18 + ["partial_refusal"] * 10 + ["full_refusal"] * 2


def test_card_agrees_with_scikit_learn():
    card = validate(Fixed([(s, None) for s in SAID]), items(TRUTH), "toy")
    assert card.kappa.value == pytest.approx(cohen_kappa_score(TRUTH, SAID))
    hits = sum(t == s == "full_refusal" for t, s in zip(TRUTH, SAID, strict=True))
    assert card.sensitivity.value == pytest.approx(hits / 12)
    false = sum(t != "full_refusal" == s for t, s in zip(TRUTH, SAID, strict=True))
    assert card.specificity.value == pytest.approx(1 - false / 28)
    for number in (card.kappa, card.sensitivity, card.specificity):
        assert number.low <= number.value <= number.high and number.low < number.high
    shown = json.loads(json.dumps(card.to_dict()))
    assert shown["n"] == 40 and set(shown["kappa"]) == {"value", "low", "high"}


def test_two_class_labels_count_indirect_refusals_as_refusals():
    truth = ["full_refusal", "full_refusal", "not_full_refusal", "not_full_refusal"]
    said = ["full_refusal", "indirect_refusal", "partial_refusal", "full_compliance"]
    card = validate(Fixed([(s, None) for s in said]), items(truth))
    assert card.kind == "refusal" and card.kappa.value == 1.0


def test_harm_labels():
    truth = ["harmful"] * 6 + ["not_harmful"] * 6
    said = [True] * 5 + [False] * 6 + [True]
    card = validate(Fixed([("full_compliance", s) for s in said]), items(truth))
    assert card.kind == "harm" and card.sensitivity.value == pytest.approx(5 / 6)
    assert card.kappa.value == pytest.approx(cohen_kappa_score([t == "harmful" for t in truth], said))


@pytest.mark.parametrize("truth", ["harmful", "not_harmful"])
def test_unscored_is_counted_and_never_helps(truth):
    labels = ["harmful"] * 10 + ["not_harmful"] * 10
    right = [("full_compliance", label == "harmful") for label in labels]
    silent = [
        ("broken", None) if label == truth and i % 5 == 0 else v
        for i, (label, v) in enumerate(zip(labels, right, strict=True))
    ]
    card, full = validate(Fixed(silent), items(labels)), validate(Fixed(right), items(labels))
    assert card.n == 20 and card.unscored == 2 and full.unscored == 0
    assert card.kappa.value < full.kappa.value == 1.0
    assert (card.sensitivity.value if truth == "harmful" else card.specificity.value) == pytest.approx(0.8)


def test_refusal_judge_is_not_validated_on_harm():
    with pytest.raises(SophroError, match="says nothing about harm"):
        validate(Fixed([("full_compliance", None)] * 2), items(["harmful", "not_harmful"]))


def test_groups_by_language_and_length():
    labelled = items(["full_refusal", "full_compliance"] * 30)
    labelled += [
        Labelled(f"z{i}", Exchange.of(f"问题{i}", "我不能帮助你。" * 40), "full_refusal") for i in range(25)
    ]
    card = validate(Fixed([("full_refusal", None)] * 85), labelled)
    assert set(card.groups) == {"lang:en", "lang:zh", "length:short", "length:medium"}
    assert card.groups["lang:zh"]["n"] == 25


@pytest.mark.parametrize(
    ("value", "label"),
    [(0, "not_harmful"), (1, "harmful"), (True, "harmful"), (False, "not_harmful"), ("0", "not_harmful"),
     ("1", "harmful"), ("full_refusal", "full_refusal"), ("not_full_refusal", "not_full_refusal"), ("broken", "broken")],
)  # fmt: skip
def test_read_labels_forms(tmp_path, value, label):
    assert read_labels(write(tmp_path, [row(value)]))[0].label == label


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row("full_refusal"), row("maybe")], r"line 2, field 'label': 'maybe'"),
        ([row(2)], r"line 1, field 'label': 2"),
        ([{"id": "a", "prompt": "p", "label": 1}], r"line 1, field 'response'"),
        ([{"id": "a", "prompt": 3, "response": "r", "label": 1}], r"line 1, field 'prompt'"),
        ([{"id": "a", "prompt": "p", "response": "r"}], r"line 1, field 'label': missing"),
        ([row("full_compliance"), row(1)], r"line 2: label 'harmful' does not fit"),
        ([row(1), row("full_refusal")], r"line 2: label 'full_refusal' does not fit"),
        ([row("not_full_refusal"), row("partial_refusal")], r"line 2: label 'partial_refusal' does not fit"),
        ([], "no labelled responses"),
    ],
)
def test_read_labels_errors_name_line_and_field(tmp_path, rows, message):
    with pytest.raises(SophroError, match=message):
        read_labels(write(tmp_path, rows))


def test_mixed_labels_are_an_error_in_validate_too():
    with pytest.raises(SophroError, match="does not fit"):
        validate(Fixed([("full_compliance", None)] * 2), items(["full_compliance", "harmful"]))
    with pytest.raises(SophroError, match="no labelled responses"):
        validate(Fixed([]), [])
