"""Nodes that make feature maps larger or smaller, or take them at other places."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from pellucid import ops
from pellucid.interop.onnx.views import Affine, of_maps
from pellucid.ops.plane_grid import base

if TYPE_CHECKING:
    from pellucid.interop.onnx.builder import Builder
    from pellucid.interop.onnx.nodes import OnnxNode
    from pellucid.interop.onnx.views import Value
    from pellucid.ops.operation import Array

METHODS = {"nearest": "nearest", "linear": "bilinear"}

HALF_PIXEL = ("half_pixel", "pytorch_half_pixel")


def resize(builder: Builder, node: OnnxNode) -> None:
    """``Resize`` and, in older files, ``Upsample``: as far as pixels are squares."""
    value = builder.maps(node, builder.value(node))
    rows, columns = _size(builder, node, value)
    mode = node.attribute("mode", "nearest")
    if mode not in METHODS:
        raise node.refuse(f"it resizes by {mode!r:.20}; nearest and linear are read")
    if node.attribute("antialias", 0):
        raise node.refuse("it averages what it leaves out (antialias), which no layer does")
    size = value.shape[1:]
    if (rows, columns) == size:
        builder.result(node, value)
        return
    _check_places(node, mode, (size[0], size[1]), (rows, columns))
    operation = builder.make(node, ops.Resize, size=(rows, columns), method=METHODS[mode])
    whole = rows % size[0] == columns % size[1] == 0
    if whole:
        factor = rows // size[0], columns // size[1]
        operation = builder.make(node, ops.Resize, factor=factor, method=METHODS[mode])
    name = builder.add(node, operation, value.node)
    builder.result(node, of_maps(name, builder.shape(name)))


def _size(builder: Builder, node: OnnxNode, value: Value) -> tuple[int, int]:
    """The height and width that it makes."""
    old = node.kind == "Upsample" or node.opset < 11
    factors = builder.constant(node, 1 if old else 2)
    sizes = None if old else builder.constant(node, 3)
    if node.has("scales"):  # as the first versions of Upsample have them
        factors = node.attribute("scales")
    if node.has("axes"):
        raise node.refuse("it resizes some axes only, given by number, which is not read")
    before = (builder.batch, *value.shape)
    if sizes is not None and len(sizes):
        after = [int(each) for each in sizes]
    elif factors is not None and len(factors):
        if not all(0 < each < 1e6 for each in factors):
            raise node.refuse("its factors are not positive numbers")
        exact = [n * float(s) for n, s in zip(before, factors, strict=False)]
        after = [round(each) for each in exact]
        if any(not math.isclose(a, b, rel_tol=1e-5) for a, b in zip(after, exact, strict=True)):
            raise node.refuse(f"its factors make maps of {exact[2:]} pixels, not of whole ones")
    else:
        raise node.refuse("it has neither factors nor sizes")
    if len(after) != 4 or after[:2] != list(before[:2]):
        raise node.refuse("it resizes other axes than height and width")
    return after[2], after[3]


def _check_places(
    node: OnnxNode, mode: str, size: tuple[int, int], wanted: tuple[int, int]
) -> None:
    """Check that it looks for pixels where :class:`pellucid.ops.Resize` does."""
    whole = all(b % a == 0 for a, b in zip(size, wanted, strict=True))
    default = "half_pixel" if node.kind == "Resize" and node.opset >= 11 else "asymmetric"
    how = node.attribute("coordinate_transformation_mode", default)
    rounding = "floor"
    if default == "half_pixel":
        rounding = node.attribute("nearest_mode", "round_prefer_floor")
    half_pixel = how in HALF_PIXEL and not (how == HALF_PIXEL[1] and 1 in wanted)
    if mode == "linear":
        same = half_pixel
    elif half_pixel:  # by a whole factor, no place is half-way between two pixels
        same = rounding == "round_prefer_ceil" or (whole and rounding.startswith("round"))
    else:
        same = how == "asymmetric" and whole and rounding == "floor"
    if not same:
        raise node.refuse(
            f"it finds pixels by {how!r:.40} and {rounding!r:.40}; layers by 'half_pixel' (and "
            "nearest ones by 'round_prefer_ceil')"
        )


def affine_grid(builder: Builder, node: OnnxNode) -> None:
    """``AffineGrid`` of two dimensions, whose size is a constant."""
    value = builder.value(node)
    if value.shape != (2, 3):
        raise node.refuse(
            f"it takes affine maps (N, 2, 3) of the plane, got {builder.described(value)}"
        )
    vector = builder.vector(node, value.seen_as(sum(value.theirs, ())))
    if vector.ours != vector.theirs:
        raise node.refuse("the numbers of its affine maps come in another order")
    *_, height, width = (int(each) for each in builder.constant(node, 1))
    operation = builder.make(
        node, ops.AffineGrid, size=(height, width), align_corners=_corners(node)
    )
    name = builder.add(node, operation, vector.node)
    made = of_maps(name, builder.shape(name))
    builder.result(node, made.seen_as(*made.ours))


def affine_product(builder: Builder, node: OnnxNode, value: Value, places: Array) -> bool:
    """A matrix product that is an affine grid, as older files have it; whether it is one.

    Args:
        builder: The network.
        node: The product.
        value: Affine maps, (2, 3).
        places: (3, H·W): u, v and 1 of each position, row by row.
    """
    if value.shape != (2, 3) or not value.is_vector or len(places) != 3:
        return False
    height = len(np.unique(places[1]))
    size = height, places.shape[1] // height
    for align_corners in (False, True):
        wanted = base(size, align_corners).reshape(-1, 3).T
        if wanted.shape == places.shape and np.allclose(places, wanted, rtol=0, atol=1e-6):
            break
    else:
        return False
    affine = value.affine or Affine(np.ones(1), np.zeros(1))
    relative = bool(affine.shift.any())
    identity = np.asarray(ops.AffineGrid.identity) if relative else np.zeros(1)
    if np.ptp(affine.scale) or (affine.shift != identity).any():
        return False
    theta = builder.vector(node, replace(value, affine=None).seen_as(sum(value.theirs, ())))
    if theta.ours != theta.theirs:
        return False
    operation = builder.make(
        node, ops.AffineGrid, size=size, align_corners=align_corners, relative=relative,
        scale=float(affine.scale.flat[0]),
    )  # fmt: skip
    name = builder.add(node, operation, theta.node)
    made = of_maps(name, builder.shape(name))
    two, rows, columns = made.theirs
    builder.result(node, made.seen_as(two, rows + columns))
    return True


def grid_sample(builder: Builder, node: OnnxNode) -> None:
    """``GridSample``: bilinear, with zeros outside."""
    value = builder.maps(node, builder.value(node))
    grid = builder.settled(node, builder.value(node, 1))
    how = node.attribute("mode", "linear"), node.attribute("padding_mode", "zeros")
    if how[0] not in ("linear", "bilinear") or how[1] != "zeros":
        raise node.refuse(
            f"it samples by {how[0]!r:.20} and {how[1]!r:.20}; linear and zeros are read"
        )
    if grid.is_vector or grid.ours != grid.theirs:
        raise node.refuse("its grid must be places (N, H, W, 2), as AffineGrid makes them")
    operation = builder.make(node, ops.GridSample, align_corners=_corners(node))
    name = builder.add(node, operation, value.node, grid.node)
    builder.result(node, of_maps(name, builder.shape(name)))


def _corners(node: OnnxNode) -> bool:
    return bool(node.attribute("align_corners", 0))
