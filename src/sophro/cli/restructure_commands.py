"""``sophro restructure chat``, ``generate``, ``check`` and ``report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from sophro.errors import SophroError

if TYPE_CHECKING:
    from sophro.care.dialogue import Agent


def chat_(
    *,
    lang: Literal["en", "zh"] = "en",
    helper: str | None = None,
    reader: str | None = None,
    region: str | None = None,
    webhook: str | None = None,
    records: Path | None = None,
    records_text: bool = False,
    log: Path | None = None,
) -> None:
    """Look at a negative thought together, in the terminal. Self-help, not treatment; an empty line at the end leaves.

    Args:
        lang: en or zh.
        helper: Model that words the turns; by default fixed lines. A remote model sees what you write.
        reader: Model that reads the answers; by default patterns.
        region: Country code for crisis resources.
        webhook: Address that is posted to, without words, when the risk reaches ACTIVE or IMMINENT; the person is told
            that somebody knows only if it answers.
        records: File to which events of the crisis layer are appended, without words.
        records_text: Keep words in the records, where the person agrees.
        log: File that keeps the dialogue; naming it again goes on. By default nothing is kept.
    """
    import anyio

    from sophro.care.dialogue import crisis_monitor, run
    from sophro.care.restructuring import Restructuring
    from sophro.cli._care import check_region, check_words, hook_of, records_of, said_first, session_of
    from sophro.cli._print import note

    check_words(records_text, records)
    check_region(region)
    hook, kept, session = hook_of(webhook), records_of(records, records_text), session_of(log)
    person = _Terminal()
    controller = Restructuring(
        person,
        _model(helper, "helper"),
        _model(reader, "reader"),
        lang,
        monitor=lambda tongue: crisis_monitor(tongue, region, hook=hook, records=kept, session=session),
    )
    models = [m for m in (helper, reader) if m is not None]
    note(said_first(lang, log, models, events=records, words=records_text, told=hook is not None))
    done = anyio.run(lambda: run(controller, log=log))
    person.show(done.turns)


class _Terminal:
    """A person at the terminal; leaves at the end of input."""

    role = "person"
    name = "terminal"

    def __init__(self) -> None:
        self._shown = 0

    def show(self, turns: Any) -> None:
        """Print what was said since the last time."""
        for turn in turns[self._shown :]:
            if turn.speaker != self.role:
                print("".join(c if c.isprintable() or c == "\n" else " " for c in turn.text), flush=True)
        self._shown = len(turns)

    async def speak(self, view: Any) -> Any:
        """Show what is new and read one line."""
        import anyio.to_thread

        from sophro.care.dialogue import LEFT, Utterance

        self.show(view.turns)
        try:
            return Utterance((await anyio.to_thread.run_sync(lambda: input("> "))).strip())
        except EOFError:
            return LEFT


def generate_(
    *,
    out: Path,
    dialogues: Path | None = None,
    number: Annotated[int, Parameter(name=["--number", "-n"])] = 50,
    lang: str | None = None,
    helper: str | None = None,
    reader: str | None = None,
    strategies: str = "tokens",
    seed: int = 0,
    json: bool = False,
) -> None:
    """Write training records: one for each turn of the helper, from filtered dialogues.

    Args:
        out: JSONL of records: id, prompt, answer, category, lang, behaviour, meta. Beside it: the talks as a page
            (.html), the strategy tokens (.tokens.json), and with a model a folder of logs (.logs), from which the
            same command goes on.
        dialogues: JSONL of whole dialogues in CRDial's shape, for `sophro restructure check`.
        number: Dialogues that pass the filters.
        lang: en or zh only.
        helper: Model that words the helper's turns; by default fixed lines.
        reader: Model that reads the answers; by default patterns.
        strategies: tokens (a token before each sentence) or hidden.
        seed: Seed of the people's wording.
        json: Print the counts as JSON.
    """
    import anyio

    from sophro.care.restructuring import generate, records, special_tokens
    from sophro.cli._print import show_json
    from sophro.files import write_json, write_jsonl, write_text
    from sophro.report import render_restructuring

    if strategies not in ("tokens", "hidden"):
        raise SophroError(f"--strategies {strategies!r} must be tokens or hidden")
    if out.suffix in (".html", ".json"):
        raise SophroError(f"--out {out}: is for records, one a line; name it .jsonl, the page goes beside it")
    # Fixed lines are made again in seconds; what a model said is kept.
    logs = None if helper is None and reader is None else _logs(out, helper, reader)
    made = anyio.run(
        lambda: generate(
            number,
            lang=lang,
            seed=seed,
            helper=_model(helper, "helper"),
            reader=_model(reader, "reader"),
            logs=logs,
        )
    )
    rows = [row for d in made.dialogues for row in records(d, strategies == "tokens")]
    write_jsonl(out, rows)
    if dialogues is not None:
        write_jsonl(dialogues, made.dialogues)
    page = out.with_suffix(".html")
    write_text(page, render_restructuring(made.dialogues))
    if strategies == "tokens":
        write_json(out.with_suffix(".tokens.json"), special_tokens())
    found = {"dialogues": len(made.dialogues), "records": len(rows), "left_out": dict(made.dropped)}
    if json:
        show_json(found)
        return
    print(f"{out}: {len(rows)} records from {len(made.dialogues)} dialogues; {page}: the talks side by side")
    for why, count in sorted(made.dropped.items()):
        print(f"left out {count}: {why}")


def _logs(out: Path, helper: str | None, reader: str | None) -> Path:
    """Return the folder of this helper's and reader's logs; others' dialogues are other dialogues."""
    from sophro.files import digest

    return out.with_suffix(".logs") / digest("restructuring", helper, reader)[:8]


def report_(file: Path, /, *, out: Path) -> None:
    """Write talks as a page: person and helper side by side, with strategy, stage and step.

    Args:
        file: JSONL of dialogues in CRDial's shape (`generate --dialogues`), or a log of
            `inspect eval sophro/restructuring`.
        out: HTML file to write.
    """
    from sophro.report import restructuring_report

    print(restructuring_report(file, out))


def check_(file: Path, /, *, json: bool = False) -> None:
    """Check dialogues against the process: order of steps, strategies, verdicts in the person's words, an end.

    Args:
        file: JSONL of dialogues in CRDial's shape.
        json: Print as JSON.
    """
    from sophro.care.restructuring import checks
    from sophro.cli._print import show_json, show_table
    from sophro.files import read_jsonl
    from sophro.stats import rate

    found: dict[str, list[bool]] = {}
    count = 0
    for line, row in read_jsonl(file):
        try:
            of_one = checks(row)
        except KeyError as error:
            raise SophroError(
                f"{file}, line {line}: not a dialogue in CRDial's shape; it lacks {error}"
            ) from None
        except (TypeError, AttributeError, ValueError) as error:
            raise SophroError(f"{file}, line {line}: not a dialogue in CRDial's shape ({error})") from None
        count += 1
        for name, holds in of_one.items():
            found.setdefault(name, []).append(holds)
    if not count:
        raise SophroError(f"{file}: no dialogues; one JSON object a line is needed")
    rates = {name: rate(holds) for name, holds in found.items()}
    if json:
        show_json({"dialogues": count, "checks": {name: r.to_dict() for name, r in rates.items()}})
        return
    show_table(("check", "holds", "of"), [(name, r.k, r.n) for name, r in rates.items()])


def _model(name: str | None, role: str) -> Agent | None:
    from sophro.care.restructuring import model_helper, model_reader

    if name is None:
        return None
    return model_helper(name) if role == "helper" else model_reader(name)
