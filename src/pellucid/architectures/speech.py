"""A network that writes what is said: from a log-mel picture to logits of words or characters.

Convolutions alone (Collobert, Puhrsch and Synnaeve 2016, *Wav2Letter*; Zhang et al. 2016, *Towards
end-to-end speech recognition with deep convolutional neural networks*): columns are times and rows
are frequencies. The picture is halved along both until a column lasts long enough, then along
frequency alone, and what is left of that is one kernel high. Wide kernels along time see a word's
neighbours, and a 1×1 convolution gives the logits of each step: the same layers at every time, so
that a word is heard wherever it is said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.errors import ShapeError
from pellucid.layers import BatchNorm, Conv2D, Dropout, ReLU, Sequential

if TYPE_CHECKING:
    from pellucid.layers import Layer

NAME = "speech"
"""What it is called in model files."""

WIDTHS = (32, 64, 96, 128)
"""Channels of the maps as they are halved; of all further ones the last."""

LOWEST = 4
"""Rows of the map that one kernel takes whole, at most."""

CONTEXT = 7
"""Columns that a kernel along time sees."""

STEPS = {"words": 4, "characters": 2}
"""Columns of the picture to a step of the output, by what is written: characters follow one
another faster."""

DROPPED = 0.2
"""Share of the features of a step that dropout leaves out in training."""


def speech(mels: int, outputs: int, columns: int) -> Sequential:
    """Layers from pixels (mels, frames, 1) to a map of one row, (1, steps, outputs).

    Args:
        mels: Rows of the picture, 4 or more.
        outputs: Logits of a step: K words or characters, and the blank.
        columns: Columns of the picture to a step, 2 or 4; there are ⌈frames/columns⌉ steps.

    Raises:
        ShapeError: If the picture has fewer rows.
    """
    if mels < LOWEST:
        raise ShapeError(f"speech is heard in at least {LOWEST} bands of frequencies, got {mels}")
    layers: list[Layer] = []
    rows, number = mels, 0
    while rows > LOWEST or columns > 1:
        stride = (2 if rows > LOWEST else 1, 2 if columns > 1 else 1)
        width = WIDTHS[min(number, len(WIDTHS) - 1)]
        layers += _block(f"down{number + 1}", width, (3, 3), stride)
        if stride[1] == 2 and number:  # while maps are large, one convolution each is enough
            layers += _block(f"same{number + 1}", width, (3, 3))
        rows, columns, number = -(-rows // stride[0]), max(1, columns // 2), number + 1
    width = WIDTHS[-1]
    frequencies = Conv2D(width, (rows, 1), bias=False, name="frequencies")
    layers += [frequencies, BatchNorm(name="frequencies-norm"), ReLU(name="frequencies-relu")]
    for place in (1, 2):
        layers += _block(f"context{place}", width, (1, CONTEXT))
    layers += [Dropout(DROPPED, name="dropout"), Conv2D(outputs, 1, name="steps")]
    return Sequential(layers)


def _block(
    name: str, width: int, size: tuple[int, int], stride: tuple[int, int] = (1, 1)
) -> list[Layer]:
    """A convolution that keeps borders, its batch norm, and ReLU."""
    padding = ((size[0] // 2,) * 2, (size[1] // 2,) * 2)
    return [
        Conv2D(width, size, stride=stride, padding=padding, bias=False, name=name),
        BatchNorm(name=f"{name}-norm"),
        ReLU(name=f"{name}-relu"),
    ]
