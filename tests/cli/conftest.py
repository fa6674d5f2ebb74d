"""How tests run the command line, and pictures for it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

import pytest

from tests.cli.running import Completed, here, process

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid import Dataset


class Command(Protocol):
    def __call__(self, *arguments: object, code: int = 0, **environment: str) -> Completed: ...


@pytest.fixture
def pellucid(tmp_path: Path) -> Command:
    """Runs ``pellucid`` in an empty folder; checks exit code and that no traceback shows."""

    def run(*arguments: object, code: int = 0, **environment: str) -> Completed:
        apart = "PELLUCID_TEST_PROCESSES" in os.environ
        done = (process if apart else here)(arguments, tmp_path, environment)
        assert done.returncode == code, done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        if code in (1, 2) and arguments:  # without which the help is printed
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
