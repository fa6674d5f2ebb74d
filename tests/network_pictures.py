"""The drawings of ``docs/networks.md``: ``pellucid summary NAME --out docs/pictures/….svg``.

``scripts/network-pictures`` draws them again; a test compares them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.architectures import ARCHITECTURES, PUBLISHED
from pellucid.graph import summarise
from pellucid.show.summary import summary_svg
from tests.source import ROOT

if TYPE_CHECKING:
    from pathlib import Path

FOLDER = ROOT.parent / "docs" / "pictures" / "networks"

DRAWN = (
    "lenet5", "alexnet", "zfnet", "vgg16", "googlenet", "resnet20", "resnet50", "squeezenet",
    "mobilenet-v1", "mobilenet-v2", "densenet121", "efficientnet-lite0", "pilotnet",
)  # fmt: skip


def picture(name: str) -> tuple[Path, str]:
    """Where a network's drawing lies, and what it holds, as the command writes it."""
    published = PUBLISHED.get(name)
    shape, classes = ((28, 28, 1), 10) if published is None else published[:2]
    graph = ARCHITECTURES[name](classes).graph(shape)
    return FOLDER / f"{name}.svg", summary_svg(summarise(graph))


if __name__ == "__main__":
    for each in DRAWN:
        path, content = picture(each)
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
