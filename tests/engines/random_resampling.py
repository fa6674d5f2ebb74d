"""What draws operations that give maps another size or shape, or take them at other places."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid import ops

if TYPE_CHECKING:
    from tests.engines.random_graphs import Growing


def conv_transpose2d(growing: Growing) -> str:
    """Upwards, in the way of generators, or any other."""
    draw, source = growing.draw, growing.any_value(maps=True)
    stride = draw.choice((1, 2, 2, 3)), draw.choice((1, 2))
    size = draw.choice(((2, 2), (3, 3), (4, 4), (1, 2), (3, 2), (1, 1)))
    operation = ops.ConvTranspose2D(
        draw.choice((1, 2, 3, 8, 16)),
        size,
        stride,
        draw.choice((((0, 0), (0, 0)), ((1, 1), (1, 1)), ((1, 0), (0, 2)))),
        (draw.randrange(stride[0]), draw.randrange(stride[1])),
        draw.random() < 0.7,
    )
    name = growing.add(operation, source)
    if draw.random() < 0.6:
        for follower in draw.choice(((ops.ReLU,), (ops.BatchNorm, ops.ReLU), (ops.BatchNorm,))):
            name = growing.add(follower(), name)
    return name


def resize(growing: Growing) -> str:
    """To a size or by a factor; not larger than what is drawn elsewhere."""
    draw, source = growing.draw, growing.any_value(maps=True)
    method = draw.choice(("nearest", "bilinear"))
    if draw.random() < 0.5:
        factor = draw.choice(((2, 2), (1, 3), (2, 1)))
        return growing.add(ops.Resize(factor=factor, method=method), source)
    size = draw.randint(1, 9), draw.randint(1, 9)
    return growing.add(ops.Resize(size, method=method), source)


def affine_grid(growing: Growing) -> str:
    """Of any vector, near the identity, so that places lie on the maps."""
    draw, source = growing.draw, growing.any_value(maps=False)
    squeezed = growing.add(ops.Tanh(), growing.add(ops.Dense(6), source))
    size = draw.choice(((3, 4), (5, 2), (1, 3)))
    return growing.add(ops.AffineGrid(size, draw.random() < 0.3, draw.random() < 0.7), squeezed)


def projective_grid(growing: Growing) -> str:
    """The same in space, and what is seen of it."""
    draw, source = growing.draw, growing.any_value(maps=False)
    squeezed = growing.add(ops.Tanh(), growing.add(ops.Dense(8), source))
    size = draw.choice(((3, 4), (5, 2), (1, 3)))
    grid = ops.ProjectiveGrid(size, draw.random() < 0.3, draw.random() < 0.7, 0.4)
    return perspective_divide(growing, growing.add(grid, squeezed))


def perspective_divide(growing: Growing, source: str = "") -> str:
    """Of places in space; of any maps, as three channels."""
    source = source or growing.add(ops.Conv2D(3, (1, 1)), growing.any_value(maps=True))
    return growing.add(ops.PerspectiveDivide(), source)


def grid_sample(growing: Growing) -> str:
    """Of any maps at places that an affine grid gives, or a convolution."""
    draw, source = growing.draw, growing.any_value(maps=True)
    if draw.random() < 0.7:
        flat = growing.add(ops.GlobalAveragePool(), source)
        size = draw.randint(1, 5), draw.randint(1, 5)
        if draw.random() < 0.5:
            grid = growing.add(ops.AffineGrid(size, relative=True), growing.add(ops.Dense(6), flat))
        else:
            space = ops.ProjectiveGrid(size, relative=True, scale=0.4)
            space_grid = growing.add(space, growing.add(ops.Dense(8), flat))
            grid = perspective_divide(growing, space_grid)
    else:
        conv = growing.add(ops.Conv2D(2, (1, 1)), growing.any_value(maps=True))
        grid = growing.add(ops.Tanh(), conv)
    return growing.add(ops.GridSample(draw.random() < 0.3), source, grid)


def reshape(growing: Growing) -> str:
    """Rows of a value, connected, and laid out as they were before or as a vector."""
    draw, source = growing.draw, growing.any_value()
    shape = growing.shapes[source]
    length = draw.choice([n for n in range(1, shape[-1] + 1) if shape[-1] % n == 0])
    rows = growing.add(ops.Reshape((-1, length)), source)
    if draw.random() < 0.6:
        units = draw.choice((1, 3, 8, 17))
        rows = growing.add(ops.Dense(units, draw.random() < 0.7), rows)
        rows = growing.add(draw.choice((ops.PReLU, ops.ReLU, ops.Tanh))(), rows)
        return growing.add(
            ops.Reshape((1, -1, units)) if draw.random() < 0.5 else ops.Flatten(), rows
        )
    return growing.add(ops.Reshape((*shape[:-1], shape[-1])), rows)


def roi_align(growing: Growing) -> str:
    """Of any maps, of boxes that a vector gives."""
    draw = growing.draw
    scale, samples = draw.choice((0.3, 1.0)), draw.randint(1, 4)
    return _regions(growing, ops.RoIAlign((draw.randint(1, 3), draw.randint(1, 4)), scale, samples))


def roi_pool(growing: Growing) -> str:
    """The same; the ends of boxes are rounded."""
    draw = growing.draw
    size = draw.randint(1, 3), draw.randint(1, 4)
    return _regions(growing, ops.RoIPool(size, draw.choice((0.3, 1.0))))


def _regions(growing: Growing, operation: ops.RoIAlign | ops.RoIPool) -> str:
    draw, source = growing.draw, growing.any_value(maps=True)
    rows, numbers = draw.choice((1, 2, 5)), draw.choice((4, 5, 6, 8))
    flat = growing.add(ops.Dense(rows * numbers), growing.add(ops.GlobalAveragePool(), source))
    boxes = growing.add(ops.Reshape((rows, numbers)), flat)
    name = growing.add(operation, source, boxes)
    if draw.random() < 0.5:
        name = growing.add(
            ops.Dense(draw.choice((1, 3, 8))), growing.add(ops.Reshape((0, -1)), name)
        )
    return growing.add(ops.Flatten(), name)
