"""Surgery beside the reference engine's own values, changed by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.architectures import ARCHITECTURES
from pellucid.engines import get_engine
from pellucid.errors import ArgumentError
from pellucid.explain.gallery import GALLERY
from pellucid.explain.surgery import Mute, Remove, SetKernel, SetWeight, SwapPooling, edit_model
from pellucid.files import load_model, save_model
from pellucid.graph import Network, initial_weights
from pellucid.ops import AveragePool, MaxPool

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from pellucid import ImageClassifier
    from pellucid.data.dataset import Dataset
    from pellucid.explain.surgery import Edit


NAMES = ("lecture", "vgg-small", "resnet20")
"""Networks that are edited: the others for small pictures are chains of the same layers."""


def whole(name: str) -> Network:
    graph = ARCHITECTURES[name](5).graph((28, 28, 3))
    weights = initial_weights(graph, 4)
    random = np.random.default_rng(4)
    for full in weights:
        if full.endswith((".gamma", ".variance")):
            weights[full] = random.uniform(0.5, 1.5, weights[full].shape).astype(np.float32)
        elif full.endswith((".bias", ".beta", ".mean")):
            weights[full] = random.normal(0, 0.1, weights[full].shape).astype(np.float32)
    return Network(graph, weights)


def images(count: int = 2) -> NDArray[np.float32]:
    return np.random.default_rng(8).normal(size=(count, 28, 28, 3)).astype(np.float32)


def by_hand(network: Network, layer: str, channel: int) -> NDArray[np.float32]:
    """The answer with a map set to 0 on the way."""
    values = {"input": images()}
    for node in network.graph.nodes:
        weights = {
            name: network.weights[f"{node.name}.{name}"]
            for name in node.operation.parameters(*network.graph.inputs_of(node))
        }
        inputs = [values[name] for name in node.inputs]
        made = node.operation.forward(inputs, weights)[0].copy()
        if node.name == layer:
            made[..., channel] = 0
        values[node.name] = made
    return values[network.graph.output]


def answers(network: Network, engine: str = "reference") -> NDArray[np.float32]:
    return get_engine(engine).load(network).forward(images())


def some_layers(network: Network) -> list[str]:
    """The first, middle and last layer of each kind with maps."""
    found: dict[str, list[str]] = {}
    for node in network.graph.nodes[:-1]:
        if len(network.graph.shapes[node.name]) == 3 and node.operation.kind != "normalise":
            found.setdefault(node.operation.kind, []).append(node.name)
    return [name for names in found.values() for name in {names[0], names[len(names) // 2]}]


@pytest.mark.parametrize("name", NAMES)
def test_a_muted_map_is_0_for_all_that_follow(name: str) -> None:
    network = whole(name)
    before = answers(network)
    changed, wanted = network, before
    for layer in some_layers(network):
        changed = Mute(layer, 1)(network)
        wanted = by_hand(network, layer, 1)
        np.testing.assert_allclose(answers(changed), wanted, rtol=2e-4, atol=2e-4)
    np.testing.assert_allclose(answers(changed, "native"), wanted, rtol=2e-4, atol=2e-4)
    np.testing.assert_array_equal(answers(network), before)


def test_several_maps_of_a_layer() -> None:
    network = whole("vgg-small")
    changed = Mute("relu2", 3)(Mute("relu2", 0)(network))
    assert len(changed.graph.nodes) == len(network.graph.nodes) + 1
    assert np.flatnonzero(changed.weights["relu2-muted.gamma"] == 0).tolist() == [0, 3]


@pytest.mark.parametrize("name", NAMES)
def test_pools_swapped_twice_are_as_before(name: str) -> None:
    network = whole(name)
    for node in network.graph.nodes:
        if not node.operation.kind.endswith("_pool"):
            continue
        once = SwapPooling(node.name)(network)
        assert not np.allclose(answers(once), answers(network), atol=1e-6)
        assert SwapPooling(node.name)(once).graph == network.graph
        if isinstance(node.operation, MaxPool):
            assert isinstance(once.graph[node.name].operation, AveragePool)
        else:
            values = get_engine("reference").load(once).values(images())
            (before,) = once.graph[node.name].inputs
            np.testing.assert_array_equal(values[node.name], values[before].max(axis=(1, 2)))


def test_without_relus_the_lecture_s_maps_go_below_0() -> None:
    network = whole("lecture")
    changed = Remove("relu1")(network)
    values = get_engine("reference").load(changed).values(images())
    plain = get_engine("reference").load(network).values(images())
    np.testing.assert_array_equal(values["conv1"], plain["conv1"])
    assert values["pool1"].min() < 0 <= plain["pool1"].min()
    assert "relu1" not in changed.graph.shapes


def test_weights_and_kernels() -> None:
    network = whole("lecture")
    changed = SetWeight("conv1.kernel", (0, 2, 1, 5), 0.25)(network)
    different = np.argwhere(changed.weights["conv1.kernel"] != network.weights["conv1.kernel"])
    assert different.tolist() == [[0, 2, 1, 5]]
    sobel = GALLERY["sobel-x"].weights
    replaced = SetKernel("conv1", 7, sobel, "sobel-x")(network).weights["conv1.kernel"]
    np.testing.assert_allclose(replaced[..., 7].sum(axis=2), sobel, atol=1e-6)
    np.testing.assert_array_equal(replaced[..., 8], network.weights["conv1.kernel"][..., 8])
    wide = SetKernel("C1", 0, sobel)(whole("lenet5")).weights["C1.kernel"][..., 0]
    np.testing.assert_allclose(wide[1:4, 1:4].sum(axis=2), sobel, atol=1e-6)
    assert not wide[0].any()
    assert not wide[:, 4].any()


def test_a_model_that_was_operated_on(
    classifier: ImageClassifier, digits: tuple[Dataset, Dataset], tmp_path: Path
) -> None:
    model = classifier.model_
    bits = {name: array.tobytes() for name, array in model.network.weights.items()}
    edits: list[Edit] = [
        Mute("relu1", 2),
        SetWeight("dense2.bias", (4,), 1.5),
        SetKernel("conv1", 1, GALLERY["emboss"].weights, "emboss"),
        SwapPooling("pool1"),
        Remove("relu2"),
    ]
    changed = edit_model(model, edits)
    assert {name: array.tobytes() for name, array in model.network.weights.items()} == bits
    assert [each["edit"] for each in changed.provenance["surgery"]] == [
        "mute",
        "set",
        "kernel",
        "swap",
        "remove",
    ]
    save_model(tmp_path / "changed.safetensors", changed)
    again = load_model(tmp_path / "changed.safetensors")
    pixels = digits[1].images[:4]
    np.testing.assert_array_equal(
        get_engine("native").load(again.network).forward(pixels),
        get_engine("native").load(changed.network).forward(pixels),
    )


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (Mute("conv9", 0), "no layer 'conv9'; did you mean"),
        (Mute("conv1", 32), "maps or units 0 to 31, got 32"),
        (Mute("conv1", -1), "got -1"),
        (SetWeight("conv1", (0,), 1.0), "no weight"),
        (SetWeight("conv1.bias", (32,), 1.0), "no place 32"),
        (SetWeight("conv1.bias", (1, 2), 1.0), "no place 1,2"),
        (SetWeight("conv1.bias", (1,), float("nan")), "cannot be set to nan"),
        (SetKernel("relu1", 0, np.ones((3, 3))), "has no kernels"),
        (SetKernel("conv1", 40, np.ones((3, 3))), "kernels 0 to 31"),
        (SetKernel("conv1", 0, np.ones((5, 5))), "5×5 does not fit"),
        (SwapPooling("conv1"), "cannot be swapped"),
        (Remove("conv1"), "cannot be removed"),
    ],
)
def test_what_cannot_be_done(edit: Edit, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        edit(whole("lecture"))
