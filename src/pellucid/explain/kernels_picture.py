"""Learned kernels as pictures: a row for each kernel, a column for each channel that it reads."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import checks
from pellucid.errors import ArgumentError
from pellucid.explain.nearest import Nearest, by_chance, nearest
from pellucid.explain.pictures import DIVERGING, html_of, new_figure, plain, png, words_below
from pellucid.explain.records import numbers, record
from pellucid.short_repr import short_repr
from pellucid.text import printable

if TYPE_CHECKING:
    import os

    from matplotlib.figure import Figure

    from pellucid.graph import Network
    from pellucid.ops.operation import Array

MOST_KERNELS, MOST_CHANNELS = 32, 16
"""How many are drawn, where nothing else is asked."""

ACROSS = 8
"""Kernels with one or three channels stand so many in a row."""


@short_repr
@dataclass(frozen=True, eq=False)
class Kernels:
    """The kernels of one convolution.

    Attributes:
        layer: The convolution.
        kernels: (height, width, channels of a group, number of kernels), as learned.
        bias: One number a kernel; none where the layer has no biases.
    """

    layer: str
    kernels: Array
    bias: Array | None

    def plot(self, *, most: int = MOST_KERNELS, channels: int = MOST_CHANNELS) -> Figure:
        """Draw them, colours centred on 0, a minus sign on every negative cell.

        Args:
            most: How many kernels at most, the first ones.
            channels: How many of each kernel's channels at most.
        """
        checks.whole("most", most)
        checks.whole("channels", channels)
        return _draw(self, most, channels)

    def save(self, path: str | os.PathLike[str], **options: int) -> None:
        """Write the same as a PNG file; options as in :meth:`plot`.

        Raises:
            OutputError: If it cannot be written; an earlier file there is then untouched.
        """
        from pellucid.files.atomic import write_file

        write_file(path, png(self.plot(**options)))

    def nearest(self) -> tuple[Nearest, ...]:
        """The gallery's kernel that is nearest to each; see :func:`pellucid.explain.nearest`."""
        return nearest(self.kernels)

    def by_chance(self) -> float | None:
        """Up to which similarity it may well be chance; none where no gallery kernel fits."""
        height, width, channels, _ = self.kernels.shape
        return by_chance(height, width, channels) if min(height, width) >= 3 else None

    def to_dict(self) -> dict[str, Any]:
        """As JSON values; ``kernels`` is (number, channels, height, width)."""
        return record(
            "kernels",
            layer=self.layer,
            size=list(self.kernels.shape[:2]),
            channels=int(self.kernels.shape[2]),
            number=int(self.kernels.shape[3]),
            kernels=numbers(self.kernels.transpose(3, 2, 0, 1)),
            bias=None if self.bias is None else numbers(self.bias),
            nearest=[asdict(each) for each in self.nearest()],
            by_chance=self.by_chance(),
        )

    def _repr_html_(self) -> str:
        return html_of(self.plot(), f"kernels of {self.layer}")


def learned_kernels(network: Network, layer: str | None = None) -> Kernels:
    """The kernels of a convolution, by default the first.

    Raises:
        ArgumentError: If there is no such layer, it is no convolution, or the network has none.
    """
    convolutions = [
        node.name for node in network.graph.nodes if node.operation.family == "convolution"
    ]
    if not convolutions:
        raise ArgumentError("the network has no convolution, and so no kernels to be seen")
    node = network.graph[convolutions[0] if layer is None else layer]
    if node.name not in convolutions:
        raise ArgumentError(
            f"layer {printable(node.name)} ({node.operation.kind}) has no kernels; convolutions "
            f"are {', '.join(map(printable, convolutions))[:200]}"
        )
    kernel = np.asarray(network.weights[f"{node.name}.kernel"])
    bias = network.weights.get(f"{node.name}.bias")
    return Kernels(node.name, kernel, None if bias is None else np.asarray(bias))


def _draw(kernels: Kernels, most: int, channels: int) -> Figure:
    height, width, joined, number = kernels.kernels.shape
    drawn, read = min(most, number), min(channels, joined)
    part = kernels.kernels[:, :, :read, :drawn].astype(np.float64)
    largest = float(np.abs(part).max()) or 1.0
    across = max(1, ACROSS // read) if joined in (1, 3) else 1
    down = -(-drawn // across)
    mosaic = np.full((down * (height + 1) - 1, across * read * (width + 1) - 1), np.nan)
    corners = {}
    for k in range(drawn):
        for c in range(read):
            top, left = k // across * (height + 1), (k % across * read + c) * (width + 1)
            mosaic[top : top + height, left : left + width] = part[:, :, c, k]
            corners[k, c] = top, left
    cell = min(0.25, 12.0 / max(mosaic.shape))
    tall, wide = cell * mosaic.shape[0], cell * mosaic.shape[1]
    figure = new_figure(max(5.0, wide + 1.8), tall + 1.3)
    axes = figure.add_subplot()
    image = axes.imshow(
        np.ma.masked_invalid(mosaic), cmap=DIVERGING, vmin=-largest, vmax=largest,
        interpolation="nearest",
    )  # fmt: skip
    for shade, colour in ((mosaic < -0.5 * largest, "white"), (mosaic < 0, "black")):
        rows, columns = np.nonzero(
            shade & ~(mosaic < -0.5 * largest) if colour == "black" else shade
        )
        axes.scatter(columns, rows, marker="_", s=(30 * cell) ** 2 / 2, c=colour, linewidths=0.8)
    for (k, c), (top, left) in corners.items():
        frame = (
            np.array([left - 0.5, left + width - 0.5]),
            np.array([top - 0.5, top + height - 0.5]),
        )
        axes.plot(
            frame[0][[0, 1, 1, 0, 0]],
            frame[1][[0, 0, 1, 1, 0]],
            color="black",
            linewidth=0.5,
            clip_on=False,
        )
        if c == 0:
            axes.text(
                left - 0.6, top + (height - 1) / 2, str(k), fontsize=6, ha="right", va="center"
            )
        if k < across and read > 1:
            axes.text(
                left + (width - 1) / 2, top - 0.7, _channel(c, joined), fontsize=6, ha="center",
                va="bottom",
            )  # fmt: skip
    axes.set_axis_off()
    bar = figure.colorbar(image, ax=axes, shrink=0.7 if tall > 3 else 1.0, aspect=25, pad=0.02)
    bar.ax.tick_params(labelsize=8)
    bar.set_label("blue, −: negative    red: positive", fontsize=8)
    title = f"{printable(kernels.layer)}: {number} kernels {height}×{width}×{joined}"
    figure.suptitle(plain(title), fontsize=10)
    left_out = []
    if drawn < number:
        left_out.append(f"kernels 0 to {drawn - 1} of {number}")
    if read < joined:
        left_out.append(f"channels 0 to {read - 1} of {joined}")
    if left_out:
        words_below(figure, [f"Shown are {' and '.join(left_out)}."])
    return figure


def _channel(channel: int, channels: int) -> str:
    return ("red", "green", "blue")[channel] if channels == 3 else str(channel)
