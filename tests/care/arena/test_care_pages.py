"""The pages of an arena, an interview, restructuring and logs in a real browser: phone width, both colour schemes, nothing fetched."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest
from arena_world import Silent
from chromium import BROWSER
from inspect_ai import eval as run_task
from inspect_ai.model import ModelOutput, get_model

from sophro.assess.care_tasks import restructuring
from sophro.assess.crisis import crisis
from sophro.care.arena import Caps, _session, run_arena, select, shipped_profiles
from sophro.care.dialogue import ScriptedAgent, run_sync
from sophro.care.interview import Interview
from sophro.care.interview._page import render_page
from sophro.care.restructuring import _controller, generate
from sophro.report import arena_report, care_report, render_restructuring

PAGES = ("arena", "interview", "restructuring", "logs", "columns")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no chromium binary found on the PATH")


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_session, "crisis_monitor", lambda _: Silent())
        clients = select(shipped_profiles(), None, 2)
        anyio.run(lambda: run_arena(["good", "bad"], clients, out=folder, caps=Caps(1, 2, 5)))
    arena_report(folder, folder / "arena.html")
    said = ScriptedAgent("participant", lambda v: "x" * 400 if v.task["attempt"] == 0 else "nearly every day")
    done = run_sync(Interview("gad7", said, monitor=lambda _: Silent()), name="n" * 200)
    (folder / "interview.html").write_text(render_page(done), "utf-8")
    talks = anyio.run(lambda: generate(2, monitor=lambda _: Silent())).dialogues
    talks[0]["turns"][1]["text"] = "x" * 400
    talks[0]["turns"][2]["sentences"][0]["strategy"] = "s" * 400
    (folder / "restructuring.html").write_text(render_restructuring(talks), "utf-8")
    logs = [
        run_task(
            crisis(limit=4, guarded=guarded),
            model=get_model(
                "mockllm/model",
                custom_outputs=lambda *_: ModelOutput.from_content("mock", "x" * 400),
                memoize=False,
            ),
            log_dir=str(folder / "logs"),
            display="none",
        )[0].location
        for guarded in (False, True)
    ]
    care_report(logs, folder / "logs.html")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_controller, "crisis_monitor", lambda _: Silent())
        talks = [
            run_task(
                restructuring(limit=2, manner=manner),
                model=get_model(
                    "mockllm/model",
                    custom_outputs=lambda *_: ModelOutput.from_content("mock", "x" * 400),
                    memoize=False,
                ),
                log_dir=str(folder / "talks"),
                display="none",
            )[0].location
            for manner in ("plain", "firm")
        ]
    care_report(talks, folder / "columns.html")
    return {name: folder / f"{name}.html" for name in PAGES}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_no_sideways_scroll_and_nothing_fetched(browser, pages, name, width, scheme):
    browser.open(pages[name], width, scheme=scheme)
    browser.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    drawn = (
        "[...document.querySelectorAll('figure svg.chart')].map(s => s.getBoundingClientRect().width > 200)"
    )
    assert browser.evaluate(drawn) == [True] * {"arena": 5, "restructuring": 1}.get(name, 0)
    assert browser.named("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded") == []
    assert {p["request"]["url"] for p in browser.named("Network.requestWillBeSent")} == {pages[name].as_uri()}
    paper = browser.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == {"light": "rgb(252, 251, 249)", "dark": "rgb(20, 21, 23)"}[scheme], (
        "the theme was not applied"
    )
