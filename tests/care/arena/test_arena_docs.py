"""The commands of the pages on arena and restructuring run as printed, with less to do."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from arena_world import Silent

from sophro.care.arena import _session
from sophro.care.restructuring import _controller
from sophro.cli import run

DOCS = Path(__file__).resolve().parents[3] / "docs"
LESS = {
    "sophro arena run": "--limit 2 --total 4 --least 1 --most 2",
    "sophro arena improve": "--limit 4 --rounds 1",
    "sophro restructure generate": "-n 2",
}


def test_every_printed_command_works(tmp_path, monkeypatch, capsys):
    def leave(_):
        raise EOFError

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("builtins.input", leave)
    for module in (_session, _controller):
        monkeypatch.setattr(module, "crisis_monitor", lambda _: Silent())
    ran = []
    code = re.search(r"```python\n(# coach.py\n.*?)```", (DOCS / "arena.md").read_text("utf-8"), re.S)
    assert code
    (tmp_path / "coach.py").write_text(code[1], "utf-8")
    for page in ("arena", "restructuring"):
        for block in re.findall(r"```bash\n(.*?)```", (DOCS / f"{page}.md").read_text("utf-8"), re.S):
            for line in filter(None, block.splitlines()):
                command = re.sub(r"\s+#.*", "", line)
                less = next((more for start, more in LESS.items() if command.startswith(start)), "")
                words = shlex.split(f"{command} {less}".replace("-n 100 ", ""))
                assert words[0] == "sophro" and run(words[1:]) == 0, (command, capsys.readouterr().err)
                ran.append(command)
    assert len(ran) == 10 and all(any(c.startswith(start) for c in ran) for start in LESS)
