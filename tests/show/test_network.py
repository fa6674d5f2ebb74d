"""Networks drawn: every layer and edge at its place, nothing overlaps, files are whole and safe."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from pellucid.architectures import ARCHITECTURES, PUBLISHED
from pellucid.graph import Graph, summarise
from pellucid.layers import (
    Add,
    Concatenate,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePool,
    Input,
    Multiply,
    Parallel,
    ReLU,
    Residual,
    Sequential,
    connect,
)
from pellucid.show.network.layout import network_drawing
from pellucid.show.network.outline import Branches, Repeat, Step, outline, unfolded
from pellucid.show.network.pieces import text_width
from pellucid.show.network.svg import network_svg
from tests.engines.random_graphs import random_graph

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pellucid.show.network.outline import Item, Series
    from pellucid.show.network.pieces import Box

NAMED = [*PUBLISHED, "lecture", "lenet5", "vgg-small"]
SEEDS = range(60)


def named(name: str) -> Graph:
    published = PUBLISHED.get(name)
    shape = (28, 28, 1) if published is None else published.input_shape
    return ARCHITECTURES[name](10).graph(shape)


def several() -> Graph:
    """Two pictures through one tower, a vector beside them, two answers."""
    left, right, age = Input((8, 8, 1)), Input((8, 8, 1)), Input((3,))
    tower = Sequential([Conv2D(4, 3), Residual([Conv2D(4, 1), ReLU()]), Flatten()])
    body = ReLU()(Dense(6)(Concatenate()(tower(left), tower(right), Dense(2)(age))))
    answers = {"same": Dense(2)(body), "angle": Dense(1)(ReLU()(Dense(4)(body)))}
    return connect({"left": left, "right": right, "age": age}, answers)


def crossing() -> Graph:
    """Ways that no series of branches can show."""
    x = Input((6, 6, 1))
    one, two = Conv2D(4, 3, padding=1)(x), Conv2D(4, 3, padding=1)(x)
    both = Add()(one, two)
    end = Concatenate()(Add()(one, both), Multiply()(two, both))
    return connect({"x": x}, {"y": Dense(2)(Flatten()(end))})


def two_ends_joined() -> Graph:
    """A branch that parts once more, both ends of which the outer joint reads (Inception v3)."""
    x = Input((6, 6, 1))
    start = ReLU()(Conv2D(3, 1)(x))
    inner = Conv2D(4, 1)(start)
    ends = (Conv2D(2, (1, 3), padding="same")(inner), Conv2D(2, (3, 1), padding="same")(inner))
    joint = Concatenate()(Conv2D(5, 1)(start), *ends)
    return connect({"x": x}, {"y": Dense(2)(GlobalAveragePool()(joint)), "start": start})


def joint_of_an_output() -> Graph:
    """Three ways to one joint, of which one is an output, too, and is joined of two itself."""
    entry = Input((6, 6, 1))
    x = ReLU(name="start")(entry)
    one, two = ReLU(name="one")(x), ReLU(name="two")(x)
    low = GlobalAveragePool(name="low")(x)
    both = Multiply(name="both")(x, low)
    first, second = GlobalAveragePool(name="first")(one), GlobalAveragePool(name="second")(two)
    third = Flatten(name="third")(both)
    return connect({"x": entry}, {"y": Concatenate(name="joint")(first, second, third), "z": third})


GRAPHS = {
    "several": several(),
    "crossing": crossing(),
    "two ends": two_ends_joined(),
    "joint of an output": joint_of_an_output(),
}


def drawn_graphs() -> Iterable[tuple[str, Graph]]:
    yield from GRAPHS.items()
    for seed in SEEDS:
        yield f"seed {seed}", random_graph(seed)[0]


def edges(items: Series, read: Sequence[str]) -> tuple[dict[str, set[str]], list[str]]:
    """What each layer reads, as the outline shows it; and the values at the outline's end."""
    found: dict[str, set[str]] = {}
    for item in items:
        assert not isinstance(item, Repeat)
        if isinstance(item, Branches):
            ends: list[str] = []
            for way in item.ways:
                inside, last = edges(way, read)
                found |= inside
                ends += last
            read = ends
            step = item.joint
        else:
            step = item
        if step is None:
            continue
        if step.source:
            read = [step.source]
        for node in step.nodes:
            found[node.name] = set(step.reads or read)
            read = [node.name]
    return found, list(read)


def listed(items: Series) -> set[str]:
    """What is written beside lines, as the words of a step."""
    found: set[str] = set()
    for item in items:
        if isinstance(item, Step):
            found |= {item.first} if item.reads else set()
        elif isinstance(item, Branches):
            found |= set().union(*map(listed, item.ways))
    return found


def layers(items: Iterable[Item]) -> int:
    total = 0
    for item in items:
        if isinstance(item, Repeat):
            total += item.count * layers(item.items)
        elif isinstance(item, Branches):
            total += sum(map(layers, item.ways)) + (len(item.joint.nodes) if item.joint else 0)
        else:
            total += len(item.nodes)
    return total


def test_every_edge_is_shown() -> None:
    for name, graph in drawn_graphs():
        found, _ = edges(unfolded(graph), [])
        beside = listed(unfolded(graph))
        assert found.keys() == {node.name for node in graph.nodes}, name
        for node in graph.nodes:
            # What a listed step's followers read is the listed step; all else is a line.
            expected = set(node.inputs)
            assert found[node.name] == expected or found[node.name] & beside, (name, node)
        assert layers(outline(graph)) == len(graph.nodes), name


@pytest.mark.parametrize("name", NAMED)
def test_layers_of_the_named_networks(name: str) -> None:
    graph = named(name)
    found, _ = edges(unfolded(graph), [])
    assert found == {node.name: set(node.inputs) for node in graph.nodes}
    assert layers(outline(graph)) == len(graph.nodes)


def repeats(name: str) -> list[int]:
    return [item.count for item in outline(named(name)) if isinstance(item, Repeat)]


def test_what_is_repeated_is_folded() -> None:
    """As the papers' tables count blocks; the first of a group differs by its shortcut."""
    assert repeats("densenet121") == [6, 12, 24, 16]
    assert repeats("resnet152") == [2, 7, 35, 2]
    assert repeats("resnet20") == [3, 2, 2]
    assert repeats("vgg16") == [2, 2, 3, 3, 3, 2]
    assert repeats("mobilenet-v1") == [5]


def apart(one: Box, other: Box) -> bool:
    return (
        one.x + one.width <= other.x
        or other.x + other.width <= one.x
        or one.y + one.height <= other.y
        or other.y + other.height <= one.y
    )


def check_drawing(name: str, graph: Graph) -> None:
    drawing = network_drawing(graph)
    for one, other in combinations(drawing.boxes, 2):
        assert apart(one, other), (name, one, other)
    for box in drawing.boxes:
        assert 0 <= box.x <= box.x + box.width <= drawing.width, name
        assert 0 <= box.y <= box.y + box.height <= drawing.height, name
        assert all(text_width(line) <= box.width for line in box.lines), (name, box)
    for words in drawing.words:
        wide = text_width(words.text)
        assert 0 <= words.x <= words.x + wide <= drawing.width, (name, words)
        assert 0 <= words.y <= drawing.height, (name, words)
        for box in drawing.boxes:
            outside = words.x + wide <= box.x or box.x + box.width <= words.x
            assert outside or words.y <= box.y or box.y + box.height <= words.y - 9, (name, words)
    for line in drawing.lines:
        assert all(a[0] == b[0] or a[1] == b[1] for a, b in pairwise(line.points)), name
    if not any("reads " in line for box in drawing.boxes for line in box.lines):
        tops = [(round(box.x + box.width / 2, 3), round(box.y, 3)) for box in drawing.boxes]
        arrows = [each.points[-1] for each in drawing.lines if each.arrow]
        pointed = {(round(x, 3), round(y, 3)) for x, y in arrows}
        assert len(set(tops) - pointed) == len(graph.inputs), name


@pytest.mark.parametrize("name", NAMED)
def test_nothing_overlaps(name: str) -> None:
    check_drawing(name, named(name))
    assert network_drawing(named(name)).width <= 1100


def test_nothing_overlaps_in_graphs_of_any_form() -> None:
    for name, graph in drawn_graphs():
        check_drawing(name, graph)


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own


def words_of(graph: Graph) -> list[str]:
    root = parsed(network_svg(graph, "a drawing"))
    return [each.text or "" for each in root.iter("{http://www.w3.org/2000/svg}text")]


def test_words() -> None:
    words = words_of(named("googlenet"))
    assert {"224×224×3", "28×28×256", "7×7×1024"} <= set(words)
    assert {"inception-3a", "convolution 7×7 → 64, stride 2", "dense → 10"} <= set(words)
    assert words.count("A") == 9
    assert "A · branches, joined (inception-3a)" in words
    assert "64 + 128 + 32 + 32 maps" in words
    assert "convolution 5×5 → 256, 2 groups" in words_of(named("alexnet"))
    assert "depthwise convolution 3×3 → 32" in words_of(named("mobilenet-v2"))
    words = words_of(several())
    assert {"left", "right", "age", "output same", "output angle"} <= set(words)
    assert "with the weights of conv1" in words
    assert "add2, reads conv1 and add1" in words_of(crossing())


def test_shapes_stand_at_arrows_from_column_to_column_too() -> None:
    """Of the main way; the numbers of maps alone would not tell rows and columns."""
    words = words_of(ARCHITECTURES["googlenet"](1000).graph((224, 224, 3)))
    assert {f"14×14×{maps}" for maps in (480, 512, 528, 832)} <= set(words)


def test_names_are_escaped() -> None:
    hostile = '<script>"&'
    graph = Sequential(
        [Parallel([[Conv2D(1, 1)], []], name=hostile), Parallel([[Conv2D(1, 1)], []])]
    ).graph((4, 4, 1))
    assert hostile in words_of(graph)
    root = parsed(network_svg(graph, hostile))
    assert root.get("aria-label") == hostile
    assert not list(root.iter("{http://www.w3.org/2000/svg}script"))


def test_many_branches_within_branches() -> None:
    block = Residual([Conv2D(1, 1)])
    for _ in range(100):
        block = Residual([Conv2D(1, 1), block])
    graph = Sequential([block]).graph((2, 2, 1))
    assert len(words_of(graph)) > 100


def test_files(tmp_path: Path) -> None:
    summary = summarise(named("resnet20"))
    summary.save(tmp_path / "net.svg")
    content = (tmp_path / "net.svg").read_text("utf-8")
    assert "prefers-color-scheme: dark" in content
    parsed(content)
    assert content == network_svg(
        summary.graph, "a network of 72 layers and 272474 parameters, drawn"
    )
    summary.save(tmp_path / "net.html")
    assert 'class="network"' in (tmp_path / "net.html").read_text("utf-8")
    assert 'class="network"' in summary._repr_html_()
