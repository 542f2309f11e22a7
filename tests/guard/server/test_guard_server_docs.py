"""The commands and the program of docs/serve.md and docs/serve_page.md run as printed, on a tiny model.

Ports are free ones, the upstream of the second server is the first one, and ``LESS`` is appended to every server.
"""

from __future__ import annotations

import contextlib
import json
import re
import shlex
from pathlib import Path

import httpx
import pytest
import small_model
from served import ended, process

from sophro.cli import run

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGES = ("serve", "serve_page")
LESS = "--policy light.yaml --max-tokens 8"
KEY = "a-key-of-some-length"


def blocks(page: str, kind: str) -> list[str]:
    return re.findall(rf"```{kind}\n(.*?)```", (DOCS / f"{page}.md").read_text("utf-8"), re.S)


def commands(page: str) -> list[list[str]]:
    lines = [line for block in blocks(page, "bash") for line in block.splitlines() if line.strip()]
    return [shlex.split(line) for line in lines if not line.startswith("pip install")]


def test_no_command_stands_where_this_test_does_not_look():
    for page in PAGES:
        text = (DOCS / f"{page}.md").read_text("utf-8")
        assert "\n```\nsophro" not in text and text.count("```bash") == len(blocks(page, "bash"))
    assert [c[:2] for c in commands("serve")].count(["sophro", "serve"]) == 2
    assert sum(len(commands(page)) for page in PAGES) >= 6


@pytest.mark.timeout(600)
def test_every_command_and_program_works(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("VLLM_KEY", "the-key-of-the-upstream")
    small_model.save_model(tmp_path / "smollm2-135m")
    Path("keys.txt").write_text(f"acme {KEY}\n")
    Path("light.yaml").write_text("format: 1\nname: light\n")
    Path("runs").mkdir()
    Path("runs/report.html").write_text("<h1>one</h1>")
    http = httpx.Client(timeout=60, headers={"Authorization": f"Bearer {KEY}"})
    body = {"messages": [{"role": "user", "content": "Hello"}], "user": "u-17"}
    with contextlib.ExitStack() as stack:
        servers = []

        def start(words):
            # A name without a slash is a model of the package; the folder of that name stands in for it.
            line = " ".join(words).replace("smollm2-135m", "./smollm2-135m")
            line = re.sub(r" --port \d+", "", line)
            if servers:
                line = line.replace("http://127.0.0.1:8001", servers[0][1])
            servers.append(stack.enter_context(process(*shlex.split(f"{line} {LESS}"))))
            return servers[-1][1]

        ran = 0
        for page in PAGES:
            for words in commands(page):
                assert words[0] == "sophro"
                if words[1] == "serve":
                    url = start(words[2:])
                    answer = http.post(url + "/v1/chat/completions", json=body).json()
                    assert answer["choices"][0]["finish_reason"] in ("stop", "length"), answer
                    assert ('href="/runs/report.html"' in http.get(url + "/runs").text) == ("--runs" in words)
                else:
                    assert run(words[1:]) == 0, words
                ran += 1
            for program in blocks(page, "python"):
                first = servers[0][1]
                model = http.get(first + "/v1/models").json()["data"][0]["id"]
                program = program.replace("http://127.0.0.1:8000", first).replace(
                    '"smollm2-135m"', repr(model)
                )
                capsys.readouterr()
                exec(compile(program, page, "exec"), {})
                assert capsys.readouterr().out.strip()
        assert ran >= 6 and len(servers) == 3
        # Two requests with two decisions each, behind one another, and what was deleted of the one with a key.
        kept = [json.loads(line) for line in Path("november.jsonl").read_text("utf-8").splitlines()]
        assert {row["tenant"] for row in kept} == {"default", "acme"}
        for started, _ in reversed(servers):
            code, log = ended(started)
            assert code == 0 and "Traceback" not in log, log
    assert run(["events", "--json", "--tenant", "acme"]) == 0
    assert [row["kind"] for row in json.loads(capsys.readouterr().out)] == ["deletion"]
