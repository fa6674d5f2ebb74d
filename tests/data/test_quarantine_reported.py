"""The command line says which files it left out, and goes on."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.data.made_files import encoded, noise, write

if TYPE_CHECKING:
    from pathlib import Path


def test_evaluate_lists_what_it_left_out(model_path: Path, tmp_path: Path) -> None:
    for digit in ("3", "7"):
        write(tmp_path / "data" / digit / "1.png", encoded(noise(0, 8, 8)))
    write(tmp_path / "data" / "7" / "page\x1b[2J.png", b"<html>")
    run = subprocess.run(
        [sys.executable, "-m", "pellucid", "evaluate", str(model_path), str(tmp_path / "data")],
        check=True,
        capture_output=True,
        text=True,
    )
    printed = r"1 file cannot be used and is left out: 7/page\x1b[2J.png: a text with markup"
    assert printed in run.stderr
    assert "of 2 pictures: data" in run.stdout
