"""Every command of README and docs that makes or reads a run is run here, the others in ``test_docs``."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from printed import ROOT, about_runs, commands, type_in


@pytest.mark.model
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_every_printed_command_about_runs_works(tmp_path):
    assert type_in([c for c in commands() if about_runs(c)], tmp_path) >= 8
    assert (tmp_path / "runs/quickstart/report.html").exists() and (tmp_path / "runs/both.html").exists()
    # The second half of `make picture`, on the small run.
    drawing = [sys.executable, str(ROOT / "scripts/make_picture.py"), "runs/quickstart", "drawn.svg"]
    subprocess.run(drawing, cwd=tmp_path, check=True, capture_output=True)
    drawn = (tmp_path / "drawn.svg").read_text("utf-8")
    assert drawn.startswith("<svg") and all(name in drawn for name in ("base", "safety_sft", "triggers"))
    used, known = (set(re.findall(form, drawn)) for form in (r"var\((--[\w-]+)", r"(--[\w-]+):"))
    assert "--arm-1" in used and used <= known, f"colours that nothing defines: {used - known}"
