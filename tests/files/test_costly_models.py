"""Model files that are whole, sealed, and costly: refused before the cost; honest ones are not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid.architectures import ARCHITECTURES
from pellucid.data.preprocessing import Preprocessing
from pellucid.engines import get_engine
from pellucid.engines.native.runtime.host import compiled
from pellucid.errors import FileFormatError
from pellucid.files import check_limits, load_model, self_test
from pellucid.files.container import Contents, pack
from pellucid.files.limits import TRUST, running_costs
from pellucid.graph.serialise import graph_to_dict
from pellucid.layers import (
    AveragePool,
    BatchNorm,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePool,
    LocalResponseNorm,
    MaxPool,
    Parallel,
    ReLU,
    ReLU6,
    Residual,
    Sequential,
)
from tests.engines.native.programs import compiled as code_of
from tests.engines.networks import batch, network

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from pellucid.graph import Graph
    from pellucid.layers import Block


def sealed(path: Path, graph: Graph, images: int = 16) -> Path:
    """A model file with a true checksum, made without asking whether it may be."""
    weights: dict[str, NDArray[Any]] = {
        str(name): np.full(parameter.shape, 1.0 if "variance" in str(name) else 0.0, np.float32)
        for name, parameter in graph.parameters.items()
    }
    classes = [str(i) for i in range(graph.output_shape[0])]
    height, width, channels = graph.input_shape
    document: dict[str, Any] = {
        "graph": graph_to_dict(graph),
        "classes": classes,
        "preprocessing": Preprocessing(height, width, channels).to_dict(),
        "provenance": {},
        "self_test": {"engine": "reference"},
    }
    tested: dict[str, NDArray[Any]] = {
        "self_test.images": np.zeros((images, *graph.input_shape), np.uint8),
        "self_test.logits": np.zeros((images, len(classes)), np.float32),
    }
    path.write_bytes(pack("model", 1, Contents(document, {**weights, **tested})))
    return path


def ended(layers: list[Block]) -> Sequential:
    return Sequential([*layers, GlobalAveragePool(), Dense(2)])


BRANCHES: list[list[Block]] = [[] for _ in range(5000)]
COSTLY: dict[str, tuple[Block, tuple[int, int, int]]] = {
    "many nodes": (ended([ReLU() for _ in range(2000)]), (8, 8, 1)),
    "many residuals": (ended([Residual([ReLU()]) for _ in range(1000)]), (8, 8, 1)),
    "many small kernels": (ended([Conv2D(1, 1) for _ in range(1000)]), (8, 8, 1)),
    "many kinds of kernels": (
        ended([Conv2D(1, (1 + i % 5, 1 + i % 7), padding="same") for i in range(350)]), (8, 8, 1),
    ),
    "inputs of a node": (Sequential([Parallel(BRANCHES), Flatten(), Dense(2)]), (1, 1, 1)),
    "a maximum's window": (
        Sequential([MaxPool((500, 490), stride=(1, 1)), Flatten(), Dense(2)]), (500, 500, 1),
    ),
    "an average's window": (
        Sequential([AveragePool((500, 499), stride=(1, 1)), Flatten(), Dense(2)]), (500, 500, 1),
    ),
    "a kernel's window": (ended([Conv2D(1, 300, padding="same")]), (40, 40, 1)),
    "neighbouring channels": (ended([LocalResponseNorm((1 << 19) + 1)]), (16, 16, 1)),
    "work": (ended([Conv2D(64, 3, padding="same") for _ in range(9)]), (400, 400, 1)),
    "values": (ended([Conv2D(400, 1), ReLU()]), (512, 512, 1)),
    "a border": (ended([Conv2D(1, 1, padding=100_000)]), (8, 8, 1)),
}  # fmt: skip


@pytest.mark.parametrize("name", COSTLY)
def test_what_the_weights_do_not_explain_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    block, shape = COSTLY[name]
    path = sealed(tmp_path / "costly.safetensors", Sequential([block]).graph(shape), images=1)
    monkeypatch.setattr(self_test, "compute_logits", lambda *_: pytest.fail("it was computed"))
    with pytest.raises(FileFormatError) as raised:
        load_model(path)
    message = str(raised.value)
    assert f"set {TRUST}=1" in message
    assert "layer '" in message
    assert message.isprintable()


def test_who_trusts_a_file_may_load_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    block, shape = COSTLY["many small kernels"]
    path = sealed(tmp_path / "trusted.safetensors", Sequential([block]).graph(shape), images=1)
    monkeypatch.setenv(TRUST, "1")
    assert len(load_model(path).network.graph.nodes) == 1002
    monkeypatch.setenv(TRUST, "0")
    with pytest.raises(FileFormatError):
        load_model(path)


def efficient() -> Graph:
    """EfficientNet-B0 without its gates (Tan and Le 2019, table 1), for 224×224."""
    layers: list[Block] = [Conv2D(32, 3, stride=2, padding="same"), BatchNorm(), ReLU6()]
    stages = (
        (1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3),
        (6, 112, 3, 1, 5), (6, 192, 4, 2, 5), (6, 320, 1, 1, 3),
    )  # fmt: skip
    channels = 32
    for expansion, filters, count, first, size in stages:
        for number in range(count):
            wide, stride = channels * expansion, first if number == 0 else 1
            body: list[Block] = [Conv2D(wide, 1), BatchNorm(), ReLU6()] if expansion > 1 else []
            body += [Conv2D(wide, size, stride=stride, padding="same", groups=wide), BatchNorm()]
            body += [ReLU6(), Conv2D(filters, 1), BatchNorm()]
            layers += [Residual(body)] if stride == 1 and channels == filters else body
            channels = filters
    head: list[Block] = [Conv2D(1280, 1), BatchNorm(), ReLU6(), GlobalAveragePool(), Dense(1000)]
    return Sequential([*layers, *head]).graph((224, 224, 3))


def deep() -> Graph:
    layers: list[Block] = []
    for _ in range(200):
        layers += [Conv2D(4, 3, padding="same"), BatchNorm(), ReLU()]
    return ended(layers).graph((32, 32, 3))


def test_honest_networks_are_allowed() -> None:
    check_limits(efficient(), {})
    check_limits(deep(), {})
    for name in ARCHITECTURES:
        for side in (64, 128 if name == "resnet110" else 224):  # made for 32×32
            check_limits(ARCHITECTURES[name](10).graph((side, side, 3)), {})
    check_limits(ARCHITECTURES["vgg-medium"](10).graph((512, 512, 3)), {})


def test_a_self_test_takes_the_images_that_it_can_afford() -> None:
    small = ARCHITECTURES["resnet20"](10).graph((32, 32, 3))
    assert self_test.affordable(small, 16) == 16
    large = ARCHITECTURES["resnet20"](10).graph((224, 224, 3))
    *_, (_, cost) = running_costs(large)
    count = self_test.affordable(large, 16)
    assert 1 <= count < 16
    assert count * cost.work <= self_test.MOST_WORK
    assert self_test.affordable(ARCHITECTURES["vgg-medium"](10).graph((512, 512, 3)), 16) == 1


def test_large_images_are_computed_in_smaller_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = ended([Conv2D(8, 1), ReLU()]).graph((20, 20, 1))
    net = network(graph)
    images, _ = batch(graph, 7)
    whole = get_engine("native").load(net)
    assert code_of(whole)._loaded.capacity == 64
    monkeypatch.setattr(compiled, "MOST_VALUES", 40_000)
    parts = get_engine("native").load(net)
    # as many for each thread
    assert 0 < code_of(parts)._loaded.capacity <= 40_000 // (2 * 2 * 8 * 20 * 20)
    np.testing.assert_array_equal(parts.forward(images), whole.forward(images))
