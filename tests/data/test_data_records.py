import json
from pathlib import Path

import pytest

from sophro.data import read_records
from sophro.errors import SophroError


def write(path: Path, *rows: object) -> Path:
    path.write_text(
        "".join((r if isinstance(r, str) else json.dumps(r)) + "\n" for r in rows), encoding="utf-8"
    )
    return path


def test_a_users_file_needs_a_prompt_only(tmp_path: Path) -> None:
    file = write(
        tmp_path / "mine.jsonl", {"prompt": "Hello?"}, "", {"prompt": "怎样学习下棋？", "source": "me"}
    )
    first, second = read_records(file)
    assert (first.id, first.set, first.category, first.harmful, first.lang) == (
        "mine-1",
        "mine",
        "none",
        None,
        "en",
    )
    assert (second.id, second.lang, second.meta) == ("mine-3", "zh", {"source": "me"})
    assert first.behaviour != second.behaviour


def test_every_field_is_read(tmp_path: Path) -> None:
    row = {
        "id": 7, "prompt": "p", "category": "c", "harmful": True, "lang": "de", "twin": "h1", "triggers": ["a"],
        "keywords": ["b"], "accept": ["x", "y"], "opening": "Sure", "answer": "No", "label": "l", "meta": {"k": 1},
    }  # fmt: skip
    (r,) = read_records(write(tmp_path / "x.jsonl", row))
    assert (r.id, r.category, r.harmful, r.lang, r.behaviour) == ("7", "c", True, "de", "h1")
    assert (r.triggers, r.keywords, r.accept) == (("a",), ("b",), ("x", "y"))
    assert (r.opening, r.answer, r.label, dict(r.meta)) == ("Sure", "No", "l", {"k": 1})


@pytest.mark.parametrize(
    ("row", "needles"),
    [
        ({"text": "x"}, ["line 2", "'prompt'", "missing"]),
        ({"prompt": "  "}, ["line 2", "'prompt'", "empty"]),
        ({"prompt": None}, ["line 2", "'prompt'", "null"]),
        ({"prompt": 3}, ["line 2", "'prompt'", "int"]),
        ({"prompt": "x", "id": "a"}, ["line 2", "'id'", "'a'", "line 1"]),
        ({"prompt": "x", "id": [1]}, ["line 2", "'id'"]),
        ({"prompt": "x", "id": True}, ["line 2", "'id'"]),
        ({"prompt": "x", "harmful": "yes"}, ["line 2", "'harmful'", "true, false or null"]),
        ({"prompt": "x", "triggers": "kill"}, ["line 2", "'triggers'", "list"]),
        ({"prompt": "x", "accept": [1]}, ["line 2", "'accept'"]),
        ({"prompt": "x", "lang": 1}, ["line 2", "'lang'"]),
        ({"prompt": "x", "answer": ""}, ["line 2", "'answer'", "empty"]),
        ({"prompt": "x", "meta": "m"}, ["line 2", "'meta'"]),
        ("{", ["line 2", "not JSON"]),
        ("[1]", ["line 2", "object"]),
    ],
)
def test_bad_rows_are_named(tmp_path: Path, row: object, needles: list[str]) -> None:
    file = write(tmp_path / "bad.jsonl", {"id": "a", "prompt": "fine"}, row)
    with pytest.raises(SophroError) as caught:
        read_records(file)
    for needle in [str(file), *needles]:
        assert needle in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_empty_or_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SophroError, match="no records"):
        read_records(write(tmp_path / "empty.jsonl", ""))
    with pytest.raises(SophroError, match="no such file"):
        read_records(tmp_path / "none.jsonl")
