"""``sophro interview``, ``sophro interview judge`` and ``sophro instruments``."""

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
    page: bool = False,
    port: int = 8020,
    host: str = "127.0.0.1",
    lang: Literal["en", "zh"] = "en",
    model: str = "smollm2-135m",
    script: str = "clear",
    judge: str = "rules",
    questions: str = "fixed",
    diagnosis: str = "fixed",
    region: str | None = None,
    webhook: str | None = None,
    records: Path | None = None,
    records_text: bool = False,
    seed: int = 0,
    out: Path | None = None,
    json: bool = False,
) -> None:
    """Hold a structured interview; the result, with the person's own words behind every verdict, is for a clinician.

    Args:
        module: low_mood, worry, social_fear, suicide_risk, phq9, gad7, or a YAML file.
        participant: A human at the terminal, a model that plays a person, or a script with known answers.
        page: Serve the interview as a page for a person who sits at this machine; with a script or a model it is
            watched there.
        port: Port of the page; 0 takes a free one.
        host: Address of the page; only this machine's.
        lang: Language of the interview.
        model: Model that plays the person.
        script: How the script answers (clear, vague, contradicting ...), or `list`.
        judge: rules, or a model; a model is examined first and refused if it fails.
        questions: fixed wordings, or a model that words them (its wordings are checked).
        diagnosis: fixed summary, or a model that words it (it cannot change the counted outcome).
        region: Country code for crisis resources.
        webhook: Address that is posted to, without words, when the risk reaches ACTIVE or IMMINENT; the person is told
            that somebody knows only if it answers.
        records: File to which events of the crisis layer are appended, without words.
        records_text: Keep words in the records, where the person agrees; at the page they are asked.
        seed: Seed of the script.
        out: Folder for log.jsonl, result.json and interview.html; the same command goes on where it was stopped.
            Without it nothing is kept. With a page each interview has a folder in it.
        json: Print the result as JSON.
    """
    from sophro.care.interview import Interview
    from sophro.care.interview._outcome import diagnosis_model
    from sophro.care.interview._people import question_model
    from sophro.cli._care import check_region, check_words, hook_of, records_of, said_first, session_of
    from sophro.cli._print import note
    from sophro.errors import SophroError

    if script == "list":
        from sophro.care.interview._participants import POLICIES

        print("\n".join(POLICIES))
        return
    if participant != "human" and (webhook or records):
        raise SophroError(
            f"--webhook and --records are for a person; leave them out with --participant {participant}"
        )
    if json and participant == "human" and not page:
        raise SophroError(
            "--json would show the result to the person, who never reads it; it is result.json in a folder of --out"
        )
    if page and json:
        raise SophroError("--json has nothing to print with --page; the result is in a folder of --out")
    check_words(records_text, records)
    check_region(region)
    hook = hook_of(webhook)
    judging = _judge(judge)
    wording = None if questions == "fixed" else question_model(_known(questions))
    summing = None if diagnosis == "fixed" else diagnosis_model(_known(diagnosis))

    name = {"human": "", "model": model, "script": f"the script {script!r}"}[participant]
    played = f"{name}, seed {seed}" if name else ""

    def make(agent: Any, session: str, words: bool) -> Interview:
        return Interview(
            module,
            agent,
            lang,
            judge=judging,
            questions=wording,
            diagnosis=summing,
            region=region,
            hook=hook,
            records=records_of(records, words),
            session=session,
            played=played,
        )

    models = [m for m, fixed in ((judge, "rules"), (questions, "fixed"), (diagnosis, "fixed")) if m != fixed]
    if page:
        player = _participant(participant, module, lang, model, script, seed) if played else None
        told = hook is not None
        _page(make, lang, host, port, out, models, judge, judging, told, records_text, player, played, seed)
        return
    session = session_of(out)
    held = make(_participant(participant, module, lang, model, script, seed), session, records_text)
    _examine(judge, judging)
    if participant == "human":
        told = hook is not None
        note(said_first(lang, out, models, events=records, words=records_text, told=told))
    _hold(held, played, seed, out, json, session if webhook or records else "")


def _hold(held: Any, played: str, seed: int, out: Path | None, json: bool, session: str) -> None:
    from sophro.care.dialogue import run_sync, session_hash
    from sophro.care.interview._page import render_page
    from sophro.care.interview._visits import result_of
    from sophro.cli._print import clean, note, show_json, show_table
    from sophro.files import write_json, write_text

    done = run_sync(held, log=None if out is None else out / "log.jsonl", seed=seed)
    outcome = result_of(done)
    if out is not None:
        write_json(out / "result.json", outcome)
        write_text(out / "interview.html", render_page(done))
    if json:
        show_json(outcome)
        return
    if not played:
        # A person never reads the result; the clinician does.
        last = max((t.index for t in done.turns if t.speaker == "participant"), default=-1)
        for turn in done.turns[last + 1 :]:
            print(f"\n{_lines(turn.text)}")
        if out is not None:
            called = f" (session {session_hash(session)})" if session else ""
            note(f"kept for the clinician in {out}{called}")
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


def _page(
    make: Any,
    lang: str,
    host: str,
    port: int,
    out: Path | None,
    models: list[str],
    judge: str,
    judging: Any,
    told: bool,
    ask_words: bool,
    player: Any,
    played: str,
    seed: int,
) -> None:
    """Serve the page until a signal ends it; everything that can be wrong is said before."""
    from sophro.care.dialogue import ScriptedAgent, crisis_monitor
    from sophro.care.interview import PARTICIPANT
    from sophro.care.interview._serve import check_extra, hosts, listen, serve
    from sophro.cli._print import note
    from sophro.files import kept_or_temporary
    from sophro.models import is_local

    make(ScriptedAgent(PARTICIPANT, []), "", False)  # module and language
    check_extra()
    with listen(host, port) as listener, kept_or_temporary(out) as folder:
        _examine(judge, judging)
        from sophro.care.interview._visits import Visits
        from sophro.care.interview._web import create_app
        from sophro.care.interview._web_page import Start

        crisis_monitor(lang).see("")  # loads it now, and not while a person waits for the first answer
        visits = Visits(folder, played)
        if late := visits.complete():
            note(f"{late} interviews that had ended were still without their page; written")
        if out is None:
            note("nothing is kept when this ends; name a folder with --out")
        names = sorted(set(models))
        start = Start(
            out is not None,
            [m for m in names if is_local(m)],
            [m for m in names if not is_local(m)],
            told,
            ask_words,
            played,
        )
        app = create_app(
            visits,
            lambda agent, visit: make(agent, visit.id, visit.keep_words),
            lang,
            start,
            hosts(host),
            player=player,
            seed=seed,
        )
        serve(app, listener, lambda address: print(f"sophro: the interview is at {address}", flush=True))


def judge_(model: str, /, *, every: int = 1, json: bool = False) -> None:
    """Say how well a judge reads answers: kappa with interval, per language, against scripts and free answers.

    Args:
        model: rules, a local model, or any Inspect model.
        every: Take every so many answers of each set; 1 takes all.
        json: Print as JSON.
    """
    import anyio

    from sophro.care.interview import rules
    from sophro.care.interview._measure import measure
    from sophro.care.interview._vet import vet
    from sophro.cli._print import show_json, show_table
    from sophro.errors import SophroError

    if every < 1:
        raise SophroError(f"--every {every}: 1 takes all answers, 2 every second, and so on")
    judging = _judge(model) or rules()

    async def main() -> Any:
        return await measure(judging, every), await vet(judging)

    found, vetted = anyio.run(main)
    if json:
        show_json({"judge": model, "sets": [m.to_dict() for m in found], "examination": vetted.to_dict()})
        return
    show_table(
        ("lang", "answers", "decided", "unusable", "kappa", "sensitivity", "specificity", "value exact"),
        [
            (
                m.lang,
                m.answers,
                f"{m.decided} of {m.n}",
                m.unusable,
                *(
                    ("", "", "", "")
                    if m.met is None
                    else map(_span, (m.met.kappa, m.met.sensitivity, m.met.specificity, m.exact))
                ),
            )
            for m in found
        ],
    )
    print(
        "Numbers are of what the judge decided; open are answers that must stay undecided.\n"
        f"Examination: {'passed' if vetted.passed else 'failed: ' + vetted.reason}"
    )


def _span(found: Any) -> str:
    if found is None or found.value is None:
        return "undefined"
    return f"{found.value:.3f}" + ("" if found.low is None else f" [{found.low:.3f}, {found.high:.3f}]")


def _examine(name: str, judging: Any) -> None:
    import anyio

    from sophro.care.interview._vet import vet
    from sophro.errors import SophroError

    if judging is None:
        return
    found = anyio.run(vet, judging)
    if not found.passed:
        raise SophroError(
            f"judge {name!r} failed its examination: {found.reason}; use --judge rules, or a stronger model"
        )


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
            *((r.name, "refused", f"{r.reason} ({r.certainty}; {r.source})") for r in REFUSED.values()),
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
    from sophro.files import separate

    separate(in_, out)
    rows = score_file(instrument, in_, out)
    if json:
        show_json(rows)
        return
    whole = sum(row["total"] is not None for row in rows)
    print(f"{out}: {len(rows)} questionnaires, {whole} of them with a total")
