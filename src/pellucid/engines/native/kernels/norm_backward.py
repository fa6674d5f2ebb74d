"""Backward pass of a batch normalisation: sums over images, joined, then the gradient at y."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.engines.native.emit.images import each_image, moved, over_grid
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.kernels.norm_places import INVERSE, LEAN, SHRINK
from pellucid.engines.native.kernels.pointwise import gradient_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pellucid.engines.native.emit.images import Walk
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.norm_places import Affine, NormPlaces


def gradient_sums(norm: NormPlaces, f: Function) -> None:
    """Each image's Σ g and Σ g·(y − mean)."""

    def image(n: Index) -> None:
        walks = _backward_walks(norm, f, n)
        sums = f.at(buffer(f, norm.partial), f.multiply(n, 2 * norm.pitch))

        def channels(each: list[Index]) -> None:
            affines = [norm.affine(f, c) for c in each]

            def position(starts: list[Value], running: list[Value]) -> list[Value]:
                found = []
                for number, affine in enumerate(affines):
                    plain, with_y = running[2 * number : 2 * number + 2]
                    at = moved(f, walks, starts, number)
                    for centred, gradient in _gradients(norm, f, at, affine):
                        plain = f.vector("fadd", plain, gradient)
                        with_y = f.fma(gradient, centred, with_y)
                    found += [plain, with_y]
                return found

            totals = over_grid(f, norm.grid, walks, each[0], position, 2 * len(each))
            for number, c in enumerate(each):
                f.store_vector(totals[2 * number], sums, c)
                f.store_vector(totals[2 * number + 1], sums, f.add(c, norm.pitch))

        norm.each_channels(f, 7, channels)

    each_image(f, image)


def join_gradients(norm: NormPlaces, f: Function) -> None:
    """∂γ and ∂β, and what the backward pass to y needs of them."""
    positions = norm.source.layout.height * norm.source.layout.width
    images = f.broadcast(f.value("uitofp i64 %images to float"))
    count = f.vector("fmul", images, f.constant(positions))

    def unit(u: Index, _: list[Value]) -> list[Value]:
        c = f.multiply(u, f.vectors.lanes)

        def both(part: Value, running: list[Value]) -> list[Value]:
            return [
                f.vector("fadd", running[0], f.load_vector(part)),
                f.vector("fadd", running[1], f.load_vector(part, norm.pitch)),
            ]

        plain, moved = norm.over_images(f, c, both, 2)
        inverse = norm.kept(f, INVERSE, c)
        gradients = buffer(f, norm.parameter.gradients)
        d_gamma = f.vector("fmul", moved, inverse)
        f.store_vector(d_gamma, gradients, c)
        f.store_vector(plain, gradients, f.add(c, norm.pitch))
        norm.keep(f, SHRINK, c, f.vector("fdiv", plain, count))
        lean = f.vector("fdiv", f.vector("fmul", d_gamma, inverse), count)
        norm.keep(f, LEAN, c, lean)
        return []

    f.loop("%first", "%last", 1, unit)


def back(norm: NormPlaces, f: Function, *, adds: bool) -> None:
    """∂y = γ/σ · (g − mean g − (y − mean) · lean); γ/σ · g where statistics are fixed."""
    to = norm.plan.gradients[norm.region.sources[0]]
    places = norm.offsets(to)

    def image(n: Index) -> None:
        walks = [*_backward_walks(norm, f, n), norm.windows(f, to, n)]

        def channels(each: list[Index]) -> None:
            affines = [norm.affine(f, c) for c in each]
            leans = [(norm.kept(f, SHRINK, c), norm.kept(f, LEAN, c)) for c in each]

            def position(starts: list[Value], _: list[Value]) -> list[Value]:
                for number, (affine, own) in enumerate(zip(affines, leans, strict=True)):
                    vector(moved(f, walks, starts, number), affine, *own)
                return []

            def vector(at: list[Value], affine: Affine, shrink: Value, lean: Value) -> None:
                for place, (centred, gradient) in zip(
                    places, _gradients(norm, f, at, affine), strict=True
                ):
                    rest = gradient
                    if not norm.fixed:
                        leaning = f.vector("fmul", centred, lean)
                        rest = f.vector("fsub", f.vector("fsub", gradient, shrink), leaning)
                    result = f.vector("fmul", affine[1], rest)
                    if adds:
                        result = f.vector("fadd", result, f.load_vector(at[-1], place))
                    f.store_vector(result, at[-1], place)

            over_grid(f, norm.grid, walks, each[0], position)

        norm.each_channels(f, 7, channels)

    each_image(f, image)


def _backward_walks(norm: NormPlaces, f: Function, n: Index) -> list[Walk]:
    """Image n's gradient at z, its y, and what decides where the gradient goes."""
    gradient = norm.walk(f, norm.plan.gradients[norm.region.target], n)
    walks = [gradient, norm.windows(f, norm.source, n)]
    if norm.region.pool is not None:
        walks.append(norm.winner_walk(f, n))
    return walks


def _gradients(
    norm: NormPlaces, f: Function, at: list[Value], affine: Affine
) -> Iterator[tuple[Value, Value]]:
    """For each position of a window: y − mean, and the gradient before ReLU and pooling."""
    mean, scale, shift = affine
    gradient, function = f.load_vector(at[0]), norm.region.function
    winner = f.load_bytes(at[2]) if norm.region.pool is not None else None
    for number, offset in enumerate(norm.offsets(norm.source)):
        centred = f.vector("fsub", f.load_vector(at[1], offset), mean)
        if winner is not None:
            yield centred, f.choose(f.equal(winner, f.whole(number)), gradient, f.zero)
        elif function is not None:  # z is not read again, but made again: it need not be kept
            yield centred, gradient_at(f, function, gradient, f.fma(centred, scale, shift))
        else:
            yield centred, gradient
