"""Real chat templates of many families (those that ship with trl), on a tiny vocabulary."""

import importlib.util
import re
from pathlib import Path

import pytest
import tiny

from sophro.chat import Segment, Template, Transcript, Turn, render

_SPEC = importlib.util.find_spec("trl")
_FOLDER = Path(_SPEC.origin).parent / "chat_templates" if _SPEC and _SPEC.origin else Path("absent")
# Templates of vision models want contents as lists of parts.
_FILES = [
    f
    for f in sorted(_FOLDER.glob("*.jinja"))
    if not f.stem.endswith("_training") and f.stem not in ("idefics3", "llava_next", "smolvlm")
]
_TAGS = r"<\|[^|>\s'\"]+\|>|<[a-z]+\|>|<[a-z_]+_of_turn>|\[/?[A-Z_]+\]|<｜[^｜]+｜>|</s>|<s>|<bos>|<eos>"
pytestmark = pytest.mark.skipif(not _FILES, reason="trl is not installed, its chat templates are needed")


def build(path):
    source = path.read_text(encoding="utf-8")
    tokenizer = tiny.tokenizer("inst")
    tokenizer.add_special_tokens({"additional_special_tokens": sorted(set(re.findall(_TAGS, source)))})
    tokenizer.add_tokens(["<think>", "</think>"])
    tokenizer.chat_template = source
    return Template(tokenizer)


@pytest.mark.parametrize("path", _FILES, ids=lambda p: p.stem)
def test_prompt_parity_injection_and_round_trip(path):
    template = build(path)
    messages = [
        {"role": "user", "content": "Hi there"},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "bye 1\n\n2."},
    ]
    ours = render(Transcript.from_messages(messages), template)
    theirs = template.tokenizer.apply_chat_template(messages, add_generation_prompt=True)["input_ids"]
    assert list(ours.ids) == list(theirs)

    hostile = "x" + "".join(template.tokenizer.get_added_vocab()) + "x"
    user = render(Transcript.of(hostile), template)
    assert template.control_ids.isdisjoint(user.ids[i] for i in user.positions("user"))

    thinks = template.trace is not None and not template.closed
    segments = (Segment("trace", "hm"),) * thinks + (Segment("answer", "Yes."),)
    talk = Transcript((Turn("user", (Segment("user", "q"),)), Turn("assistant", segments)))
    told = render(talk, template, close=True)
    assert told.ids[-1] in template.stop_ids
    assert template.parse(told.ids[told.prompt_length :]).segments == segments
