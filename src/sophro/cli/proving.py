"""``sophro evidence``."""

from __future__ import annotations

from pathlib import Path


def evidence(*names: str, quick: bool = False, out: Path = Path("runs/evidence"), json: bool = False) -> int:
    """Run the executable claims and say what held, with intervals.

    Args:
        names: Claims or methods; all by default.
        quick: Fewer prompts; what CI runs.
        out: Folder for the runs behind the claims; a second call resumes.
        json: Print as JSON.
    """
    from sophro.evidence import run_claims

    return run_claims(names, quick=quick, out=out, as_json=json)
