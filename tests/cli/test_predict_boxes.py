"""``pellucid predict`` of a detector: lines, tables, JSON, pictures with boxes, frames."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

import pellucid as pl
from pellucid.data import load
from pellucid.data.frames import frames_of
from pellucid.show.boxed import COLOURS
from tests.estimators.test_detector import made, scene, scenes

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Command

LEAST = "0.02"
FRAMES = 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A detector, ``model.safetensors``, and ``new`` with pictures of another size than its own."""
    folder = tmp_path_factory.mktemp("predict")
    detector = made(epochs=2, engine="reference").fit(scenes(0, 16))
    detector.save(folder / "model.safetensors")
    (folder / "new").mkdir()
    for n in range(3):
        picture = Image.fromarray(scene(100 + n)[0]).resize((160, 100))
        picture.save(folder / "new" / f"{n}.png")
    frames = [Image.fromarray(scene(200 + n)[0]).resize((80, 64)) for n in range(FRAMES)]
    for ending in ("gif", "png", "webp"):
        settings: dict[str, Any] = {"lossless": True} if ending == "webp" else {}
        frames[0].save(
            folder / f"film.{ending}",
            save_all=True,
            append_images=frames[1:],
            duration=70,
            **settings,
        )
    return folder


def expected(folder: Path, name: str) -> list[tuple[str, list[float]]]:
    detector = pl.ObjectDetector.load(folder / "model.safetensors")
    found = detector.detections(folder / "new" / name, float(LEAST))
    assert not isinstance(found, list)
    return list(zip(found.classes, found.boxes.tolist(), strict=True))


def test_lines_tables_and_json_have_the_same_boxes(
    pellucid: Command, folder: Path, tmp_path: Path
) -> None:
    given = "predict", folder / "model.safetensors", folder / "new", "--threshold", LEAST
    lines = pellucid(*given).stdout.splitlines()
    records = json.loads(pellucid(*given, "--json").stdout)
    pellucid(*given, "-o", folder / "boxes.csv")
    pellucid(*given, "-o", "boxes.json")
    assert json.loads((tmp_path / "boxes.json").read_text("utf-8")) == records
    with (folder / "boxes.csv").open(encoding="utf-8", newline="") as file:
        table = list(csv.DictReader(file))
    wanted = {f"{n}.png": expected(folder, f"{n}.png") for n in range(3)}
    count = sum(map(len, wanted.values()))
    assert count > 3
    assert len(lines) == len(table) == count
    for record in records:
        own = wanted[record["picture"].rsplit("/", 1)[-1]]
        assert [each["class"] for each in record["boxes"]] == [name for name, _ in own]
        for each, (_, box) in zip(record["boxes"], own, strict=True):
            assert each["box"] == pytest.approx(box)
            assert 0 <= each["box"][0] < each["box"][2] <= 160
            assert 0 <= each["box"][1] < each["box"][3] <= 100
    for row, (_, box) in zip(table, [each for own in wanted.values() for each in own], strict=True):
        assert [float(row[name]) for name in ("x0", "y0", "x1", "y1")] == pytest.approx(
            box, abs=0.006
        )
    read = load(folder / "boxes.csv", image_size=(64, 96), cache=False)  # they are data, too
    assert read.train.kind == "detection"


def test_nothing_found_is_an_answer(pellucid: Command, folder: Path, tmp_path: Path) -> None:
    blind = pl.ObjectDetector.load(folder / "model.safetensors")
    blind.model_.network.weights["classes.bias"] -= 1e4
    blind.save(tmp_path / "blind.safetensors")
    given = "predict", "blind.safetensors", folder / "new" / "0.png"
    assert "nothing found" in pellucid(*given).stdout
    assert json.loads(pellucid(*given, "--json").stdout)[0]["boxes"] == []
    pellucid(*given, "-o", "boxes.csv")
    assert (tmp_path / "boxes.csv").read_text("utf-8").splitlines()[1].endswith(",,,,,,")


def test_boxes_are_drawn_in_the_picture_s_own_pixels(
    pellucid: Command, folder: Path, tmp_path: Path
) -> None:
    given = "predict", folder / "model.safetensors", "--threshold", LEAST
    pellucid(*given, folder / "new" / "0.png", "-o", "boxed.png")
    before = np.asarray(Image.open(folder / "new" / "0.png").convert("RGB")).astype(int)
    after = np.asarray(Image.open(tmp_path / "boxed.png")).astype(int)
    assert after.shape == before.shape
    assert (before != after).any()
    name, (x0, y0, *_) = expected(folder, "0.png")[0]  # the most probable lies on top
    colour = COLOURS[("dark", "light").index(name)]
    words = after[round(y0) + 2 : round(y0) + 14, round(x0) + 2 : round(x0) + 30]
    assert (words == tuple(bytes.fromhex(colour[1:]))).all(axis=-1).mean() > 0.3
    pellucid(*given, folder / "new", "-o", "several")
    assert {path.name for path in (tmp_path / "several").iterdir()} == {"0.png", "1.png", "2.png"}
    pellucid(*given, folder / "new", "-o", "boxes.html")
    assert (tmp_path / "boxes.html").read_text("utf-8").count("data:image/png") >= 3
    pellucid(*given, folder / "new", "-o", "one.jpg", code=2)
    pellucid(*given, folder / "new" / "0.png", "-o", folder / "new" / "0.png", code=1)


@pytest.mark.parametrize("ending", ["gif", "png", "webp"])
def test_every_frame_of_an_animated_picture_is_answered(
    pellucid: Command, folder: Path, tmp_path: Path, ending: str
) -> None:
    film = folder / f"film.{ending}"
    given = "predict", folder / "model.safetensors", film, "--threshold", LEAST
    records = json.loads(pellucid(*given, "--json").stdout)
    assert [each["picture"] for each in records] == [f"{film}[{n}]" for n in range(FRAMES)]
    detector = pl.ObjectDetector.load(folder / "model.safetensors")
    for record, frame in zip(records, frames_of(film), strict=True):
        found = detector.detections(frame.picture, float(LEAST))
        assert not isinstance(found, list)
        boxes = [each["box"] for each in record["boxes"]]
        np.testing.assert_allclose(boxes, found.boxes.reshape(-1, 4))
        assert frame.duration == 70
    pellucid(*given, "-o", "boxed.gif")
    with Image.open(tmp_path / "boxed.gif") as made_film:
        assert made_film.n_frames == FRAMES  # type: ignore[attr-defined]
    pellucid(*given, "-o", "boxed.jpg", code=2)


def test_frames_are_the_film_s_pixels(folder: Path) -> None:
    for n, frame in enumerate(frames_of(folder / "film.png")):
        pixels = np.asarray(Image.fromarray(scene(200 + n)[0]).resize((80, 64)))
        np.testing.assert_array_equal(frame.picture, pixels)
    assert frames_of(folder / "new" / "0.png") == []


def test_a_threshold_is_for_labels_and_boxes(
    pellucid: Command, model_path: Path, folder: Path
) -> None:
    given = "predict", model_path, folder / "new" / "0.png", "--threshold", "0.5"
    assert "threshold" in pellucid(*given, code=1).stderr
    given = "predict", folder / "model.safetensors", folder / "new" / "0.png", "--threshold", "7"
    assert "7" in pellucid(*given, code=1).stderr
