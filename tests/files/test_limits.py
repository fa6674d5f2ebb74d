"""The cost of a network is known before it is run, and bounded."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from pellucid.engines import get_engine
from pellucid.errors import ArgumentError
from pellucid.files import check_limits
from pellucid.files.limits import MOST_PLACES, MOST_VALUES, MOST_WORK, running_costs
from pellucid.graph import INPUT, Graph, Network, initial_weights
from pellucid.layers import (
    GRU,
    LSTM,
    AffineGrid,
    Attention,
    AveragePool,
    BatchNorm,
    Block,
    ChannelShuffle,
    ChannelSlice,
    Conv2D,
    ConvTranspose2D,
    Crop,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    Gated,
    GlobalAveragePool,
    GlobalMaxPool,
    Input,
    Layer,
    LocalResponseNorm,
    MaxPool,
    Normalise,
    Pad,
    Parallel,
    PerspectiveDivide,
    PReLU,
    ProjectiveGrid,
    ReLU,
    Reshape,
    Residual,
    Resize,
    RoIAlign,
    RoIPool,
    Sequential,
    Sigmoid,
    Softmax,
    SpatialTransformer,
    Subsample,
    Tanh,
    connect,
)
from pellucid.ops import OPERATIONS
from tests.ops.cases.pointwise import REGISTERED

SIDE = 48

BLOCKS: dict[str, Block] = {
    "add": Residual([Conv2D(4, 1)]),
    "average_pool": AveragePool(5, stride=1, padding="same", count_padding=True),
    "batch_norm": BatchNorm(),
    "concatenate": Parallel([[Conv2D(8, 1)], []]),
    "conv2d": Conv2D(8, 5, padding=((30, 3), (2, 90)), dilation=2),
    "conv_transpose2d": ConvTranspose2D(3, 4, stride=2, padding=((1, 0), (0, 2))),
    "dense": Sequential([Flatten(), Dense(50)]),
    "dropout": Dropout(0.5),
    "embedding": Sequential([Flatten(), Embedding(50, 4)]),
    "flatten": Flatten(),
    "matrix_product": Sequential([Reshape((4, -1)), Attention()]),
    "gru": Sequential([Flatten(), Embedding(50, 4), GRU(40)]),
    "lstm": Sequential([Flatten(), Embedding(50, 4), LSTM(40)]),
    "global_average_pool": GlobalAveragePool(),
    "local_response_norm": LocalResponseNorm(25),
    "max_pool": MaxPool(3, stride=1, padding="same"),
    "normalise": Normalise([1.0] * 4, [2.0] * 4),
    "prelu": PReLU(),
    "channel_shuffle": ChannelShuffle(),
    "channel_slice": ChannelSlice(1, 3),
    "crop": Crop(3),
    "global_max_pool": GlobalMaxPool(),
    "multiply": Gated([]),
    "pad": Pad(9),
    "affine_grid": Sequential([Flatten(), Dense(6), AffineGrid(40)]),
    "projective_grid": Sequential([Flatten(), Dense(8), ProjectiveGrid(40)]),
    "perspective_divide": Sequential([Conv2D(3, 1), PerspectiveDivide()]),
    "grid_sample": SpatialTransformer([Flatten()], SIDE),
    "reshape": Reshape((-1, 8)),
    "resize": Resize(factor=3, method="bilinear"),
    "softmax": Softmax(),
    "subsample": Subsample(2, edge="count"),
    **{each.kind: Layer(each) for each in REGISTERED},
}


def of_regions(layer: Layer) -> Graph:
    """Of boxes that a dense layer makes."""
    pixels = Input((SIDE, SIDE, 4))
    boxes = Sequential([GlobalAveragePool(), Dense(60 * 6), Reshape((60, 6))])(pixels)
    return connect({INPUT: pixels}, {"made": layer(pixels, boxes)})


REGIONS = {
    "roi_align": of_regions(RoIAlign((9, 8), scale=0.5, samples=4)),
    "roi_pool": of_regions(RoIPool((9, 8), scale=0.5)),
}
MORE: dict[str, Block] = {
    "grouped convolution": Conv2D(4, 3, groups=4, padding="same"),
    "convolution with a wide border": Conv2D(1, 1, stride=400, padding=300),
    "overlapping max pool that hangs over": MaxPool(9, stride=2, edge="count"),
    "pointwise chain": Sequential([ReLU(), Tanh(), Sigmoid(), BatchNorm(), PReLU(), Dropout()]),
}


def test_every_operation_is_measured() -> None:
    assert BLOCKS.keys() | REGIONS.keys() == OPERATIONS.keys()


@pytest.mark.parametrize("block", [*BLOCKS, *REGIONS, *MORE])
def test_no_network_needs_more_memory_than_foreseen(block: str) -> None:
    """Against what Python's own allocator counts while the reference engine runs."""
    graph = REGIONS.get(block) or Sequential([{**BLOCKS, **MORE}[block]]).graph((SIDE, SIDE, 4))
    program = get_engine("reference").load(Network(graph, initial_weights(graph, 0)))
    image = np.ones((1, *graph.input_shape), np.float32)
    program.forward(image)
    tracemalloc.start()
    try:
        program.forward(image)
        _, measured = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    *_, (_, foreseen) = running_costs(graph)
    assert measured <= 4 * foreseen.values + 20_000  # 20 kB for Python's own objects
    assert 4 * foreseen.values <= 12 * measured + 20_000  # a bound too wide would refuse good ones


def vgg16() -> Graph:
    """Simonyan and Zisserman 2014, configuration D: larger than what is trained on a processor."""
    layers: list[Block] = []
    for count, filters in ((2, 64), (2, 128), (3, 256), (3, 512), (3, 512)):
        for _ in range(count):
            layers += [Conv2D(filters, 3, padding="same"), ReLU()]
        layers.append(MaxPool(2))
    head: list[Block] = [Flatten(), Dense(4096), ReLU(), Dense(4096), ReLU(), Dense(1000)]
    return Sequential([Normalise([0.0] * 3, [1.0] * 3), *layers, *head]).graph((224, 224, 3))


def test_a_large_network_of_the_literature_is_allowed() -> None:
    graph = vgg16()
    check_limits(graph)
    *_, (_, cost) = running_costs(graph)
    # 15.5 billion multiply-adds, as the literature counts them for its convolutions and layers
    assert sum(node.operation.multiply_adds(*graph.inputs_of(node)) for node in graph.nodes) == (
        pytest.approx(15.5e9, rel=0.01)
    )
    assert cost.values < MOST_VALUES
    assert cost.work < MOST_WORK
    assert cost.places < MOST_PLACES


HUGE = 1 << 20

HOSTILE: dict[str, tuple[list[Block], str]] = {
    "padding": (
        [Conv2D(1, 1, stride=HUGE, padding=HUGE), Flatten()],
        r"'conv1' \(conv2d\): up to it one image needs memory for .* values",
    ),
    "filters": ([Conv2D(HUGE, 1, padding=4), Flatten()], "'conv1'.*memory"),
    "units": ([Flatten(), Dense(HUGE), Dense(HUGE)], "multiply-adds"),
    "many layers": ([Conv2D(200_000, 1), *[ReLU() for _ in range(200)]], "'relu.*memory"),
    "patches": ([Conv2D(1, 15, padding=2000), Flatten()], "'conv1'.*memory"),
    "windows": (
        [MaxPool(900, stride=HUGE, padding=800, edge="count"), MaxPool(800, padding=799)],
        "windows of .* places",
    ),
    "channels' window": ([LocalResponseNorm(HUGE - 1), LocalResponseNorm(HUGE - 1)], "places"),
    "doubling": ([Parallel([[], []]) for _ in range(5000)], "'join.*memory"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_networks_are_refused_without_being_run(case: str) -> None:
    layers, message = HOSTILE[case]
    graph = Sequential(layers).graph((4, 4, 3))
    tracemalloc.start()
    try:
        with pytest.raises(ArgumentError, match=message) as caught:
            check_limits(graph)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20_000_000
    assert len(str(caught.value).splitlines()) == 1
    assert len(str(caught.value)) < 300
