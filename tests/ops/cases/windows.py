"""Cases of what slides a window: convolution and the poolings."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from pellucid.ops import AveragePool, Conv2D, ConvTranspose2D, MaxPool, Subsample
from tests.ops.cases.case import Case, distinct, tied

if TYPE_CHECKING:
    from pellucid.ops.window import Padding

CONVOLUTIONS = [
    Case("asymmetric", Conv2D(3, (3, 2), (2, 1)), ((7, 5, 2),), linear=True),
    Case("without bias", Conv2D(3, (2, 3), bias=False), ((5, 7, 2),), linear=True),
    Case("same", Conv2D(4, (3, 2), padding="same"), ((7, 5, 2),), linear=True),
    Case("same, strides", Conv2D(2, (4, 3), (2, 3), padding="same"), ((7, 8, 3),), linear=True),
    Case(
        "same, stride beyond", Conv2D(2, (2, 1), (3, 4), padding="same"), ((8, 5, 3),), linear=True
    ),
    Case(
        "dilated, padded on each side differently",
        Conv2D(2, (3, 2), (1, 2), (2, 3), ((1, 0), (2, 3))),
        ((6, 5, 3),),
        linear=True,
    ),
    Case(
        "same, dilated",
        Conv2D(2, (2, 3), (1, 2), (3, 2), "same"),
        ((5, 7, 3),),
        linear=True,
    ),
    Case(
        "windows in the padding alone",
        Conv2D(2, (2, 3), (2, 2), padding=((4, 0), (0, 5))),
        ((3, 5, 1),),
        linear=True,
    ),
    Case("groups", Conv2D(6, (3, 2), (1, 2), groups=2), ((5, 7, 4),), linear=True),
    Case("depthwise", Conv2D(3, (3, 2), (2, 1), groups=3), ((7, 5, 3),), linear=True),
    Case("depthwise, two each", Conv2D(6, (2, 3), groups=3), ((4, 5, 3),), linear=True),
    Case("1×1, one image", Conv2D(3, (1, 1)), ((3, 5, 4),), batch=1, linear=True),
    Case("1×1, strides", Conv2D(3, (1, 1), (2, 3)), ((5, 7, 2),), linear=True),
    Case("the whole image", Conv2D(3, (3, 5)), ((3, 5, 2),), linear=True),
    Case("one pixel", Conv2D(2, (1, 1)), ((1, 1, 1),), batch=1, linear=True),
]

TRANSPOSED = [
    Case("asymmetric", ConvTranspose2D(3, (3, 2), (2, 1)), ((4, 5, 2),), linear=True),
    Case("without bias", ConvTranspose2D(2, (2, 3), bias=False), ((3, 4, 3),), linear=True),
    Case(
        "twice as large, as in generators",
        ConvTranspose2D(2, (4, 4), (2, 2), ((1, 1), (1, 1))),
        ((3, 2, 4),),
        linear=True,
    ),
    Case(
        "padded on each side differently",
        ConvTranspose2D(2, (3, 4), (2, 3), ((1, 0), (2, 1))),
        ((3, 4, 2),),
        linear=True,
    ),
    Case(
        "output padding",
        ConvTranspose2D(3, (3, 3), (3, 2), ((1, 1), (0, 2)), (2, 1)),
        ((2, 3, 2),),
        linear=True,
    ),
    Case("gaps between kernels", ConvTranspose2D(2, (2, 1), (3, 2)), ((2, 3, 3),), linear=True),
    Case("from one position", ConvTranspose2D(3, (4, 3)), ((1, 1, 5),), batch=3, linear=True),
    Case("1×1, one image", ConvTranspose2D(2, (1, 1)), ((2, 3, 4),), batch=1, linear=True),
    Case(
        "padding beyond the kernel",
        ConvTranspose2D(1, (2, 2), (1, 2), ((2, 0), (0, 3))),
        ((5, 4, 2),),
        linear=True,
    ),
]

WINDOWS: dict[str, tuple[tuple[int, int], tuple[int, int], Padding, str, tuple[int, int]]] = {
    "halving an odd image, dropped": ((2, 2), (2, 2), "valid", "drop", (7, 5)),
    "halving an odd image, counted": ((2, 2), (2, 2), "valid", "count", (7, 5)),
    "asymmetric, overlapping": ((3, 2), (2, 1), "valid", "drop", (7, 5)),
    "overlapping, counted": ((3, 3), (2, 2), "valid", "count", (6, 8)),
    "same": ((3, 2), (1, 1), "same", "drop", (5, 4)),
    "same, strides": ((3, 4), (2, 3), "same", "count", (7, 8)),
    "padded on each side differently": ((3, 3), (2, 1), ((1, 0), (2, 1)), "drop", (6, 5)),
    "padded and counted": ((3, 3), (2, 2), ((1, 1), (1, 1)), "count", (6, 7)),
    "padded after, counted": ((2, 3), (3, 2), ((0, 1), (0, 2)), "count", (5, 6)),
    "gaps between windows": ((1, 2), (3, 3), "valid", "drop", (7, 5)),
    "gaps, counted": ((2, 1), (3, 2), "valid", "count", (7, 5)),
    "larger than the image, counted": ((4, 3), (3, 2), "valid", "count", (2, 5)),
}
"""Size, stride, padding, edge, and the image's height and width."""


def _poolings() -> list[Case]:
    cases = []
    for about, (size, stride, padding, edge, (height, width)) in WINDOWS.items():
        shapes = ((height, width, 3),)
        pool = (size, stride, padding, edge)
        cases += [
            Case(about, MaxPool(*pool), shapes, fill=distinct),
            Case(about, AveragePool(*pool), shapes, linear=True),
            Case(f"{about}, padding too", AveragePool(*pool, True), shapes, linear=True),
            Case(about, Subsample(*pool), shapes, linear=True),
        ]
    cases += [
        Case("ties", MaxPool(), ((7, 5, 2),), fill=tied, smooth=False),
        Case(
            "ties, overlapping",
            MaxPool((3, 3), (1, 1), "same"),
            ((5, 4, 2),),
            fill=tied,
            smooth=False,
        ),
        Case("one image", MaxPool(edge="count"), ((5, 7, 1),), batch=1, fill=distinct),
        Case("one image", AveragePool((2, 3), (2, 3)), ((5, 7, 1),), batch=1, linear=True),
        Case("one image", Subsample((3, 2), (1, 2)), ((5, 7, 1),), batch=1, linear=True),
    ]
    return cases


POOLINGS = _poolings()


def _sweep() -> list[Case]:
    """Every combination of a few strides, dilations, paddings and groups."""
    strides = ((1, 1), (2, 1), (3, 2))
    paddings: tuple[Padding, ...] = ("valid", "same", ((2, 0), (1, 3)))
    cases = []
    for size, stride, dilation, padding, groups in product(
        ((3, 2), (2, 4)), strides, ((1, 1), (2, 1), (1, 2)), paddings, (1, 2, 4)
    ):
        cases.append(
            Case(
                f"{size} stride {stride} dilation {dilation} {padding} groups {groups}",
                Conv2D(4, size, stride, dilation, padding, groups),
                ((7, 8, 4),),
            )
        )
    sides: tuple[Padding, ...] = ("valid", "same", ((1, 0), (0, 1)), ((1, 1), (0, 0)))
    for size, stride, padding, edge in product(
        ((2, 2), (3, 2), (2, 5)), strides, sides, ("drop", "count")
    ):
        about, shapes = f"{size} stride {stride} {padding} {edge}", ((9, 7, 2),)
        pool = (size, stride, padding, edge)
        cases += [
            Case(about, MaxPool(*pool), shapes, fill=tied, smooth=False),
            Case(about, AveragePool(*pool), shapes),
            Case(f"{about}, padding too", AveragePool(*pool, True), shapes),
            Case(about, Subsample(*pool), shapes),
        ]
    return cases


SWEEP = _sweep()
"""Many more combinations, compared with PyTorch alone."""
