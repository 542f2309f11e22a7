"""Text as segments: templates, token-level loss weights, traces and previews."""

from sophro.chat._loss import SFT_TABLE, check_trainable, loss_weights
from sophro.chat._parse import STATES, Parsed, State, parse_response
from sophro.chat._preview import Preview, preview, preview_html, preview_summary, preview_terminal
from sophro.chat._reflection import (
    REFLECTION_END,
    REFLECTION_TOKEN,
    VISIBILITIES,
    Visibility,
    add_reflection_token,
    count_reflections,
    visible_segments,
)
from sophro.chat._segments import KINDS, ROLES, Kind, Role, Segment, Transcript, Turn
from sophro.chat._template import Template, render
from sophro.chat._thinking import MODES, Mode, Thinking, think
from sophro.chat._tokenized import TEMPLATE, TokenizedTranscript
from sophro.chat._traces import TRACE_FORMATS, TraceFormat, detect

__all__ = [
    "KINDS",
    "MODES",
    "REFLECTION_END",
    "REFLECTION_TOKEN",
    "ROLES",
    "SFT_TABLE",
    "STATES",
    "TEMPLATE",
    "TRACE_FORMATS",
    "VISIBILITIES",
    "Kind",
    "Mode",
    "Parsed",
    "Preview",
    "Role",
    "Segment",
    "State",
    "Template",
    "Thinking",
    "TokenizedTranscript",
    "TraceFormat",
    "Transcript",
    "Turn",
    "Visibility",
    "add_reflection_token",
    "check_trainable",
    "count_reflections",
    "detect",
    "loss_weights",
    "parse_response",
    "preview",
    "preview_html",
    "preview_summary",
    "preview_terminal",
    "render",
    "think",
    "visible_segments",
]
