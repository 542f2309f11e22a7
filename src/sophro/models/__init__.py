"""Models: loading, batched generation, log-probabilities, activations, reversible patches.

Importing this package costs nothing; torch and transformers load with the first name that needs them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sophro._lazy import lazy

if TYPE_CHECKING:
    from sophro.models._adaptive import AdaptivePatch, Strengths, Term
    from sophro.models._capture import Captured, capture, collect, moments
    from sophro.models._chat_model import ChatModel, require
    from sophro.models._embedded import pull
    from sophro.models._encoder import SentenceEncoder, encoder
    from sophro.models._fingerprint import Fingerprint
    from sophro.models._hold import HoldBack
    from sophro.models._injection import AblationPatch, SteeringPatch
    from sophro.models._load import EMBEDDED, check_name, is_local, load, load_chat, local_names
    from sophro.models._memory import release_memory
    from sophro.models._patches import (
        LogitBiasPatch,
        LowRankPatch,
        Patch,
        decoder_layers,
        load_patch,
        patch_digest,
        save_patch,
    )
    from sophro.models._rounding import RoundingPatch
    from sophro.models._running import Running
    from sophro.models._scripted import COMPLIANCE, REFUSAL, STUBS, ScriptedModel
    from sophro.models._span import Avoid, SpanLosses, SpanReader
    from sophro.models._stack import StackPatch
    from sophro.models._subject import Subject
    from sophro.models._types import Completion, GenerationConfig
    from sophro.models._weights import Edit, WeightPatch

_LAZY = {
    "Avoid": "_span",
    "COMPLIANCE": "_scripted",
    "REFUSAL": "_scripted",
    "EMBEDDED": "_load",
    "STUBS": "_scripted",
    "ChatModel": "_chat_model",
    "Completion": "_types",
    "Edit": "_weights",
    "Fingerprint": "_fingerprint",
    "GenerationConfig": "_types",
    "HoldBack": "_hold",
    "LogitBiasPatch": "_patches",
    "LowRankPatch": "_patches",
    "Patch": "_patches",
    "ScriptedModel": "_scripted",
    "SentenceEncoder": "_encoder",
    "SpanLosses": "_span",
    "SpanReader": "_span",
    "SteeringPatch": "_injection",
    "AblationPatch": "_injection",
    "AdaptivePatch": "_adaptive",
    "RoundingPatch": "_rounding",
    "StackPatch": "_stack",
    "Term": "_adaptive",
    "Strengths": "_adaptive",
    "Subject": "_subject",
    "Running": "_running",
    "capture": "_capture",
    "collect": "_capture",
    "moments": "_capture",
    "Captured": "_capture",
    "decoder_layers": "_patches",
    "WeightPatch": "_weights",
    "check_name": "_load",
    "encoder": "_encoder",
    "is_local": "_load",
    "load": "_load",
    "load_chat": "_load",
    "load_patch": "_patches",
    "local_names": "_load",
    "patch_digest": "_patches",
    "pull": "_embedded",
    "release_memory": "_memory",
    "require": "_chat_model",
    "save_patch": "_patches",
}

__all__ = [
    "COMPLIANCE",
    "EMBEDDED",
    "REFUSAL",
    "STUBS",
    "AblationPatch",
    "AdaptivePatch",
    "Avoid",
    "Captured",
    "ChatModel",
    "Completion",
    "Edit",
    "Fingerprint",
    "GenerationConfig",
    "HoldBack",
    "LogitBiasPatch",
    "LowRankPatch",
    "Patch",
    "RoundingPatch",
    "Running",
    "ScriptedModel",
    "SentenceEncoder",
    "SpanLosses",
    "SpanReader",
    "StackPatch",
    "SteeringPatch",
    "Strengths",
    "Subject",
    "Term",
    "WeightPatch",
    "capture",
    "check_name",
    "collect",
    "decoder_layers",
    "encoder",
    "is_local",
    "load",
    "load_chat",
    "load_patch",
    "local_names",
    "moments",
    "patch_digest",
    "pull",
    "release_memory",
    "require",
    "save_patch",
]


__getattr__ = lazy(__name__, _LAZY)
