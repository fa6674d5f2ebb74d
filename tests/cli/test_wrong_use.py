"""A command line that cannot be used is refused in one line, with exit code 2."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.running import here

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command

BAD: list[tuple[str, list[str]]] = [
    ("explain run cat.png --word 0", ["--word", "got 0", "at least 1", "pellucid explain --help"]),
    ("trace run cat.png --word 1.5", ["--word", "got 1.5", "whole number"]),
    ("train mnist --epochs abc", ["--epochs", "got abc", "whole number", "at least 1"]),
    ("train mnist -e 0", ["--epochs", "got 0", "at least 1"]),
    ("train mnist --seed -1", ["--seed", "got -1", "0 to 4294967295"]),
    ("train mnist --validation 1.5", ["--validation", "'1.5'"]),
    ("explain run cat.png --second soon", ["--second", "got soon", "a number"]),
    ("find-rate mnist --steps 3", ["--steps", "got 3", "from 20 to"]),
    ("evaluate run mnist --bad odd", ["--bad", "'odd'", "quarantine"]),
    ("train mnist --epohcs 3", ["--epohcs", "did you mean '--epochs'"]),
    ("check mnist --zzzz", ["--zzzz", "pellucid check --help"]),
    ("train mnist --epochs", ["--epochs", "no value"]),
    ("train mnist --cache=3", ["--cache", "value"]),
    ("lecture run cat.png more", ["more", "pellucid lecture --help"]),
    ("predict", ["MODEL", "missing", "pellucid predict --help"]),
    ("trian mnist", ["'trian'", "'train'"]),
    ("--epohcs", ["--epohcs", "pellucid --help"]),
    ("trace run cat.png --at 1,2", ["--at", "--layer"]),
    ("generate run --count x", ["--count", "got x"]),
]


@pytest.mark.parametrize(("given", "facts"), BAD, ids=[given for given, _ in BAD])
def test_it_is_refused_in_one_line(pellucid: Command, given: str, facts: list[str]) -> None:
    done = pellucid(*given.split(), code=2)
    assert not done.stdout
    (line,) = done.stderr.splitlines()
    assert len(line) < 200
    for fact in facts:
        assert fact in line, line


def test_a_value_that_is_no_text_of_a_line_is_written_as_one(pellucid: Command) -> None:
    (line,) = pellucid("train", "mnist", "--epochs", "3\n4\x1b[0m", code=2).stderr.splitlines()
    assert line.isprintable()


def test_without_a_command_the_help_is_printed(tmp_path: Path) -> None:
    done = here((), tmp_path, {})
    assert "Usage: pellucid" in done.stdout + done.stderr
    assert "pellucid train" in done.stdout + done.stderr
