"""The moving average of the weights: against PyTorch's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from pellucid.files import load_model, load_state
from pellucid.training.ema import EVERY, MovingAverage
from tests.training.runs import Job

if TYPE_CHECKING:
    from pathlib import Path


def test_as_pytorch_averages_once_it_is_warm() -> None:
    """Taken in every 16 steps with the 16th power of the decay."""
    random = np.random.default_rng(4)
    layer = torch.nn.Linear(3, 2)
    decay = 0.9
    theirs = AveragedModel(layer, multi_avg_fn=get_ema_multi_avg_fn(decay**EVERY))  # type: ignore[no-untyped-call]
    ours = MovingAverage(decay, {})
    for step in range(1, 40 * EVERY + 1):
        weights = random.normal(size=(2, 3)).astype(np.float32)
        ours.count()
        if step < 20 * EVERY:  # beyond the warm-up, which ends with (1 + t) / (10 + t) = decay
            continue
        if step == 20 * EVERY:
            ours.restore({"w": weights}, (step, step))
        with torch.no_grad():
            layer.weight.copy_(torch.tensor(weights))
        if ours.due or step == 20 * EVERY:
            theirs.update_parameters(layer)
            ours.take_in({"w": weights})
            assert not ours.due
    (expected, _) = (parameter.detach().numpy() for parameter in theirs.module.parameters())
    np.testing.assert_allclose(ours.weights()["w"], expected, rtol=1e-5)


def test_short_runs_forget_where_they_began() -> None:
    average = MovingAverage(0.9999, {"w": np.full(3, 1e3, np.float32)})
    for _ in range(3):
        for _ in range(EVERY):
            average.count()
        average.take_in({"w": np.ones(3, np.float32)})
    np.testing.assert_allclose(average.weights()["w"], 1.0, atol=1e-2)


def test_what_it_is_given_and_gives_is_its_own() -> None:
    given = {"w": np.ones(2, np.float32)}
    average = MovingAverage(0.9, given)
    average.count()
    average.take_in({"w": np.zeros(2, np.float32)})
    assert given["w"].tolist() == [1.0, 1.0]
    average.weights()["w"][:] = 5.0
    assert average.weights()["w"].max() < 1.0
    assert average.weights()["w"].dtype == np.float32


def test_nothing_new_changes_nothing() -> None:
    average = MovingAverage(0.9, {"w": np.ones(2, np.float32)})
    average.take_in({"w": np.zeros(2, np.float32)})
    assert average.weights()["w"].tolist() == [1.0, 1.0]


def test_what_is_judged_and_kept_is_the_average(tmp_path: Path) -> None:
    """Statistics of batch norms as well; the program itself learns on with its own weights."""
    plain, averaged = Job(settings={"epochs": 2}), Job(settings={"epochs": 2, "ema": 0.9})
    for name, job in (("plain", plain), ("averaged", averaged)):
        job.run(tmp_path / name)
    raw, _ = load_state(tmp_path / "plain" / "last.safetensors")
    arrays, _ = load_state(tmp_path / "averaged" / "last.safetensors")
    for name, array in raw.items():
        if name.startswith("weights/"):
            np.testing.assert_array_equal(arrays[name], array)
            mean = arrays[name.replace("weights/", "average/")]
            assert not np.array_equal(mean, array), name
    trained = averaged.run(tmp_path / "averaged", resume=True)
    kept = load_model(tmp_path / "averaged" / "model.safetensors").network.weights
    for name, array in trained.best_weights.items():
        np.testing.assert_array_equal(kept[name], array)
    if trained.best_epoch == 2:
        for name, array in kept.items():
            np.testing.assert_array_equal(arrays[f"average/{name}"], array)
