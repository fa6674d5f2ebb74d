"""What a user writes: layers, their names, and how blocks become nodes."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from pellucid import layers, ops
from pellucid.errors import ArgumentError
from pellucid.graph import Node
from pellucid.layers import (
    GRU,
    LSTM,
    AffineGrid,
    AveragePool,
    BatchNorm,
    ChannelShuffle,
    ChannelSlice,
    Clip,
    Conv2D,
    ConvTranspose2D,
    Crop,
    Dense,
    Dropout,
    Embedding,
    Gated,
    GlobalAveragePool,
    GridSample,
    Layer,
    LeakyReLU,
    LocalResponseNorm,
    MatrixProduct,
    MaxPool,
    Normalise,
    Pad,
    Parallel,
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
    Subsample,
    Tanh,
)

JOINTS = {"add", "concatenate", "multiply"}
"""What Residual, Parallel and Gated make."""

MADE: list[tuple[Layer, Any]] = [
    (Conv2D(8, 3), ops.Conv2D(8, (3, 3))),
    (
        Conv2D(
            8,
            (3, 2),
            stride=(2, 1),
            dilation=2,
            padding=1,
            groups=4,
            bias=False,
            initializer="lecun",
        ),
        ops.Conv2D(8, (3, 2), (2, 1), (2, 2), ((1, 1), (1, 1)), 4, bias=False, initializer="lecun"),
    ),
    (Conv2D(1, 3, padding="same"), ops.Conv2D(1, (3, 3), padding="same")),
    (Conv2D(1, 3, padding=((0, 1), (2, 3))), ops.Conv2D(1, (3, 3), padding=((0, 1), (2, 3)))),
    (MaxPool(), ops.MaxPool((2, 2), (2, 2))),
    (MaxPool(3), ops.MaxPool((3, 3), (3, 3))),
    (MaxPool((3, 2), edge="count"), ops.MaxPool((3, 2), (3, 2), edge="count")),
    (MaxPool(3, stride=2, padding=1), ops.MaxPool((3, 3), (2, 2), ((1, 1), (1, 1)))),
    (AveragePool(3), ops.AveragePool((3, 3), (3, 3))),
    (
        AveragePool((3, 2), stride=(1, 2), padding="same", edge="count", count_padding=True),
        ops.AveragePool((3, 2), (1, 2), "same", "count", count_padding=True),
    ),
    (
        ConvTranspose2D(8, 4, stride=2, padding=1, bias=False),
        ops.ConvTranspose2D(8, (4, 4), (2, 2), ((1, 1), (1, 1)), bias=False),
    ),
    (
        ConvTranspose2D(2, (3, 2), stride=(2, 1), output_padding=(1, 0), initializer="glorot"),
        ops.ConvTranspose2D(2, (3, 2), (2, 1), output_padding=(1, 0), initializer="glorot"),
    ),
    (Reshape((-1, 3)), ops.Reshape((-1, 3))),
    (MatrixProduct(transposed=True, scaled=True), ops.MatrixProduct(True, True)),
    (GRU(5, initializer=0.5), ops.GRU(5, 0.5)),
    (LSTM(5, initializer="he"), ops.LSTM(5, "he")),
    (Embedding(30, 4, initializer=0.5), ops.Embedding(30, 4, 0.5)),
    (AffineGrid(3), ops.AffineGrid((3, 3))),
    (
        AffineGrid((3, 4), align_corners=True, relative=True, scale=0.5),
        ops.AffineGrid((3, 4), align_corners=True, relative=True, scale=0.5),
    ),
    (
        ProjectiveGrid((3, 4), align_corners=True, relative=True, scale=0.5),
        ops.ProjectiveGrid((3, 4), align_corners=True, relative=True, scale=0.5),
    ),
    (GridSample(), ops.GridSample()),
    (GridSample(align_corners=True), ops.GridSample(align_corners=True)),
    (Resize(), ops.Resize()),
    (Resize(3), ops.Resize(factor=(3, 3))),
    (Resize(size=(4, 5), method="bilinear"), ops.Resize((4, 5), method="bilinear")),
    (Subsample(3, initializer=0.5), ops.Subsample((3, 3), (3, 3), initializer=0.5)),
    (
        Subsample(2, stride=1, padding=1, edge="count"),
        ops.Subsample((2, 2), (1, 1), ((1, 1), (1, 1)), "count"),
    ),
    (Dense(7, bias=False, initializer="glorot"), ops.Dense(7, False, "glorot")),
    (Dense(7), ops.Dense(7)),
    (LeakyReLU(0.3), ops.LeakyReLU(0.3)),
    (PReLU(0.1), ops.PReLU(0.1)),
    (BatchNorm(momentum=0.2, epsilon=1e-3), ops.BatchNorm(0.2, 1e-3)),
    (Dropout(0.2), ops.Dropout(0.2)),
    (
        LocalResponseNorm(3, alpha=0.1, beta=0.5, k=1.0),
        ops.LocalResponseNorm(3, 0.1, 0.5, 1.0),
    ),
    (Normalise([1, 2], (3, 4)), ops.Normalise((1.0, 2.0), (3.0, 4.0))),
    (Clip(-1.0, 2.0), ops.Clip(-1.0, 2.0)),
    (Pad(2), ops.Pad(((2, 2), (2, 2)))),
    (Pad(((1, 0), (2, 3)), value=0.5), ops.Pad(((1, 0), (2, 3)), 0.5)),
    (Crop(1), ops.Crop(((1, 1), (1, 1)))),
    (ChannelSlice(1, 3), ops.ChannelSlice(1, 3)),
    (ChannelShuffle(4), ops.ChannelShuffle(4)),
    (RoIAlign((3, 2), scale=0.25, samples=1), ops.RoIAlign((3, 2), 0.25, 1)),
    (RoIPool(6, scale=0.5), ops.RoIPool((6, 6), 0.5)),
    *(
        (getattr(layers, made.__name__)(), made())
        for kind, made in ops.OPERATIONS.items()
        if not dataclasses.fields(made) and kind not in JOINTS  # type: ignore[arg-type]
    ),
]


@pytest.mark.parametrize(("layer", "operation"), MADE, ids=[str(m[1]) for m in MADE])
def test_layers_make_operations(layer: Layer, operation: object) -> None:
    assert layer == Layer(operation)  # type: ignore[arg-type]
    assert layer.name is None


def test_every_operation_has_its_layer() -> None:
    made = {operation.kind for _, operation in MADE}
    assert made == set(ops.OPERATIONS) - JOINTS, "write it in layers.py, and a line in MADE"
    defaults = {
        "conv2d": Conv2D(1, 1),
        "conv_transpose2d": ConvTranspose2D(1, 1),
        "affine_grid": AffineGrid(1),
        "projective_grid": ProjectiveGrid(1),
        "embedding": Embedding(1, 1),
        "gru": GRU(1),
        "reshape": Reshape((1,)),
        "matrix_product": MatrixProduct(),
        "lstm": LSTM(1),
        "dense": Dense(1),
        "normalise": Normalise([0.0], [1.0]),
        "pad": Pad(0),
        "crop": Crop(0),
        "channel_slice": ChannelSlice(0, 1),
    }
    for kind in made:
        name = ops.OPERATIONS[kind].__name__
        layer = defaults.get(kind) or getattr(layers, name)()
        required = {
            "conv2d": (1, (1, 1)),
            "conv_transpose2d": (1, (1, 1)),
            "affine_grid": ((1, 1),),
            "projective_grid": ((1, 1),),
            "embedding": (1, 1),
            "gru": (1,),
            "reshape": ((1,),),
            "matrix_product": (),
            "lstm": (1,),
            "dense": (1,),
            "normalise": ((0.0,), (1.0,)),
            "pad": (((0, 0), (0, 0)),),
            "crop": (((0, 0), (0, 0)),),
            "channel_slice": (0, 1),
        }.get(kind, ())
        assert layer.operation == ops.OPERATIONS[kind](*required)  # the same defaults
    assert Conv2D(1, 1, name="x").name == MaxPool(name="x").name == ReLU(name="x").name == "x"


def names(*blocks: Any, shape: tuple[int, int, int] = (8, 8, 2)) -> list[str]:
    return [node.name for node in Sequential(blocks).graph(shape).nodes]


def test_unnamed_layers_get_their_kind_and_number() -> None:
    assert names(Conv2D(2, 1), ReLU(), Conv2D(2, 1), ReLU(), MaxPool(), AveragePool()) == [
        "conv1",
        "relu1",
        "conv2",
        "relu2",
        "pool1",
        "pool2",
    ]
    assert names(
        BatchNorm(), LocalResponseNorm(), Subsample(), GlobalAveragePool(), LeakyReLU(), Dense(1)
    ) == ["norm1", "norm2", "pool1", "pool2", "leaky_relu1", "dense1"]


def test_a_named_layer_takes_no_number() -> None:
    assert names(Conv2D(2, 1, name="C1"), Conv2D(2, 1), Conv2D(2, 1)) == ["C1", "conv1", "conv2"]


def test_a_name_that_clashes_with_a_number() -> None:
    with pytest.raises(ArgumentError, match="two layers are named 'conv1'"):
        names(Conv2D(2, 1, name="conv1"), Conv2D(2, 1))


def wiring(*blocks: Any) -> dict[str, tuple[str, ...]]:
    return {node.name: node.inputs for node in Sequential(blocks).graph((8, 8, 2)).nodes}


def test_residual() -> None:
    assert wiring(
        ReLU(name="before"),
        Residual([Conv2D(2, 3, padding="same"), ReLU()]),
        ReLU(name="after"),
    ) == {
        "before": ("input",),
        "conv1": ("before",),
        "relu1": ("conv1",),
        "add1": ("relu1", "before"),
        "after": ("add1",),
    }


def test_residual_with_a_shortcut() -> None:
    assert wiring(
        Residual(
            [Conv2D(4, 3, stride=2, padding="same", name="body")],
            [Conv2D(4, 1, stride=2, name="way round")],
            name="joint",
        ),
        ReLU(),
    ) == {
        "body": ("input",),
        "way round": ("input",),
        "joint": ("body", "way round"),
        "relu1": ("joint",),
    }


def test_an_empty_residual_doubles() -> None:
    assert wiring(Residual([])) == {"add1": ("input", "input")}


def test_parallel() -> None:
    assert wiring(
        ReLU(name="before"),
        Parallel([[Conv2D(3, 1)], [Conv2D(2, 1), Conv2D(4, 3, padding="same")], []]),
    ) == {
        "before": ("input",),
        "conv1": ("before",),
        "conv2": ("before",),
        "conv3": ("conv2",),
        "join1": ("conv1", "conv3", "before"),
    }


def test_blocks_inside_blocks() -> None:
    inner = Sequential([ReLU(), Residual([Tanh()], name="inner")])
    assert wiring(Residual([Parallel([[inner], []]), Conv2D(2, 1)], name="outer")) == {
        "relu1": ("input",),
        "tanh1": ("relu1",),
        "inner": ("tanh1", "relu1"),
        "join1": ("inner", "input"),
        "conv1": ("join1",),
        "outer": ("conv1", "input"),
    }


def test_a_layer_used_twice_is_two_layers() -> None:
    block = Conv2D(2, 1)
    nodes = Sequential([block, block]).graph((4, 4, 2)).nodes
    assert nodes == (
        Node("conv1", block.operation, ("input",)),
        Node("conv2", block.operation, ("conv1",)),
    )


@pytest.mark.parametrize("block", [ReLU, ops.ReLU(), "relu", [ReLU()], None, 3])
def test_what_is_no_layer(block: object) -> None:
    with pytest.raises(ArgumentError, match="a network is made of layers, Sequential, Residual"):
        names(block)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Conv2D(8, True),
        lambda: Conv2D(8, [3, 3]),  # type: ignore[arg-type]
        lambda: Conv2D(8, 3.0),  # type: ignore[arg-type]
        lambda: Conv2D(8, "3"),  # type: ignore[arg-type]
        lambda: MaxPool(0),
        lambda: MaxPool(2, padding=2),
        lambda: Conv2D(8, 3, padding=-1),
        lambda: Conv2D(8, 3, padding="SAME"),
        lambda: Dropout(1.0),
        lambda: Normalise([], []),
    ],
)
def test_settings_are_checked_where_the_layer_is_written(make: Any) -> None:
    with pytest.raises(ArgumentError):
        make()


def test_a_gate_multiplies_its_input() -> None:
    gate = Gated([GlobalAveragePool(), Dense(2), Sigmoid()])
    nodes = Sequential([Conv2D(2, 1, name="before"), gate]).graph((8, 8, 2)).nodes
    assert nodes[-1] == Node("multiply1", ops.Multiply(), ("before", "sigmoid1"))
