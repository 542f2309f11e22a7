"""The tree of commands."""

from __future__ import annotations

from cyclopts import App, Parameter

import sophro
from sophro.cli.crisis_commands import crisis
from sophro.cli.interview_commands import instruments, interview

# Without this every flag and list would also get a --no- or --empty- twin.
_FLAGS = Parameter(negative=())

app = App(
    name="sophro",
    help="Align, assess, guard and prove: language models that are safe without over-refusal.",
    version=sophro.__version__,
    help_format="plaintext",
    help_formatter="plain",
    version_flags=["--version"],
    default_parameter=_FLAGS,
)

for _name, _home, _help in (
    ("run", "runs", "Align the arms of a recipe, attack and assess them, and write the report."),
    ("report", "runs", "Write one HTML file about one or several runs."),
    ("align", "training", "Align one model with one method."),
    ("edit", "editing", "Edit the weights of one model with one method; writes a patch."),
    ("preview", "training", "Show what is trained, token by token, in colour."),
    ("assess", "assessing", "Assess one model on one or several tasks."),
    ("attack", "assessing", "Build the attempts of an attack as JSONL."),
    ("perturb", "disguising", "Disguise toxic Chinese in one of eight ways, JSONL to JSONL."),
    ("normalize", "disguising", "Undo disguises of Chinese text, JSONL to JSONL."),
    ("evidence", "proving", "Run the executable claims and say what held, with intervals."),
    ("serve", "serve_commands", "Serve a model behind the guard, with the API of OpenAI."),
    (
        "events",
        "serve_commands",
        "Look at the record of the guard's decisions, export it, or delete from it.",
    ),
    ("methods", "listing", "List the methods with paper and area, or show one."),
    ("doctor", "listing", "Say what this installation can do."),
):
    app.command(f"sophro.cli.{_home}:{_name}", name=_name, help=_help)

for _group, _help, _members in (
    (
        "judge",
        "Score responses, and measure a judge against labels.",
        ("list", "score", "validate", "override"),
    ),
    ("patch", "Show, apply, merge and compare patches of weights.", ("show", "apply", "merge", "compare")),
    ("steer", "Fit steering methods: behaviour changed at inference, without training.", ("fit",)),
    (
        "guard",
        "Decide about conversations by a policy, and choose its thresholds.",
        ("check", "calibrate", "list"),
    ),
    (
        "arena",
        "Counselors meet simulated clients and are rated from three sides.",
        ("run", "improve", "profiles", "agreement", "report"),
    ),
    (
        "restructure",
        "Cognitive restructuring: a talk, training data from simulated talks, and checks of the process.",
        ("chat", "generate", "check", "report"),
    ),
    ("models", "List local models, fetch one, or make a subject for experiments.", ("list", "pull", "make")),
    ("data", "List, fetch or show named data sets.", ("list", "pull", "show")),
):
    _sub = App(
        name=_group, help=_help, help_format="plaintext", help_formatter="plain", default_parameter=_FLAGS
    )
    for _member in _members:
        _sub.command(f"sophro.cli.{_group}_commands:{_member}_", name=_member)
    app.command(_sub)

for _name, _help, _home, _member, _default in (
    (
        "crisis",
        "Say how much danger dialogues show, and what must be answered, JSONL to JSONL.",
        "crisis",
        "records",
        crisis,
    ),
    (
        "interview",
        "Hold a structured interview by a fixed tree; the result is for a clinician.",
        "interview",
        "judge",
        interview,
    ),
    ("instruments", "List, show or score questionnaires.", "interview", "score", instruments),
):
    _sub = App(
        name=_name, help=_help, help_format="plaintext", help_formatter="plain", default_parameter=_FLAGS
    )
    _sub.command(f"sophro.cli.{_home}_commands:{_member}_", name=_member)
    _sub.default(_default)
    app.command(_sub)
