"""The page as a file: structure, hostile content, nothing external, everything that can be missing."""

from __future__ import annotations

import json
import os
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from report_fixture import build_run, samples, write, write_rows

from sophro.errors import SophroError
from sophro.pages import visible
from sophro.report import build_report, summary

GOLDEN = Path(__file__).with_name("golden") / "structure.txt"
VOID = {"meta", "input", "br", "img", "link", "hr"}

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</pre></details></main><script src=//evil.example/x.js></script>",
    "<svg/onload=alert(1)>",
    "{{ 7 * 7 }}{% raw %}",
    "<!--<script>",
    "]]></style></title><iframe src=javascript:alert(1)>",
    "a\x00b\x07\x1b[31m\x7f",
    "safe\u202egnirts desrever\u202c \u2066x\u2069 zero\u200bwidth \ufeff",
    "lone \ud800 surrogate",
    "tag \U000e0041\U000e0042 characters",
    "日本語 العربية 😀 e\u0301",
    "x" * 1_000_000,
]


class Page(HTMLParser):
    """Collects tags with attributes and visible text; records a nesting error instead of passing over it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.stack: list[str] = []
        self.wrong: list[str] = []
        self.lines: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        kept = "".join(
            f" {k}={v}" for k, v in attrs if k in ("class", "id", "scope", "data-label", "href", "role")
        )
        self.lines.append("  " * len(self.stack) + tag + kept)
        if tag not in VOID:
            self.stack.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.stack or self.stack[-1] != tag:
            self.wrong.append(f"</{tag}> closes {self.stack[-1:]}")
        else:
            self.stack.pop()

    def handle_data(self, data):
        if self.stack[-1:] not in (["style"], ["script"]) and data.strip():
            self.texts.append(data)
            self.lines.append("  " * len(self.stack) + "| " + re.sub(r"[\d.]+", "0", " ".join(data.split())))


def page(tmp_path: Path, *runs: Path) -> tuple[str, Page]:
    text = build_report(list(runs), tmp_path / "out.html").read_text("utf-8")
    return text, Page(text)


def rewrite(run: Path, change) -> None:
    for path in run.glob("stages/assess-*/samples.jsonl"):
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        write_rows(path, [change(row) or row for row in rows])


def test_structure_is_the_golden_one(tmp_path):
    _, found = page(tmp_path, build_run(tmp_path / "toy", 2, arms=("base", "safety_sft")))
    outline = "\n".join(found.lines) + "\n"
    if os.environ.get("SOPHRO_UPDATE_GOLDEN"):
        GOLDEN.write_text(outline, encoding="utf-8")
    assert outline == GOLDEN.read_text("utf-8"), "changed on purpose? run again with SOPHRO_UPDATE_GOLDEN=1"


def test_page_is_well_formed_and_the_same_twice(tmp_path):
    run = build_run(tmp_path / "toy", 12)
    text, found = page(tmp_path, run)
    assert found.wrong == [] and found.stack == []
    assert text == page(tmp_path, run)[0]
    ids = [a["id"] for _, a in found.tags if "id" in a]
    assert len(ids) == len(set(ids))
    links = {a["href"].removeprefix("#") for t, a in found.tags if t == "a"}
    assert links <= set(ids)


def test_page_loads_nothing(tmp_path):
    text, found = page(tmp_path, build_run(tmp_path / "toy", 6))
    assert not [
        a for _, a in found.tags for k in a if k in ("src", "srcset", "background", "data", "poster", "style")
    ]
    assert not [t for t, _ in found.tags if t in ("link", "img", "iframe", "object", "embed", "base", "form")]
    assert all(a["href"].startswith("#") for _, a in found.tags if "href" in a)
    style = re.search(r"<style>(.*?)</style>", text, re.S)
    assert style and "url(" not in style[1] and "@import" not in style[1]
    policy = next(a["content"] for _, a in found.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy and "*" not in policy


@pytest.mark.parametrize("text", HOSTILE, ids=lambda t: visible(t[:20]))
def test_hostile_content_stays_text(tmp_path, text):
    run = build_run(tmp_path / "toy", 3, arms=("base", "safety_sft"))

    def spoil(row):
        # Everything that a model, a data file or a judge could have written.
        for verdict in row["verdicts"]:
            verdict["reason"] = text
        return {**row, "prompt": text, "category": text[:5000], "lang": text[:50], "state": text[:50],
                "id": row["id"] + text[:5000], "arm": row["arm"] + text[:40],
                "task": row["task"], "finish_reason": text[:50],
                "transcript": [{"role": "user", "segments": [{"kind": "user", "text": text}]},
                               {"role": "assistant", "segments": [{"kind": "prefill", "text": text}]}],
                "segments": [{"kind": "trace", "text": text}, {"kind": text[:9], "text": text}]}  # fmt: skip

    rewrite(run, spoil)
    facts = json.loads((run / "run.json").read_text())
    facts |= {
        "name": text[:200],
        "command": text[:5000],
        "model": text[:200],
        "leaks": {text[:99]: [text[:99]]},
    }
    facts["arms"] = [{"name": a["name"] + text[:40], "description": text[:99]} for a in facts["arms"]]
    facts["judges"][0]["judge"] = text[:99]
    write(run / "run.json", facts)
    (run / "recipe.yaml").write_text("name: " + text.replace("\ud800", ""), encoding="utf-8")
    plain = {
        name
        for name, _ in Page(
            (build_report([build_run(tmp_path / "ok", 3)], tmp_path / "ok.html")).read_text()
        ).tags
    }
    raw, found = page(tmp_path, run)
    assert found.wrong == [] and found.stack == []
    assert {name for name, _ in found.tags} <= plain
    assert [name for name, _ in found.tags].count("script") == 1
    assert not [k for _, a in found.tags for k in a if k.startswith("on")]
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f\u200b\u202a-\u202e\u2066-\u2069\ufeff\U000e0000-\U000e007f]", raw
    )
    if len(text) < 1000:
        shown = "".join(found.texts)
        assert visible(text) in shown
    assert len(raw) < 15_000_000


def test_clipped_text_says_where_the_rest_is(tmp_path):
    run = build_run(tmp_path / "toy", 2, arms=("base",))
    rewrite(run, lambda row: {**row, "segments": [{"kind": "answer", "text": "y" * 500_000}]})
    raw, _ = page(tmp_path, run)
    assert re.search(r"[\d\u202f]+ more characters in assess-base-\w+/samples.jsonl:1", raw)


def test_three_thousand_samples_fit(tmp_path):
    run = build_run(tmp_path / "toy", 155, long=900)
    raw, found = page(tmp_path, run)
    total = sum(len((p).read_text().splitlines()) for p in run.glob("stages/*/samples.jsonl"))
    assert total > 3000
    assert len(raw.encode()) < 15_000_000
    assert sum(a.get("class") == "sample" for _, a in found.tags) == total


def test_empty_run(tmp_path):
    run = tmp_path / "empty"
    run.mkdir()
    write(run / "run.json", {})
    raw, found = page(tmp_path, run)
    assert "holds no samples yet" in raw and raw.count("not recorded") > 8 and found.wrong == []
    assert "None" not in raw and "nan" not in "".join(found.texts).casefold().split()
    assert summary(run)["arms"] == {}


def test_arm_without_samples_and_missing_judges(tmp_path):
    run = build_run(tmp_path / "toy", 6, arms=("base", "safety_sft"))
    facts = json.loads((run / "run.json").read_text())
    facts["arms"].append({"name": "planned"})
    facts.pop("judges")
    write(run / "run.json", facts)
    rewrite(run, lambda row: {**row, "verdicts": []})
    raw, found = page(tmp_path, run)
    assert "no judge for this question ran" in raw and "Judge cards: not recorded" in raw
    assert found.wrong == []
    numbers = summary(run)["arms"]
    assert numbers["planned"]["harmful_compliance"]["value"] is None
    assert numbers["base"]["harmful_compliance"]["unscored"] == 6
    assert numbers["base"]["coverage"]["value"] == 0.0


def test_several_runs_carry_their_names(tmp_path):
    one, two = build_run(tmp_path / "one", 5, name="one"), build_run(tmp_path / "two", 5, name="two")
    raw, found = page(tmp_path, one, two)
    assert "one: base" in raw and "two: balanced" in raw and found.wrong == []
    same, _ = page(tmp_path, one, one)
    assert "one (2): base" in same


def test_folders_of_an_older_recipe_are_passed_over(tmp_path):
    run = build_run(tmp_path / "toy", 5, arms=("base",))
    before = summary(run)
    stale = run / "stages" / "assess-base-ffffffffffffffff"
    write(stale / "stage.json", {"name": "assess-base", "kind": "assess"})
    write_rows(stale / "samples.jsonl", list(samples("base", 5)))
    (run / "stages" / ".assess-half.tmp").mkdir()
    assert summary(run) == before


def test_unfinished_run_says_so(tmp_path):
    run = build_run(tmp_path / "toy", 3)
    facts = json.loads((run / "run.json").read_text())
    facts["stages"][-1]["done"] = False
    write(run / "run.json", facts)
    assert "toy is not complete: 1 of 5 stages are missing" in page(tmp_path, run)[0]


def test_summary_is_json_and_agrees_with_the_page(tmp_path):
    run = build_run(tmp_path / "toy", 40)
    numbers = json.loads(json.dumps(summary(run), allow_nan=False))
    raw, _ = page(tmp_path, run)
    harm = numbers["arms"]["safety_sft"]["harmful_compliance"]
    assert f"{harm['k']} of {harm['n']}" in raw
    assert numbers["arms"]["safety_sft"]["prefill"]["20"]["value"] > harm["value"]


def test_errors_name_file_line_and_field(tmp_path):
    with pytest.raises(SophroError, match="no such run directory"):
        build_report([tmp_path / "nowhere"], tmp_path / "o.html")
    with pytest.raises(SophroError, match="no run directory"):
        build_report([tmp_path], tmp_path / "o.html")
    with pytest.raises(SophroError, match="name at least one"):
        build_report([], tmp_path / "o.html")
    run = build_run(tmp_path / "toy", 2, arms=("base",))
    rewrite(run, lambda row: {k: v for k, v in row.items() if k != "task"})
    with pytest.raises(SophroError, match=r"samples.jsonl, line 1: field 'task'"):
        build_report([run], tmp_path / "o.html")
    (run / "run.json").write_text("{")
    with pytest.raises(SophroError, match=r"run.json, line 1: not JSON"):
        summary(run)
    assert not (tmp_path / "o.html").exists()


def test_importing_the_room_is_light():
    import subprocess
    import sys

    code = "import sys, sophro.report; print([m for m in ('numpy', 'jinja2', 'torch') if m in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "[]"
