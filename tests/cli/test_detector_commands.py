"""Every command and method on a detector works, or says in a line what it is made for."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime
import pytest
from PIL import Image

import pellucid as pl
from pellucid.evaluation.detection import judged_boxes
from pellucid.explain.activations import Activations
from pellucid.metrics.detection import bootstrap_means
from tests.estimators.test_detector import made, scene, scenes

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("commands")
    made(epochs=1, engine="reference").fit(scenes(0, 8)).save(folder / "boxes.safetensors")
    Image.fromarray(scene(1)[0]).save(folder / "1.png")
    return folder


@pytest.mark.parametrize(
    "given",
    [
        ["predict", "M", "P", "--label", "dark"],
        ["predict", "M", "P", "--top", "3"],
    ],
    ids=lambda given: " ".join(given[:1] + given[2:5]),
)
def test_what_is_made_for_others_says_so(
    pellucid: Command, folder: Path, tmp_path: Path, given: list[str]
) -> None:
    places = {"M": folder / "boxes.safetensors", "P": folder / "1.png"}
    done = pellucid(*(places.get(each, each) for each in given), code=1)
    line = done.stderr.splitlines()[-1]
    assert len(line) < 300
    assert "object detection" in line or "ends in" in line or "dense" in line, line
    assert not list(tmp_path.iterdir())


def test_the_lecture_follows_a_box_of_the_detector(pellucid: Command, folder: Path) -> None:
    given = (folder / "boxes.safetensors", folder / "1.png", "--engine", "reference")
    told = pellucid("lecture", *given, "--label", "dark 2,10,20,50").stdout
    assert "1 dark" in told
    made = json.loads(pellucid("lecture", *given, "--json").stdout)
    steps = [each["name"] for each in made["steps"]]
    assert (steps[0], steps[-2:]) == ("input", ["boxes", "found"])
    found = pl.ObjectDetector.load(given[0], engine="reference").detections(given[1])
    assert not isinstance(found, list)
    surest = max(found.probabilities)
    assert made["steps"][-1]["value"] == pytest.approx(surest, rel=1e-6)


def test_its_features_are_the_means_of_the_maps_that_its_heads_read(
    pellucid: Command, folder: Path, tmp_path: Path
) -> None:
    model = folder / "boxes.safetensors"
    given = ("--from", model, "--engine", "reference")
    pellucid("features", folder / "1.png", *given, "--out", "one.npz")
    values = pl.ObjectDetector.load(model, engine="reference").values(folder / "1.png")
    (row,) = np.load(tmp_path / "one.npz")["features"]
    np.testing.assert_allclose(row, values["smooth-relu"].mean(axis=(0, 1)), rtol=1e-5)
    (tmp_path / "1.png").write_bytes((folder / "1.png").read_bytes())
    rows = "path,class,x0,y0,x1,y1\n1.png,dark,2,10,20,50\n"
    (tmp_path / "boxes.csv").write_text(rows, "utf-8")
    pellucid("features", "boxes.csv", "--task", "detection", *given, "--out", "known.csv")
    (known,) = csv.DictReader((tmp_path / "known.csv").read_text("utf-8").splitlines())
    assert known["label"] == "1 dark"
    np.testing.assert_allclose(float(known["feature3"]), row[3], rtol=1e-6)
    pellucid("features", "boxes.csv", "--task", "detection", *given, "--out", "known.npz")
    assert np.load(tmp_path / "known.npz")["labels"].tolist() == ["1 dark"]


@pytest.mark.parametrize(
    "given",
    [["summary", "M"], ["kernels", "M", "--out", "kernels.png"], ["explain-plan", "M", "-b", "2"]],
    ids=lambda given: str(given[0]),
)
def test_what_shows_networks_shows_a_detector(
    pellucid: Command, folder: Path, given: list[str]
) -> None:
    model = folder / "boxes.safetensors"
    assert pellucid(*(model if each == "M" else each for each in given)).stdout
    if given[0] == "explain-plan":
        plan = json.loads(pellucid(given[0], model, "--json").stdout)
        assert any("loss" in json.dumps(stage) for stage in plan["stages"])


def test_a_box_is_explained_and_opened(pellucid: Command, folder: Path, tmp_path: Path) -> None:
    """Of a picture between borders; numbered as ``detections`` lists them.

    By the reference: what the native engine would compile is no part of a command.
    """
    Image.fromarray(scene(1)[0][:, 20:50]).save(tmp_path / "tall.png")
    model, picture = folder / "boxes.safetensors", tmp_path / "tall.png"
    found = pl.ObjectDetector.load(model, engine="reference").detections(picture)
    assert not isinstance(found, list)
    given = (model, picture, "--engine", "reference")
    made = json.loads(pellucid("explain", *given, "--box", "2", "--json").stdout)
    assert made["box"]["probability"] == pytest.approx(found.probabilities[1], rel=1e-5)
    line = ("--number", "left", "--method", "gradient", "--out", "gradient.png")
    assert "left" in pellucid("explain", *given, *line).stdout
    assert "classes at" in pellucid("trace", *given, "--box", "1").stdout
    assert "distances at" in pellucid("trace", *given, "--number", "top").stdout
    for name in ("trace.png", "trace.html"):
        assert "box" in pellucid("trace", *given, "--out", name).stdout
    assert "<img" in (tmp_path / "trace.html").read_text()
    right = ("--label", "dark 2,10,20,50")
    plain = pellucid("backward", *given, *right, "--out", "backward.html").stdout
    assert "1 dark" in plain
    assert "logit of dark" in plain
    assert (
        "∂loss" in pellucid("backward", *given, *right, "--layer", "smooth", "--at", "1,2,3").stdout
    )
    refused = pellucid("trace", *given, "--box", "101", code=1).stderr.splitlines()[-1]
    assert "101" in refused
    assert len(refused) < 300
    pellucid("trace", *given, "--box", "1", "--layer", "found", "--at", "0,0", code=2)


def test_exported_it_answers_the_same(pellucid: Command, folder: Path, tmp_path: Path) -> None:
    """In ONNX Runtime its map is the same, and boxes and probabilities are those of its cells."""
    model, exported = folder / "boxes.safetensors", tmp_path / "boxes.onnx"
    pellucid("export", model, "--out", exported)
    assert json.loads(pellucid("verify", model, exported, "--json").stdout)["agrees"]
    detector, again = pl.ObjectDetector.load(model), pl.ObjectDetector.load(exported)
    picture = scene(2)[0]
    values = detector.values(picture)
    np.testing.assert_array_equal(again.values(picture)["boxes"], values["boxes"])
    session = onnxruntime.InferenceSession(exported)
    assert [each.name for each in session.get_outputs()] == ["logits", "boxes", "probabilities"]
    z, boxes, probabilities = session.run(None, {"input": picture[None]})
    np.testing.assert_allclose(z[0].transpose(1, 2, 0), values["boxes"], rtol=1e-3, atol=1e-4)
    found = Activations.of(detector, picture).boxes
    assert found
    for each in found:
        row, column, place = each.logit
        cell = row * z.shape[3] + column
        np.testing.assert_allclose(boxes[0, cell], each.box, rtol=1e-3, atol=1e-2)
        assert probabilities[0, cell, place] == pytest.approx(each.probability, rel=1e-3)


def test_two_are_compared_by_the_same_draws(folder: Path, tmp_path: Path) -> None:
    detector, data = pl.ObjectDetector.load(folder / "boxes.safetensors"), scenes(40, 12)
    same = pl.compare(detector, detector, data)
    assert same.interval == (0.0, 0.0)
    assert "no difference" in same.verdict
    better = made(epochs=8).fit(scenes(0, 32))
    found = pl.compare(detector, better, data)
    assert found.difference == pytest.approx(found.second.map50 - found.first.map50)
    assert found.interval[0] <= found.difference <= found.interval[1]
    one, two = (judged_boxes(each.program_, data, each._task)[1] for each in (detector, better))
    draws = bootstrap_means(two, 0.5) - bootstrap_means(one, 0.5)
    assert found.interval == pytest.approx(np.quantile(draws, (0.025, 0.975)).tolist())
    back = pl.compare(better, detector, data)
    assert back.interval == pytest.approx((-found.interval[1], -found.interval[0]))
    assert len(found.to_dict()["images"]) == len(found.to_csv().splitlines()) - 1 == 12
    found.write(tmp_path / "compared")
    assert found.second.headline.split()[1] in (tmp_path / "compared/comparison.html").read_text()


def test_methods(folder: Path) -> None:
    detector = pl.ObjectDetector.load(folder / "boxes.safetensors")
    picture = scene(1)[0]
    values = detector.values(picture)
    means = values["smooth-relu"].mean(axis=(0, 1))
    np.testing.assert_allclose(detector.features(picture), means, rtol=1e-4, atol=1e-6)
    found = detector.detections(picture, 0.01)
    assert not isinstance(found, list)
    rows = values["found"]
    np.testing.assert_allclose(rows[: len(found), :4], found.boxes)
    assert detector.summary().parameters > 0
    renamed = detector.renamed(["night", "day"])
    again = renamed.detections(picture, 0.01)
    assert not isinstance(again, list)
    assert set(again.classes) <= {"night", "day"}
    few = detector.with_threshold(0.9).predict(picture)
    assert not isinstance(few, list)
    assert len(few) <= len(found)
    assert (few.probabilities >= 0.9).all()
