"""The picture of who imports whom: a square for each pair of packages, drawn from the source.

``scripts/imports-picture`` draws it; a test compares what the picture says of itself.
"""

from __future__ import annotations

import json
import re
import tomllib
from typing import TYPE_CHECKING

from tests.source import ROOT, imports, modules

if TYPE_CHECKING:
    from pathlib import Path

PICTURE = ROOT.parent / "docs" / "pictures" / "imports.svg"


def floors() -> list[list[str]]:
    """The packages by floor, the highest first, from the contract that import-linter checks."""
    settings = tomllib.loads((ROOT.parent / "pyproject.toml").read_text(encoding="utf-8"))
    (contract,) = (
        each for each in settings["tool"]["importlinter"]["contracts"] if each["type"] == "layers"
    )
    return [
        [name.strip().removeprefix("pellucid.") for name in floor.split("|")]
        for floor in contract["layers"]
    ]


def pairs() -> list[str]:
    """Which package imports which: ``"cli > show"``."""
    found = {
        f"{_package(name)} > {_package(target)}"
        for name, targets in imports(modules()).items()
        for target in targets
        if _package(name) and _package(target) and _package(name) != _package(target)
    }
    return sorted(found)


def _package(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


def recorded() -> list[str]:
    """The pairs that the picture shows."""
    text = PICTURE.read_text("utf-8")
    described = re.search(r"<dc:description>(.*?)</dc:description>", text, re.DOTALL)
    assert described is not None
    found: list[str] = json.loads(described[1].replace("&gt;", ">").replace("&quot;", '"'))
    return found


def draw(path: Path = PICTURE) -> None:
    """Draw the picture: rows import columns; what lies left of the diagonal goes uphill."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    found, order = pairs(), [name for floor in floors() for name in floor]
    place = {name: number for number, name in enumerate(order)}
    with mpl.rc_context({"svg.hashsalt": "imports", "font.size": 9, "svg.fonttype": "none"}):
        figure = Figure((9.6, 8.8), layout="constrained")
        axes = figure.subplots()
        for pair in found:
            one, other = pair.split(" > ")
            if one in place and other in place:
                corner = place[other] - 0.4, place[one] - 0.4
                axes.add_patch(mpl.patches.Rectangle(corner, 0.8, 0.8, color="#d1603d"))
        for number in range(len(order)):
            square = mpl.patches.Rectangle((number - 0.5, number - 0.5), 1, 1, color="#4878a8")
            axes.add_patch(square)
        end = -0.5
        for floor in floors()[:-1]:
            end += len(floor)
            axes.axhline(end, color="0.75", lw=0.6)
            axes.axvline(end, color="0.75", lw=0.6)
        axes.set(
            xlim=(-0.5, len(order) - 0.5), ylim=(len(order) - 0.5, -0.5), aspect="equal",
            xlabel="… is imported", ylabel="who imports …",
        )  # fmt: skip
        axes.set_xticks(range(len(order)), order, rotation=90)
        axes.set_yticks(range(len(order)), order)
        axes.tick_params(length=0)
        axes.spines[:].set_color("0.75")
        figure.savefig(path, metadata={"Date": None, "Description": json.dumps(found)})
    svg = "\n".join(line.rstrip() for line in path.read_text(encoding="utf-8").splitlines())
    path.write_text(svg + "\n", encoding="utf-8")


if __name__ == "__main__":
    draw()
