"""Where networks are cut, and what their blocks are."""

from __future__ import annotations

import numpy as np
import pytest

from pellucid.architectures import get_architecture
from pellucid.data.preprocessing import Preprocessing
from pellucid.engines import get_engine
from pellucid.errors import ArgumentError, ShapeError
from pellucid.files import Model
from pellucid.graph import Network, initial_weights
from pellucid.layers import (
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool,
    ReLU,
    Residual,
    Sequential,
)
from pellucid.transfer.blocks import find_blocks, last_blocks
from pellucid.transfer.body import Body, find_cut, with_new_head

SHAPE = (9, 7, 3)


def model(*layers: object) -> Model:
    graph = Sequential(list(layers)).graph(SHAPE)  # type: ignore[arg-type]
    names = tuple(f"class {k}" for k in range(graph.output_shape[0]))
    return Model(Network(graph, initial_weights(graph, 1)), names, Preprocessing(*SHAPE))


def test_the_features_are_what_the_last_dense_layer_reads() -> None:
    whole = model(Conv2D(4, 3), ReLU(), GlobalAveragePool(), Dropout(0.5), Dense(5, bias=False))
    body = Body.of(whole, "it")
    assert (body.cut, body.head, body.features) == ("dropout1", "dense1", 4)
    pictures = np.random.default_rng(0).integers(0, 255, (2, *SHAPE)).astype(np.uint8)
    engine = get_engine("reference")
    values = engine.load(whole.network).values(pictures)
    np.testing.assert_array_equal(engine.load(body.network).forward(pictures), values["dropout1"])
    other = with_new_head(whole, "it", (11, 12, 3), 3)
    assert other.graph.output_shape == (3,)
    np.testing.assert_array_equal(
        other.weights["conv1.kernel"], whole.network.weights["conv1.kernel"]
    )
    assert not other.weights["dense1.kernel"].any()
    assert Body.of_network(other, whole.preprocessing, "it").digest != body.digest  # by the size
    same = with_new_head(whole, "it", SHAPE, 7)
    assert Body.of_network(same, whole.preprocessing, "it").digest == body.digest


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ([Flatten(), Dense(4)], "nothing before its last dense layer has learned"),
        ([Conv2D(4, 3), GlobalAveragePool()], "ends in pool1"),
        ([Flatten(), Dense(9), Dense(4), ReLU()], "ends in relu1"),
    ],
)
def test_no_place_to_cut(layers: list[object], words: str) -> None:
    with pytest.raises(ArgumentError, match="no place to cut") as refused:
        Body.of(model(*layers), "net.onnx")
    assert words in str(refused.value)
    assert "net.onnx" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_body_of_one_size_is_not_used_for_another() -> None:
    with pytest.raises(ShapeError, match="9×7×3"):
        with_new_head(model(Flatten(), Dense(9), Dense(4)), "it", (8, 8, 3), 2)


def test_blocks() -> None:
    graph = Sequential(
        [
            Conv2D(4, 3, padding="same", name="stem"), ReLU(),
            Residual([Conv2D(4, 3, padding="same"), ReLU(), Conv2D(4, 3, padding="same")]), ReLU(),
            Conv2D(8, 1, name="a-wide"), ReLU(), Conv2D(4, 1, name="a-narrow"),
            GlobalAveragePool(), Dense(3),
        ]
    ).graph(SHAPE)  # fmt: skip
    body = graph.select(find_cut(graph, "it")[0])
    blocks = find_blocks(body)
    assert [block[0].name for block in blocks] == ["stem", "conv1", "a-wide"]
    assert [node for block in blocks for node in block] == list(body.nodes)
    assert last_blocks(body, 1) == blocks[2] == last_blocks(body, "1")
    assert last_blocks(body, "a-narrow") == blocks[2]
    assert last_blocks(body, "conv2") == (*blocks[1], *blocks[2])
    assert last_blocks(body, "all") == body.nodes
    for wrong in (0, 4, "9", True, "stemm", 1.5):
        with pytest.raises(ArgumentError):
            last_blocks(body, wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "count"), [("resnet20", 10), ("mobilenet-v2", 0), ("googlenet", 12), ("vgg-small", 7)]
)
def test_every_node_is_in_a_block(name: str, count: int) -> None:
    graph = get_architecture(name)(10).graph((64, 64, 3))
    body = graph.select(find_cut(graph, name)[0])
    blocks = find_blocks(body)
    assert [node for block in blocks for node in block] == list(body.nodes)
    assert not count or len(blocks) == count
