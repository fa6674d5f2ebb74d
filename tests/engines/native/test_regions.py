"""What is fused with what, which kernel computes it, and the reasons of those that decline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pellucid.engines import get_engine
from pellucid.engines.native.kernels.registry import choose, declined
from pellucid.engines.native.lower.regions import lower
from pellucid.engines.native.report import report
from pellucid.engines.native.runtime.host.this_machine import host_target
from pellucid.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    Flatten,
    LeakyReLU,
    MaxPool,
    ReLU,
    ReLU6,
    Residual,
    Sequential,
    Sigmoid,
    Tanh,
)
from pellucid.ops import CrossEntropy
from pellucid.optimizers import SGD
from tests.engines.native.programs import native
from tests.engines.networks import GRAPHS, batch, network
from tests.engines.tolerances import TOLERANCES, assert_all_close
from tests.learning import Learning, step_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.graph import Graph
    from pellucid.layers import Block

TARGET = host_target()


def regions(layers: list[Block], *, training: bool) -> list[tuple[str, ...]]:
    graph = Sequential(layers).graph((6, 6, 3))
    return [region.nodes for region in lower(graph, TARGET, training=training).regions]


@pytest.mark.parametrize("activation", [ReLU, ReLU6, Tanh, LeakyReLU, Sigmoid])
def test_functions_fused_behind_a_convolution(activation: Callable[..., Block]) -> None:
    """Of y the gradient of all but the leaky one can be made; of padding sigmoid makes halves."""
    layers: list[Block] = [Conv2D(5, 3, name="conv"), activation(name="f")]
    for training in (True, False):
        fused = activation is not Sigmoid and not (activation is LeakyReLU and training)
        assert (("conv", "f") in regions(layers, training=training)) == fused


@pytest.mark.parametrize("activation", [ReLU, ReLU6, Tanh, LeakyReLU])
def test_functions_fused_behind_a_norm_and_an_addition(activation: Callable[..., Block]) -> None:
    """A norm's backward pass makes x again; an addition's does not know it."""
    layers: list[Block] = [
        BatchNorm(name="norm"),
        activation(name="f"),
        Residual([Conv2D(3, 1)]),
        activation(name="g"),
    ]
    found = regions(layers, training=True)
    assert ("norm", "f") in found
    assert (("add1", "g") in found) == (activation is not LeakyReLU)


def test_only_a_relu_comes_between_a_convolution_and_its_pooling() -> None:
    for activation, fused in ((ReLU, True), (ReLU6, False)):
        layers: list[Block] = [Conv2D(4, 3, name="c"), activation(name="f"), MaxPool(2, name="p")]
        assert (("c", "f", "p") in regions(layers, training=True)) == fused


def fused_everywhere() -> Graph:
    """Functions behind convolutions of every kind, norms and additions."""
    return Sequential(
        [
            Conv2D(10, 3, padding="same"),
            ReLU6(),
            Conv2D(10, 3, groups=10, padding="same"),
            Tanh(),
            Conv2D(20, 3, groups=5, padding="same", bias=False),
            BatchNorm(),
            LeakyReLU(-0.3),
            Conv2D(20, 3, groups=5, padding="same"),
            ReLU6(),
            Residual([Conv2D(20, 1), LeakyReLU(0.2)]),
            Tanh(),
            Flatten(),
            Dense(9),
            ReLU6(),
            Dense(4),
        ]
    ).graph((7, 5, 2))


def test_fused_functions_learn_as_the_reference_does() -> None:
    graph = fused_everywhere()
    images, labels = batch(graph, 6)
    learning = Learning(CrossEntropy(), SGD())
    ours = native(graph, learning=learning)
    step = step_of(graph, learning)
    theirs = get_engine("reference").load(network(graph), step, precision="float64")
    for _ in range(2):
        for program in (ours, theirs):
            program.train_step(images, labels, 0.01)
    expected = {name: array.astype("float32") for name, array in theirs.weights().items()}
    assert_all_close(ours.weights(), expected, TOLERANCES["float32"])
    values = native(graph, learning=None).values(images)
    answer = native(graph, learning=None).forward(images)
    assert values[graph.output].tobytes() == answer.tobytes()


def test_the_first_that_does_not_decline() -> None:
    graph = fused_everywhere()
    found = {region.name: region for region in lower(graph, TARGET).regions}
    assert [found[f"conv{n}"].kernel.__name__ for n in (1, 2, 3)] == [
        "FewChannels",
        "Depthwise",
        "Grouped",
    ]
    for region in found.values():
        if region.sources and not region.epilogue:
            assert choose(region, TARGET) is region.kernel
    assert declined(found["conv3"], TARGET) == {
        "BandedDepthwise": "computes convolutions with one filter a channel",
        "Depthwise": "computes convolutions with one filter a channel",
        "Bottleneck": "computes convolutions without groups",
        "Winograd": "computes convolutions without groups",
        "FewChannels": "computes convolutions without groups",
        "Convolve": "computes convolutions without groups",
    }


def test_reports_say_who_computes_and_who_declined() -> None:
    plan = report(GRAPHS["every operation"], TARGET, batch=2, training=True)
    values = plan.to_dict()
    assert all(stage["computed_by"] for stage in values["stages"] if stage["operations"])
    grouped = [stage for stage in values["stages"] if stage["computed_by"] == "Grouped"]
    assert grouped
    earlier = {
        "BandedDepthwise", "Depthwise", "Bottleneck", "Winograd", "FewChannels", "Convolve",
    }  # fmt: skip
    assert grouped[0]["declined"].keys() == earlier
