"""A command run within the tests' process gives what it gives in a process of its own."""

from __future__ import annotations

import os
import sys
import warnings
from pathlib import Path

import pytest

from pellucid.cli.terminal import explained
from pellucid.files import load_model
from tests.cli import running
from tests.cli.running import here, process
from tests.engines.tolerances import assert_same_bits

MODEL = "model.safetensors"

COMMANDS: dict[str, tuple[object, ...]] = {
    "version": ("--version",),
    "nothing": (),
    "help": ("train", "--help"),
    "a table": ("summary", "lecture"),
    "JSON": ("lecture", "--json"),
    "an unknown command": ("trian",),
    "an unknown option": ("train", "--nothing"),
    "a missing file": ("predict", "none.safetensors", "영.png"),
    "a number out of range": ("train", "mnist", "--epochs", "0"),
}


LACKING = ("help", "a table", "a missing file")
"""Commands whose output has letters that ASCII lacks."""


@pytest.mark.parametrize(
    ("name", "encoding"),
    [*((name, "utf-8") for name in COMMANDS), *((name, "ascii") for name in LACKING)],
)
def test_as_in_a_process(name: str, encoding: str, tmp_path: Path) -> None:
    environment = {"PYTHONIOENCODING": encoding, "COLUMNS": "70"}
    one, other = (run(COMMANDS[name], tmp_path, environment) for run in (here, process))
    assert one.args == other.args
    assert (one.returncode, one.stdout, one.stderr) == (
        other.returncode, other.stdout, other.stderr,
    )  # fmt: skip


def test_a_training_in_a_process(picture_folder: Path, tmp_path: Path) -> None:
    train = ("train", picture_folder, "--epochs", 1, "--seed", 0)
    one, other = (
        run((*train, "--out", run.__name__), tmp_path, {"COLUMNS": "100"})
        for run in (here, process)
    )
    assert (one.returncode, other.returncode) == (0, 0), one.stderr + other.stderr
    first, second = (load_model(tmp_path / run.__name__ / MODEL) for run in (here, process))
    assert_same_bits(first.network.weights, second.network.weights)


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def main() -> None:
        os.environ["SOMETHING"] = "set"
        assert os.environ["GIVEN"] == "yes"
        os.write(2, b"by C\n")
        warnings.warn("look", stacklevel=1)
        sys.stdout.write(f"printed {sys.argv[1]}\n")
        sys.exit("ended")

    monkeypatch.setattr(running, "main", main)
    before = Path.cwd(), sys.argv, sys.stdout, sys.stderr, dict(os.environ)
    done = here(("one",), tmp_path, {"GIVEN": "yes"})
    assert before == (Path.cwd(), sys.argv, sys.stdout, sys.stderr, dict(os.environ))
    assert done.returncode == 1
    assert done.stdout == "printed one\n"
    said = done.stderr.splitlines()
    assert said[0] == "by C"
    assert "UserWarning: look" in said[1]
    assert said[-1] == "ended"


@pytest.mark.parametrize(
    "error", [RuntimeError("odd"), DeprecationWarning("old"), RecursionError("deep")]
)
def test_what_nobody_catches(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def main() -> None:
        if isinstance(error, Warning):
            warnings.warn(error, stacklevel=1)
        raise error

    monkeypatch.setattr(running, "main", main)
    done = here((), tmp_path, {})
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback")
    assert done.stderr.endswith(f"{type(error).__name__}: {error}\n")


def test_ctrl_c_stops_the_tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def main() -> None:
        with explained():
            raise KeyboardInterrupt

    monkeypatch.setattr(running, "main", main)
    with pytest.raises(KeyboardInterrupt):
        here((), tmp_path, {})
