"""``sophro serve`` and ``sophro events``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter


def default_events() -> Path:
    """Return the event file that is used when none is named."""
    root = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(root).expanduser() / "sophro" / "events.sqlite"


def serve(
    *,
    model: str | None = None,
    upstream: str | None = None,
    upstream_key: str | None = None,
    upstream_seconds: float = 60.0,
    upstream_trace_opened: bool = False,
    patch: tuple[str, ...] = (),
    scale: float = 1.0,
    policy: Path | None = None,
    host: str = "127.0.0.1",
    port: int = 8000,
    keys: Path | None = None,
    open_: Annotated[bool, Parameter(name="--open")] = False,
    visibility: Literal["raw", "hold", "cut"] = "hold",
    hold: int = 64,
    traces: bool = False,
    media: bool = False,
    events: Path | None = None,
    no_events: bool = False,
    events_days: float = 30.0,
    events_text: bool = False,
    rows: int = 16,
    threads: int = 0,
    max_tokens: int = 1024,
    max_body: int = 1 << 20,
    streams: int = 256,
    streams_per_key: int = 256,
    rate: int = 0,
    stop_seconds: float = 20.0,
    delay: float = 0.0,
    runs: Path | None = None,
) -> None:
    """Serve a model behind the guard, with the API of OpenAI.

    Args:
        model: Local model: smollm2-135m, a folder, a hub id, or a scripted stub/....
        upstream: Base URL of an OpenAI-compatible server, up to and with /v1.
        upstream_key: Environment variable that holds the upstream's key.
        upstream_seconds: Longest silence of the upstream.
        upstream_trace_opened: Its template opens the trace: answers begin with reasoning and hold a closing tag only.
        patch: Patch or adapter folder put on the model; as NAME=FOLDER it is served beside it, as MODEL+NAME.
        scale: Strength of the patches.
        policy: Policy file; the shipped one without it. It is read again when it changes, and on SIGHUP.
        host: Interface; beyond loopback API keys are needed.
        port: Port; 0 takes a free one.
        keys: Key file, one TENANT KEY a line; SOPHRO_API_KEYS=TENANT:KEY,... without it.
        open_: Let everybody in, also beyond loopback.
        visibility: What is seen of an answer in which the model reflected.
        hold: Tokens held back under visibility hold.
        traces: Send reasoning, judged, as reasoning_content; it is hidden otherwise.
        media: Hand on parts of messages that no detector reads (images, audio).
        events: Event file; one in the user's state folder by default.
        no_events: Keep no record.
        events_days: Days that events are kept; 0 keeps them for ever.
        events_text: Keep texts and composed replies in events; otherwise only keyed hashes.
        rows: Most answers that the local model writes at once.
        threads: Threads of torch for one judgement or step; 0 leaves it to torch and OMP_NUM_THREADS.
        max_tokens: Most tokens of one answer.
        max_body: Largest request body in bytes.
        streams: Most answers at once.
        streams_per_key: Most answers at once for one key.
        rate: Requests a minute for one key, every input of a moderation counted; 0 means no limit.
        stop_seconds: How long running answers may go on after SIGTERM.
        delay: Seconds between the words of a scripted model.
        runs: Folder of runs whose reports the page lists.
    """
    from sophro.cli._print import warn_of_stale_helplines
    from sophro.guard.server._run import Served
    from sophro.guard.server._run import serve as run
    from sophro.guard.server._settings import Limits, Settings
    from sophro.report import script_source

    limits = Limits(
        body_bytes=max_body,
        max_tokens=max_tokens,
        streams=streams,
        streams_per_key=streams_per_key,
        requests_per_minute=rate,
    )
    settings = Settings(
        visibility=visibility,
        hold=hold,
        traces=traces,
        upstream_trace_opened=upstream_trace_opened,
        media=media,
        store_text=events_text,
        stop_seconds=stop_seconds,
        limits=limits,
    )
    warn_of_stale_helplines()
    run(
        Served(
            model=model,
            upstream=upstream,
            upstream_key=upstream_key,
            patches=patch,
            scale=scale,
            policy=policy,
            host=host,
            port=port,
            keys=keys,
            open=open_,
            events=None if no_events else events or default_events(),
            days=events_days,
            settings=settings,
            rows=rows,
            upstream_seconds=upstream_seconds,
            delay=delay,
            threads=threads,
            runs=runs,
            report_scripts=(script_source(),) if runs else (),
        )
    )


def events(
    action: Literal["list", "export", "delete"] = "list",
    /,
    *,
    events: Path | None = None,
    since: str | None = None,
    before: str | None = None,
    tenant: str = "",
    user: str = "",
    decision: str = "",
    kind: str = "",
    request: str = "",
    id_: Annotated[str, Parameter(name="--id")] = "",
    text: str = "",
    limit: int = 50,
    out: Path | None = None,
    json: bool = False,
) -> None:
    """Look at the record of decisions, export it, or delete from it.

    Args:
        action: list (the newest), export (all that match, as JSONL), or delete (all that match, for good).
        events: Event file; one in the user's state folder by default.
        since: Only events from this time on (2026-11-22, or 2026-11-22T15:00; UTC).
        before: Only events before this time.
        tenant: Only this tenant's.
        user: Only those of this client field user; needs --tenant.
        decision: Only those where the policy said this (refuse, hold, ...).
        kind: Only this kind: decision, outcome, escalation, deletion.
        request: Only those of this response.
        id_: Only this event.
        text: Only those about exactly this text (found by its keyed hash).
        limit: Most rows of list.
        out: File that export writes.
        json: Print as JSON.
    """
    from datetime import UTC, datetime

    from sophro.cli._print import show_json, show_table
    from sophro.errors import SophroError
    from sophro.files import write_jsonl
    from sophro.guard.server._events import Query, delete, select

    if user and not tenant:
        raise SophroError("--user needs --tenant: the same name may mean two people for two tenants")
    if (action == "export") != (out is not None):
        raise SophroError("--out belongs to export, and export needs it")
    path = events or default_events()
    query = Query(
        since=_time(since, "--since"),
        until=_time(before, "--before"),
        tenant=tenant,
        user=user,
        action=decision,
        kind=kind,
        request=request,
        id=id_,
        text=text,
        limit=limit if action == "list" else 0,
    )
    if action == "delete":
        count = delete(path, query)
        if json:
            show_json({"deleted": count})
        else:
            print(f"{path}: {count} events deleted")
        return
    if out is not None:
        count = write_jsonl(out, select(path, query))
        if json:
            show_json({"out": str(out), "events": count})
        else:
            print(f"{out}: {count} events")
        return
    rows = list(select(path, query))
    if json:
        show_json(rows)
        return
    shown = [
        (
            datetime.fromtimestamp(r["time"], UTC).strftime("%Y-%m-%d %H:%M:%S"),
            r["tenant"],
            r["kind"],
            r["place"],
            r["enforced"] if r["enforced"] == r["action"] else f"{r['action']} (not enforced)",
            ", ".join(f"{w['detector']}.{w['label']} {w['score']:.2f}" for w in r["reasons"])
            or str(r["detail"].get("outcome", "")),
            r["id"],
        )
        for r in rows
    ]
    show_table(("time (UTC)", "tenant", "kind", "where", "action", "why", "id"), shown)


def _time(text: str | None, option: str) -> float:
    from datetime import UTC, datetime

    from sophro.errors import SophroError

    if text is None:
        return 0.0
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise SophroError(f"{option} {text}: write it as 2026-11-22 or 2026-11-22T15:00") from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
