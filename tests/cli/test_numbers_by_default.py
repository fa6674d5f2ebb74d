"""What ``train`` minimises of numbers, and that runs of earlier defaults go on as they were."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest

from pellucid.cli.train_options import TrainOptions


def options(**given: Any) -> TrainOptions:
    values: dict[str, Any] = {field.name: None for field in fields(TrainOptions)}
    values |= {"data": "x", "architecture": "lecture", "seed": 0, "schedule": "one-cycle"}
    values |= {"class_weights": "none", "max_pixels": 10**6, "engine": "native", **given}
    return TrainOptions(**values)


@pytest.mark.parametrize(
    ("task", "optimizer", "loss"),
    [("regression", "adam", "huber"), ("multi-label", "sgd", None), ("single-label", "sgd", None)],
)
def test_defaults_are_the_estimators(task: str, optimizer: str, loss: str | None) -> None:
    made = options().estimator(task)
    assert made.optimizer == optimizer
    assert getattr(made, "loss", None) == loss
    assert options(optimizer="adamw").estimator(task).optimizer == "adamw"


@pytest.mark.parametrize(("kind", "loss"), [("squared_error", "squared"), ("huber", "huber")])
def test_a_run_goes_on_by_what_it_took(kind: str, loss: str) -> None:
    recipe = {"epochs": 3, "loss": {"kind": kind}, "optimizer": {"kind": "sgd"}}
    made = options().completed(recipe).estimator("regression")
    assert (made.optimizer, getattr(made, "loss", None)) == ("sgd", loss)
    own = options(loss="huber", optimizer="adam").completed(recipe)
    assert (own.loss, own.optimizer) == ("huber", "adam")
    classes = {"loss": {"kind": "cross_entropy"}, "optimizer": {"kind": "adam"}}
    assert options().completed(classes).loss is None
