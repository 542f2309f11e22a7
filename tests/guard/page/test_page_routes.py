"""The pages without a browser: policies of content, files of the wheel, reports of strangers, keys."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
from pathlib import Path

import pytest
from page_server import page_app
from starlette.testclient import TestClient

from sophro.errors import SophroError
from sophro.guard.server import Keys, _page

PAGE = Path(_page.__file__).with_name("page")
KEY = "a-key-of-some-length"
KEYS = Keys([("default", hashlib.sha256(KEY.encode()).digest())])


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    for name in (
        "one/report.html",
        "a b/ü/report.html",
        "flat.html",
        ".hidden/report.html",
        "d/e/f/g/report.html",
        "one/samples.jsonl",
    ):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"<p>{name}</p>")
    secret = folder.parent / "secret.html"
    secret.write_text("secret")
    os.symlink(secret, folder / "link.html")
    os.symlink(folder.parent, folder / "up")
    return folder


@pytest.fixture(scope="module")
def client(runs) -> TestClient:
    return TestClient(page_app(runs, scripts=("sha256-abc=",)))


def test_every_page_has_a_strict_policy_and_no_outer_address(client):
    for path in ("/", "/runs", "/page/app.js", "/page/page.css", "/page/icon.svg"):
        found = client.get(path)
        policy = found.headers["content-security-policy"]
        assert found.status_code == 200 and "default-src 'none'" in policy
        assert "unsafe" not in policy and "http" not in policy and "*" not in policy
        assert "require-trusted-types-for 'script'" in policy
        assert found.headers["x-content-type-options"] == "nosniff"
    for file in PAGE.iterdir():
        text = file.read_text("utf-8")
        outer = [
            u for u in re.findall(r"""(?:https?:)?//[\w.-]+\.\w+[^\s"']*""", text) if "www.w3.org" not in u
        ]
        assert not outer, (file.name, outer)
        if file.suffix == ".html":
            assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|<style|\son\w+=", text), (
                "inline code or style"
            )
        if file.suffix == ".js":
            assert not re.search(
                r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text
            )


def test_unchanged_files_are_not_sent_again(client):
    for path in ("/", "/page/app.js"):
        first = client.get(path)
        again = client.get(path, headers={"if-none-match": first.headers["etag"]})
        assert first.status_code == 200 and again.status_code == 304 and not again.content


def test_both_languages_have_the_same_sentences():
    text = (PAGE / "words.js").read_text("utf-8")
    english, chinese = re.findall(r"const (?:EN|ZH) = \{(.*?)\n\};", text, re.S)
    names = [re.findall(r"(?:^|[,{\n]\s*)(\w+): (?=[\"\[])", part) for part in (english, chinese)]
    assert names[0] == names[1] and len(names[0]) > 50
    used = set(re.findall(r'\bt\("(\w+)"', "".join(f.read_text("utf-8") for f in PAGE.glob("*.js"))))
    used |= set(
        re.findall(
            r'data-t(?:-label|-placeholder)?="(\w+)"',
            "".join(f.read_text("utf-8") for f in PAGE.glob("*.html")),
        )
    )
    assert used <= set(names[0]), used - set(names[0])
    # Names that are put together at run time count as used; nothing else stays behind.
    code = "".join(
        f.read_text("utf-8") for f in PAGE.iterdir() if f.name != "words.js" and f.suffix != ".css"
    )
    code += text[text.index("export const WORDS") :]
    made = ("theme_", "where_")
    assert not [n for n in names[0] if not n.startswith(made) and not re.search(rf"[\"']{n}[\"']", code)]
    holes = [dict(re.findall(r"(\w+): \"([^\"]*)\"", part)) for part in (english, chinese)]
    for name, sentence in holes[0].items():
        assert set(re.findall(r"\{\w+\}", sentence)) == set(re.findall(r"\{\w+\}", holes[1][name])), name


def test_runs_are_listed_and_open_in_a_sandbox(client):
    page = client.get("/runs").text
    assert re.findall(r'class="name">([^<]*)<', page) and set(re.findall(r'class="name">([^<]*)<', page)) == {
        "one",
        "a b/ü",
        "flat.html",
    }
    for link in re.findall(r'href="(/runs/[^"]+)"', page):
        found = client.get(link)
        assert found.status_code == 200 and found.text.startswith("<p>")
        policy = found.headers["content-security-policy"]
        assert (
            policy.startswith("sandbox allow-scripts; default-src 'none'")
            and "script-src 'sha256-abc='" in policy
        )
        assert "allow-same-origin" not in policy and "allow-top-navigation" not in policy


def test_without_named_scripts_no_script_may_run():
    policy = _page.report_policy(())
    assert policy.startswith("sandbox; ") and "script-src 'none'" in policy


@pytest.mark.parametrize(
    "path",
    [
        "link.html", "up/secret.html", "../secret.html", "..%2fsecret.html", "one/../../secret.html", "%2e%2e/secret.html",
        "one/samples.jsonl", ".hidden/report.html", "d/e/f/g/report.html", "one", "one/", "/etc/passwd", "one%00/report.html",
        "one\\report.html", "", "nothing.html", "%ff.html",
    ],
)  # fmt: skip
def test_nothing_else_is_served(client, path):
    found = client.get(f"/runs/{path}", follow_redirects=False)
    assert found.status_code in (307, 404) and "secret" not in found.text
    if found.status_code == 307:
        assert found.headers["location"].endswith("/runs")


def test_unknown_parts_and_templates_are_not_served(client):
    for name in ("frame.html", "index.html", "runs.html", "nothing.js", "..%2f_page.py", "__init__.py"):
        assert client.get(f"/page/{name}").status_code == 404


def test_keys_guard_the_list_and_a_cookie_opens_it(runs):
    client = TestClient(page_app(runs, KEYS))
    assert client.get("/").status_code == 200, "the playground itself holds nothing"
    assert client.get("/page/settings").json() == {"keys": True, "tenants": []}
    locked = client.get("/runs")
    assert locked.status_code == 401 and "one" not in re.findall(r'class="name">([^<]*)<', locked.text)
    assert client.get("/runs/one/report.html").status_code == 401
    assert client.post("/page/session", headers={"authorization": "Bearer wrong"}).status_code == 401
    opened = client.post("/page/session", headers={"authorization": f"Bearer {KEY}"})
    cookie = opened.headers["set-cookie"]
    assert (
        opened.status_code == 204
        and "HttpOnly" in cookie
        and "SameSite=strict" in cookie
        and "Path=/runs" in cookie
    )
    assert client.get("/runs/one/report.html").status_code == 200
    value = client.cookies["sophro_runs"]
    client.cookies.clear()
    for bad in (
        "",
        "1.x",
        "99999999999." + "0" * 64,
        value[:-1] + ("0" if value[-1] != "0" else "1"),
        "é.é",
        "1" * 5000 + ".x",
    ):
        answer = client.get("/runs", headers={"cookie": f"sophro_runs={bad}".encode()})
        assert answer.status_code == 401, bad


def test_a_tenant_is_chosen_only_where_there_are_no_keys(runs):
    body = {"messages": [{"role": "user", "content": "hello"}], "sophro": {"tenant": "watching"}}
    free, bound = TestClient(page_app(runs, delay=0)), TestClient(page_app(runs, KEYS, delay=0))
    assert free.post("/v1/chat/completions", json=body).status_code == 200
    unknown = free.post("/v1/chat/completions", json={**body, "sophro": {"tenant": "nobody"}})
    assert unknown.status_code == 400 and "strict, watching" in unknown.json()["error"]["message"]
    denied = bound.post("/v1/chat/completions", json=body, headers={"authorization": f"Bearer {KEY}"})
    assert denied.status_code == 403 and denied.json()["error"]["code"] == "wrong_tenant"


def test_what_the_page_learns_never_holds_the_text(runs):
    client = TestClient(page_app(runs, delay=0))
    body = {
        "messages": [{"role": "user", "content": "take it back"}],
        "stream": True,
        "sophro": {"scores": True, "reflections": True},
    }
    lines = [
        line[6:]
        for line in client.post("/v1/chat/completions", json=body).text.splitlines()
        if line.startswith("data: {")
    ]
    chunks = [json.loads(line) for line in lines]
    news = [
        c["choices"][0]["delta"]["sophro"]
        for c in chunks
        if c["choices"] and "sophro" in c["choices"][0]["delta"]
    ]
    windows = [w for n in news for w in n.get("windows", ())]
    assert windows and all(a["end"] == b["start"] for a, b in itertools.pairwise(windows)), (
        "no gap, no overlap"
    )
    assert any("held" in n and n["held"]["tokens"] >= 34 for n in news) and any(
        "reflection" in n for n in news
    )
    assert (
        chunks[1]["sophro"]["decisions"][0]["where"] == "input"
        and chunks[1]["sophro"]["decisions"][0]["scores"]
    )
    assert "WHEELBARROW" not in "".join(lines)
    plain = client.post("/v1/chat/completions", json={**body, "sophro": {}}).text
    assert "windows" not in plain and "held" not in plain, "nobody gets it unasked"


def test_a_wrong_folder_of_runs_is_one_sentence(tmp_path):
    with pytest.raises(SophroError, match="is not a folder"):
        page_app(tmp_path / "missing")
