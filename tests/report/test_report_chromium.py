"""The page in a real browser: phone width, no console errors, usable without script."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from chromium import BROWSER
from report_fixture import build_run, write_rows

from sophro.report import build_report

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium binary found on the PATH")


@pytest.fixture(scope="module")
def report(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    run = build_run(folder / "toy", 12, name="a_recipe_with_quite_a_long_name_that_must_wrap_on_a_phone")
    path = next(run.glob("stages/assess-base-*/samples.jsonl"))
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    rows[0]["segments"] = [{"kind": "answer", "text": "x" * 20_000 + "<script>window.owned = 1</script>"}]
    rows[1]["id"] = "i" * 150
    rows[1]["category"] = "c" * 150
    write_rows(path, rows)
    return build_report([run], folder / "report.html")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_no_sideways_scroll_and_a_silent_console(browser, report, width, scheme):
    browser.open(report, width, scheme=scheme)
    browser.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    assert browser.named("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded") == []
    assert browser.evaluate("typeof window.owned") == "undefined"
    requested = {p["request"]["url"] for p in browser.named("Network.requestWillBeSent")}
    assert requested == {report.as_uri()}


def test_both_colour_schemes_are_readable(browser, report):
    """Every arm colour and every grey keeps 4.5:1 against the page."""
    for scheme in ("light", "dark"):
        browser.open(report, 1280, scheme=scheme)
        names = ["--ink", "--quiet", "--warn", "--good", "--bad", *(f"--arm-{i}" for i in range(8))]
        values = browser.evaluate(
            "(() => { const s = getComputedStyle(document.documentElement);"
            f"return ['--paper', '--raised', ...{json.dumps(names)}].map(n => s.getPropertyValue(n).trim()); }})()"
        )
        paper, raised, *inks = map(_luminance, values)
        for name, ink in zip(names, inks, strict=True):
            for ground in (paper, raised):
                ratio = (max(ink, ground) + 0.05) / (min(ink, ground) + 0.05)
                assert ratio >= 4.5, (scheme, name, round(ratio, 2))


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_without_script_every_sample_opens(browser, report):
    browser.open(report, 390, script=False)
    assert browser.evaluate("document.getElementById('filter').getBoundingClientRect().height") == 0
    for selector in (".arm-box > summary", ".arm-box .group > summary", ".sample > summary"):
        browser.evaluate(
            f"document.querySelector('{selector}').scrollIntoView({{block: 'center', behavior: 'instant'}})"
        )
        box = browser.evaluate(
            f"(() => {{ const b = document.querySelector('{selector}').getBoundingClientRect();"
            "return [b.x + 5, b.y + b.height / 2]; })()"
        )
        for kind in ("mousePressed", "mouseReleased"):
            browser("Input.dispatchMouseEvent", type=kind, x=box[0], y=box[1], button="left", clickCount=1)
    assert browser.evaluate("document.querySelector('.sample').open")
    assert (
        browser.evaluate("document.querySelector('.sample .block pre').getBoundingClientRect().height") > 10
    )
    browser("Emulation.setScriptExecutionDisabled", value=False)


def test_filter_narrows_the_list(browser, report):
    browser.open(report, 1280)
    browser.evaluate(
        "(() => { const s = document.querySelector('#filter select'); s.value = 'harmful';"
        "s.dispatchEvent(new Event('change')); })()"
    )
    left = browser.evaluate("[...document.querySelectorAll('.sample')].filter(s => !s.hidden).length")
    harmful = browser.evaluate("document.querySelectorAll('.sample .badge.harm').length")
    assert 0 < left == harmful


def test_links_to_groups_open_them(browser, report):
    browser.open(report, 1280)
    browser.evaluate("document.querySelector('#judges tbody a').click()")
    assert browser.evaluate("document.querySelector('.group').open")
