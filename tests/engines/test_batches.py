"""Batches for inference: bounded memory, and the same numbers as all at once."""

from __future__ import annotations

import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.architectures import get_architecture
from pellucid.engines import batches, get_engine
from pellucid.estimators.classifier import ImageClassifier
from pellucid.graph import Network, initial_weights
from pellucid.tasks import SingleLabel
from pellucid.training.fit import Fitted
from pellucid.training.loop import _judge

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines import Program
    from pellucid.ops.operation import Array


def loaded(engine: str, side: int, architecture: str = "vgg-small") -> Program:
    graph = get_architecture(architecture)(3).graph((side, side, 3))
    return get_engine(engine).load(Network(graph, initial_weights(graph, 0)))


def pictures(count: int, side: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(1).integers(0, 256, (count, side, side, 3), np.uint8)


@pytest.mark.parametrize("engine", ["native", "reference", "torch"])
def test_the_same_numbers_as_all_at_once(engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    program, images = loaded(engine, 16), pictures(7, 16)
    alone = np.concatenate([program.forward(image[None]) for image in images])
    monkeypatch.setattr(batches, "LIMIT", 3 * program.forward_bytes)
    sizes: list[int] = []
    own = program.forward

    def counted(part: Array) -> Array:
        sizes.append(len(part))
        return own(part)

    monkeypatch.setattr(program, "forward", counted)
    answers = batches.forward(program, images)
    assert sizes == [3, 3, 1]
    np.testing.assert_allclose(answers, alone, rtol=1e-4, atol=1e-5)
    if engine == "native":
        assert np.array_equal(answers, own(images))


def test_what_an_image_needs_grows_with_its_pixels() -> None:
    small, large = (loaded("native", side) for side in (32, 128))
    # Through the first layers images go one by one: through more of them where these are large.
    assert 2 < large.forward_bytes / small.forward_bytes < 18
    assert 12 < large.values_bytes / small.values_bytes < 18
    assert batches.images_at_once(small.forward_bytes) == batches.MOST
    assert batches.images_at_once(batches.LIMIT * 9) == 1


def test_values_need_about_what_is_said() -> None:
    program, images = loaded("reference", 64), pictures(2, 64)
    tracemalloc.start()
    program.values(images)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 0.4 < peak / (2 * program.values_bytes) < 1.2


@pytest.mark.parametrize("what", ["evaluate", "compare", "validate", "dead units", "predict"])
def test_what_looks_at_many_pictures_stays_within_bounds(
    what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All at once they would need some 75 MB."""
    from pellucid.data import Dataset, Preprocessing
    from pellucid.evaluation import evaluate
    from pellucid.evaluation.predict_logits import predict_logits
    from pellucid.files import Model
    from pellucid.training.dead_units import activity

    program, images = loaded("reference", 32), pictures(32, 32)
    data = Dataset(images, np.arange(32) % 3, ("a", "b", "c"))
    network = Network(program.graph, program.weights())
    model = Model(network, data.classes, Preprocessing(32, 32, 3), {})
    classifier = ImageClassifier(engine="reference")
    classifier._fitted = Fitted(model, program)
    work: dict[str, Callable[[], object]] = {
        "evaluate": lambda: evaluate(program, data),
        "compare": lambda: predict_logits(classifier, data, "A"),
        "validate": lambda: _judge(program, data, lambda: False, SingleLabel(data.classes)),
        "dead units": lambda: activity(network, images, engine=get_engine("reference")),
        "predict": lambda: classifier.predict_proba(list(images)),
    }
    monkeypatch.setattr(batches, "LIMIT", 4 << 20)
    tracemalloc.start()
    work[what]()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 25 << 20
