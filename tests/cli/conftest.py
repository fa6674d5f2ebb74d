"""How tests run the command line: as a process of its own, as people do."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid import Dataset


class Command(Protocol):
    def __call__(
        self, *arguments: object, code: int = 0, **environment: str
    ) -> subprocess.CompletedProcess[str]: ...


def command(*arguments: object) -> list[str]:
    """How ``pellucid`` is called as a process of its own."""
    return [sys.executable, "-m", "pellucid", *map(str, arguments)]


@pytest.fixture
def pellucid(tmp_path: Path) -> Command:
    """Runs ``pellucid`` in an empty folder; checks exit code and that no traceback shows."""

    def run(
        *arguments: object, code: int = 0, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command(*arguments),
            capture_output=True,
            text=True,
            encoding=environment.get("PYTHONIOENCODING", "utf-8"),
            cwd=tmp_path,
            env={**os.environ, **environment},
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        if code == 1:
            *_, last = done.stderr.splitlines()  # remarks on the data may precede it
            assert last.startswith("pellucid: "), done.stderr
            assert done.stderr.count("pellucid: ") == 1
        return done

    return run


@pytest.fixture(scope="session")
def picture_folder(
    digits: tuple[Dataset, Dataset], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Zeros and ones as PNG files, ``root/<class>/<index>.png``, 60 in all."""
    from PIL import Image

    root = tmp_path_factory.mktemp("pictures")
    for label, name in ((0, "naught — 영"), (1, "one")):
        (root / name).mkdir()
        chosen = [i for i, k in enumerate(digits[0].places) if k == label][:30]
        for i in chosen:
            Image.fromarray(digits[0].images[i, ..., 0]).save(root / name / f"{i}.png")
    return root
