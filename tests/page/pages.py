"""The pages that tests in a browser open: ``python -m tests.page.pages FOLDER`` writes them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from pellucid.architectures.faster_rcnn import faster_rcnn
from pellucid.architectures.region_head import first_weights
from pellucid.data.preprocessing import Preprocessing
from pellucid.data.sound import Sound
from pellucid.files import Model
from pellucid.graph import Network
from pellucid.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    Flatten,
    Layer,
    MaxPool,
    Normalise,
    ReLU,
    Sequential,
)
from pellucid.page import Page, make_page
from pellucid.page.learning import Lesson
from pellucid.page.samples import Samples
from pellucid.tasks import Detection, MultiLabel, RegionDetection, Regression
from pellucid.training.recipe import make_recipe
from tests.engines.networks import network
from tests.estimators.test_captioner import pictures
from tests.interop.test_onnx_captions import captioner_model
from tests.page import following, replayed, run_pages
from tests.page.deep import deep_page
from tests.page.lessons import CASES

if TYPE_CHECKING:
    from pellucid.tasks import Task

NAMES = ("cat </script><b>bold</b>", "dog \u202e 숫자")
"""Of classes and pictures: each must stand there as text."""


def small_page() -> Page:
    """A network of every part that the first views show, asymmetric, with a norm to be folded."""
    layers = [Conv2D(4, (3, 2)), BatchNorm(), ReLU(), MaxPool(2), Flatten(), Dense(2)]
    graph = Sequential(layers).graph((9, 8, 3))
    model = Model(network(graph), NAMES, Preprocessing(9, 8, 3))
    pixels = np.random.default_rng(3).integers(0, 256, (2, 9, 8, 3), np.uint8)
    return make_page(model, Samples(pixels, NAMES, (0, None)), title="Small <b>network</b>")


def grey_page() -> Page:
    """A network of grey pictures as large as digits, with more classes than a list shows well."""
    layers = [Conv2D(4, 3), ReLU(), MaxPool(2), Flatten(), Dense(60)]
    graph = Sequential(layers).graph((28, 28, 1))
    names = tuple(f"class {k}" for k in range(60))
    model = Model(network(graph), names, Preprocessing(28, 28, 1, decoding="whole"))
    pixels = np.random.default_rng(4).integers(0, 64, (3, 28, 28, 1), np.uint8)
    pixels[:, 8:20, 8:20] += 191
    return make_page(model, Samples(pixels, ("a", "b", "c"), (0, 5, None)), title="Grey")


def wild_page() -> Page:
    """A lesson with a rate far too high: its loss grows beyond all numbers."""
    case = CASES["sgd"]
    fitted, data = case.fitted(), case.data()
    assert data.test is not None
    recipe = make_recipe(epochs=3, batch_size=8, learning_rate=1e4, schedule="constant")
    lesson = Lesson(fitted.model_, data.train, data.test, recipe)
    return make_page(fitted.model_, Samples.of(data.test, 3), lesson=lesson)


def task_page(task: Task, wanted: tuple[tuple[float, ...] | None, ...]) -> Page:
    """A network of several labels or numbers, with a picture of which these are known."""
    graph = Sequential([Conv2D(2, 3), ReLU(), Flatten(), Dense(3)]).graph((9, 8, 1))
    model = Model(network(graph), task, Preprocessing(9, 8, 1))
    pixels = np.random.default_rng(5).integers(0, 256, (2, 9, 8, 1), np.uint8)
    return make_page(model, Samples(pixels, ("known", "unknown"), (None, None), wanted))


def labels_page() -> Page:
    """Several labels a picture."""
    return task_page(MultiLabel(("wet", "dark", "round")), ((1, 0, 1), None))


def numbers_page() -> Page:
    """Three numbers a picture."""
    task = Regression(
        ("age", "height", "weight"), (40.0, 170.0, 70.0), (12.5, 9.0, 11.0), flat=False
    )
    return task_page(task, ((31.5, 181.0, 64.5), None))


def caption_page(cell: str) -> Page:
    """A captioner of two words or more for each of its samples."""
    images, _ = pictures(3)
    names = tuple(f"{n}.png" for n in range(3))
    return make_page(captioner_model(cell), Samples(images, names, (None,) * 3))


def detector_page() -> Page:
    """Boxes of three classes in a map of seven channels; those of one picture are known."""
    layers = [
        Conv2D(4, 3, stride=2, padding="same"),
        ReLU(),
        Conv2D(6, 3, stride=4, padding="same"),
        ReLU(),
    ]
    graph = Sequential([*layers, Conv2D(7, 1, name="ends")]).graph((40, 56, 3))
    made = network(graph)
    weights = {name: 0.3 * array for name, array in made.weights.items()}
    task = Detection(("wet", "dark", "round"), least=0.01, shown=0.02)
    model = Model(Network(graph, weights), task, Preprocessing(40, 56, 3))
    pixels = np.random.default_rng(6).integers(0, 256, (2, 40, 56, 3), np.uint8)
    boxes: list[list[list[float]] | None] = [[[3.0, 4.0, 20.0, 30.0, 1.0]], None]
    names = "known", "unknown"
    return make_page(model, Samples(pixels, names, (None, None), boxes=tuple(boxes)))


def regions_page() -> Page:
    """Boxes of two classes, found in regions."""
    layers: list[Layer] = [Normalise((128.0,) * 3, (64.0,) * 3)]
    for filters in (4, 6, 8, 8):
        layers += [Conv2D(filters, 3, stride=2, padding="same"), ReLU()]
    body = Sequential([*layers, Flatten(), Dense(2)]).graph((32, 64, 3))
    graph = faster_rcnn(body, 2, (12.0, 20.0))
    weights = first_weights(graph, 3)
    for name, factor in (("objectness", 20), ("offsets", 10), ("classes", 12), ("corners", 90)):
        weights[f"{name}.kernel"] *= np.float32(factor)
    task = RegionDetection(("wet", "dark"), least=0.05, shown=0.1, size=(32, 64))
    model = Model(Network(graph, weights), task, Preprocessing(32, 64, 3))
    pixels = np.random.default_rng(8).integers(0, 256, (1, 32, 64, 3), np.uint8)
    return make_page(model, Samples(pixels, ("noise",), (None,)))


def sound_page() -> Page:
    """A network that hears."""
    sound = Sound(rate=8000, seconds=0.2, mels=16)
    graph = Sequential([Conv2D(2, 3), ReLU(), Flatten(), Dense(3)]).graph(
        (sound.mels, sound.frames, 1)
    )
    reading = Preprocessing(sound.mels, sound.frames, 1, sound=sound)
    model = Model(network(graph), ("one", "two", "three"), reading)
    pixels = np.random.default_rng(7).integers(0, 256, (1, sound.mels, sound.frames, 1), np.uint8)
    return make_page(model, Samples(pixels, ("one.wav",), (0,)))


PAGES = {
    "captions-gru": lambda: caption_page("gru"),
    "captions-lstm": lambda: caption_page("lstm"),
    "detector": detector_page,
    "regions": regions_page,
    "sound": sound_page,
    "labels": labels_page,
    "numbers": numbers_page,
    "learn-wild": wild_page,
    "grey": grey_page,
    "small": small_page,
    "deep": deep_page,
    **{f"learn-{name}": case.page for name, case in CASES.items()},
}

FRAMED = ("small", "learn-sgd")
"""Those that are also written as a notebook shows them."""


def write(folder: Path) -> None:
    """Write every page into a folder, as NAME.html, and those that change while they are open."""
    following.write(folder)
    replayed.write(folder)
    run_pages.write(folder)
    for name, make in PAGES.items():
        page = make()
        page.save(folder / f"{name}.html")
        if name in FRAMED:
            document = f"<!doctype html><title>A notebook</title>{page._repr_html_()}"
            (folder / f"notebook-{name}.html").write_text(document, "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
