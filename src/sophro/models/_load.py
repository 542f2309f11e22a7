"""From a name to a model: the embedded default, a folder, a hub id, or a stub."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sophro.errors import SophroError, unknown_name
from sophro.models._scripted import STUBS, ScriptedModel

if TYPE_CHECKING:
    from sophro.models._chat_model import ChatModel

EMBEDDED = "smollm2-135m"


def local_names() -> list[str]:
    """Return the model names that need no path and no hub."""
    return [EMBEDDED, *(f"stub/{name}" for name in STUBS)]


def is_local(name: str) -> bool:
    """Tell whether ``name`` means a model run by sophro itself (not by an Inspect provider)."""
    return name == EMBEDDED or name.startswith("stub/") or Path(name).exists()


def check_name(name: str) -> None:
    """Refuse, without loading anything, a name that can be no model.

    Raises:
        SophroError: If ``name`` is neither local, nor a folder, nor of the form ``provider/model``.
    """
    stub = name.startswith("stub/") and name.removeprefix("stub/") not in STUBS
    if stub or (not is_local(name) and "/" not in name):
        raise unknown_name("model", name, local_names())


def load(name: str) -> ChatModel | ScriptedModel:
    """Return the model called ``name``; a model is loaded once per process.

    Args:
        name: ``smollm2-135m`` (fetched on first use), ``stub/always-refuse|always-comply|always-empty``, a
            folder in transformers format, or a hub id (``owner/name``).

    Raises:
        SophroError: If the name is unknown, the folder is no model, or the hub cannot be reached.
    """
    if name.startswith("stub/"):
        script = STUBS.get(name.removeprefix("stub/"))
        if script is None:
            raise unknown_name("model", name, local_names())
        return ScriptedModel(script, name)
    return _load_network(name)


def load_chat(name: str) -> ChatModel:
    """Return the model called ``name``, which must have weights.

    Raises:
        SophroError: As ``load`` does, and for a scripted model.
    """
    model = load(name)
    if isinstance(model, ScriptedModel):
        raise SophroError(f"model {name!r} is scripted and has no weights; use {EMBEDDED} or a model folder")
    return model


@lru_cache(maxsize=2)
def _load_network(name: str) -> ChatModel:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    source: Path | str
    if name == EMBEDDED:
        from sophro.models._embedded import pull

        source = pull()
    elif Path(name).exists():
        source = Path(name)
        if not (source / "config.json").exists():
            raise SophroError(f"{name}: not a model folder, config.json is missing")
    elif name.count("/") == 1 and not name.startswith((".", "/", "~")):
        source = name
    else:
        raise unknown_name("model", name, local_names())
    return _read(name, source)


def _read(name: str, source: Path | str) -> ChatModel:
    import torch

    from sophro.models._chat_model import ChatModel
    from sophro.models._quiet import quiet_transformers

    local = isinstance(source, Path)
    accelerator = torch.cuda.is_available()
    try:
        with quiet_transformers():
            from transformers import AutoModelForCausalLM, AutoTokenizer

            tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=local)
            network: Any = AutoModelForCausalLM.from_pretrained(
                source,
                local_files_only=local,
                use_safetensors=True,
                # bfloat16 is about 80 times slower than float32 on a CPU.
                dtype="auto" if accelerator else torch.float32,
            )
    except (OSError, ValueError) as error:
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise SophroError(f"model {name!r} cannot be loaded: {first[:300]}") from error
    if accelerator:
        network = network.to("cuda")
    return ChatModel(name, tokenizer, network)
