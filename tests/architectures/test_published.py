"""The networks of the papers: weights and cost as published, shapes of the papers' tables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from pellucid.architectures import ARCHITECTURES, DEFAULTS, PUBLISHED
from pellucid.errors import TooSmallError
from pellucid.graph import summarise
from tests.architectures.agreement import LEAST, assert_engines_agree
from tests.architectures.small import FOR_SMALL_PICTURES

if TYPE_CHECKING:
    from pellucid.graph import Graph

WEIGHTS = {
    # As PyTorch's model zoo counts the same layers; AlexNet, GoogLeNet: Caffe's published models.
    "alexnet": 60_965_224,
    "vgg11": 132_863_336,
    "vgg16": 138_357_544,
    "vgg19": 143_667_240,
    "googlenet": 6_998_552,
    "resnet18": 11_689_512,
    "resnet34": 21_797_672,
    "resnet50": 25_557_032,
    "resnet101": 44_549_160,
    "resnet152": 60_192_808,
    "squeezenet": 1_248_424,
    "squeezenet-1.1": 1_235_496,
    "mobilenet-v1": 4_231_976,
    "mobilenet-v2": 3_504_872,
    "densenet121": 7_978_856,
}

BILLIONS = {
    # Multiply-adds, as the papers round them; ResNets: table 1, MobileNets: tables 8 and 4.
    "resnet18": 1.8,
    "resnet34": 3.6,
    "resnet50": 3.8,
    "resnet101": 7.6,
    "resnet152": 11.3,
    "mobilenet-v1": 0.569,
    "mobilenet-v2": 0.300,
    "googlenet": 1.5,
}

MILLIONS = {"resnet20": 0.27, "resnet32": 0.46, "resnet56": 0.85, "resnet110": 1.7}
"""Of weights, He et al. 2015, table 6."""

ANY_SIZE = [
    name
    for name in PUBLISHED
    if name not in ("alexnet", "zfnet", "vgg11", "vgg16", "vgg19", "pilotnet")
]
"""Networks that average over all positions at their end."""


def graph_of(name: str, side: int | None = None) -> Graph:
    published = PUBLISHED[name]
    shape = published.input_shape if side is None else (side, side, 3)
    return ARCHITECTURES[name](published.classes).graph(shape)


def weights(graph: Graph) -> int:
    return sum(math.prod(each.shape) for each in graph.parameters.values() if each.trainable)


def test_every_network_is_among_them() -> None:
    assert PUBLISHED.keys() | set(FOR_SMALL_PICTURES) == ARCHITECTURES.keys()
    assert DEFAULTS.keys() >= PUBLISHED.keys()


@pytest.mark.parametrize("name", PUBLISHED)
def test_weights_and_cost(name: str) -> None:
    summary = summarise(graph_of(name))
    assert summary.parameters == PUBLISHED[name].parameters
    assert summary.parameters == WEIGHTS.get(name, summary.parameters)
    if name in BILLIONS:
        assert summary.multiply_adds / 1e9 == pytest.approx(BILLIONS[name], rel=0.06)
    if name in MILLIONS:
        assert summary.parameters / 1e6 == pytest.approx(MILLIONS[name], rel=0.02)
    said = ARCHITECTURES[name].__doc__ or ""
    assert f"{summary.parameters:,}".replace(",", " ") in said or name in MILLIONS


def shapes(graph: Graph, *kinds: str) -> list[tuple[int, ...]]:
    return [graph.shapes[node.name] for node in graph.nodes if node.operation.kind in kinds]


def test_shapes_of_the_papers() -> None:
    """Maps after each reduction, as figures and tables give them."""
    pooled = {name: shapes(graph_of(name), "max_pool") for name in PUBLISHED}
    assert pooled["alexnet"] == [(27, 27, 96), (13, 13, 256), (6, 6, 256)]
    assert pooled["zfnet"] == [(55, 55, 96), (13, 13, 256), (6, 6, 256)]
    assert pooled["vgg16"] == [
        (112, 112, 64), (56, 56, 128), (28, 28, 256), (14, 14, 512), (7, 7, 512)
    ]  # fmt: skip
    assert pooled["squeezenet"] == [(54, 54, 96), (27, 27, 256), (13, 13, 512)]
    assert shapes(graph_of("pilotnet"), "conv2d", "dense") == [
        (31, 98, 24), (14, 47, 36), (5, 22, 48), (3, 20, 64), (1, 18, 64), (100,), (50,), (10,),
        (1,),
    ]  # fmt: skip
    joined = shapes(graph_of("googlenet"), "concatenate")
    assert [maps for *_, maps in joined] == [256, 480, 512, 512, 512, 528, 832, 832, 1024]
    assert [side for side, *_ in joined] == [28, 28, 14, 14, 14, 14, 14, 7, 7]
    added = shapes(graph_of("resnet50"), "add")
    assert (
        added
        == [(56, 56, 256)] * 3 + [(28, 28, 512)] * 4 + [(14, 14, 1024)] * 6 + [(7, 7, 2048)] * 3
    )
    averaged = shapes(graph_of("densenet121"), "average_pool")
    assert averaged == [(28, 28, 128), (14, 14, 256), (7, 7, 512)]
    assert shapes(graph_of("mobilenet-v2"), "add") == [
        (56, 56, 24), *[(28, 28, 32)] * 2, *[(14, 14, 64)] * 3, *[(14, 14, 96)] * 2,
        *[(7, 7, 160)] * 2,
    ]  # fmt: skip


def test_layers_as_their_names_count_them() -> None:
    """Layers with weights on the main way; convolutions of shortcuts are left out."""
    for name, shortcuts in {
        "vgg11": 0, "vgg16": 0, "vgg19": 0, "resnet18": 3, "resnet34": 3, "resnet50": 4,
        "resnet101": 4, "resnet152": 4, "resnet32": 2, "resnet56": 2, "resnet110": 2,
        "densenet121": 0,
    }.items():  # fmt: skip
        found = len(shapes(graph_of(name), "conv2d", "dense")) - shortcuts
        assert found == int("".join(filter(str.isdigit, name)))


@pytest.mark.parametrize("name", PUBLISHED)
def test_other_sizes(name: str) -> None:
    least = LEAST.get(name, 1)
    assert graph_of(name, least).output_shape == (PUBLISHED[name].classes,)
    if least > 1:
        with pytest.raises(TooSmallError, match=f"{least}×{least}×3, got {least - 1}×{least - 1}"):
            graph_of(name, least - 1)
    assert (weights(graph_of(name, 96)) == PUBLISHED[name].parameters) == (name in ANY_SIZE)


def test_a_wide_strip_is_enough_for_steering() -> None:
    """What the simulator's cameras give, halved."""
    assert ARCHITECTURES["pilotnet"](1).graph((80, 160, 3)).output_shape == (1,)


def test_the_native_engine_agrees_with_pytorch() -> None:
    """Of all others, see ``scripts/networks``, which takes minutes."""
    assert_engines_agree("squeezenet-1.1")
