"""Claims about structured interviews: path and numbers are exact, and a judge that always says yes is caught.

Card ``magi.md``: fidelity 1.0, exact totals when answers are explicit, every quotation verbatim, no explicit statement
about suicide missed, and the clarification loop worth at least 0.1 kappa of the outcome.

The walker here is written a second time, by hand and module by module, and reads only what the scripted participants
mean; it shares no code with the trees. Participants and their words are our own, not people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sophro.care.dialogue import Agent, Dialogue, ScriptedAgent, Utterance, View, run_sync
from sophro.care.interview import Interview, load_module, model_judge, rules
from sophro.care.interview import _phrases as phrases
from sophro.care.interview._measure import NODE, Measured, measure_one, met_of, participants, sets
from sophro.care.interview._participants import Gold, Participant, everyone, free_answers, make
from sophro.care.interview._tree import LANGUAGES, SHIPPED
from sophro.care.interview._vet import judge_all, vet
from sophro.evidence._types import Check
from sophro.stats import agreement, kappa_interval, rate

_LOW = ("sleep", "energy", "appetite", "worth", "focus", "pace")
_WORRY = ("many", "relax", "restless", "irritable", "afraid")
_GAIN = 0.1
_QUICK = 36  # of the scripted participants' answers that the embedded judge reads with --quick


@dataclass
class Walked:
    """What an interview must come to.

    Attributes:
        paths: Nodes in order, by module.
        risk: Highest risk.
        level: Outcome of the main module.
    """

    paths: dict[str, list[str]]
    risk: int
    level: str


def walk(module: str, gold: Mapping[str, Gold]) -> Walked:
    """Walk a module by hand from what a participant means."""

    def value(name: str) -> int:
        found = gold[name].value
        return -1 if found is None else found

    found = Walked({}, 0, "none")
    if module == "suicide_risk":
        found.risk = _suicide(found, value, gold)
        found.level = ("none", "subthreshold", "positive", "urgent", "urgent")[found.risk]
        return found
    v = {k.split(".")[1]: value(k) for k in gold if k.startswith(module)}
    first, second = {
        "low_mood": ("mood", "interest"),
        "worry": ("tense", "control"),
        "social_fear": ("fear", "judged"),
    }[module]
    at = 1 if module == "social_fear" else 2
    core = v[first] >= at or v[second] >= at
    middle = {"low_mood": _LOW, "worry": (*_WORRY, "lasting", "impairment", "substance"),
              "social_fear": ("avoid", "beyond", "lasting", "impairment", "otherwise")}[module]  # fmt: skip
    path = [first, second, *(middle if core else ()), "harm"]
    found.paths[module] = path
    if v["harm"] != 0:
        found.risk = 2 if v["harm"] > 0 else 0
        found.risk = max(found.risk, _suicide(found, value, gold))
    if module == "low_mood" and core and found.risk < 3:
        path += ["lasting", "impairment", "loss", "substance", "elevated"]
    symptoms = {"low_mood": ("mood", "interest", *_LOW), "worry": ("tense", "control", *_WORRY),
                "social_fear": ("fear", "judged", "avoid", "beyond")}[module]  # fmt: skip
    met = sum(v[s] >= at for s in symptoms if s in path) + (module == "low_mood" and v["harm"] >= 1)
    lasting = "lasting" in path and v["lasting"] == 1 and v["impairment"] == 1
    enough = {
        "low_mood": met >= 5,
        "worry": met >= 4,
        "social_fear": min(v.get(n, 0) for n in ("fear", "judged", "avoid")) == 1,
    }[module]
    if found.risk >= 3:
        found.level = "urgent"
    elif core and lasting and enough:
        found.level = "positive"
    elif v["harm"] >= 1 or found.risk >= 1 or (met >= 2 and (core or module == "social_fear")):
        found.level = "subthreshold"
    return found


def _suicide(found: Walked, value: Any, gold: Mapping[str, Gold]) -> int:
    v = {
        n: value(f"suicide_risk.{n}")
        for n in ("wish", "active", "how", "intent", "plan", "prepared", "today")
    }
    path = ["wish", "active"]
    if v["active"] != 0:
        path += ["how", "intent", "plan"]
    path.append("prepared")
    if v["wish"] == 1 or v["active"] != 0 or v["prepared"] >= 2:
        path.append("today")
    found.paths["suicide_risk"] = path
    if "today" in path and v["today"] == 1:
        return 4
    if (
        v["active"] == 1
        or v["prepared"] >= 2
        or any(v[n] == 1 for n in ("how", "intent", "plan") if n in path)
    ):
        return 3
    if v["wish"] == 1:
        return 2
    return int(v["prepared"] == 1 or min(v["wish"], v["active"], v["prepared"]) < 0)


def held(participant: Participant, **settings: Any) -> Dialogue:
    """Hold one interview with a scripted participant."""
    return run_sync(Interview(participant.module, participant.agent(), participant.lang, **settings))


def states_right(participant: Participant, done: Dialogue) -> tuple[int, int]:
    """Return how many settled nodes are as the participant meant them, and how many there are."""
    right = total = 0
    for module, found in (done.outcome or {})["modules"].items():
        for node, state in found["nodes"].items():
            gold = participant.gold[f"{module}.{node}"]
            total += 1
            right += state["value"] == gold.value and (
                gold.value is not None or state["verdict"] == gold.verdict
            )
    return right, total


def scores_right(participant: Participant, done: Dialogue) -> bool:
    """Whether all counted numbers are those of the participant's own meaning."""
    for name, found in (done.outcome or {})["modules"].items():
        module = load_module(name)
        for score, value in found["scores"].items():
            members = [m for m in module.scores[score].members if m in found["path"]]
            values = [participant.gold[f"{name}.{m}"].value or 0 for m in members]
            if module.scores[score].kind == "count":
                # All thresholds of the shipped modules: 2 for how often, 1 for safety, yes or no, and how long ago.
                bounds = [
                    2 if module.nodes[m].value == "frequency" and module.nodes[m].kind != "safety" else 1
                    for m in members
                ]
                values = [int(v >= b) for v, b in zip(values, bounds, strict=True)]
            if value != sum(values):
                return False
    return True


def quotes_right(done: Dialogue) -> bool:
    """Whether every quotation stands in the turn that it names."""
    steps = [t for m in (done.outcome or {})["modules"].values() for t in m["trace"] if t["quote"]]
    return all(t["turn"] is not None and t["quote"] in done.turns[t["turn"]].text for t in steps)


def navigation(folder: Path, quick: bool) -> tuple[list[Check], list[str]]:
    """Paths, scores and quotations of scripted participants are exact; clarifying pays; disclosures are met."""
    people = list(everyone(SHIPPED, 2))
    people += [
        make(name, lang, "clear", s) for name in ("phq9", "gad7") for lang in ("en", "zh") for s in range(5)
    ]
    paths: list[bool | None] = []
    scores: list[bool | None] = []
    quotes: list[bool | None] = []
    levels: list[bool | None] = []
    mixed: list[bool | None] = []
    right = total = 0
    truth: dict[str, list[str]] = {"with": [], "without": []}
    outcome: dict[str, list[str]] = {"with": [], "without": []}
    expected = {p.pid: walk(p.module, p.gold) for p in people if p.module in SHIPPED}
    for at, person in enumerate(people):
        done = held(person)
        found: Any = done.outcome
        r, t = states_right(person, done)
        right, total = right + r, total + t
        scores.append(scores_right(person, done))
        quotes.append(quotes_right(done))
        if person.module not in SHIPPED:
            continue
        wanted = expected[person.pid]
        walked = {name: m["path"] for name, m in found["modules"].items()}
        paths.append(walked == wanted.paths)
        levels.append(found["level"] == wanted.level and found["risk"] == wanted.risk)
        other = people[(at + 1) % len(expected)]
        mixed.append(walked == expected[other.pid].paths)
        if person.policy in ("vague", "confused", "others", "off_topic", "clear"):
            bare = replace_clarify(person)
            for name, dialogue in (("with", done), ("without", bare)):
                truth[name].append(wanted.level)
                outcome[name].append((dialogue.outcome or {})["level"])
    gain = {name: kappa_interval(truth[name], outcome[name]) for name in truth}
    missed, disclosed = _disclosures()
    low, high = _interval(right, total)
    more = (gain["with"].value or 0) - (gain["without"].value or 0)
    checks = [
        Check("paths equal to an independent walker's", _share(paths), None, None, len(paths), "==", 1.0),
        Check("participants", len(people), None, None, len(people), ">=", 200),
        Check("node states as the participants meant them", right / total, low, high, total, "==", 1.0),
        Check("all scores exact", _share(scores), None, None, len(scores), "==", 1.0),
        Check("outcome and risk as the walker's", _share(levels), None, None, len(levels), "==", 1.0),
        Check("every quotation stands in its turn", _share(quotes), None, None, len(quotes), "==", 1.0),
        Check("explicit statements about suicide missed", missed, None, None, disclosed, "==", 0),
        Check("outcome kappa, clarifying minus not clarifying", more, None, None, len(truth["with"]), ">=", _GAIN),
        Check("control: paths equal to another's walk", _share(mixed), None, None, len(mixed), "<=", 0.5, True),
    ]  # fmt: skip
    notes = [
        f"outcome kappa with clarifying {_span(gain['with'])}, without {_span(gain['without'])}",
        "participants and their sentences are ours; nothing here says how the interview works with people",
    ]
    return checks, notes


def replace_clarify(person: Participant) -> Dialogue:
    """Hold the interview without the clarification loop."""
    module = load_module(person.module)
    nodes = {name: replace(node, max_clarify=0) for name, node in module.nodes.items()}
    return run_sync(Interview(replace(module, nodes=nodes), person.agent(), person.lang))


def _disclosures() -> tuple[int, int]:
    """Return how many explicit statements, made at some node of each module, were not met at once, of how many."""
    missed = total = 0
    for module in SHIPPED:
        for lang in ("en", "zh"):
            for seed, text in enumerate(phrases.DISCLOSED[lang]):
                person = make(module, lang, "clear", seed)
                for at in list(load_module(module).nodes)[:2]:
                    answers = {**person.answers, f"{module}.{at}": (text,)}
                    done = held(replace(person, answers=answers))
                    said = next(t for t in done.turns if t.text == text)
                    met = (
                        done.turns[said.index + 1].strategy == "crisis"
                        and (done.outcome or {})["level"] == "urgent"
                        and "suicide_risk" in (done.outcome or {})["modules"]
                        and done.turns[-2].strategy == "crisis"
                    )
                    total += 1
                    missed += not met
    return missed, total


def _on_scripts(name: str, judge: Agent, lang: str, every: int) -> str:
    """What a judge makes of the sentences that the scripted participants say, whose meaning is known."""
    import anyio

    scripts = sets(lang)["scripts"][::every]
    found = anyio.run(measure_one, judge, lang, "scripts", scripts)
    assert found.met is not None
    return (
        f"{name} on the scripts' sentences, {lang}: {found.decided} of {found.n} decided; of these kappa "
        f"{_span(found.met.kappa)}, value exact {_span(found.exact)}"
    )


def always_met() -> ScriptedAgent:
    """Return a judge that calls everything met and quotes the whole answer for it."""

    def judge(view: View) -> Utterance:
        top = {"yes_no": 1}.get(view.task["kind"], 3)
        said = view.task["answers"][-1]
        return Utterance("decided", {"verdict": "decided", "value": top, "evidence": said, "confidence": 1.0})

    return ScriptedAgent("judge", judge)


def judges(folder: Path, quick: bool) -> tuple[list[Check], list[str]]:
    """Agreement of judges with what scripted answers mean; the judge that says yes to everything is refused."""
    import anyio

    answers = free_answers()
    items = [(lang, *NODE[kind], text) for lang, kind, text, _ in answers]
    truth = [met_of(kind, value) for _, kind, _, value in answers]
    checks: list[Check] = []
    notes: list[str] = []
    everything = (items, truth, answers)
    for name, judge in (
        ("rules", rules()),
        ("smollm2-135m", model_judge("smollm2-135m")),
        ("always met", always_met()),
    ):
        items, truth, answers = everything
        if quick and name == "smollm2-135m":
            items, truth, answers = items[::2], truth[::2], answers[::2]
        found = anyio.run(judge_all, judge, items)
        said = [
            None if j.value is None else met_of(kind, j.value)
            for j, (_, kind, _, _) in zip(found, answers, strict=True)
        ]
        result = agreement(truth, said, "met")
        exact = rate(
            [
                j.value == value if j.value is not None else None
                for j, (*_, value) in zip(found, answers, strict=True)
            ]
        )
        asked = participants()[: _QUICK if quick and name == "smollm2-135m" else None]
        scripted = anyio.run(measure_one, judge, "en and zh", "participants", asked)
        checks.append(_with_scripts(name, scripted))
        notes.append(_told(name, f"node states of {scripted.n} scripted participants", scripted))
        passed = anyio.run(vet, judge)
        notes.append(
            f"{name}: {result.n} of {len(truth)} free answers decided; of these kappa {_span(result.kappa)}, "
            f"sensitivity {_span(result.sensitivity)}, specificity {_span(result.specificity)}, "
            f"value exact {_span(exact)}; examination {'passed' if passed.passed else 'failed: ' + passed.reason}"
        )
        if name != "always met":
            notes += [_on_scripts(name, judge, lang, 2 if quick else 1) for lang in LANGUAGES]
        unusable = sum(j.verdict == "unscored" for j in found)
        if name == "rules":
            wrong = rate([None if s is None else s != t for s, t in zip(said, truth, strict=True)])
            checks.append(
                Check(
                    "rule judge: decided answers that say the opposite",
                    wrong.value,
                    wrong.low,
                    wrong.high,
                    wrong.n,
                    "<=",
                    0.1,
                )
            )
            checks.append(
                Check(
                    "rule judge passes its examination", float(passed.passed), None, None, passed.n, "==", 1.0
                )
            )
        elif name == "always met":
            checks.append(
                Check(
                    "control: a judge that always says met passes",
                    float(passed.passed),
                    None,
                    None,
                    passed.n,
                    "==",
                    0.0,
                    True,
                )
            )
            checks.append(
                Check(
                    "control: its specificity",
                    result.specificity.value,
                    result.specificity.low,
                    result.specificity.high,
                    result.specificity.n,
                    "==",
                    0.0,
                    True,
                )
            )
        else:
            checks.append(Check(f"{name}: unusable judgments", unusable, None, None, len(found), "==", 0.0))
    notes.append(
        "free answers are our own sentences, written by the author of the rules, who knew them; not strangers' answers"
    )
    return checks, notes


def _with_scripts(name: str, found: Measured) -> Check:
    """Return a judge's kappa with the known node states; the embedded one is measured and has no bar to pass."""
    assert found.met is not None
    kappa, what = found.met.kappa, "kappa with scripted participants"
    found_of = (kappa.value, kappa.low, kappa.high, found.met.n)
    if name == "rules":
        return Check(f"rule judge: {what}", *found_of, ">=", 0.95)
    if name == "always met":
        return Check(f"control: {what} of a judge that always says met", *found_of, "==", 0.0, True)
    return Check(f"{name}: {what} (measured, no bar)", *found_of, ">=", -1.0)


def _told(name: str, what: str, found: Measured) -> str:
    assert found.met is not None
    return (
        f"{name}, {what}: {found.met.n} decided; of these kappa {_span(found.met.kappa)}, sensitivity "
        f"{_span(found.met.sensitivity)}, specificity {_span(found.met.specificity)}, value exact {_span(found.exact)}"
    )


def _share(flags: list[bool | None]) -> float | None:
    return sum(map(bool, flags)) / len(flags) if flags else None


def _interval(k: int, n: int) -> tuple[float | None, float | None]:
    found = rate([True] * k + [False] * (n - k))
    return found.low, found.high


def _span(x: Any) -> str:
    if x.value is None:
        return "undefined"
    return f"{x.value:.3f} [{x.low:.3f}, {x.high:.3f}]" if x.low is not None else f"{x.value:.3f}"
