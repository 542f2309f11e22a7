"""The defence-in-depth map: which parts of the Singapore Consensus the registered methods serve, and how far.

Paper: Bengio et al., The Singapore Consensus on Global AI Safety Research Priorities, arXiv 2506.20702.

Contract: computed from the registry. A method has one primary item and at most three others. Levels: 0 none,
1 documented idea, 2 runnable tool with tests, 3 evaluated on held-out data with a control (an executable
claim), 4 monitored in use. A secondary item counts at most 2; a method without a claim counts 2. The level is
of the tool, not of the world: a full map is not safety.

Deviations: item ids and levels follow the card `defence_in_depth.md`, which marks them as its own reading.
"""

from __future__ import annotations

from collections.abc import Mapping

from sophro.registry import Method, methods

ITEMS: Mapping[str, str] = {
    "A1": "Audit techniques and benchmarks",
    "A2": "Downstream impact assessment and forecasting",
    "A3": "Secure evaluation infrastructure",
    "A4": "System safety assessment",
    "A5": "Metrology: precision, uncertainty, judge calibration",
    "A6": "Dangerous capability and propensity assessment",
    "A7": "Loss-of-control assessment",
    "D1": "Specification of intended behaviour",
    "D2": "Validation of the specification against needs",
    "D3": "Data curation, provenance, privacy",
    "D4": "Training and alignment",
    "D5": "Robustness against jailbreaks and tampering",
    "D6": "Targeted editing and removal",
    "D7": "Limiting risk by design",
    "D8": "Verification against the specification",
    "C1": "System monitoring",
    "C2": "System intervention",
    "C3": "Scalable oversight",
    "C4": "Control of systems that may resist",
    "C5": "Ecosystem monitoring",
    "C6": "Societal resilience",
}
AREAS: Mapping[str, str] = {"A": "Assessment", "D": "Development", "C": "Control"}


def level(method: Method, item: str) -> int:
    """Return the level that ``method`` gives to ``item``: 3 with an executable claim, 2 without, 0 if unrelated."""
    if item == method.primary:
        return 3 if method.evidence else 2
    return 2 if item in method.also else 0


def coverage() -> dict[str, tuple[int, list[str]]]:
    """Return for every item its level and the methods behind it, primary ones first."""
    known = methods().values()
    wrong = {i for m in known for i in (m.primary, *m.also) if i not in ITEMS}
    if wrong:
        raise ValueError(f"unknown checklist items in the registry: {sorted(wrong)}")
    out: dict[str, tuple[int, list[str]]] = {}
    for item in ITEMS:
        serving = sorted((m for m in known if level(m, item)), key=lambda m: (-level(m, item), m.name))
        out[item] = (max((level(m, item) for m in serving), default=0), [m.name for m in serving])
    return out


def coverage_page() -> str:
    """Return the map as Markdown."""
    lines = [
        "# Coverage map",
        "",
        "Made from the registry by `scripts/make_docs.py`: which parts of the Singapore Consensus",
        "(arXiv 2506.20702) the methods of sophro serve. The system boundary is *model + wrapper*.",
        "Levels: 0 none, 2 runnable with tests, 3 evaluated on held-out data with an executable claim.",
        "A full map would not mean that a system is safe.",
        "",
    ]
    found = coverage()
    for letter, area in AREAS.items():
        lines += [f"## {area}", "", "| item | topic | level | methods |", "|---|---|---|---|"]
        for item, topic in ITEMS.items():
            if item.startswith(letter):
                top, names = found[item]
                shown = ", ".join(f"`{n}`" for n in names) or "–"
                lines.append(f"| {item} | {topic} | {top} | {shown} |")
        lines.append("")
    gaps = [item for item, (top, _) in found.items() if top == 0]
    lines += [f"Gaps: {', '.join(f'{g} ({ITEMS[g]})' for g in gaps)}.", ""]
    return "\n".join(lines)
