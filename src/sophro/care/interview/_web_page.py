"""What the person sees at the live page: words in both languages, one template, one style sheet, a script of a few lines.

Contract: everything works without the script, which only lets Enter send and a watched interview run on. Every text is escaped, and characters that
hide or turn text are named (``sophro.pages``). No result is ever on it.
"""

# ruff: noqa: E501 (a page and its style sheet)

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from sophro.care.interview._controller import PARTICIPANT
from sophro.pages import environment, sealed

if TYPE_CHECKING:
    from jinja2 import Template

    from sophro.care.dialogue import Turn

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "title": "Interview",
        "what": "A computer program will ask you questions about how you have been, one at a time. It is not a person. "
        "It gives no diagnosis and is no emergency service.",
        "kept": "What you write is kept in a folder on this computer, for a clinician to read.",
        "not_kept": "What you write is not kept: it is gone when the program that serves this page ends.",
        "free": "You may leave out any question, and you can stop at any time.",
        "told": "If you write that your life is in danger, this program tells somebody, without your words.",
        "local": "A language model on this computer reads what you write as well: ",
        "remote": "A language model on another company's computers reads what you write as well: ",
        "danger": "If you are in danger now, do not wait for this page: call your local emergency number.",
        "keep_words": "What I write about danger may be kept in the record of such events, without numbers and addresses. "
        "You can leave this empty.",
        "begin": "Begin",
        "you": "You",
        "program": "Program",
        "important": "Important",
        "answer": "Your answer",
        "send": "Send",
        "skip": "Leave this out",
        "stop": "Stop the interview",
        "enter": "Enter sends, Shift and Enter begin a new line.",
        "end": "The interview has ended. You can close this page.",
        "hide": "Hide what was written",
        "cut": "The program reads a part of so long a text here; all of it was looked at for danger.",
        "broken": "This cannot go on",
        "why": "Something is wrong on this computer, and not with what you wrote. Please tell the person who gave you this "
        "page. What you wrote before is not lost.",
        "long": "That was too long to be sent. Please write less at once.",
        "unknown": "There is no such page.",
        "refused": "This was sent from another page and was not taken.",
        "back": "Back",
        "watch": "Nobody is interviewed here. You watch an interview in which the person is played by ",
        "watched": "The conversation is kept in a folder on this computer.",
        "not_watched": "The conversation is gone when the program that serves this page ends.",
        "played": "Person (simulated)",
        "next": "Next answer",
        "run": "Run to the end",
        "pause": "Pause",
        "SKIPPED": "I would rather not answer this.",
        "STOPPED": "stop",
    },
    "zh": {
        "title": "访谈",
        "what": "一个电脑程序会一个一个地问您一些关于近况的问题。它不是真人，不作诊断，也不是急救服务。",
        "kept": "您写的内容保存在这台电脑的一个文件夹里，供专业人员阅读。",
        "not_kept": "您写的内容不会保存：程序结束后就没有了。",
        "free": "任何问题您都可以不回答，也可以随时停止。",
        "told": "如果您写到自己有生命危险，程序会通知一个人，但不会发送您的原话。",
        "local": "这台电脑上的一个语言模型也会读您写的内容：",
        "remote": "其他公司电脑上的一个语言模型也会读您写的内容：",
        "danger": "如果您现在有危险，请不要等这个页面：请马上拨打当地的急救电话。",
        "keep_words": "我写的关于危险的话可以保存在这类事件的记录里，其中的号码和地址会去掉。可以不选。",
        "begin": "开始",
        "you": "您",
        "program": "程序",
        "important": "重要",
        "answer": "您的回答",
        "send": "发送",
        "skip": "跳过这个问题",
        "stop": "停止访谈",
        "enter": "按回车发送，按 Shift 加回车换行。",
        "end": "访谈已经结束，您可以关闭这个页面。",
        "hide": "隐藏写过的内容",
        "cut": "这么长的文字，程序在这里只读一部分；有没有危险是看了全部的。",
        "broken": "现在无法继续",
        "why": "这台电脑上出了问题，和您写的内容无关。请告诉给您这个页面的人。您之前写的内容没有丢失。",
        "long": "内容太长，无法发送。请一次少写一些。",
        "unknown": "没有这个页面。",
        "refused": "这条内容来自别的页面，没有被接受。",
        "back": "返回",
        "watch": "这里没有真人接受访谈。您看到的访谈中，受访者由它扮演：",
        "watched": "对话保存在这台电脑的一个文件夹里。",
        "not_watched": "程序结束后，对话就没有了。",
        "played": "受访者（模拟）",
        "next": "下一个回答",
        "run": "进行到底",
        "pause": "暂停",
        "SKIPPED": "我不想回答这个问题。",
        "STOPPED": "停止",
    },
}
STYLE = """
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; font: 1.06rem/1.65 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "PingFang SC", "Noto Sans CJK SC", sans-serif; color: var(--ink); background: var(--paper); overflow-wrap: anywhere; }
main { max-width: 40rem; margin: 0 auto; padding: 1.5rem 1.1rem 2.5rem; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: .5rem 0 1rem; }
p { margin: 0 0 1rem; } .quiet, .hint { color: var(--quiet); font-size: .9rem; }
.turn { margin: 0 0 1.1rem; } .who { display: block; font-size: .82rem; color: var(--quiet); }
.text { white-space: pre-wrap; unicode-bidi: isolate; margin: 0; }
.person { margin-left: 12%; background: var(--raised); border-radius: .7rem; padding: .5rem .9rem .7rem; }
.crisis { border: 2px solid var(--bad); border-radius: .7rem; padding: .8rem 1rem 1rem; background: var(--raised); font-size: 1.1rem; }
.crisis .who { color: var(--bad); font-weight: 700; font-size: .95rem; }
.note { border-left: 3px solid var(--warn); padding-left: .8rem; }
#now { scroll-margin-top: 1rem; }
form { margin: 1.6rem 0 0; } label { display: block; font-weight: 600; margin-bottom: .3rem; }
label.check { font-weight: 400; display: flex; gap: .6rem; align-items: flex-start; margin-bottom: 1rem; } label.check input { margin-top: .35rem; flex: none; }
textarea { display: block; width: 100%; min-height: 5.6rem; resize: vertical; font: inherit; color: inherit; background: var(--raised); border: 1px solid var(--quiet); border-radius: .6rem; padding: .6rem .8rem; }
.keys { display: flex; flex-wrap: wrap; gap: .6rem; margin-top: .8rem; }
button { font: inherit; color: var(--ink); background: none; border: 1px solid var(--quiet); border-radius: .6rem; padding: .55rem 1rem; min-height: 2.75rem; cursor: pointer; }
button.first { background: var(--ink); color: var(--paper); border-color: var(--ink); padding-inline: 1.6rem; }
:focus-visible { outline: 3px solid var(--arm-1); outline-offset: 2px; } #now:focus { outline: none; }
a { color: inherit; } [hidden] { display: none; }
"""
SCRIPT = """(() => {
  const watch = document.getElementById("watch");
  if (watch && watch.dataset.run) setTimeout(() => watch.requestSubmit(watch.querySelector("[value=run]")), 500);
  const form = document.getElementById("answer");
  if (!form) return;
  const send = form.querySelector("[value=send]");
  form.querySelector(".hint").hidden = false;
  form.elements.message.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
    event.preventDefault();
    form.requestSubmit(send);
  });
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
  addEventListener("pageshow", () => { delete form.dataset.sent; });
})();
"""
_TEMPLATE = """{% set title = w.title %}
{% include "head.html" %}
<body>
<main>
{% if kind == "start" %}
<h1>{{ w.title }}</h1>
{% if start.player %}<p>{{ w.watch }}<span class="text">{{ start.player }}</span></p>
<p>{{ w.watched if start.kept else w.not_watched }}</p>
{% else %}<p>{{ w.what }}</p>
<p>{{ w.kept if start.kept else w.not_kept }} {{ w.free }}</p>
{% endif %}
{% for name in start.local %}<p>{{ w.local }}{{ name }}</p>
{% endfor %}
{% for name in start.remote %}<p class="note">{{ w.remote }}{{ name }}</p>
{% endfor %}
{% if start.told %}<p>{{ w.told }}</p>
{% endif %}
{% if not start.player %}<p class="note">{{ w.danger }}</p>
{% endif %}
<form method="post" action="/begin">
{% if start.ask_words %}<label class="check"><input type="checkbox" name="keep_words" value="yes"><span>{{ w.keep_words }}</span></label>
{% endif %}
<button class="first">{{ w.begin }}</button>
</form>
{% elif kind == "talk" %}
<h1 class="quiet">{{ w.title }}</h1>
{% for t in turns %}
<section class="turn{% if t.speaker == person %} person{% elif t.strategy == "crisis" %} crisis{% endif %}"{% if t.index == now %} id="now" tabindex="-1"{% endif %}{% if t.strategy == "crisis" %} aria-label="{{ w.important }}"{% endif %}>
<span class="who">{% if t.speaker == person %}{{ w.played if player else w.you }}{% elif t.strategy == "crisis" %}{{ w.important }}{% else %}{{ w.program }}{% endif %}</span>
<p class="text">{{ t.text }}</p>
{% if t.meta.get("cut") %}<p class="quiet">{{ w.cut }}</p>
{% endif %}
</section>
{% endfor %}
{% if finished %}
<p class="note">{{ w.end }}</p>
<form method="post" action="/leave"><button>{{ w.hide }}</button></form>
{% elif player %}
<form method="post" action="/answer" id="watch"{% if runs %} data-run="1"{% endif %}>
<input type="hidden" name="at" value="{{ turns | length }}">
<div class="keys">
<button class="first" name="do" value="next">{{ w.next }}</button>
<button name="do" value="run">{{ w.run }}</button>
</div>
{% if runs %}<p class="quiet"><a href="/">{{ w.pause }}</a></p>
{% endif %}
</form>
{% else %}
<form method="post" action="/answer" id="answer">
<input type="hidden" name="at" value="{{ turns | length }}">
<label for="message">{{ w.answer }}</label>
<textarea id="message" name="message" rows="3" required{% if not urgent %} autofocus{% endif %} autocomplete="off"></textarea>
<div class="keys">
<button class="first" name="do" value="send">{{ w.send }}</button>
<button name="do" value="skip" formnovalidate>{{ w.skip }}</button>
<button name="do" value="stop" formnovalidate>{{ w.stop }}</button>
</div>
<p class="hint" hidden>{{ w.enter }}</p>
</form>
{% endif %}
{% else %}
<h1>{{ w.broken }}</h1>
<p>{{ said }}</p>
<p class="note">{{ w.danger }}</p>
<p><a href="/">{{ w.back }}</a></p>
{% endif %}
</main>
<script>{{ script }}</script>
</body>
</html>
"""


@dataclass(frozen=True)
class Start:
    """What the person is told before the first question.

    Attributes:
        kept: Whether what is written stays on the disk.
        local: Models on this computer that read along.
        remote: Models elsewhere that read along.
        told: Whether somebody is told of danger.
        ask_words: Whether the person is asked if the record of danger may hold words.
        player: Who plays the person where nobody is interviewed.
    """

    kept: bool = True
    local: Sequence[str] = ()
    remote: Sequence[str] = ()
    told: bool = False
    ask_words: bool = False
    player: str = ""


def _now(turns: Sequence[Turn]) -> int:
    return max((t.index for t in turns if t.speaker == PARTICIPANT), default=-1) + 1


@cache
def _template() -> Template:
    return environment({"live.html": _TEMPLATE}).get_template("live.html")


@cache
def _sealed() -> Mapping[str, Any]:
    found = sealed(STYLE, SCRIPT)
    return {**found, "policy": found["policy"].replace("form-action 'none'", "form-action 'self'")}


def policy() -> str:
    """Return the content policy as a header: that of the page, and nobody may frame it."""
    return f"{_sealed()['policy']}; frame-ancestors 'none'; require-trusted-types-for 'script'"


def start_page(lang: str, start: Start) -> str:
    """Return the page before the interview."""
    return _page(lang, kind="start", start=start)


def urgent(turns: Sequence[Turn]) -> bool:
    """Return whether what was said last holds a crisis reply, which is read before the field is shown."""
    return any(t.strategy == "crisis" for t in turns[_now(turns) :])


def talk_page(lang: str, turns: Sequence[Turn], finished: bool, player: str = "", runs: bool = False) -> str:
    """Return the conversation with the open question, or with the end.

    Args:
        lang: Language of the page.
        turns: The conversation.
        finished: Whether it has ended.
        player: Who plays the person; then there are buttons for the next answer and no field for one.
        runs: Whether the page asks for the next answer by itself.
    """
    facts = {
        "now": _now(turns),
        "urgent": urgent(turns),
        "person": PARTICIPANT,
        "player": player,
        "runs": runs,
    }
    return _page(lang, kind="talk", turns=turns, finished=finished, **facts)


def error_page(lang: str, said: str) -> str:
    """Return a page that says why something did not work."""
    return _page(lang, kind="error", said=said)


def _page(lang: str, **facts: Any) -> str:
    return _template().render(lang={"zh": "zh-Hans"}.get(lang, lang), w=WORDS[lang], **facts, **_sealed())
