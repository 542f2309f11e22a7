"""``sophro align`` and ``sophro preview``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, cast

from cyclopts import Parameter


def align(
    method: str,
    /,
    *,
    model: str,
    data: tuple[str, ...],
    out: Path,
    set_: Annotated[tuple[str, ...], Parameter(name="--set")] = (),
    tuned: Path | None = None,
    seed: int = 0,
    json: bool = False,
) -> None:
    """Align one model with one method and write a plain PEFT adapter. A killed run resumes.

    Args:
        method: Method of the room align (see sophro methods).
        model: smollm2-135m, a model folder, or a hub id.
        data: Training data, as role=SET[,split=S][,limit=N] or role=FILE.jsonl; the role is 'harmful' if not
            given.
        out: Adapter folder to create.
        set_: Option of the method or of training, as key=value; may be repeated.
        tuned: Adapter of a model that was tuned before, for methods that diagnose one (refusal_triggers).
        seed: Seed of initialisation and order.
        json: Print the result as JSON.
    """
    from sophro.align import align as run_align
    from sophro.cli._print import show_json
    from sophro.errors import SophroError
    from sophro.models import load_chat
    from sophro.registry import method as find_method

    find_method(method, "align")
    if out.exists() and not (out / "training.json").exists():
        raise SophroError(f"{out}: exists already and is no finished adapter; choose another folder")
    records = read_data(data)
    chat = load_chat(model)
    work = out.with_name(f".{out.name}.work")
    result = run_align(
        method,
        chat,
        records,
        out,
        options=read_options(set_),
        seed=seed,
        work=work,
        progress=_progress(json),
        tuned=tuned,
        advance=preparing(json),
    )
    from sophro.train import first_process

    if first_process() and work.exists():
        import shutil

        facts = sorted(work.glob("prepared/*/prepared.json"), key=lambda p: p.stat().st_mtime)
        if facts:
            # What was kept and what was dropped, by reason; nobody can ask for it once the work is gone.
            shutil.copy(facts[-1], out / facts[-1].name)
        shutil.rmtree(work)
    if first_process():
        if json:
            show_json({"out": str(out), **result.to_json()})
        else:
            print(
                f"{out}: {result.steps} steps, loss {result.loss:.3f}, {result.tokens_per_second:.0f} tokens/s"
            )
            if (out / "prepared.json").exists():
                print(f"what was kept and what was dropped, and why: {out / 'prepared.json'}")


def preview(
    *,
    model: str,
    data: tuple[str, ...],
    method: str = "safety_sft",
    set_: Annotated[tuple[str, ...], Parameter(name="--set")] = (),
    limit: int = 3,
    html: Path | None = None,
) -> None:
    """Show what is trained, token by token, in colour.

    Args:
        model: smollm2-135m, a model folder, or a hub id.
        data: As for align.
        method: Method whose masks are shown.
        set_: Option of the method, as key=value; may be repeated.
        limit: Number of records to show.
        html: Write a page instead of printing.
    """
    from sophro.align import training_items
    from sophro.chat import preview as preview_record
    from sophro.chat import preview_html, preview_terminal
    from sophro.files import write_text
    from sophro.models import load_chat

    chat = load_chat(model)
    items = training_items(method, chat, read_data(data), read_options(set_), preparing(False))
    parts = [part for item in items[:limit] for part in item.parts]
    if html is not None:
        pages = [
            preview_record(str(p.meta["id"]), p.meta["tokenized"], p.weights, chat.tokenizer) for p in parts
        ]
        write_text(html, preview_html(pages))
        print(html)
        return
    from rich.console import Console

    console = Console()
    for part in parts:
        console.print(f"[{part.meta['set']} {part.meta['id']}]", markup=False, style="bold")
        console.print(preview_terminal(part.meta["tokenized"], part.weights, chat.tokenizer))
    print(f"{min(limit, len(items))} of {len(items)} records shown")


def read_data(specs: tuple[str, ...]) -> dict[str, list[Any]]:
    """Read ``[role=]SET[,split=S][,limit=N]`` or ``[role=]FILE.jsonl`` into records by role."""
    from sophro.data import load_set
    from sophro.errors import SophroError

    out: dict[str, list[Any]] = {}
    for spec in specs:
        name, *settings = spec.split(",")
        role, found, rest = name.partition("=")
        role, name = (role, rest) if found else ("harmful", name)
        chosen: dict[str, str] = {}
        for setting in settings:
            key, equals, value = setting.partition("=")
            if not equals or key not in ("split", "limit"):
                raise SophroError(f"--data {spec!r}: {setting!r} is not split=NAME or limit=NUMBER")
            chosen[key] = value
        limit = chosen.get("limit")
        if limit is not None and not limit.isdigit():
            raise SophroError(f"--data {spec!r}: limit must be a whole number")
        count = int(limit) if limit else None
        records = load_set(name, split=cast(Any, chosen.get("split")), limit=count)
        out.setdefault(role, []).extend(records)
    return out


def read_options(pairs: tuple[str, ...]) -> dict[str, Any]:
    """Read ``key=value`` options of a method; the value is YAML."""
    import yaml

    from sophro.errors import SophroError

    options: dict[str, Any] = {}
    for pair in pairs:
        key, found, value = pair.partition("=")
        if not found or not key:
            raise SophroError(f"--set {pair!r}: key=value is needed")
        options[key] = yaml.safe_load(value)
    return options


def preparing(quiet: bool, what: str = "preparing data") -> Any:
    """Return what shows progress on a terminal, and says nothing elsewhere."""
    import sys

    def show(done: float, total: float) -> None:
        from sophro.train import first_process

        if not quiet and first_process() and sys.stderr.isatty():
            end = "\n" if done >= total else "\r"
            print(f"{what} {done:.0f}/{total:.0f}", end=end, file=sys.stderr, flush=True)

    return show


def _progress(quiet: bool) -> Any:
    import sys

    from sophro.train import first_process

    if quiet or not first_process():
        return None

    def show(done: int, total: int, loss: float) -> None:
        end = "\n" if done == total else "\r" if sys.stderr.isatty() else "\n"
        if sys.stderr.isatty() or done in (1, total) or done % 10 == 0:
            print(f"step {done}/{total}  loss {loss:.3f}", end=end, file=sys.stderr, flush=True)

    return show
