"""Weights that do not change, and norms that use their running statistics, in compiled steps."""

from __future__ import annotations

import pytest

from pellucid.engines import Step, get_engine
from pellucid.engines.native.engine import NativeEngine
from pellucid.engines.native.program import NativeProgram
from pellucid.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    MaxPool,
    PReLU,
    ReLU,
    Residual,
    Sequential,
)
from pellucid.ops import CrossEntropy
from pellucid.optimizers import SGD
from tests.engines.native.programs import compiled
from tests.engines.networks import GRAPHS, batch, network
from tests.engines.tolerances import TOLERANCES, assert_all_close

BODY_AND_HEAD = Sequential(
    [
        Conv2D(6, 3, padding="same", bias=False, name="body1"),
        BatchNorm(name="bodynorm1"),
        ReLU(),
        MaxPool(2),
        Residual([Conv2D(6, 3, padding="same", name="body2"), BatchNorm(name="bodynorm2")]),
        BatchNorm(name="bodynorm3"),
        PReLU(name="bodyslopes"),
        Dropout(0.2),
        Conv2D(9, 2, name="head1"),
        BatchNorm(name="headnorm"),
        ReLU(),
        Flatten(),
        Dense(4, name="head2"),
    ]
).graph((8, 6, 2))

STEPS: dict[str, dict[str, tuple[str, ...]]] = {
    "transfer": {"trains": ("head*",), "running_statistics": ("body*",)},
    "a frozen body that goes on following nothing": {"trains": ("head*",)},
    "fixed statistics alone": {"running_statistics": ("*",)},
    "a frozen head": {"trains": ("body*",), "running_statistics": ("head*",)},
    "one layer in the midst": {"trains": ("body2.*",)},
    "the norms alone": {"trains": ("bodynorm*", "headnorm*")},
}


def step_of(name: str, optimizer: SGD) -> Step:
    settings = STEPS[name]
    return Step.of(
        BODY_AND_HEAD,
        CrossEntropy(),
        optimizer,
        trains=settings.get("trains", ("*",)),
        running_statistics=settings.get("running_statistics", ()),
    )


@pytest.mark.parametrize("name", STEPS)
def test_steps_as_the_reference_takes_them(name: str) -> None:
    step = step_of(name, SGD(weight_decay=0.01, clip_norm=0.7))
    net = network(BODY_AND_HEAD)
    ours = NativeEngine(threads=2).load(net, step)
    assert isinstance(ours, NativeProgram), "the reference took its place"
    theirs = get_engine("reference").load(net, step, precision="float64")
    before = ours.weights()
    for number in range(3):
        images, labels = batch(BODY_AND_HEAD, 7, seed=number)
        actual, expected = (p.train_step(images, labels, 0.05) for p in (ours, theirs))
        assert actual.loss == pytest.approx(expected.loss, rel=TOLERANCES["float32"])
    wanted = {key: array.astype("float32") for key, array in theirs.weights().items()}
    assert_all_close(ours.weights(), wanted, TOLERANCES["float32"])
    assert ours.state().keys() == theirs.state().keys()
    for key, array in ours.weights().items():
        parameter = BODY_AND_HEAD.parameters
        trained = key in step.trained
        statistic = not next(each for n, each in parameter.items() if str(n) == key).trainable
        if not trained and not statistic:
            assert array.tobytes() == before[key].tobytes(), key


def test_what_is_frozen_costs_nothing_backward() -> None:
    """No stage of the body but its forward ones; and no gradient, no memory of the optimizer."""
    step = step_of("transfer", SGD(momentum=0.9))
    program = NativeEngine(threads=1).load(network(BODY_AND_HEAD), step)
    plan = compiled(program)._code.plan
    backward = [
        call.name
        for part in ("backward", "clip", "update")
        for call in plan.builder.calls.get(part, [])
    ]
    assert any("head" in name for name in backward)
    assert not any("body" in name for name in backward)
    assert not any("body" in name for name in plan.gradients)
    buffers = plan.arena.names
    assert not any(name.startswith("velocity body") for name in buffers)
    assert any(name.startswith("velocity head") for name in buffers)


def test_a_frozen_body_of_an_architecture() -> None:
    graph = GRAPHS["resnet20"]
    last = graph.nodes[-1].name
    step = Step.of(graph, CrossEntropy(), SGD(), trains=(f"{last}.*",), running_statistics=("*",))
    net = network(graph)
    ours = NativeEngine(threads=2).load(net, step)
    assert isinstance(ours, NativeProgram)
    theirs = get_engine("reference").load(net, step, precision="float64")
    images, labels = batch(graph, 5)
    for program in (ours, theirs):
        program.train_step(images, labels, 0.1)
    wanted = {key: array.astype("float32") for key, array in theirs.weights().items()}
    assert_all_close(ours.weights(), wanted, TOLERANCES["float32"])
