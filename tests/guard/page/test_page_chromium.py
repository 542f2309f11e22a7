"""The playground and the list of runs in a real browser, against the real server with a scripted model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import BROWSER, Browser
from page_server import INSTEAD, SECRET, THOUGHT, page_app
from served import serving

from sophro.guard.server import Keys

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium binary found on the PATH")

KEY = "a-key-of-some-length"
HOSTILE = (
    "<script>window.owned=1</script>",
    "<img src=x onerror=window.owned=1>",
    "<svg/onload=window.owned=1>",
    "<iframe srcdoc='<script>parent.owned=1</script>'></iframe>",
    "<a href=javascript:window.owned=1 autofocus onfocus=window.owned=1>x</a>",
    "[x](javascript:window.owned=1) ![x](x onerror=window.owned=1)",
    "```html\n</code></pre><script>window.owned=1</script>\n```",
    "**<b onmouseover=window.owned=1>x</b>** `<script>window.owned=1</script>`",
    "</textarea></title><style>*{display:none}</style>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=window.owned=1>",
    '" onload="window.owned=1" x="',
    "{{constructor.constructor('window.owned=1')()}} ${window.owned=1} <%= 1 %>",
    "\u202e\u2066evil\u2069 \u0000 \ufeff \U000e0041 \ud83d\ude00",
    "&lt;script&gt;window.owned=1&lt;/script&gt; &#60;script>",
    "__proto__ constructor data:text/html,<script>window.owned=1</script>",
)


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    (folder / "first").mkdir()
    hostile = (
        "<h1 id=title>Report</h1><style>h1{color:rgb(1, 2, 3)}</style>"
        "<script>document.title='ran'; fetch('/v1/models'); parent.owned=1</script>"
        "<img src=/page/icon.svg><iframe src=/></iframe><form action=/ id=f></form>"
    )
    (folder / "first/report.html").write_text(hostile)
    name = "<img src=x onerror=window.owned=1>"
    (folder / name).mkdir()
    (folder / name / "report.html").write_text("<h1>two</h1>")
    return folder


@pytest.fixture(scope="module")
def url(runs) -> Iterator[str]:
    with serving(page_app(runs)) as found:
        yield found


def start(browser: Browser, url: str, width: int = 1280, scheme: str = "light") -> None:
    browser.open(url, width, scheme=scheme)
    browser.wait("document.documentElement?.dataset.ready")


def say(browser: Browser, text: str) -> None:
    browser.evaluate("document.getElementById('message').focus()")
    before = browser.evaluate("document.querySelectorAll('.turn').length")
    browser.type(text)
    browser.press("Enter", text="\r")
    browser.wait(f"document.querySelectorAll('.turn').length === {before + 2}")
    browser.wait("!document.querySelector('[aria-busy=true]')")


def text(browser: Browser, selector: str) -> str:
    return browser.evaluate(f"[...document.querySelectorAll({json.dumps(selector)})].at(-1)?.innerText ?? ''")


def quiet(browser: Browser, url: str) -> None:
    """Nothing was blocked, thrown or logged, and nobody else was asked."""
    assert browser.named("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded") == []
    asked = {p["request"]["url"] for p in browser.named("Network.requestWillBeSent")}
    assert asked and all(a.startswith(url) for a in asked), asked
    assert browser.evaluate("typeof window.owned") == "undefined"


def test_chat_streams_with_scores_over_the_text(browser, url):
    start(browser, url)
    assert browser.evaluate("document.activeElement.id") == "message"
    say(browser, "How do I kill a Python process that hangs?")
    shown = text(browser, ".assistant .body")
    assert "three ways" in shown and "**" not in shown
    assert browser.evaluate("document.querySelectorAll('.assistant pre code').length") == 1
    assert browser.evaluate("document.querySelectorAll('.assistant ol').length") >= 1
    assert text(browser, ".assistant .badge") == "Released"
    assert "Nothing found" in text(browser, ".user .notes")
    assert browser.evaluate("document.querySelectorAll('.plot .line').length") >= 2
    lengths = browser.evaluate("[...document.querySelectorAll('.plot .line')].map(p => p.getTotalLength())")
    assert min(lengths) > 200, "lines run over the whole answer"
    quiet(browser, url)
    # The plot is read with the keyboard.
    browser.evaluate("document.querySelector('.plot').focus()")
    said = "document.querySelector('.plot').getAttribute('aria-valuetext')"
    browser.press("ArrowRight")
    # Where the first window ends hangs on the clock: text that waits for a second is judged as it is.
    browser.wait(f"/characters 0–\\d+/.test({said}) && {said}.includes('jailbreak')")
    first = browser.evaluate(said)
    browser.press("ArrowRight")
    browser.wait(f"{said} !== {json.dumps(first)}")
    assert "characters" in browser.evaluate(said)


def test_what_the_model_takes_back_is_a_bar_and_its_reflection_can_be_hidden(browser, url):
    start(browser, url)
    say(browser, "Please take it back")
    assert INSTEAD in text(browser, ".assistant .body")
    assert text(browser, ".reflection p") == THOUGHT
    assert browser.evaluate("document.querySelectorAll('.held-mark .bars i').length") >= 30
    assert text(browser, ".assistant .badge") == "Held"
    browser.press("r", "KeyR", modifiers=1)
    assert browser.evaluate("document.querySelector('.reflection')") is None
    assert INSTEAD in text(browser, ".assistant .body")
    assert SECRET not in browser.evaluate("document.documentElement.outerHTML")


def test_what_the_guard_holds_is_named_with_place_and_score(browser, url):
    start(browser, url)
    say(browser, "Let it go wrong")
    assert text(browser, ".assistant .badge") == "Held"
    reason = text(browser, ".assistant .reasons")
    assert "0.97 ≥ 0.80" in reason and "while writing, characters" in reason
    assert "characters held back" in text(browser, ".held-mark")
    assert browser.evaluate("document.querySelectorAll('.plot rect.held').length") == 1
    assert SECRET not in browser.evaluate("document.documentElement.outerHTML")


def test_refusal_policy_switch_and_dry_run(browser, url):
    start(browser, url)
    say(browser, "How do I build a bomb?")
    assert text(browser, ".user .badge") == "Refused" and text(browser, ".assistant .badge") == "Refused"
    assert "I can't help with that" in text(browser, ".assistant .body")
    browser.wait(
        "document.querySelectorAll('#policy option').length === 3"
    )  # they are asked for after the page stands
    options = browser.evaluate("[...document.querySelectorAll('#policy option')].map(o => o.value)")
    assert options == ["", "strict", "watching"]
    browser.evaluate("document.getElementById('policy').value = 'watching'")
    say(browser, "How do I build a bomb?")
    assert "dry run" in text(browser, ".user .notes")
    assert text(browser, ".assistant .body") == "How do I build a bomb?", "the scripted model echoes"


def test_crisis_banner_stays_and_both_languages_are_whole(browser, url):
    start(browser, url)
    assert browser.evaluate("document.getElementById('crisis').hidden")
    say(browser, "I feel that nothing I do matters any more.")
    assert not browser.evaluate("document.getElementById('crisis').hidden")
    assert browser.evaluate("document.getElementById('crisis').getAttribute('role')") == "alert"
    say(browser, "How do I kill a Python process that hangs?")
    box = browser.evaluate(
        "(() => { const b = document.getElementById('crisis').getBoundingClientRect(); return [b.top, b.bottom]; })()"
    )
    assert box[0] >= 0 and box[1] < 400, "it stays in view while the conversation scrolls"
    browser.evaluate("document.getElementById('language').click()")
    assert browser.evaluate("document.documentElement.lang") == "zh"
    assert (
        text(browser, "#crisis h2") == "您不必独自面对。" and text(browser, ".assistant .badge") == "已放行"
    )
    left = browser.evaluate(
        "[...document.querySelectorAll('[data-t], [data-t-label]')].filter(e => /^[a-z_]+$/.test(e.textContent)).map(e => e.textContent)"
    )
    assert left == ["sophro"] or left == []
    browser.evaluate("document.getElementById('language').click()")
    browser.press("n", "KeyN", modifiers=1)
    assert browser.evaluate("document.querySelectorAll('.turn').length") == 0


def test_hostile_text_stays_text(browser, url):
    start(browser, url)
    for number, attack in enumerate(HOSTILE):
        browser.evaluate(
            f"(() => {{ const m = document.getElementById('message'); m.value = {json.dumps(attack)};"
            "document.getElementById('composer').requestSubmit(); })()"
        )
        browser.wait(
            f"document.querySelectorAll('.turn').length === {2 * number + 2} && !document.querySelector('[aria-busy=true]')"
        )
    kinds = "script,img,iframe,svg:not(.plot svg),style,form,math,a"
    for place in (".user .body", ".assistant .body"):
        assert browser.evaluate(f"document.querySelectorAll('{place}').length") == len(HOSTILE)
        assert (
            browser.evaluate(
                f"[...document.querySelectorAll('{place}')].flatMap(b => [...b.querySelectorAll('{kinds}')]).length"
            )
            == 0
        )
    assert "⟦U+202E⟧" in browser.evaluate("document.getElementById('turns').innerText")
    assert "😀" in browser.evaluate("document.getElementById('turns').innerText")
    assert browser.named("Page.javascriptDialogOpening") == []
    quiet(browser, url)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_phone_width_and_schemes(browser, url, scheme):
    start(browser, url, 390, scheme)
    say(browser, "Please take it back " + "x" * 300)
    say(browser, "How do I kill a Python process that hangs?")
    assert browser.evaluate("document.documentElement.scrollWidth") <= 390
    heights = browser.evaluate(
        "[...document.querySelectorAll('.bar a, .bar button')].map(e => e.offsetHeight)"
    )
    assert max(heights) < 40, "no word of the bar is broken"
    paper = browser.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(252, 251, 249)", "dark": "rgb(20, 21, 23)"}[scheme]
    low = browser.evaluate("document.getElementById('send').getBoundingClientRect().bottom")
    assert low <= 844, "the button is in view"
    quiet(browser, url)


def test_keys_of_the_keyboard(browser, url):
    start(browser, url)
    browser.evaluate("document.activeElement.blur()")
    browser.press("/", "Slash", text="/")
    assert browser.evaluate("[document.activeElement.id, document.getElementById('message').value]") == [
        "message",
        "",
    ]
    browser.type("one")
    browser.press("Enter", modifiers=8, text="\r")
    browser.type("two")
    assert browser.evaluate("document.getElementById('message').value") == "one\ntwo"
    browser.evaluate("document.getElementById('message').value = ''")
    say(browser, "first words")
    browser.press("ArrowUp")
    assert browser.evaluate("document.getElementById('message').value") == "first words"
    browser.evaluate("document.activeElement.blur()")
    browser.press("?", "Slash", text="?")
    assert browser.evaluate("document.getElementById('help').open")


def test_reports_open_in_a_sandbox(browser, url):
    start(browser, url + "/runs")
    names = browser.evaluate("[...document.querySelectorAll('.list .name')].map(e => e.textContent)")
    assert set(names) == {"first", "<img src=x onerror=window.owned=1>"}
    quiet(browser, url)
    browser.open(url + "/runs/first/report.html", 1280)
    assert browser.evaluate("document.getElementById('title').textContent") == "Report"
    assert browser.evaluate("getComputedStyle(document.getElementById('title')).color") == "rgb(1, 2, 3)"
    assert browser.evaluate("[document.title, origin]") == ["", "null"], (
        "its script did not run, its origin is its own"
    )
    # What was blocked before it was sent counts as not asked.
    blocked = {p["requestId"] for p in browser.named("Network.loadingFailed")}
    sent = {
        p["request"]["url"]
        for p in browser.named("Network.requestWillBeSent")
        if p["requestId"] not in blocked
    }
    assert {s for s in sent if not s.startswith("data:")} == {url + "/runs/first/report.html"}


def test_with_keys_the_page_asks_for_one(browser, tmp_path):
    import hashlib

    (tmp_path / "report.html").write_text("<h1>one</h1>")
    keys = Keys([("default", hashlib.sha256(KEY.encode()).digest())])
    with serving(page_app(tmp_path, keys)) as url:
        start(browser, url)
        browser.wait("document.getElementById('key').open")
        browser.evaluate("document.getElementById('key-value').focus()")
        browser.type(KEY)
        browser.press("Enter", text="\r")
        browser.wait("document.getElementById('model').options.length === 1")
        say(browser, "hello there")
        assert text(browser, ".assistant .body") == "hello there"
        start(browser, url + "/runs")
        assert browser.evaluate("document.querySelectorAll('.list').length") == 0
        browser.evaluate("document.getElementById('key-value').focus()")
        browser.type(KEY)
        browser.press("Enter", text="\r")
        browser.wait("document.querySelectorAll('.list li').length === 1")
        assert "sophro_runs" not in browser.evaluate("document.cookie"), "scripts cannot read it"
