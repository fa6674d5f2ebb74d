"""All methods side by side: one question about one picture, a map for each method."""

from __future__ import annotations

import inspect
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pellucid.errors import ArgumentError
from pellucid.explain.evidence import Evidence
from pellucid.explain.explanation import FUNCTIONS, explain
from pellucid.explain.pictures import (
    bare,
    draw_map,
    draw_picture,
    mark_signs,
    new_figure,
    outline_strongest,
    plain,
    words_below,
    write_empty,
)
from pellucid.text import printable

if TYPE_CHECKING:
    import os

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from pellucid.explain.activations import Activations
    from pellucid.explain.heatmap import Heatmap
    from pellucid.ops.operation import Array

COLUMNS = 4


@dataclass(frozen=True, eq=False)
class MethodSheet:
    """What every method answers to one scored.

    Attributes:
        image: The picture as the network takes it, (H, W, C).
        found: The explanations by method, in the order of the methods.
        refused: Why a method does not suit this network, by method.
    """

    image: Array
    found: dict[str, Heatmap | Evidence]
    refused: dict[str, str]

    @property
    def heatmaps(self) -> dict[str, Heatmap]:
        """A heatmap for each method, evidence as its pixels' shares."""
        return {
            name: each.heatmap() if isinstance(each, Evidence) else each
            for name, each in self.found.items()
        }

    def plot(self) -> Figure:
        """The picture and all maps on one sheet, each with its own scale.

        Returns:
            A Matplotlib figure, which is not pyplot's current one.
        """
        rows = -(-(1 + len(self.found) + len(self.refused)) // COLUMNS)
        figure = new_figure(11.0, 2.9 * rows + 0.9)
        axes = figure.subplots(rows, COLUMNS).ravel().tolist()
        first = axes.pop(0)
        draw_picture(first, self.image)
        bare(first, "the picture")
        heatmaps = self.heatmaps
        for heatmap in heatmaps.values():
            _draw(axes.pop(0), heatmap)
        for name, reason in self.refused.items():
            _refuse(axes.pop(0), name, reason)
        for empty in axes:
            empty.set_axis_off()
        one = next(iter(heatmaps.values()), None)
        if one is not None:
            figure.suptitle(plain(f"every method, asked why {printable(one.target)}"), fontsize=11)
            words_below(figure, _words(one.target))
        return figure

    def png(self) -> bytes:
        """The sheet as a PNG file's bytes."""
        from pellucid.explain.pictures import png

        return png(self.plot())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the sheet as a PNG file.

        Raises:
            OutputError: If it cannot be written; an earlier file there is then untouched.
        """
        from pellucid.files.atomic import write_file

        write_file(path, self.png())

    def to_dict(self) -> dict[str, Any]:
        """Every method's record by its name, and why others gave none."""
        return {
            "schema": 1,
            "record": "methods",
            "methods": {name: each.to_dict() for name, each in self.found.items()},
            "refused": self.refused,
        }


def explain_by_every_method(
    activations: Activations,
    *,
    target: str | int | None = None,
    against: str | int | None = None,
    **options: Any,
) -> MethodSheet:
    """Explain an answer by every method that suits the network.

    Args:
        activations: The picture in its network.
        target: The class in question; none: the network's answer.
        against: The class to compare it with; none: no other, for evidence the likeliest other one.
        options: ``layer``, ``size`` and so on; each is given to the methods that take it.

    Raises:
        ArgumentError: If a class is unknown, or no method suits.
    """
    found: dict[str, Heatmap | Evidence] = {}
    refused: dict[str, str] = {}
    for method, function in FUNCTIONS.items():
        taken = inspect.signature(function).parameters
        given = {name: value for name, value in options.items() if name in taken}
        try:
            found[method] = explain(activations, method, target=target, against=against, **given)
        except ArgumentError as error:
            refused[method] = str(error)
    if not found:
        raise ArgumentError(next(iter(refused.values())))
    return MethodSheet(activations.pixels, found, refused)


def _draw(axes: Axes, heatmap: Heatmap) -> None:
    signed = heatmap.method.signed
    draw_map(axes, heatmap.values, signed=signed)
    if heatmap.empty is not None:
        write_empty(axes, heatmap.empty)
    elif signed:
        mark_signs(axes, heatmap.values)
    else:
        outline_strongest(axes, heatmap.values)
    layer = "" if heatmap.layer is None else f" at {printable(heatmap.layer)}"
    star = " *" if heatmap.method.insensitive else ""
    largest = float(abs(heatmap.values).max())
    scale = f"±{largest:.2g}" if signed else f"0 to {largest:.2g}"
    written = "" if heatmap.empty is not None else f" ({scale})"
    bare(axes, f"{heatmap.method.name}{layer}{star}{written}")


def _refuse(axes: Axes, name: str, reason: str) -> None:
    bare(axes, f"{name}: does not suit")
    axes.set_box_aspect(1)
    lines = textwrap.wrap(
        textwrap.shorten(reason, 180, placeholder=" …"), 32, break_on_hyphens=False
    )
    words = axes.text(
        0.5, 0.5, plain("\n".join(lines)),
        ha="center", va="center", fontsize=8, transform=axes.transAxes,
    )  # fmt: skip
    words.set_in_layout(False)


def _words(target: str) -> list[str]:
    signs = (
        f"Red and +: for {printable(target)}. Blue and −: against it. Methods without signs show "
        "only what speaks for it, brighter where more; the line is at half of the largest."
    )
    scales = (
        "Each map has its own scale, beside its name: shades of two maps cannot be compared. "
        "* fails the randomisation test: its picture hardly depends on what was learned."
    )
    return [signs, scales]
