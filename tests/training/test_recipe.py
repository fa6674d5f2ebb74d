"""Recipes from names and numbers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pellucid.errors import ArgumentError
from pellucid.optimizers import SGD, Adam, AdamW
from pellucid.training import make_recipe
from pellucid.training.schedules import OneCycle


def test_defaults_are_a_full_recipe() -> None:
    recipe = make_recipe()
    assert isinstance(recipe.optimizer, SGD)
    assert isinstance(recipe.schedule, OneCycle)
    assert recipe.learning_rate > 0
    json.dumps(recipe.to_dict(), allow_nan=False)


def test_names_choose() -> None:
    assert isinstance(make_recipe(optimizer="adam").optimizer, Adam)
    assert isinstance(make_recipe(optimizer="adamw", weight_decay=0.05).optimizer, AdamW)
    sgd = make_recipe(optimizer="sgd").optimizer
    assert sgd == SGD(momentum=0.9, nesterov=True)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"optimizer": "lion"}, r"unknown optimizer 'lion'; there are sgd, adam, adamw"),
        ({"schedule": "triangle"}, r"unknown schedule 'triangle'; there are constant"),
        ({"epochs": 0}, r"epochs must be a whole number from 1"),
        ({"batch_size": 0}, r"batch_size must be a whole number from 1"),
        ({"learning_rate": -1.0}, r"learning_rate must be a finite number"),
        ({"learning_rate": float("nan")}, r"learning_rate must be a finite number"),
        ({"weight_decay": 2.0}, r"weight_decay must be a finite number from 0 to 1"),
        ({"label_smoothing": 1.0}, r"label_smoothing must be a finite number from 0"),
        ({"seed": -1}, r"seed must be a whole number from 0"),
    ],
)
def test_what_is_wrong_is_said(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        make_recipe(**settings)
