"""Advice fits the network that it is given for, and can be followed on the command line."""

from __future__ import annotations

import ast
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import typer

import pellucid.training
from pellucid.architectures import PUBLISHED, get_architecture
from pellucid.cli.app import app
from pellucid.data.augment import get_augmentation
from pellucid.tasks import MultiLabel, Regression, SingleLabel
from pellucid.training import advice, make_recipe
from pellucid.training.advice import Setup
from pellucid.training.dead_units import Activity
from pellucid.training.diagnosis import Diagnosis, diagnose
from pellucid.training.history import Epoch
from pellucid.training.other_faults import other_faults
from tests.architectures.small import FOR_SMALL_PICTURES

if TYPE_CHECKING:
    from pellucid.graph import Graph
    from pellucid.tasks import Task

COMMANDS: Any = typer.main.get_command(app)
ABOUT_TRAINING = {"advice", "diagnosis", "loop", "kept", "run_folder", "start"}
"""Files whose messages speak to somebody who trains."""

OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")


def options(command: str) -> set[str]:
    return {
        name
        for parameter in COMMANDS.commands[command].params
        for name in (*parameter.opts, *parameter.secondary_opts)
    }


def graph(architecture: str, shape: tuple[int, int, int] = (32, 32, 3), classes: int = 2) -> Graph:
    return get_architecture(architecture)(classes).graph(shape)


def setup(architecture: str, **settings: Any) -> Setup:
    return Setup(graph(architecture), make_recipe(**settings).to_dict())


def epochs(count: int, **values: Any) -> list[Epoch]:
    plain: dict[str, Any] = {
        "accuracy": 1.0, "validation_loss": 1.0, "validation_accuracy": 0.5,
        "learning_rate": 0.05, "images_per_second": 1.0, "seconds": 1.0,
    }  # fmt: skip
    return [Epoch(epoch=k, loss=0.69, **{**plain, **values}) for k in range(1, count + 1)]


def everything(of: Setup, count: int = 10) -> dict[str, Diagnosis]:
    """All that can be diagnosed from answers, at once."""
    found = diagnose(
        epochs(count), classes=2, confusion=np.array([[90, 0], [10, 0]]),
        activity=[Activity("relu1", 4, 4, 9)], setup=of,
    )  # fmt: skip
    return {each.kind: each for each in found}


def test_nothing_is_advised_that_is_there() -> None:
    plain = everything(setup("lecture"))
    assert {"dead_units", "one_class", "overfitting", "guessing"} <= plain.keys()
    assert "--class-weights balanced" in plain["one_class"].advice
    assert "--architecture" in plain["dead_units"].advice
    for option in ("--augment photos", "--weight-decay 0.0005"):
        assert option in plain["overfitting"].advice
    full = everything(
        setup("vgg-small", class_weights=(1.0, 9.0), augmentation="photos", weight_decay=5e-4)
    )
    printed = " ".join(each.advice for each in full.values())
    for option in ("--class-weights", "--augment", "--weight-decay", "batch norm", "Dropout"):
        assert option not in printed
    assert "--learning-rate" in full["dead_units"].advice
    grey = Setup(graph("lecture", (28, 28, 1)), {})
    assert "--augment digits" in advice.generalise(grey)


def test_what_is_advised_fits_a_trained_body() -> None:
    """A head that is solved takes neither epochs nor steps; an architecture is the body's."""
    on_body = {**setup("lecture").recipe, "head_epochs": 1, "epochs": 1}
    head = everything(Setup(graph("lecture"), on_body), count=1)
    del head["dead_units"]  # units of a frozen body are not looked at
    assert {"one_class", "guessing"} <= head.keys()
    printed = " ".join(each.advice + each.words for each in head.values())
    for option in ("--epochs", "--learning-rate", "--architecture", "too early"):
        assert option not in printed
    assert "--fine-tune" in head["guessing"].advice
    tuned = everything(Setup(graph("lecture"), on_body | {"epochs": 9}), count=9)
    assert {"dead_units", "overfitting", "guessing"} <= tuned.keys()
    printed = " ".join(each.advice for each in tuned.values())
    for option in ("--architecture", "--weight-decay"):
        assert option not in printed
    assert "--epochs" in tuned["guessing"].advice
    # fine-tuning that does not beat the head has not failed to learn anything
    numbers = Setup(graph("lecture"), on_body | {"epochs": 9}, Regression(("n",), (0.0,), (1.0,)))
    assert "stuck" not in {each.kind for each in other_faults(epochs(9), (), numbers)}


@pytest.mark.parametrize(
    ("task", "flips", "moves"),
    [
        (SingleLabel(("cat", "dog")), True, True),
        (SingleLabel(("bright", "leftover")), True, True),
        (SingleLabel(("3", "12"), "int"), False, True),
        (SingleLabel(("a", "é")), False, True),
        (MultiLabel(("road", "Left turn")), False, True),
        (SingleLabel(("arrow_right", "arrow_up")), False, True),
        (Regression(("angle",), (0.0,), (1.0,)), False, False),
    ],
    ids=str,
)
def test_pictures_are_varied_so_that_answers_stay(task: Task, flips: bool, moves: bool) -> None:
    words = advice.generalise(Setup(graph("lecture", (28, 28, 3)), {}, task))
    offered = re.search(r"--augment (\S+)\)", words)
    assert offered is not None
    augmentation = get_augmentation(offered[1])
    assert augmentation.changes_pixels
    assert (augmentation.horizontal_flip, augmentation.moves) == (flips, moves)


def test_a_network_that_is_named_is_one_that_helps() -> None:
    for name in FOR_SMALL_PICTURES:
        of = setup(name)
        assert of.graph is not None
        words = advice.generalise(of)
        if smaller := re.search(r"--architecture ([\w-]+)", words):
            assert 2 * advice.parameters(graph(smaller[1])) <= advice.parameters(of.graph)
        if normed := re.search(r"--architecture ([\w-]+)", advice.revive(of, 0.1)):
            assert not of.has_batch_norms
            assert any(n.operation.kind == "batch_norm" for n in graph(normed[1]).nodes)
    for side, least, most in ((32, 1, 64), (120, 224, 240)):  # one made for pictures of that size
        large = Setup(graph("resnet18", (side, side, 3)), {})
        smaller = re.search(r"--architecture ([\w.-]+)", advice.generalise(large))
        assert smaller is not None
        assert least <= PUBLISHED[smaller[1]].input_shape[0] <= most
    tiny = Setup(graph("lecture", (6, 6, 1)), {})
    assert "vgg" not in advice.revive(tiny, 0.1)  # it takes pictures from 8×8 on


def test_longer_is_by_what_ended_it() -> None:
    assert "--epochs 40" in advice.train_longer(setup("lecture", epochs=20), epochs(20))
    assert "--epochs 10" in advice.train_longer(setup("lecture", epochs=2), epochs(2))
    stopped = setup("lecture", epochs=20, patience=3)
    words = advice.train_longer(stopped, epochs(9))
    assert "--patience 6" in words
    assert "--epochs" not in words
    assert "--epochs 40" in advice.train_longer(stopped, epochs(20))  # patience did not end it


@pytest.mark.parametrize("rows", [[[60, 40], [40, 60]], [[10, 0], [9, 1]], [[40, 40], [40, 40]]])
def test_guessing_is_diagnosed_where_the_interval_holds_it(rows: list[list[int]]) -> None:
    confusion = np.array(rows)
    right, count = int(confusion.trace()), int(confusion.sum())
    found = {d.kind: d for d in diagnose((), classes=2, confusion=confusion)}
    if right == 120:  # 60 %, from 53 % on: better than 50 %
        assert "guessing" not in found
        return
    numbers = found["guessing"].numbers
    assert numbers["guessing"] == 0.5
    assert numbers["accuracy"] == right / count
    assert numbers["low"] <= 0.5
    printed = found["guessing"].advice
    assert ("judge by more pictures (about " in printed) == (right > count / 2)


def test_every_option_in_a_message_of_training_exists() -> None:
    folder = Path(pellucid.training.__file__).parent
    named: set[str] = set()
    anywhere = {name for command in COMMANDS.commands for name in options(command)}
    for file in folder.rglob("*.py"):
        known = options("train") if file.stem in ABOUT_TRAINING else anywhere
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                found = set(OPTION.findall(node.value))
                assert found <= known | {"--help"}, (file, found)
                named |= found
                for command in re.findall(r"pellucid ([a-z]+(?:-[a-z]+)*)\)", node.value):
                    assert command in COMMANDS.commands, (file, command)
    assert {"--learning-rate", "--class-weights", "--patience", "--architecture"} <= named


def test_advice_can_be_typed() -> None:
    """Options come with values that the command takes."""
    for name in FOR_SMALL_PICTURES:
        for each in everything(setup(name), count=3).values():
            for option in OPTION.findall(each.advice):
                assert option in options("train")
                assert re.search(rf"{option} [\w.-]+", each.advice), each.advice


def test_a_short_training_is_to_become_one_of_the_usual_length() -> None:
    usual = replace(setup("lecture", epochs=2), usual_epochs=60)
    assert "--epochs 60" in advice.train_longer(usual, epochs(2))
