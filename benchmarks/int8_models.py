"""A workload's network, learned, and in whole numbers of 8 bits: ours, and ONNX Runtime's.

    python -m benchmarks.int8_models WORKLOAD FOLDER [--pictures FOLDER]

Grey networks learn MNIST's digits; those for colours the photographs of a folder with a folder for
each class, if one is given, and otherwise have weights as in the middle of training. All are
quantised with the same pictures, 500 of those that they learned from. What each answers on the test
pictures stands in ``WORKLOAD.json``.
"""

from __future__ import annotations

import argparse
import json
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
from onnxruntime.quantization import QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.calibrate import CalibrationDataReader
from onnxruntime.quantization.shape_inference import quant_pre_process
from tests.learning import Learning, step_of

from benchmarks.check import trained_weights
from benchmarks.contenders.onnx_runtime import ready_floats
from benchmarks.onnx_model import to_onnx
from benchmarks.workloads import WORKLOADS
from pellucid.data import Dataset, Preprocessing, load
from pellucid.engines import get_engine
from pellucid.files import Model, save_model
from pellucid.graph import Network, initial_weights
from pellucid.ops import CrossEntropy
from pellucid.optimizers import Adam
from pellucid.quantisation import quantise

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from benchmarks.workloads import Workload

    Pixels = NDArray[np.uint8]

CALIBRATION, JUDGED, MADE = 500, 10_000, 512
"""Pictures to quantise by, to judge by at most, and that are made where there are none."""

EPOCHS, BATCH, RATE = 2, 128, 0.003

MODES = {
    f"{kind}{'-floats' if floats else ''}": (floats, activations)
    for kind, activations in (("u8s8", QuantType.QUInt8), ("s8s8", QuantType.QInt8))
    for floats in (False, True)
}
"""ONNX Runtime's modes: whether ready floats go in, and the type of values; weights are int8."""


def make(workload: Workload, folder: Path, photographs: Path | None) -> dict[str, Any]:
    """Write a workload's models; how many pictures of :func:`test_data` each is right about."""
    data = _data(workload, photographs)
    graph = workload.graph
    learned = data is not None
    if data is None:
        random = np.random.default_rng(0)
        images = random.integers(0, 256, (MADE, *workload.input_shape), dtype=np.uint8)
        network, learn = Network(graph, trained_weights(workload)), images
        judged, places = images, np.zeros(0, np.int64)
    else:
        train, test = data
        network, learn = learn_classes(workload, train), train.images
        judged, places = test.images[:JUDGED], test.places[:JUDGED]
    calibration = np.ascontiguousarray(learn[:: max(1, len(learn) // CALIBRATION)][:CALIBRATION])
    names = [str(name) for name in range(workload.classes)]
    model = Model(network, names, Preprocessing(*workload.input_shape))
    whole = quantise(model, calibration).model
    save_model(folder / f"{workload.name}-int8.safetensors", whole)
    engine = get_engine("native")
    answers = {
        "native": _batched(engine.load(network).forward, judged),
        "native-int8": _batched(engine.load(whole.network).forward, judged),
    }
    for mode, (floats, activations) in MODES.items():
        path = folder / f"{workload.name}-{mode}.onnx"
        plain = folder / f"{workload.name}-{mode}-plain.onnx"
        plain.write_bytes(to_onnx(graph, network.weights, floats=floats))
        quant_pre_process(str(plain), str(plain))
        quantize_static(
            str(plain), str(path), _Pictures(calibration, floats=floats),
            quant_format=QuantFormat.QDQ, per_channel=True,
            activation_type=activations, weight_type=QuantType.QInt8,
        )  # fmt: skip
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        answers[f"onnxruntime-int8-{mode}"] = _batched(partial(_run, session, floats), judged)
    real = answers["native"]
    return {
        name: {
            "accuracy": float((found.argmax(axis=1) == places).mean()) if learned else None,
            "apart": float(abs(found - real).max() / abs(real).max()),
        }
        for name, found in answers.items()
    }


def learn_classes(workload: Workload, data: Dataset) -> Network:
    """The network after some epochs, the learning rate falling to 0."""
    network = Network(workload.graph, initial_weights(workload.graph, seed=0))
    step = step_of(network, Learning(CrossEntropy(), Adam()))
    program = get_engine("native").load(network, step)
    random = np.random.default_rng(0)
    count = len(data) // BATCH
    for epoch in range(EPOCHS):
        order = random.permutation(len(data))
        for place in range(count):
            chosen = order[place * BATCH : (place + 1) * BATCH]
            rate = RATE * (1 - (epoch * count + place) / (EPOCHS * count))
            program.train_step(data.images[chosen], data.places[chosen], rate)
    return Network(workload.graph, program.weights())


def _data(workload: Workload, photographs: Path | None) -> tuple[Dataset, Dataset] | None:
    """Pictures to learn from and to judge by; none: there are none of this kind."""
    if workload.input_shape == (28, 28, 1):
        splits = load("mnist")
    elif photographs is not None:
        splits = load(str(photographs), image_size=workload.input_shape[:2])
    else:
        return None
    judges = splits.test or splits.validation
    fits = judges is not None and len(splits.train.classes) == workload.classes
    return (splits.train, judges) if fits and judges is not None else None


class _Pictures(CalibrationDataReader):  # type: ignore[misc]
    """Hands ONNX Runtime the pictures to find scales by."""

    def __init__(self, images: Pixels, *, floats: bool) -> None:
        self._parts: Iterator[Pixels] = (images[at : at + 50] for at in range(0, len(images), 50))
        self._floats = floats

    def get_next(self) -> dict[str, Any] | None:
        images = next(self._parts, None)
        return None if images is None else {"pictures": _fed(images, floats=self._floats)}


def _fed(images: Pixels, *, floats: bool) -> NDArray[Any]:
    return ready_floats()(images) if floats else images


def _run(session: onnxruntime.InferenceSession, floats: bool, images: Pixels) -> Any:
    return session.run(None, {"pictures": _fed(images, floats=floats)})[0]


def _batched(forward: Callable[[Pixels], Any], images: Pixels) -> NDArray[np.float32]:
    return np.concatenate([forward(images[at : at + 250]) for at in range(0, len(images), 250)])


def main() -> None:
    """Make one workload's."""
    parser = argparse.ArgumentParser(description="Write a workload's models of 8 bits.")
    parser.add_argument("workload", choices=list(WORKLOADS))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--pictures", type=Path)
    given = parser.parse_args()
    found = make(WORKLOADS[given.workload], given.folder, given.pictures)
    (given.folder / f"{given.workload}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
