"""The image generator: it learns, makes pictures, and is the same again."""

from __future__ import annotations

import os
import pickle
import signal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

import pellucid as pl
from pellucid.data import Dataset, Splits
from pellucid.data.targets import Numbers
from pellucid.errors import (
    ArgumentError,
    DataError,
    FileFormatError,
    NotFittedError,
    ShapeError,
)
from pellucid.estimators import load_estimator
from pellucid.estimators.generator import ImageGenerator
from pellucid.estimators.sampling import great_circle
from pellucid.files import load_state, save_state
from pellucid.show.contact_sheet import contact_sheet
from pellucid.tasks import Generation
from pellucid.training.saved_run import LAST, PREVIOUS, read_saved_run
from pellucid.training.stopping import Stopped
from tests.training.runs import Death, Died

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.engines import Program
    from pellucid.training import Progress, TrainingResult

SIDE = 8


def pictures(count: int = 40) -> np.ndarray:
    """Bright squares of 4×4 pixels at the left or at the right of dark pictures."""
    random = np.random.default_rng(0)
    images = random.integers(0, 30, (count, SIDE, SIDE, 1))
    for n, image in enumerate(images):
        image[2:6, 4 * (n % 2) : 4 * (n % 2) + 4] += 200
    return images.astype(np.uint8)


def made(**settings: Any) -> ImageGenerator:
    given = {"epochs": 2, "batch_size": 16, "width": 4, "latent": 8, "engine": "reference"}
    return ImageGenerator(**{**given, "ema": None, "verbose": 0, **settings})


@pytest.fixture(scope="module")
def fitted() -> ImageGenerator:
    return made().fit(pictures())


def test_it_learns() -> None:
    real = pictures(64)
    found = made(epochs=30, learning_rate=3e-3).fit(real).sample(200)
    assert found.shape == (200, SIDE, SIDE, 1)
    assert found.dtype == np.uint8
    middle, border = found[:, 2:6].mean(), found[:, [0, 7]].mean()
    assert middle > 80
    assert border < 60
    left, right = found[:, 2:6, :4].mean(axis=(1, 2, 3)), found[:, 2:6, 4:].mean(axis=(1, 2, 3))
    assert np.median(abs(left - right)) > 80  # one side or the other, as real ones
    assert 0.05 < (left > right).mean() < 0.95  # and not always the same


def test_history(fitted: ImageGenerator) -> None:
    assert [row.epoch for row in fitted.history_] == [1, 2]
    for row in fitted.history_:
        assert set(row.training_measures) == {"discriminator_loss", "real", "generated"}
        assert 0 < row.training_measures["real"] < 1
        assert row.validation_loss is None


def test_samples(fitted: ImageGenerator) -> None:
    np.testing.assert_array_equal(fitted.sample(3, seed=4), fitted.sample(5, seed=4)[:3])
    assert (fitted.sample(3, seed=4) != fitted.sample(3, seed=5)).any()
    way = fitted.interpolate(4, 5, steps=6)
    assert way.shape == (6, SIDE, SIDE, 1)
    np.testing.assert_array_equal(way[[0]], fitted.sample(1, seed=4))
    np.testing.assert_array_equal(way[[-1]], fitted.sample(1, seed=5))


def test_a_great_circle() -> None:
    start, end = np.array([[2.0, 0.0]]), np.array([[0.0, 4.0]])
    half = 3 / np.sqrt(2)
    np.testing.assert_allclose(
        great_circle(start, end, 3), [[2, 0], [half, half], [0, 4]], atol=1e-12
    )
    np.testing.assert_allclose(great_circle(start, 2 * start, 3), [[2, 0], [3, 0], [4, 0]])


def test_a_file_holds_both_networks(fitted: ImageGenerator, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model.safetensors")
    loaded = pl.load(tmp_path / "model.safetensors")
    assert isinstance(loaded, ImageGenerator)
    np.testing.assert_array_equal(loaded.sample(4), fitted.sample(4))
    names = list(loaded.model_.network.weights)
    for network in ("generator", "discriminator"):
        assert any(name.startswith(network) for name in names)
    assert loaded.model_.task == Generation(8)
    assert (loaded.latent, loaded.width) == (8, 4)
    assert [row.training_measures for row in loaded.history_] == [
        row.training_measures for row in fitted.history_
    ]
    again = pickle.loads(pickle.dumps(fitted))  # noqa: S301
    np.testing.assert_array_equal(again.sample(4), fitted.sample(4))


@pytest.mark.parametrize("steps", [2, 3, 4])
def test_a_run_that_is_broken_off_goes_on_with_the_same_bits(
    steps: int, tmp_path: Path, fitted: ImageGenerator
) -> None:
    images = pictures()  # 3 steps an epoch
    with pytest.raises(Died):
        made().fit(images, out=tmp_path / "run", watchers=[Death(steps)], minutes=0)
    kept = read_saved_run(tmp_path / "run").checkpoint.now
    assert kept.optimizers.keys() == {"discriminator", "generator"}
    again = made().fit(images, out=tmp_path / "run", resume=True)
    for name, array in fitted.model_.network.weights.items():
        np.testing.assert_array_equal(again.model_.network.weights[name], array)
    for one, other in zip(again.history_, fitted.history_, strict=True):
        assert one.loss == other.loss
        assert one.training_measures == other.training_measures
    loaded = ImageGenerator.load(tmp_path / "run", engine="reference")
    np.testing.assert_array_equal(loaded.sample(2), fitted.sample(2))


def test_a_sheet_of_samples_an_epoch(fitted: ImageGenerator, tmp_path: Path) -> None:
    made().fit(pictures(), out=tmp_path / "run")
    sheets = tmp_path / "run" / "samples"
    assert sorted(path.name for path in sheets.iterdir()) == ["epoch-0001.png", "epoch-0002.png"]
    expected = contact_sheet(fitted.sample(), [str(number) for number in range(64)])
    with Image.open(sheets / "epoch-0002.png") as found:
        np.testing.assert_array_equal(np.asarray(found), np.asarray(expected))
    made(epochs=1).fit(pictures(), out=tmp_path / "run", overwrite=True)
    assert [path.name for path in sheets.iterdir()] == ["epoch-0001.png"]
    with pytest.raises(DataError):  # drawings are no data
        pl.data.load(tmp_path / "run")


def test_labels_do_not_matter(fitted: ImageGenerator) -> None:
    labelled = Dataset(pictures(), np.arange(40) % 2, ("left", "right"))
    numbers = Dataset(pictures(), targets=Numbers(np.arange(40.0)[:, np.newaxis], ("x",)))
    for data in (labelled, numbers, Splits(labelled, None, None), pictures()[..., 0]):
        np.testing.assert_array_equal(made().fit(data).sample(2), fitted.sample(2))


def test_what_is_refused(fitted: ImageGenerator, tmp_path: Path) -> None:
    with pytest.raises(NotFittedError):
        made().sample()
    with pytest.raises(ShapeError, match="multiples of 4"):
        made().fit(pictures()[:, 1:])
    with pytest.raises(DataError, match="at least 2"):
        made().fit(pictures(1))
    for wrong in ({"latent": 0}, {"batch_size": 1}, {"epochs": 0}, {"learning_rate": -1.0}):
        with pytest.raises(ArgumentError, match=next(iter(wrong))):
            made(**wrong).fit(pictures())
    with pytest.raises(ArgumentError, match="count"):
        fitted.sample(0)
    with pytest.raises(ArgumentError, match="seed"):
        fitted.sample(1, seed=-1)
    fitted.save(tmp_path / "model.safetensors")
    for load in (load_estimator, pl.ImageClassifier.load):
        with pytest.raises(DataError, match="generating pictures"):
            load(tmp_path / "model.safetensors")
    with pytest.raises(ArgumentError, match="generating pictures"):
        pl.ImageClassifier(start_from=tmp_path / "model.safetensors", verbose=0).fit(
            pictures(), np.arange(40) % 2
        )


def test_a_finished_run_is_not_trained_longer(tmp_path: Path) -> None:
    made(epochs=1).fit(pictures(), out=tmp_path / "run")
    with pytest.raises(ArgumentError, match=r"ended, after 1 epoch; .* epochs: 1 → 3"):
        made(epochs=3).fit(pictures(), out=tmp_path / "run", resume=True)


def test_a_state_of_other_steps_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with pytest.raises(Died):
        made().fit(pictures(), out=folder, watchers=[Death(3)], minutes=0)
    (folder / PREVIOUS).unlink()
    arrays, values = load_state(folder / LAST)
    now: Any = values["now"]
    other = {name.replace("optimizer-generator/", "optimizer/"): a for name, a in arrays.items()}
    without = {name: a for name, a in arrays.items() if not name.startswith("optimizer-gen")}
    nameless = {
        name.replace("optimizer-generator/", "optimizer-/"): a for name, a in arrays.items()
    }
    for state, tally, words in (
        (other, now, "steps discriminator, train"),
        (without, now, "steps discriminator"),
        (nameless, now, "optimizer-/"),
        (arrays, {**now, "sums": {"real": "0.5"}}, "now.sums.real"),
        (arrays, {**now, "sums": [0.5]}, "now.sums"),
    ):
        save_state(folder / LAST, state, {**values, "now": tally})
        with pytest.raises(FileFormatError, match=words) as caught:
            made().fit(pictures(), out=folder, resume=True)
        assert "\n" not in str(caught.value)


class _Stop:
    """A watcher that asks the process to end, as a terminal does."""

    def after_step(self, progress: Progress) -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    def after_epoch(self, trained: TrainingResult, program: Program) -> None:
        """Nothing."""


def test_a_stopped_run_says_how_to_go_on(fitted: ImageGenerator, tmp_path: Path) -> None:
    with pytest.raises(Stopped, match=r"in epoch 1; .* ImageGenerator\(…\)\.fit\(…, out="):
        made().fit(pictures(), out=tmp_path / "run", watchers=[_Stop()])
    again = made().fit(pictures(), out=tmp_path / "run", resume=True)
    np.testing.assert_array_equal(again.sample(2), fitted.sample(2))


def test_the_moving_average_makes_the_pictures(tmp_path: Path, fitted: ImageGenerator) -> None:
    taken: list[dict[str, np.ndarray]] = []

    class Weights:
        def after_step(self, progress: Progress) -> None:
            """Nothing."""

        def after_epoch(self, trained: TrainingResult, program: Program) -> None:
            taken.append(program.weights())

    averaged = made(ema=0.9).fit(pictures(), watchers=[Weights()])
    assert averaged.history_[-1].loss == fitted.history_[-1].loss  # it changes no step
    found = averaged.model_.network.weights
    for name, weight in found.items():
        np.testing.assert_array_equal(weight, taken[-1][name])  # what watchers saw
        assert (weight != fitted.model_.network.weights[name]).any()
    with pytest.raises(Died):
        made(ema=0.9).fit(pictures(), out=tmp_path / "run", watchers=[Death(4)], minutes=0)
    again = made(ema=0.9).fit(pictures(), out=tmp_path / "run", resume=True)
    for name, weight in found.items():
        np.testing.assert_array_equal(again.model_.network.weights[name], weight)
