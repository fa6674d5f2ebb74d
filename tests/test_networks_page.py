"""The page of the named networks: its table and its drawings are what the commands say."""

from __future__ import annotations

import re

import pytest

from pellucid.architectures import ARCHITECTURES, PUBLISHED
from pellucid.graph import summarise
from tests.network_pictures import DRAWN, picture
from tests.source import ROOT

PAGE = (ROOT.parent / "docs" / "networks.md").read_text(encoding="utf-8")

ROW = re.compile(
    r"^\| `([\w.-]+)` \| .* \| (\d+)×(\d+) \| ([\d ]+) \| ([\d. ]+) million \|", re.MULTILINE
)


def number(words: str) -> float:
    return float(words.replace(" ", ""))


def test_the_table() -> None:
    rows = ROW.findall(PAGE)
    assert {row[0] for row in rows} >= PUBLISHED.keys()
    for name, width, height, weights, millions in rows:
        published = PUBLISHED.get(name)
        channels = 1 if (width, height) == ("28", "28") else 3
        shape, classes = (int(height), int(width), channels), 10
        if published is not None:
            assert shape == published.input_shape
            classes = published.classes
        summary = summarise(ARCHITECTURES[name](classes).graph(shape))
        assert summary.parameters == number(weights), name
        assert summary.multiply_adds / 1e6 == pytest.approx(number(millions), rel=0.02, abs=0.05)


def test_every_name_is_there() -> None:
    missing = [name for name in ARCHITECTURES if f"`{name}`" not in PAGE]
    assert not missing


@pytest.mark.parametrize("name", DRAWN)
def test_drawings(name: str) -> None:
    """After a change of how networks are drawn: ``scripts/network-pictures``."""
    path, content = picture(name)
    assert path.read_text(encoding="utf-8") == content
    assert f"](pictures/networks/{path.name})" in PAGE
