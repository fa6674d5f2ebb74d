"""Distorted pictures, and the experiment that compares networks on them."""

from __future__ import annotations

import csv
import io
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import ndimage

from pellucid.data import Dataset
from pellucid.data.targets import Numbers
from pellucid.errors import ArgumentError, DataError, FileFormatError
from pellucid.estimators.planning import statistics
from pellucid.experiments.distortions import KINDS, _affine, _moved, _through, distorted
from pellucid.experiments.kept_runs import KeptRuns
from pellucid.experiments.spatial import look, run_spatial
from pellucid.experiments.spatial_networks import PLAIN, TRANSFORMER, experiment_on
from pellucid.experiments.training_run import Run
from pellucid.graph import Network, initial_weights
from pellucid.layers import Normalise, Sequential
from pellucid.show.document import Table
from pellucid.show.spatial_experiment import spatial_document

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SIZES = {
    "rotation": (28, 28),
    "rotation, scale, translation": (42, 42),
    "projective": (28, 28),
    "cluttered": (60, 60),
}


def pictures(count: int = 30, side: int = 28, channels: int = 1) -> Dataset:
    """A bright bar, upright or level, on dark ground."""
    images = np.full((count, side, side, channels), 7, np.uint8)
    for n, image in enumerate(images):
        turned = image if n % 2 else image.transpose(1, 0, 2)
        turned[4:-4, side // 2 - 2 : side // 2 + 2] = 200 + n % 10
    return Dataset(images, np.arange(count) % 2, ("level", "upright"), name="bars")


@pytest.mark.parametrize("kind", KINDS)
def test_distorted_pictures(kind: str) -> None:
    data = pictures(12, channels=3)
    found = distorted(data, kind, seed=5)
    assert found.images.shape == (12, *SIZES[kind], 3)
    assert found.images.dtype == np.uint8
    np.testing.assert_array_equal(found.images, distorted(data, kind, seed=5).images)
    np.testing.assert_array_equal(found.places, data.places)
    other = distorted(data, kind, seed=6).images
    assert all((a != b).any() for a, b in zip(found.images, other, strict=True))
    part = distorted(data.subset(np.arange(3)), kind, seed=5).images
    if kind != "cluttered":  # whose clutter is of all pictures
        np.testing.assert_array_equal(found.images[:3], part)
    assert np.median(found.images) == 7  # the ground
    assert (found.images > 150).any(axis=(1, 2, 3)).all()  # and the bar is still there


def test_an_unknown_kind() -> None:
    with pytest.raises(ArgumentError, match="projective"):
        distorted(pictures(2), "projektive")


def test_a_quarter_turn_moves_every_pixel() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (9, 9, 1)).astype(np.uint8)
    turned = _moved(picture, _affine(picture, (9, 9), np.pi / 2), (9, 9), np.zeros(1, np.uint8))
    np.testing.assert_array_equal(turned, np.rot90(picture))
    same = _moved(picture, np.eye(3), (9, 9), np.zeros(1, np.uint8))
    np.testing.assert_array_equal(same, picture)


def interpolated(picture: NDArray[Any], matrix: NDArray[Any], size: tuple[int, int]) -> Any:
    down, across = np.mgrid[: size[0], : size[1]] + 0.5
    u, v, w = np.tensordot(matrix, np.stack([across, down, np.ones(size)]), 1)
    return ndimage.map_coordinates(
        picture[..., 0].astype(float), [v / w - 0.5, u / w - 0.5], order=1, cval=30.0,
        mode="grid-constant",
    )  # fmt: skip


def test_maps_agree_with_scipy() -> None:
    random = np.random.default_rng(1)
    picture = random.integers(0, 256, (11, 14, 1)).astype(np.uint8)
    corners = np.array([(0, 0), (14, 0), (14, 11), (0, 11)], float)
    moved = corners + random.normal(0, 1.5, (4, 2))
    projective = _through(moved, corners)
    reached = np.column_stack([moved, np.ones(4)]) @ projective.T
    np.testing.assert_allclose(reached[:, :2] / reached[:, 2:], corners, atol=1e-9)
    for matrix in (projective, _affine(picture, (17, 20), 0.4, 0.8, (1.5, -2.0))):
        found = _moved(picture, matrix, (17, 20), np.array([30], np.uint8))
        assert abs(found[..., 0] - interpolated(picture, matrix, (17, 20))).max() <= 0.51


@pytest.mark.parametrize("kind", KINDS)
def test_both_networks_have_as_many_weights(kind: str) -> None:
    shape = (*SIZES[kind], 1)
    variants = experiment_on(kind, shape, (28, 28), 10).variants
    counts = [
        sum(int(np.prod(each.shape)) for each in layers(10).graph(shape).parameters.values())
        for layers in variants.values()
    ]
    assert list(variants) == [PLAIN, TRANSFORMER]
    assert abs(counts[0] / counts[1] - 1) < 0.05


@pytest.mark.parametrize("moved", [0.0, 5.0])
def test_what_lies_outside_is_ground(moved: float) -> None:
    """An untrained transformer hands pictures on; one that looks past them sees their ground."""
    data = pictures(4, channels=3)
    mean, deviation = statistics(data)
    around = (7 - np.array(mean)) / np.array(deviation)
    layers = experiment_on("rotation", data.image_shape, (28, 28), 2, around.tolist())
    blocks = [Normalise(mean, deviation), *layers.variants[TRANSFORMER](2).layers]
    graph = Sequential(blocks).graph(data.image_shape)
    weights = dict(initial_weights(graph, 0))
    weights["dense2.bias"] = np.array([0, 0, moved / 0.3, 0, 0, 0], np.float32)
    model = SimpleNamespace(model_=SimpleNamespace(network=Network(graph, weights)))
    seen = look(model, data.images)  # type: ignore[arg-type]
    assert (seen.after == (7 if moved else data.images)).all()


def test_the_experiment_in_small() -> None:
    data = pictures(40, side=24)
    printed: list[tuple[str, int, str]] = []
    found = run_spatial(
        data, pictures(12, side=24), kinds=("rotation",), copies=2, epochs=1, seeds=2,
        progress=lambda kind, run: printed.append((kind, run.seed, run.variant)),
    )  # fmt: skip
    assert len(printed) == len(set(printed)) == 4
    for row in found.table:
        assert len(row["plain_runs"]) == len(row["transformer_runs"]) == 2
        assert row["ratio"] is None or row["ratio"] == row["transformer"] / row["plain"]
    assert found.looked["rotation"].after.shape == (8, 24, 24, 1)
    rows = list(csv.DictReader(io.StringIO(found.to_csv())))
    assert {(row["kind"], row["seed"], row["variant"]) for row in rows} == {
        (kind, str(seed), variant) for kind, seed, variant in printed
    }
    record = json.loads(json.dumps(found.to_dict()))
    assert [row["kind"] for row in record["table"]] == ["rotation"]
    assert record["kinds"]["rotation"]["learned"] == 2 * 40
    (table,) = [p for p in spatial_document(found).parts if isinstance(p, Table)]
    assert [row[0] for row in table.rows] == ["rotation"]
    assert len(found.plot().axes) == 2 * 8


class StoppedError(Exception):
    """What a test stops an experiment with."""


def test_an_interrupted_experiment_goes_on(tmp_path: Path) -> None:
    """No network is trained again, and all that comes out is the same."""
    data, others = pictures(40, side=24), pictures(12, side=24)
    stopped: list[str] = []

    def stop(kind: str, run: Run) -> None:
        stopped.append(f"{kind}, {run.variant}, {run.seed}")
        if len(stopped) == 3:
            raise StoppedError

    settings = {"kinds": ("Projective",), "copies": 2, "epochs": 1, "seeds": 2}
    with pytest.raises(StoppedError):
        run_spatial(data, others, **settings, progress=stop, folder=tmp_path)  # type: ignore[arg-type]
    kept = sorted((tmp_path / "unfinished").glob("run-*"))
    assert len(kept) == 3
    times = [each.stat().st_mtime_ns for each in kept]
    for changed, words in (({"epochs": 2}, "epochs"), ({"copies": 3}, "pictures to learn from")):
        with pytest.raises(ArgumentError, match=words) as caught:
            run_spatial(data, others, **{**settings, **changed}, folder=tmp_path)  # type: ignore[arg-type]
        assert "\n" not in str(caught.value)
    trained: list[str] = []

    def seen(kind: str, run: Run) -> None:
        assert [each.stat().st_mtime_ns for each in kept] == times
        trained.append(f"{kind}, {run.variant}, {run.seed}")

    found = run_spatial(data, others, **settings, progress=seen, folder=tmp_path)  # type: ignore[arg-type]
    assert trained[:3] == stopped
    assert len(trained) == 4
    assert len(list((tmp_path / "unfinished").glob("run-*"))) == 4  # until what came out is saved
    whole = run_spatial(data, others, **settings)  # type: ignore[arg-type]
    assert [row["transformer_runs"] for row in found.table] == [
        row["transformer_runs"] for row in whole.table
    ]
    assert [row["loss"] for row in csv.DictReader(io.StringIO(found.to_csv()))] == [
        row["loss"] for row in csv.DictReader(io.StringIO(whole.to_csv()))
    ]
    looked = found.looked["projective"], whole.looked["projective"]
    np.testing.assert_array_equal(looked[0].after, looked[1].after)
    assert looked[0].before.dtype == np.uint8


def test_what_cannot_be_read_of_an_interrupted_experiment(tmp_path: Path) -> None:
    kept = KeptRuns.open(tmp_path, {"epochs": 1})
    names = "wide", "넓게", "좁게"  # whose Latin letters are the same
    for seed, name in enumerate(names):
        kept.keep(Run(name, 0, (), diverged=bool(seed % 2)))
    assert len(kept) == 3
    found = [KeptRuns.open(tmp_path, {"epochs": 1}).find(name, 0) for name in names]
    assert [run and run.diverged for run in found] == [False, True, False]
    assert kept.find("wide", 1) is None
    path = next((tmp_path / "unfinished").glob("run-wide-*"))
    for text in ("{", "[]", '{"epochs": 3}', '{"epochs": [{"x": 1}], "diverged": false}'):
        path.write_text(text)
        with pytest.raises(FileFormatError, match="run-wide") as caught:
            kept.find("wide", 0)
        assert "\n" not in str(caught.value)


def test_copies_are_distorted_otherwise() -> None:
    data = pictures(5)
    twice = distorted(data.subset(np.tile(np.arange(5), 2)), "rotation", seed=3).images
    np.testing.assert_array_equal(twice[:5], distorted(data, "rotation", seed=3).images)
    assert all((a != b).any() for a, b in zip(twice[:5], twice[5:], strict=True))


def test_numbers_have_no_accuracy() -> None:
    numbers = Dataset(pictures(6).images, targets=Numbers(np.zeros((6, 1)), ("x",)), name="angles")
    with pytest.raises(DataError, match="angles"):
        run_spatial(numbers, numbers)


def test_pictures_too_small() -> None:
    with pytest.raises(DataError, match="19×19") as caught:
        run_spatial(pictures(side=19), pictures(side=19))
    assert "\n" not in str(caught.value)
