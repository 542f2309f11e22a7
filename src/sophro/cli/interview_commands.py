"""``sophro interview`` and ``sophro instruments``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

_COLUMN = 60


def interview(
    module: str,
    /,
    *,
    participant: Literal["human", "model", "script"] = "human",
    lang: Literal["en", "zh"] = "en",
    model: str = "smollm2-135m",
    script: str = "clear",
    judge: str = "rules",
    questions: str = "fixed",
    diagnosis: str = "fixed",
    region: str | None = None,
    seed: int = 0,
    out: Path | None = None,
    json: bool = False,
) -> None:
    """Hold a structured interview; the result, with the person's own words behind every verdict, is for a clinician.

    Args:
        module: low_mood, worry, social_fear, suicide_risk, phq9, gad7, or a YAML file.
        participant: A human at the terminal, a model that plays a person, or a script with known answers.
        lang: Language of the interview.
        model: Model that plays the person.
        script: How the script answers (clear, vague, contradicting ...), or `list`.
        judge: rules, or a model; a model is examined first and refused if it fails.
        questions: fixed wordings, or a model that words them (its wordings are checked).
        diagnosis: fixed summary, or a model that words it (it cannot change the counted outcome).
        region: Country code for crisis resources.
        seed: Seed of the script.
        out: Folder for log.jsonl, result.json and interview.html; the same command goes on where it was stopped.
            Without it nothing is kept.
        json: Print the result as JSON.
    """
    import anyio

    from sophro.care.dialogue import run_sync
    from sophro.care.interview import Interview
    from sophro.care.interview._outcome import diagnosis_model
    from sophro.care.interview._page import render_page
    from sophro.care.interview._people import question_model
    from sophro.care.interview._vet import vet
    from sophro.cli._print import clean, note, show_json, show_table
    from sophro.errors import SophroError
    from sophro.files import write_json, write_text

    if script == "list":
        from sophro.care.interview._participants import POLICIES

        print("\n".join(POLICIES))
        return
    judging = _judge(judge)
    held = Interview(
        module,
        _participant(participant, module, lang, model, script, seed),
        lang,
        judge=judging,
        questions=None if questions == "fixed" else question_model(_known(questions)),
        diagnosis=None if diagnosis == "fixed" else diagnosis_model(_known(diagnosis)),
        region=region,
    )
    if judging is not None:
        found = anyio.run(vet, judging)
        if not found.passed:
            raise SophroError(
                f"judge {judge!r} failed its examination: {found.reason}; use --judge rules, or a stronger model"
            )
    done = run_sync(held, log=None if out is None else out / "log.jsonl", seed=seed)
    outcome: dict[str, Any] = dict(done.outcome or {})
    if participant != "human":
        outcome["simulated"] = True
    if out is not None:
        write_json(out / "result.json", outcome)
        write_text(out / "interview.html", render_page(done))
    if json:
        show_json(outcome)
        return
    if participant == "human":
        # A person never reads the result; the clinician does.
        last = max((t.index for t in done.turns if t.speaker == "participant"), default=-1)
        for turn in done.turns[last + 1 :]:
            print(f"\n{_lines(turn.text)}")
        if out is not None:
            note(f"kept for the clinician in {out}")
        return
    main = outcome["modules"][outcome["module"]]
    show_table(
        ("node", "verdict", "value", "in the person's words"),
        [
            (t["node"], t["verdict"], "" if t["value"] is None else t["value"], clean(t["quote"])[:_COLUMN])
            for t in main["trace"]
        ],
    )
    print(clean(outcome["summary"]))
    if out is not None:
        print(f"{out / 'interview.html'}")


def _known(model: str) -> str:
    from sophro.models import check_name

    check_name(model)
    return model


def _judge(name: str) -> Any:
    from sophro.care.interview import model_judge

    return None if name == "rules" else model_judge(_known(name))


def _participant(kind: str, module: str, lang: str, model: str, script: str, seed: int) -> Any:
    from sophro.care.interview._participants import make
    from sophro.care.interview._people import model_person, person

    if kind == "script":
        return make(module, lang, script, seed).agent()
    if kind == "model":
        return model_person(_known(model), lang)
    return person(_read, lambda text: print(f"\n{_lines(text)}"))


def _read() -> str | None:
    try:
        return input("> ")
    except EOFError:
        return None


def _lines(text: str) -> str:
    from sophro.cli._print import clean

    return "\n".join(clean(line) for line in text.split("\n"))


def instruments(name: str | None = None, /, *, lang: Literal["en", "zh"] = "en", json: bool = False) -> None:
    """List the questionnaires with their terms, or show one; those that may not be shipped are listed with the reason.

    Args:
        name: Questionnaire to show.
        lang: Language of the items.
        json: Print as JSON.
    """
    from dataclasses import asdict

    from sophro.care.instruments import REFUSED, instrument
    from sophro.care.instruments import instruments as shipped
    from sophro.cli._print import show_json, show_table

    if name is not None:
        found = instrument(name)
        if json:
            show_json(asdict(found))
            return
        words = found.languages[lang]
        print(f"{found.title}\n{found.paper}\nTerms: {found.licence.terms} ({found.licence.source})\n")
        print(
            f"{words.stem}\n{' / '.join(f'{v} {o}' for v, o in zip(found.values, words.options, strict=True))}"
        )
        for number, item in enumerate(words.items, start=1):
            print(f"{number:2} {item}")
        bands = ", ".join(f"{band} {low}-{high}" for band, low, high in found.bands)
        print(f"\nTotal: {bands}; further evaluation from {found.cut}\nWording: {words.source}\n{found.note}")
        return
    if json:
        show_json(
            {
                "shipped": [asdict(i) for i in shipped().values()],
                "refused": [asdict(r) for r in REFUSED.values()],
            }
        )
        return
    show_table(
        ("name", "status", "terms"),
        [
            *((i.name, "shipped", i.licence.terms) for i in shipped().values()),
            *((r.name, "refused", f"{r.reason} ({r.certainty})") for r in REFUSED.values()),
        ],
    )


def score_(
    *, instrument: str, in_: Annotated[Path, Parameter(name="--in")], out: Path, json: bool = False
) -> None:
    """Score questionnaires: JSONL {id, answers} in, {id, total, band, ...} out; a missing item leaves the total open.

    Args:
        instrument: Name of the questionnaire.
        in_: File with one object a line: id, answers (one number per item, null where it was not answered).
        out: File to write.
        json: Print the rows as JSON.
    """
    from sophro.care.instruments import score_file
    from sophro.cli._print import show_json

    rows = score_file(instrument, in_, out)
    if json:
        show_json(rows)
        return
    whole = sum(row["total"] is not None for row in rows)
    print(f"{out}: {len(rows)} questionnaires, {whole} of them with a total")
