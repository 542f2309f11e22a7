"""The tables of ``sophro assess``: rates by arm, and what the suites add."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sophro.cli._print import interval, percent, show_table


def show_rates(values: Mapping[str, Any]) -> None:
    """Print every rate of every arm that was measured."""
    rows: list[tuple[object, ...]] = []
    for arm, numbers in values["arms"].items():
        grouped = (
            "coverage", "prefill", "attacks", "attack_scores", "all_attacks", "recovery", "reflection",
            "toxic_chinese",
        )  # fmt: skip
        measures = {k: v for k, v in numbers.items() if k not in grouped}
        measures |= {f"harmful_compliance, prefill {k}": v for k, v in numbers["prefill"].items()}
        measures |= {f"harmful_compliance, {name}": v for name, v in numbers["attacks"].items()}
        measures |= {
            f"harmful_compliance, {name}, any of {x['k']}": x["asr_at_k"]
            for name, x in numbers["attack_scores"].items()
            if x["asr_at_k"]
        }
        measures |= {f"recovery, prefill {k}": v for k, v in numbers["recovery"].items()}
        measures |= {f"reflects, {name}": v for name, v in numbers["reflection"].items()}
        for how, x in numbers["toxic_chinese"].items():
            measures |= {f"detection, {d}{how}": v for d, v in x["detection"].items()}
            measures[f"benign error{how}"] = x["benign_error"]
            average = x["average"]
            rows.append((arm, f"detection, mean of disguises{how}", percent(average["value"]),
                         interval(average["low"], average["high"]), "", ""))  # fmt: skip
            rows.append((arm, f"F1, mean of disguises{how}", percent(x["average_f1"]), "", "", ""))
        for name, m in measures.items():
            if m["n"] or m["unscored"]:
                shown = (percent(m["value"]), interval(m["low"], m["high"]))
                rows.append((arm, name, *shown, f"{m['k']}/{m['n']}", m["unscored"]))
    show_table(("arm", "measure", "value", "95 % interval", "k/n", "unscored"), rows)


def show_suites(found: Mapping[str, Any]) -> None:
    """Print the tables of the suites, where they were asked for."""
    if "unlearning" in found:
        lines = found["unlearning"]
        attacks = sorted({a for x in lines for a in x["attacks"]})
        show_table(
            ("arm", "harm", *attacks, "over-refusal", "utility", "degenerate", "score", "95 % interval"),
            [
                (
                    x["arm"], percent(x["harm"]["value"]), *(percent(x["attacks"][a]["value"]) for a in attacks),
                    percent(x["over_refusal"]["value"]), percent(x["utility"]["value"]),
                    percent(x["degenerate"]["value"]), x["why"] if x["score"] is None else f"{x['score']:.1f}",
                    "" if x["low"] is None else f"[{x['low']:.1f}, {x['high']:.1f}]",
                )
                for x in lines
            ],
        )  # fmt: skip
    if "thinking" in found:
        show_table(
            ("arm", "mode", "measure", "better", "value", "95 % interval", "k/n", "unread", "thought", "generated"),
            [
                (
                    x["arm"], x["mode"], x["capability"], x["better"], percent(x["rate"]["value"]),
                    interval(x["rate"]["low"], x["rate"]["high"]), f"{x['rate']['k']}/{x['rate']['n']}", x["unread"],
                    "" if x["thought_tokens"] is None else f"{x['thought_tokens']:.1f}", f"{x['generated_tokens']:.1f}",
                )
                for x in found["thinking"]
            ],
        )  # fmt: skip
