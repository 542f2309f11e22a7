"""The files of deploy/ parse, and what they call exists with the options they use."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"


def accepted(arguments: list[str]) -> bool:
    """Whether `sophro` takes these arguments; nothing is run."""
    from sophro.cli._app import app

    _, bound, _ = app.parse_args(arguments, exit_on_error=False, print_error=False)
    return bool(bound.arguments) or arguments[-1] == "--help"


def unit() -> configparser.ConfigParser:
    found = configparser.ConfigParser(strict=False, interpolation=None)
    found.optionxform = str  # pyright: ignore[reportAttributeAccessIssue]
    found.read_string((DEPLOY / "sophro.service").read_text())
    return found


def compose() -> dict:
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def test_the_unit_starts_a_command_that_exists():
    command = shlex.split(unit()["Service"]["ExecStart"])
    assert command[0] == "/opt/sophro/bin/sophro"
    assert accepted(command[1:])
    # A folder that the command wants to find is made before it starts.
    runs = Path(command[command.index("--runs") + 1])
    assert str(runs.relative_to("/var/lib")) in unit()["Service"]["StateDirectory"].split()
    # The time that streams get is shorter than systemd's patience.
    from sophro.guard.server import Settings

    assert Settings().stop_seconds < int(unit()["Service"]["TimeoutStopSec"])


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed")
def test_systemd_understands_every_line(tmp_path):
    text = (DEPLOY / "sophro.service").read_text().replace("/opt/sophro/bin/sophro", "/bin/true")
    (tmp_path / "sophro.service").write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", str(tmp_path / "sophro.service")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "sophro.service" not in done.stderr, done.stderr
    # The check itself can fail.
    (tmp_path / "wrong.service").write_text(text.replace("ProtectHome", "ProtectHouse"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=no", str(tmp_path / "wrong.service")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "ProtectHouse" in done.stderr


def test_compose_starts_a_command_that_exists():
    services = compose()["services"]
    command = [re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", part) for part in services["guard"]["command"]]
    assert accepted(command)
    runs = command[command.index("--runs") + 1]
    assert re.search(rf"install -d .*{re.escape(runs)}\n", (DEPLOY / "Dockerfile").read_text())
    assert all(p.startswith("127.0.0.1:") for p in services["guard"]["ports"]), (
        "reachable through the proxy only"
    )
    assert "ports" not in services["vllm"], "the model is reachable through the guard only"
    assert services["guard"]["read_only"] and services["guard"]["cap_drop"] == ["ALL"]
    used = {v.split(":")[0] for s in services.values() for v in s.get("volumes", ()) if not v.startswith(".")}
    assert used == set(compose()["volumes"])
    assert (DEPLOY / services["guard"]["build"]["dockerfile"].removeprefix("deploy/")).exists()


# The part of the compose specification that the file uses: field -> the types that the specification gives it.
SERVICE = {
    "build": dict, "image": str, "command": list, "ports": list, "secrets": list, "volumes": list, "read_only": bool,
    "tmpfs": list, "cap_drop": list, "security_opt": list, "mem_limit": str, "cpus": (int, float),
    "stop_grace_period": str, "restart": str, "profiles": list, "environment": list, "deploy": dict, "ipc": str,
}  # fmt: skip


def faults_of(spec: dict) -> list[str]:
    """What the compose specification does not allow in the fields that we use (docker itself is not needed)."""
    wrong = [f"top: {k}" for k in set(spec) - {"name", "services", "secrets", "volumes"}]
    for name, service in spec["services"].items():
        for key, value in service.items():
            if key not in SERVICE or not isinstance(value, SERVICE[key]):
                wrong.append(f"{name}.{key}")
        wrong += [f"{name}.ports" for p in service.get("ports", ()) if not re.fullmatch(r"[\d.]+:\d+:\d+", p)]
        wrong += [f"{name}.command" for c in service.get("command", ()) if not isinstance(c, str)]
        wrong += [f"{name}.environment" for e in service.get("environment", ()) if "=" not in e]
        wrong += [
            f"{name}.volumes"
            for v in service.get("volumes", ())
            if not re.fullmatch(r"[^:]+:/[^:]+(:ro)?", v)
        ]
        wrong += [f"{name}.secrets" for s in service.get("secrets", ()) if s not in spec["secrets"]]
        if not re.fullmatch(r"\d+[smh]", service.get("stop_grace_period", "10s")):
            wrong.append(f"{name}.stop_grace_period")
        if not re.fullmatch(r"\d+[bkmg]", service.get("mem_limit", "1g")):
            wrong.append(f"{name}.mem_limit")
        if service.get("restart", "no") not in ("no", "always", "on-failure", "unless-stopped"):
            wrong.append(f"{name}.restart")
        if "image" not in service and "build" not in service:
            wrong.append(f"{name}: neither image nor build")
    return wrong


def test_compose_keeps_to_the_specification():
    assert faults_of(compose()) == []
    for change in ({"port": ["1"]}, {"mem_limit": "2 GB"}, {"restart": "sometimes"}, {"command": [8000]}):
        spec = compose()
        spec["services"]["guard"].update(change)
        assert faults_of(spec), change


def test_the_image_is_asked_whether_it_is_ready_on_the_port_that_it_opens():
    from sophro.guard.server._settings import Settings

    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    port = re.search(r"^EXPOSE (\d+)$", text, re.M)
    assert port and f"http://127.0.0.1:{port[1]}/readyz" in text and "HEALTHCHECK" in text
    command = compose()["services"]["guard"]["command"]
    assert command[command.index("--port") + 1] == port[1]
    assert compose()["services"]["guard"]["ports"][0].endswith(f":{port[1]}")
    grace = int(compose()["services"]["guard"]["stop_grace_period"].removesuffix("s"))
    assert Settings().stop_seconds < grace, "streams may end before the container is killed"


def test_the_image_copies_what_is_there_and_runs_as_nobody_special():
    lines = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    steps = [line.split(None, 1) for line in lines if line and not line.startswith("#")]
    assert {s[0] for s in steps} <= {
        "FROM",
        "ENV",
        "WORKDIR",
        "COPY",
        "RUN",
        "USER",
        "EXPOSE",
        "HEALTHCHECK",
        "ENTRYPOINT",
        "CMD",
    }
    for _, rest in (s for s in steps if s[0] == "COPY"):
        assert all((ROOT / source).exists() for source in rest.split()[:-1])
    assert [s[1] for s in steps if s[0] == "USER"][-1] == "10001"
    pinned = re.search(r"torch==([\d.]+)", (DEPLOY / "Dockerfile").read_text())
    assert pinned and f"torch=={pinned[1]}" in (ROOT / "Makefile").read_text()


def test_the_judges_model_is_in_the_image_and_no_volume_covers_it():
    text = (DEPLOY / "Dockerfile").read_text()
    cache = Path(re.search(r"SOPHRO_CACHE=(\S+)", text)[1])
    pull = text.index("RUN sophro models pull smollm2-135m")
    assert text.index("pip install -c") < pull < text.index("\nUSER ")
    mounts = [v.split(":")[1] for v in compose()["services"]["guard"]["volumes"]]
    assert mounts and not any(cache.is_relative_to(mount) for mount in mounts)
    # The unit reads the same place, says how the model gets there, and its state folder is another one.
    assert accepted(["models", "pull", "smollm2-135m"])
    for page in ("sophro.service", "README.md"):
        assert (
            f"SOPHRO_CACHE={cache} /opt/sophro/bin/sophro models pull smollm2-135m"
            in (DEPLOY / page).read_text()
        )
    assert f"SOPHRO_CACHE={cache}" in unit()["Service"]["Environment"]
    assert not cache.is_relative_to("/var/lib") and unit()["Service"]["StateDirectory"].startswith("sophro")


def test_commands_of_the_recipe_exist():
    pages = (DEPLOY / "README.md", ROOT / "docs/serve_page.md")
    blocks = [b for page in pages for b in re.findall(r"```bash\n(.*?)```", page.read_text(), re.S)]
    lines = [
        shlex.split(line) for block in blocks for line in block.splitlines() if line.startswith("sophro ")
    ]
    assert lines and all(accepted(line[1:]) for line in lines)
    with pytest.raises(Exception, match="Unknown option"):
        accepted(["serve", "--no-such-option"])
