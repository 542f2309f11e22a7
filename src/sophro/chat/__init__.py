"""Text as segments: templates, token-level loss weights, traces and previews."""

from sophro.chat._loss import SFT_TABLE, check_trainable, loss_weights
from sophro.chat._parse import STATES, Parsed, State, parse_response
from sophro.chat._preview import Preview, preview, preview_html, preview_summary, preview_terminal
from sophro.chat._segments import KINDS, ROLES, Kind, Role, Segment, Transcript, Turn
from sophro.chat._template import Template, render
from sophro.chat._tokenized import TEMPLATE, TokenizedTranscript
from sophro.chat._traces import TRACE_FORMATS, TraceFormat, detect

__all__ = [
    "KINDS",
    "ROLES",
    "SFT_TABLE",
    "STATES",
    "TEMPLATE",
    "TRACE_FORMATS",
    "Kind",
    "Parsed",
    "Preview",
    "Role",
    "Segment",
    "State",
    "Template",
    "TokenizedTranscript",
    "TraceFormat",
    "Transcript",
    "Turn",
    "check_trainable",
    "detect",
    "loss_weights",
    "parse_response",
    "preview",
    "preview_html",
    "preview_summary",
    "preview_terminal",
    "render",
]
