"""The finished interview as one HTML page for the clinician.

Contract: self-contained and without script (``sophro.pages``); everything that a person or a model wrote is escaped, and
characters that hide or turn text are named. Quotations link to the turn that holds them.
"""

# ruff: noqa: E501 (a page and its style sheet)

from __future__ import annotations

from sophro.care.dialogue import Dialogue
from sophro.pages import environment, sealed

STYLE = """
body { font: 16px/1.6 system-ui, sans-serif; color: var(--ink); background: var(--paper); max-width: 60rem; margin: 2rem auto; padding: 0 1rem; overflow-wrap: break-word; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.15rem; margin-top: 2.5rem; border-top: 1px solid var(--rule); padding-top: 1rem; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; } th, td { text-align: left; vertical-align: top; padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--rule); }
.scroll { overflow-x: auto; } .quiet { color: var(--quiet); } .warn { color: var(--warn); } .urgent { color: var(--bad); font-weight: 600; }
.turn { margin: .5rem 0; padding-left: .8rem; border-left: 3px solid var(--rule); white-space: pre-wrap; overflow-wrap: anywhere; }
.participant { border-left-color: currentColor; } .crisis { border-left-color: var(--bad); } .turn small { display: block; color: var(--quiet); }
.turn:target { outline: 2px solid var(--warn); outline-offset: 4px; } a { color: inherit; } td code, td a, .verdict { white-space: nowrap; } td { min-width: 4.5rem; max-width: 22rem; } td:first-child, td:nth-child(2) { min-width: 9rem; }
"""
_TEMPLATE = """{% set title = "Interview " ~ o.module %}
{% set lang = o.lang %}
{% include "head.html" %}
<body>
<h1>Interview: {{ o.modules[o.module].title }}</h1>
<p class="quiet">For a clinician. A structured interview by software; not a diagnosis, not validated on patients. Every verdict
below must be confirmed. The person saw only the conversation at the end of this page.</p>
{% if d.settings.get("played") %}<p class="warn">Simulated: nobody was interviewed; the person was played by {{ d.settings["played"] }}.</p>
{% endif %}
<p>{% if o.risk >= 3 %}<span class="urgent">Urgent: risk {{ o.risk_name }}. A person should reach out today.</span>{% else %}Outcome by
count: <strong>{{ o.level }}</strong>; risk shown: {{ o.risk_name }}{% if o.refer %}; to be seen{% endif %}.{% endif %}
{% if not o.complete %} <span class="warn">Ended early: {{ o.status }}.</span>{% endif %}
{% if o.unscored %} <span class="warn">{{ o.unscored }} answers could not be judged.</span>{% endif %}</p>
<p>{{ o.summary }}</p>
{% for c in o.conflicts %}<p class="warn">Conflict: {{ c }}</p>{% endfor %}
<p class="quiet">Judge: {{ o.judge }}. Dialogue {{ d.name }}, seed {{ d.seed }}.</p>
{% for name, m in o.modules.items() %}
<h2>{{ m.title }} <span class="quiet">({{ name }}, version {{ m.version }}, {{ m.tree }}; window {{ m.window_days }} days)</span></h2>
<p>{{ m.level }} by the rule <code>{{ m.rule }}</code>.
{% for k, v in m.scores.items() %}{{ k }} = {{ v }}{% if not loop.last %}, {% endif %}{% endfor %}
{% if m.get("questionnaire") %}<br>{{ m.questionnaire.instrument }}: {% if m.questionnaire.total is not none %}total {{ m.questionnaire.total }},
{{ m.questionnaire.band }}{% else %}no total, items missing: {{ m.questionnaire.missing | join(", ") }} (between {{ m.questionnaire.low }} and
{{ m.questionnaire.high }}){% endif %}. {{ m.questionnaire.note }}{% endif %}</p>
<div class="scroll" tabindex="0" role="region" aria-label="{{ m.title }}"><table>
<tr><th>Criterion</th><th>In the person's words</th><th>Value</th><th>Rule</th><th>Verdict</th><th>Notes</th></tr>
{% for t in m.trace %}<tr><td>{{ t.criterion }}</td>
<td>{% if t.quote %}<q>{{ t.quote }}</q>{% if t.turn is not none %} <a href="#turn-{{ t.turn }}">turn {{ t.turn }}</a>{% endif %}{% endif %}</td>
<td>{{ t.said }}</td><td><code>{{ t.rule }}</code></td><td class="verdict">{{ t.verdict | replace("_", " ") }}</td>
<td>{{ t.notes | join(", ") }}</td></tr>
{% endfor %}</table></div>
{% endfor %}
<h2>Conversation</h2>
{% for t in d.turns %}<div class="turn {% if t.speaker == 'participant' %}participant{% elif t.strategy == 'crisis' %}crisis{% endif %}" id="turn-{{ t.index }}"><small>{{ t.index }} · {{ t.speaker }}{% if t.strategy %} · {{ t.strategy }}{% endif %}{% if t.meta.get("crisis", {}).get("level") %} · crisis level {{ t.meta["crisis"]["level"] }}{% endif %}{% if t.meta.get("cut") %} · cut, {{ t.meta["cut"] }} characters{% endif %}</small>{{ t.text }}</div>
{% endfor %}
</body>
</html>
"""


def render_page(dialogue: Dialogue) -> str:
    """Return the page of a finished interview.

    Raises:
        ValueError: If the interview is not finished.
    """
    if dialogue.outcome is None:
        raise ValueError("an interview that has not ended has no page")
    page = environment({"interview.html": _TEMPLATE}).get_template("interview.html")
    return page.render(o=dialogue.outcome, d=dialogue, **sealed(STYLE))
