"""Options and commands as people type them, and the help that they read."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from pellucid.cli import option_values
from pellucid.cli.app import app
from pellucid.cli.help import COMMAND_GROUPS, EXAMPLES, folded

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command

GROUP = get_command(app)
COMMANDS = list(GROUP.commands)  # type: ignore[attr-defined]


def help_of(*words: str) -> str:
    done = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "80"}, terminal_width=80)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize("command", COMMANDS)
def test_help_fits_eighty_columns_and_ends_with_an_example_that_parses(command: str) -> None:
    lines = help_of(command).splitlines()
    assert max(map(len, lines)) <= 80
    assert not any("…" in line and line.rstrip().endswith("…") for line in lines)
    example = EXAMPLES[command]
    assert lines[-1].strip() == example
    _, name, *words = shlex.split(example)
    assert name == command
    made = GROUP.commands[command]  # type: ignore[attr-defined]
    made.make_context(command, words, resilient_parsing=False).close()


def test_commands_are_listed_in_groups() -> None:
    listed = help_of()
    grouped = [name for names in COMMAND_GROUPS.values() for name in names]
    for command in COMMANDS:
        assert command in grouped
        assert re.search(rf"^  {command} ", listed, re.MULTILINE), command
    for title in COMMAND_GROUPS:
        assert f"\n{title}:\n" in listed


def test_options_are_listed_in_groups() -> None:
    text = help_of("train")
    sections = dict(re.findall(r"^(\w[\w ]*):\n((?:  .*\n|\n(?=  ))+)", text, re.MULTILINE))
    assert "--epochs N" in sections["Basics"]
    assert "--image-size" in sections["Data"]
    assert "--lr X" in sections["Learning"]
    assert "-o, --out PATH" in sections["Files and output"]


def test_short_names_mean_the_same() -> None:
    train = GROUP.commands["train"]  # type: ignore[attr-defined]

    def parsed(line: str) -> dict[str, object]:
        return dict(
            train.make_context("train", shlex.split(line), token_normalize_func=folded).params
        )

    short = "mnist -a VGG_Small -e 3 -b 16 --lr 0.1 --image-size 128 -o runs/x --optimizer ADAM"
    long = (
        "mnist --architecture vgg-small --epochs 3 --batch-size 16 --learning-rate 0.1 "
        "--image-size 128 --out runs/x --optimizer adam"
    )
    assert parsed(short) == parsed(long)
    assert parsed("mnist --arch resnet-20") == parsed("mnist --Architecture ResNet20")


def test_sizes() -> None:
    assert option_values.image_size("128") == (128, 128)
    assert option_values.image_size("96x128") == (96, 128)
    assert option_values.image_size("96X128") == (96, 128)
    for text in ("0", "x", "12x", "1x2x3", "-4", "4.5", ""):
        with pytest.raises(Exception, match="128"):
            option_values.image_size(text)


def test_what_is_misspelled(pellucid: Command) -> None:
    assert "'train'" in pellucid("trian", "mnist", code=2).stderr
    assert "--epochs" in pellucid("train", "mnist", "--epoch", 2, code=2).stderr
    assert "'lenet5'" in pellucid("train", "mnist", "-a", "lenet55", code=1).stderr
    assert pellucid("-V").stdout == pellucid("--version").stdout
    assert pellucid("Explain_Plan", "--help").stdout


def test_tab_completion(pellucid: Command, tmp_path: Path) -> None:
    def completed(words: str) -> list[str]:
        return pellucid(
            COMP_WORDS=words, COMP_CWORD=str(len(words.split(" ")) - 1),
            _PELLUCID_COMPLETE="complete_bash",
        ).stdout.split()  # fmt: skip

    assert completed("pellucid tr") == ["train", "trace"]
    assert completed("pellucid train mnist -a vgg-") == ["vgg-small", "vgg-medium"]
    assert "--learning-rate" in completed("pellucid train mnist --l")
