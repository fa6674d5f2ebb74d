"""What a page calls its layers: every kind of them in every language."""

from __future__ import annotations

from pellucid.layers import Conv2D, MaxPool, Sequential
from pellucid.show.network.words import Settings


def test_settings_say_what_differs_from_what_one_expects() -> None:
    layers = [Conv2D(6, (3, 2), stride=2, dilation=1), Conv2D(4, 1, groups=2), MaxPool(2)]
    graph = Sequential([*layers, Conv2D(4, 3, groups=4)]).graph((19, 18, 3))
    found = [Settings.of(node, graph) for node in graph.nodes]
    assert found == [
        Settings(size="3×2", maps=6, stride="2"),
        Settings(size="1×1", maps=4, groups=2),
        Settings(size="2×2"),
        Settings(depthwise=True, size="3×3", maps=4),
    ]
