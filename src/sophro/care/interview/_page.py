"""The finished interview as one HTML page for the clinician.

Contract: self-contained, no script, and a content policy that allows nothing but the page's own style sheet by its
hash. Everything that a person or a model wrote is escaped, and control, direction and invisible characters are shown as
such. Quotations link to the turn that holds them.
"""

# ruff: noqa: E501 (a page and its style sheet)

from __future__ import annotations

import base64
import hashlib
import unicodedata
from collections.abc import Mapping
from typing import Any

from sophro.care.dialogue import Dialogue

STYLE = """
:root { color-scheme: light dark; --ink: #1e1f22; --quiet: #63656c; --rule: #dfdcd5; --paper: #fcfbf9; --warn: #9c4400; --bad: #a5202f; }
@media (prefers-color-scheme: dark) { :root { --ink: #e9e7e2; --quiet: #a2a4aa; --rule: #34363b; --paper: #141517; --warn: #ffa94d; --bad: #ff8787; } }
body { font: 16px/1.6 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2.5rem; border-top: 1px solid var(--rule); padding-top: 1rem; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; } th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--rule); }
.scroll { overflow-x: auto; } .quiet { color: var(--quiet); } .warn { color: var(--warn); } .urgent { color: var(--bad); font-weight: 600; }
.turn { margin: .5rem 0; padding-left: .8rem; border-left: 3px solid var(--rule); white-space: pre-wrap; overflow-wrap: anywhere; }
.participant { border-left-color: currentColor; } .crisis { border-left-color: var(--bad); } .turn small { display: block; color: var(--quiet); }
.turn:target { outline: 2px solid var(--warn); outline-offset: 4px; } a { color: inherit; } q { overflow-wrap: anywhere; }
"""
_TEMPLATE = """<!DOCTYPE html>
<html lang="{{ o.lang }}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>Interview {{ o.module | seen }}</title>
<style>{{ style | safe }}</style>
</head>
<body>
<h1>Interview: {{ o.modules[o.module].title | seen }}</h1>
<p class="quiet">For a clinician. A structured interview by software; not a diagnosis, not validated on patients. Every verdict
below must be confirmed. The person saw only the conversation at the end of this page.</p>
<p>{% if o.risk >= 3 %}<span class="urgent">Urgent: risk {{ o.risk_name | seen }}. A person should reach out today.</span>{% else %}Outcome by
count: <strong>{{ o.level | seen }}</strong>; risk shown: {{ o.risk_name | seen }}{% if o.refer %}; to be seen{% endif %}.{% endif %}
{% if not o.complete %}<span class="warn">Ended early: {{ o.status | seen }}.</span>{% endif %}
{% if o.unscored %}<span class="warn">{{ o.unscored }} answers could not be judged.</span>{% endif %}</p>
<p>{{ o.summary | seen }}</p>
{% for c in o.conflicts %}<p class="warn">Conflict: {{ c | seen }}</p>{% endfor %}
<p class="quiet">Judge: {{ o.judge | seen }}. Dialogue {{ d.name | seen }}, seed {{ d.seed }}.</p>
{% for name, m in o.modules.items() %}
<h2>{{ m.title | seen }} <span class="quiet">({{ name | seen }}, version {{ m.version }}, {{ m.tree | seen }}; window {{ m.window_days }} days)</span></h2>
<p>{{ m.level | seen }} by the rule <code>{{ m.rule | seen }}</code>.
{% for k, v in m.scores.items() %}{{ k | seen }} = {{ v }}{% if not loop.last %}, {% endif %}{% endfor %}
{% if m.questionnaire %}<br>{{ m.questionnaire.instrument | seen }}: {% if m.questionnaire.total is not none %}total {{ m.questionnaire.total }},
{{ m.questionnaire.band | seen }}{% else %}no total, items missing: {{ m.questionnaire.missing | join(", ") }} (between {{ m.questionnaire.low }} and
{{ m.questionnaire.high }}){% endif %}. {{ m.questionnaire.note | seen }}{% endif %}</p>
<div class="scroll"><table>
<tr><th>Criterion</th><th>In the person's words</th><th>Value</th><th>Rule</th><th>Verdict</th><th>Notes</th></tr>
{% for t in m.trace %}<tr><td>{{ t.criterion | seen }}</td>
<td>{% if t.quote %}<q>{{ t.quote | seen }}</q>{% if t.turn is not none %} <a href="#turn-{{ t.turn }}">turn {{ t.turn }}</a>{% endif %}{% endif %}</td>
<td>{{ t.said | seen }}</td><td><code>{{ t.rule | seen }}</code></td><td>{{ t.verdict | replace("_", " ") | seen }}</td>
<td>{{ t.notes | join(", ") | seen }}</td></tr>
{% endfor %}</table></div>
{% endfor %}
<h2>Conversation</h2>
{% for t in d.turns %}<div class="turn {% if t.speaker == 'participant' %}participant{% elif t.strategy == 'crisis' %}crisis{% endif %}" id="turn-{{ t.index }}"><small>{{ t.index }} · {{ t.speaker | seen }}{% if t.strategy %} · {{ t.strategy | seen }}{% endif %}{% if t.meta.get("crisis", {}).get("level") %} · crisis level {{ t.meta["crisis"]["level"] }}{% endif %}{% if t.meta.get("cut") %} · cut, {{ t.meta["cut"] }} characters{% endif %}</small>{{ t.text | seen }}</div>
{% endfor %}
</body>
</html>
"""


def render_page(dialogue: Dialogue) -> str:
    """Return the page of a finished interview.

    Raises:
        ValueError: If the interview is not finished.
    """
    from jinja2 import Environment

    if dialogue.outcome is None:
        raise ValueError("an interview that has not ended has no page")
    environment = Environment(autoescape=True)
    environment.filters["seen"] = seen
    style_hash = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{style_hash}'; base-uri 'none'; form-action 'none'"
    outcome: Mapping[str, Any] = dialogue.outcome
    return environment.from_string(_TEMPLATE).render(o=outcome, d=dialogue, policy=policy, style=STYLE)


def seen(text: Any) -> str:
    """Return text in which every character that could hide or turn others is written out."""
    return "".join(
        c
        if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
        else f"\\u{ord(c):04x}"
        for c in str(text)
    )
