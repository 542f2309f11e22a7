"""A short interview in a real browser at the width of a telephone."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time

import pytest
import uvicorn
from chromium import BROWSER

from sophro.care.dialogue import replay
from sophro.care.interview import Interview
from sophro.care.interview._participants import make
from sophro.care.interview._visits import Visits
from sophro.care.interview._web import create_app
from sophro.care.interview._web_page import WORDS, Start
from sophro.evidence._interview import held

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium binary found on the PATH")


@contextlib.contextmanager
def serving(folder, module, lang, player=None):
    played = "a script" if player else ""
    app = create_app(
        Visits(folder, played), lambda agent, visit: Interview(module, agent, lang), lang, Start(player=played),
        ["127.0.0.1"], player=player,
    )  # fmt: skip
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(16)
    server = uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
    finally:
        server.should_exit = True
        thread.join(30)
        listener.close()
    assert not thread.is_alive()


def wait(browser, expression: str) -> None:
    """Ask from here and not by a timer in the page: each answer loads the page anew, and one run has no scripts."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with contextlib.suppress(AssertionError):  # the page was just left
            if browser.evaluate(f"document.readyState === 'complete' && Boolean({expression})"):
                return
        time.sleep(0.05)
    raise AssertionError(f"never became true: {expression}")


def turns(browser, number: int) -> None:
    wait(browser, f"document.querySelectorAll('.turn').length === {number}")


def fits(browser) -> None:
    assert browser.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize(("lang", "scheme", "script"), [("en", "light", True), ("zh", "dark", False)])
def test_an_interview_at_phone_width(browser, tmp_path, lang, scheme, script):
    words = WORDS[lang]
    with serving(tmp_path, "social_fear", lang) as url:
        browser("Network.clearBrowserCookies")
        browser.open(url, 390, scheme=scheme, script=script)
        fits(browser)
        dark = browser.evaluate("getComputedStyle(document.body).backgroundColor")
        assert dark == ("rgb(252, 251, 249)" if scheme == "light" else "rgb(20, 21, 23)")
        browser.press("Tab")
        assert browser.evaluate("document.activeElement.innerText") == words["begin"]
        browser.press("Enter", text="\r")
        turns(browser, 2)
        assert browser.evaluate("document.activeElement.id") == "message"
        browser.type("<script>window.owned = 1</script> " + "x" * 600)
        send(browser, script)
        turns(browser, 4)
        fits(browser)
        assert "<script>" in browser.evaluate("document.querySelector('.person .text').innerText")
        # A reply of the crisis layer is what the page opens at; the field is the next stop of the keyboard.
        browser.evaluate("document.getElementById('message').focus()")
        browser.type({"en": "I wish I were dead.", "zh": "我不想活了。"}[lang])
        send(browser, script)
        turns(browser, 6)
        fits(browser)
        top = browser.evaluate("document.querySelector('.crisis').getBoundingClientRect().top")
        assert -5 <= top <= 200, top
        assert (
            browser.evaluate("getComputedStyle(document.querySelector('.crisis')).borderTopStyle") == "solid"
        )
        browser.press("Tab")
        assert browser.evaluate("document.activeElement.id") == "message"
        browser.type({"en": "My sister is here.", "zh": "我姐姐陪着我。"}[lang])
        send(browser, script)
        turns(browser, 8)
        for _ in range(3):  # past "send" and "leave this out"
            browser.press("Tab")
        assert browser.evaluate("document.activeElement.value") == "stop"
        browser.press("Enter", text="\r")
        wait(browser, "!document.querySelector('#answer') && document.querySelectorAll('.turn').length > 9")
        assert words["end"] in browser.evaluate("document.body.innerText")
        fits(browser)
        assert browser.named("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded") == []
        asked = {p["request"]["url"] for p in browser.named("Network.requestWillBeSent")}
        assert asked and all(a.startswith(url) for a in asked), asked
        assert browser.evaluate("typeof window.owned") == "undefined"
        browser.evaluate("document.querySelector('form button').click()")
        wait(
            browser,
            f"document.body.innerText.includes({words['begin']!r}) && !document.querySelector('.turn')",
        )
    (log,) = tmp_path.glob("*/log.jsonl")
    done = replay(log)
    assert done.outcome["status"] == "stopped" and done.outcome["risk"] == 2
    assert (log.parent / "interview.html").exists()


@pytest.mark.parametrize(("lang", "scheme"), [("zh", "light"), ("en", "dark")])
def test_a_watched_interview_runs_to_its_end_by_itself(browser, tmp_path, lang, scheme):
    words = WORDS[lang]
    person = make("social_fear", lang, "clear", 0)
    with serving(tmp_path, "social_fear", lang, person.agent()) as url:
        browser("Network.clearBrowserCookies")
        browser.open(url, 390, scheme=scheme)
        assert words["watch"] in browser.evaluate("document.body.innerText")
        browser.press("Tab")
        browser.press("Enter", text="\r")
        turns(browser, 2)
        assert browser.evaluate("!document.querySelector('textarea')")
        browser.evaluate("document.querySelector('[value=next]').click()")
        turns(browser, 4)
        time.sleep(0.8)
        turns(browser, 4)  # one answer was asked for
        browser.evaluate("document.querySelector('[value=run]').click()")
        turns(browser, 6)
        browser.evaluate("document.querySelector('#watch a').click()")
        time.sleep(0.8)
        paused = browser.evaluate("document.querySelectorAll('.turn').length")
        time.sleep(0.8)
        turns(browser, paused)
        browser.evaluate("document.querySelector('[value=run]').click()")
        wait(browser, f"document.body.innerText.includes({words['end']!r})")
        fits(browser)
        assert browser.named("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded") == []
    (log,) = tmp_path.glob("*/log.jsonl")
    assert [t.text for t in replay(log).turns] == [t.text for t in held(person).turns]


def send(browser, script: bool) -> None:
    """With the script Enter sends; without it the button behind the field does."""
    if not script:
        browser.press("Tab")
    browser.press("Enter", text="\r")
