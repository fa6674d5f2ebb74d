"""Side outputs: they learn beside the network, by the weighted sum of losses, and then are gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from torch import nn

from pellucid import Dataset, ImageClassifier
from pellucid.architectures import ARCHITECTURES
from pellucid.data.dataset import Splits
from pellucid.engines import ENGINES, get_engine
from pellucid.errors import ArgumentError, TooSmallError
from pellucid.files import load_model
from pellucid.graph import TRAINING, Network, initial_weights, output_layers
from pellucid.layers import (
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    Input,
    MaxPool,
    Parallel,
    ReLU,
    Residual,
    Sequential,
    SideOutput,
    connect,
)
from pellucid.ops import CrossEntropy
from pellucid.training import make_recipe
from pellucid.training.objective import training_step
from pellucid.training.result import answering
from pellucid.training.run_folder import RunFolder
from tests.training.runs import Death, Died

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.layers import Block

SHAPE = (6, 6, 1)


def side(name: str, weight: float = 0.3, classes: int = 3) -> SideOutput:
    return SideOutput([Flatten(name=f"{name}-f"), Dense(classes, name=f"{name}-d")], name, weight)


def layers(classes: int = 3, *, dropout: bool = False) -> Sequential:
    """One side output between layers, one within a block."""
    inner: list[Block] = [Conv2D(4, 3, padding=1), ReLU(), side("deep", 0.2, classes)]
    return Sequential(
        [
            Conv2D(4, 3, padding=1),
            side("early", 0.5, classes),
            ReLU(),
            MaxPool(2),
            Residual(inner),
            *([Dropout(0.3)] if dropout else []),
            Flatten(),
            Dense(classes),
        ]
    )


def with_dropout(classes: int) -> Sequential:
    return layers(classes, dropout=True)


def test_the_network_that_answers_has_none_of_them() -> None:
    without = Sequential(
        [
            Conv2D(4, 3, padding=1), ReLU(), MaxPool(2),
            Residual([Conv2D(4, 3, padding=1), ReLU()]), Flatten(), Dense(3),
        ]
    ).graph(SHAPE)  # fmt: skip
    assert layers().graph(SHAPE) == without
    graph, weights = layers().training_graph(SHAPE)
    assert graph.select("dense1") == without
    assert weights == {"early": 0.5, "deep": 0.2}
    assert graph.outputs == {"dense1": "dense1", "early": "early-d", "deep": "deep-d"}
    assert graph["early-f"].inputs == ("conv1",)
    assert graph["deep-f"].inputs == ("relu2",)
    assert output_layers(graph) == {"dense1", "early-d", "deep-d"}
    assert without.parameters.items() <= graph.parameters.items()
    x = Input(SHAPE)
    assert connect({"input": x}, {"dense1": layers()(x)}).nodes == without.nodes
    plain, none = Sequential([Flatten(), Dense(2)]).training_graph(SHAPE)
    assert (plain, none) == (Sequential([Flatten(), Dense(2)]).graph(SHAPE), {})


def test_what_is_refused() -> None:
    twice = Sequential([side("one"), Parallel([[side("one")], []]), Flatten(), Dense(3)])
    with pytest.raises(ArgumentError, match="one"):
        twice.training_graph(SHAPE)
    for weight in (0.0, -0.3, float("nan"), "a"):
        with pytest.raises(ArgumentError, match="weight"):
            side("one", weight)  # type: ignore[arg-type]


class Torch(nn.Module):
    """The same in PyTorch."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.dense1 = nn.Linear(36, 3)
        self.early, self.deep = nn.Linear(144, 3), nn.Linear(36, 3)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        first = self.conv1(x)
        pooled = torch.max_pool2d(torch.relu(first), 2)
        second = torch.relu(self.conv2(pooled))
        ends = (each.permute(0, 2, 3, 1).flatten(1) for each in (pooled + second, first, second))
        main, early, deep = ends
        return self.dense1(main), self.early(early), self.deep(deep)


def torch_weights(weights: dict[str, np.ndarray]) -> dict[str, torch.Tensor]:
    names = {"early-d": "early", "deep-d": "deep"}
    found = {}
    for name, value in weights.items():
        layer, part = name.split(".")
        turned = value if part == "bias" else value.transpose(*range(value.ndim)[::-1])
        if value.ndim == 4:
            turned = value.transpose(3, 2, 0, 1)
        key = f"{names.get(layer, layer)}.{'bias' if part == 'bias' else 'weight'}"
        found[key] = torch.from_numpy(np.ascontiguousarray(turned, np.float64))
    return found


def test_a_step_minimises_the_weighted_sum() -> None:
    """Beside PyTorch: the loss, what the sides contribute, and all weights after a step of SGD."""
    graph, sides = layers().training_graph(SHAPE)
    weights = initial_weights(graph, 3, np.float64)
    network = Network(layers().graph(SHAPE), weights, {TRAINING: graph}, sides)
    recipe = make_recipe(optimizer="sgd", weight_decay=0.0, label_smoothing=0.0)
    random = np.random.default_rng(4)
    images, labels = random.normal(size=(5, *SHAPE)), random.integers(0, 3, 5)

    module = Torch().double()
    module.load_state_dict(torch_weights(weights))
    x, y = torch.from_numpy(images.transpose(0, 3, 1, 2)), torch.from_numpy(labels)
    main, early, deep = (nn.functional.cross_entropy(end, y) for end in module(x))
    total = main + 0.5 * early + 0.2 * deep
    total.backward()  # type: ignore[no-untyped-call]
    optimizer = torch.optim.SGD(
        module.parameters(), lr=0.05, momentum=recipe.optimizer.momentum,  # type: ignore[attr-defined]
        nesterov=recipe.optimizer.nesterov,  # type: ignore[attr-defined]
    )  # fmt: skip
    optimizer.step()

    program = get_engine("reference").load(
        network, training_step(network, recipe), precision="float64"
    )
    found = program.train_step(images, labels, 0.05)
    assert found.loss == pytest.approx(total.item(), rel=1e-9)
    assert found.loss - found.of_sides == pytest.approx(main.item(), rel=1e-9)
    assert found.answers.shape == (5, 3)
    expected = module.state_dict()
    for name, value in torch_weights(program.weights()).items():
        np.testing.assert_allclose(value, expected[name], rtol=1e-9, atol=1e-12, err_msg=name)


def pictures(count: int = 60) -> Dataset:
    random = np.random.default_rng(5)
    places = np.arange(count) % 3
    images = random.integers(0, 256, (count, *SHAPE), dtype=np.uint8)
    images[np.arange(count), places * 2] = 255
    return Dataset(images, places, ("a", "b", "c"), name="made")


def classifier(engine: str, epochs: int = 3) -> ImageClassifier:
    return ImageClassifier(
        with_dropout, epochs=epochs, batch_size=16, learning_rate=0.05, engine=engine, verbose=0
    )


def test_training_with_every_engine(tmp_path: Path) -> None:
    """The file has the network that answers alone; the losses are its own."""
    losses = []
    for engine in ENGINES:
        path = tmp_path / engine
        model = classifier(engine).fit(pictures(), out=path)
        kept = load_model(path / RunFolder.MODEL).network
        assert not [name for name in kept.weights if "early" in name or "deep" in name]
        assert not kept.graphs
        losses.append([row.loss for row in model.history_])
        assert model.history_[0].loss < 1.5  # ln 3 is 1.1; with the others' share it is 1.87
        np.testing.assert_allclose(losses[-1], losses[0], rtol=1e-3)


def test_a_page_does_not_train_without_them(tmp_path: Path) -> None:
    """The model has left its side outputs behind; a page would train another network."""
    fitted = classifier("native", 1).fit(pictures(), out=tmp_path / "run")
    assert fitted.model_.provenance["side_outputs"]
    loaded = ImageClassifier.load(tmp_path / "run")
    splits = Splits(pictures(), None, pictures(20))
    assert "side outputs" in loaded.page(splits).notes[-1]
    with pytest.raises(ArgumentError, match="side outputs"):
        loaded.page(splits, learn=True)


@pytest.mark.parametrize("steps", [2, 5])
def test_broken_off_and_taken_up_again(steps: int, tmp_path: Path) -> None:
    whole = classifier("native", 2).fit(pictures())
    path = tmp_path / "run"
    with pytest.raises(Died):
        classifier("native", 2).fit(pictures(), out=path, watchers=[Death(steps)], minutes=0)
    again = classifier("native", 2).fit(pictures(), out=path, resume=True)
    for name, weight in whole.model_.network.weights.items():
        np.testing.assert_array_equal(again.model_.network.weights[name], weight)


def test_rates_are_tried_with_them() -> None:
    curve = classifier("reference").find_learning_rate(pictures(), steps=20, seeds=1)
    assert np.isfinite(curve.losses[0]).all()


def test_googlenet_has_the_papers_two() -> None:
    """Section 5: windows of 5×5, stride 3, on 4a and 4d; 128 maps; 1 024 units; 0.3 each."""
    made = ARCHITECTURES["googlenet"](1000)
    graph, sides = made.training_graph((224, 224, 3))
    assert sides == {"side1": 0.3, "side2": 0.3}
    assert graph.shapes["side1-pool"] == (4, 4, 512)
    assert graph.shapes["side2-pool"] == (4, 4, 528)
    assert graph["side1-pool"].inputs == ("inception-4a",)
    assert graph["side2-pool"].inputs == ("inception-4d",)
    own = made.graph((224, 224, 3))
    more = graph.parameters.keys() - own.parameters.keys()
    assert sum(np.prod(graph.parameters[name].shape) for name in more) == 6_379_728
    assert graph.select(own.output) == own
    made.training_graph((47, 47, 3))
    with pytest.raises(TooSmallError, match="47×47×3"):
        made.training_graph((46, 46, 3))


def test_the_native_engine_takes_the_step_itself() -> None:
    graph, sides = layers().training_graph(SHAPE)
    network = Network(layers().graph(SHAPE), initial_weights(graph, 0), {TRAINING: graph}, sides)
    step = training_step(network, make_recipe())
    program = get_engine("native").load(network, step)
    assert program.made_by(step.graph) == "native, float32"


def test_weights_left_behind() -> None:
    graph, _ = layers().training_graph(SHAPE)
    weights = initial_weights(graph, 0)
    network = answering(layers().graph(SHAPE), weights)
    assert network.weights.keys() == {str(name) for name in network.graph.parameters}


def test_another_loss_is_the_sides_too() -> None:
    graph, sides = layers().training_graph(SHAPE)
    network = Network(layers().graph(SHAPE), initial_weights(graph, 0), {TRAINING: graph}, sides)
    step = training_step(network, make_recipe(label_smoothing=0.1))
    losses = [step.graph[step.graph.outputs[name]].operation for name in step.losses]
    assert losses == [CrossEntropy(label_smoothing=0.1)] * 3
    assert list(step.losses.values()) == [1.0, 0.5, 0.2]
