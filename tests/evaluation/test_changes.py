"""What changed between two models, whose answers are right or wrong, or more or less so."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid import ImageClassifier, ImageRegressor
from pellucid.data.dataset import Dataset
from pellucid.data.targets import LabelSets, Numbers
from pellucid.evaluation.changes import changes_of, find_changes
from pellucid.evaluation.comparison import mcnemar
from pellucid.evaluation.task_comparison import compare_tasks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]
    Levels = NDArray[np.float64]

SIDE = 28
NAMES = ("left", "right")


def pictures(seed: int, count: int = 40) -> tuple[Pixels, Levels]:
    """Noise that is brighter on the left by one number, and on the right by another."""
    random = np.random.default_rng(seed)
    levels = random.uniform(0, 1, (count, 2))
    noise = random.uniform(0, 60, (count, SIDE, SIDE, 1))
    noise[:, :, : SIDE // 2] += 190 * levels[:, 0, None, None, None]
    noise[:, :, SIDE // 2 :] += 190 * levels[:, 1, None, None, None]
    return noise.astype(np.uint8), levels


X, LEVELS = pictures(0)
NEW, NEW_LEVELS = pictures(1)


def labelled(images: Pixels, levels: Levels) -> Dataset:
    return Dataset(images, targets=LabelSets((levels > 0.5).astype(np.uint8), NAMES, "text"))


def numbered(images: Pixels, levels: Levels, names: tuple[str, ...] = NAMES) -> Dataset:
    return Dataset(
        images, targets=Numbers(levels[:, [NAMES.index(n) for n in names]], names, False)
    )


def fitted(estimator: Any, epochs: int, data: Dataset) -> Any:
    return estimator("lecture", epochs=epochs, batch_size=8, engine="reference", seed=1).fit(data)


def test_each_label_is_right_or_wrong_for_itself() -> None:
    models = [fitted(ImageClassifier, n, labelled(X, LEVELS)) for n in (1, 6)]
    steps: list[tuple[int, int]] = []
    found = find_changes(
        models[0],
        models[1],
        labelled(NEW, NEW_LEVELS),
        part=None,
        watching=lambda *step: steps.append(step),
    )
    marks = NEW_LEVELS > 0.5
    given = [model.predict(NEW).astype(bool) for model in models]
    right = [each == marks for each in given]
    assert (found.pictures, found.judged, found.unit) == (40, 80, "labels")
    assert found.right == tuple(int(each.sum()) for each in right)
    assert found.errors is None
    assert found.counts == {
        "broken": int((right[0] & ~right[1]).sum()),
        "corrected": int((right[1] & ~right[0]).sum()),
    }
    assert len(found.rows) == int((given[0] != given[1]).sum()) > 0
    better = right[1].sum(axis=1) - right[0].sum(axis=1)
    assert found.p_value == mcnemar(int((better < 0).sum()), int((better > 0).sum()))
    for row in found.rows:
        has, name = row.true.split(" ")
        k = NAMES.index(name)
        assert (has == "with") == marks[row.index, k]
        for side, answer in enumerate((row.before, row.after)):
            assert (answer == f"with {name}") == given[side][row.index, k]
        assert row.confidence_before is not None
        assert 0 <= row.confidence_before <= 1
        assert row.way == ("broken" if right[0][row.index, k] else "corrected")
    assert steps[0] == (0, 80)
    assert steps[-1] == (80, 80)
    assert steps == sorted(steps)
    table = list(csv.DictReader(io.StringIO(found.to_csv())))
    assert [each["way"] for each in table] == [each.way for each in found.rows]
    assert "labels right before" in found.to_html()


def test_numbers_are_nearer_or_farther_off() -> None:
    models = [fitted(ImageRegressor, n, numbered(X, LEVELS)) for n in (1, 8)]
    found = find_changes(models[0], models[1], numbered(NEW, NEW_LEVELS), part=None)
    scale = np.array(models[0].model_.task.scale)
    errors = [(np.abs(model.predict(NEW) - NEW_LEVELS) / scale).mean(axis=1) for model in models]
    assert found.right is None
    assert found.errors == pytest.approx([each.mean() for each in errors], rel=1e-4)
    worse = errors[1] > errors[0]
    assert found.counts == {
        "worse": int(worse.sum()), "better": int((~worse).sum()), "still wrong": 0
    }  # fmt: skip
    assert found.p_value == mcnemar(int((~worse).sum()), int(worse.sum()))
    for row in found.rows:
        assert row.way == ("worse" if worse[row.index] else "better")
        assert row.error_before == pytest.approx(errors[0][row.index], rel=1e-4)
        assert row.error_after == pytest.approx(errors[1][row.index], rel=1e-4)
        assert row.confidence_before is None
    for way in ("worse", "better"):
        apart = [each.weight for each in found.rows if each.way == way]
        assert apart == sorted(apart, reverse=True)
    assert "standard deviations" in found.to_html()
    found.show()


def test_models_whose_numbers_are_in_another_order_are_compared_name_by_name() -> None:
    scaled = LEVELS * [1, 100] + [0, 7]
    orders = NAMES, NAMES[::-1]
    models = [fitted(ImageRegressor, 1, numbered(X, scaled, order)) for order in orders]
    data = [numbered(NEW, NEW_LEVELS * [1, 100] + [0, 7], order) for order in orders]
    found = changes_of(compare_tasks((models[0], models[1]), (data[0], data[1]), ("a", "b")))
    scale = np.array(models[0].model_.task.scale)
    off = np.abs(models[1].predict(NEW)[:, ::-1] - data[0].targets.array) / scale
    assert found.errors is not None
    assert found.errors[1] == pytest.approx(off.mean(), rel=1e-4)
