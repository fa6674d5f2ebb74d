"""The statistics of a batch: each image's by the thread that has it, then joined in order.

Means and squared deviations are joined as Chan et al. (1979) do: the same bits for any number of
threads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.engines.native.emit.images import each_image, over_positions, start_of
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.kernels.norm_places import (
    CENTRE,
    GAMMA,
    INVERSE,
    MEAN,
    SCALE,
    VARIANCE,
)

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.norm_places import NormPlaces


def image_sums(norm: NormPlaces, f: Function) -> None:
    """Each image's mean, and the sum of its squared deviations from that."""
    layout = norm.source.layout
    share = f.constant(1.0 / (layout.height * layout.width))

    def image(n: Index) -> None:
        y = start_of(f, norm.source, n)
        sums = f.at(buffer(f, norm.partial), f.multiply(n, 2 * norm.pitch))

        def channels(each: list[Index]) -> None:
            places = [v * f.vectors.lanes for v in range(len(each))]

            def total(at: list[Value], running: list[Value]) -> list[Value]:
                loaded = [f.load_vector(at[0], place) for place in places]
                return [f.vector("fadd", *both) for both in zip(running, loaded, strict=True)]

            totals = over_positions(f, [(norm.source, y)], each[0], total, len(each))
            means = [f.vector("fmul", all_, share) for all_ in totals]

            def deviation(at: list[Value], running: list[Value]) -> list[Value]:
                centred = [
                    f.vector("fsub", f.load_vector(at[0], place), mean)
                    for place, mean in zip(places, means, strict=True)
                ]
                return [f.fma(c, c, total) for c, total in zip(centred, running, strict=True)]

            squares = over_positions(f, [(norm.source, y)], each[0], deviation, len(each))
            for c, mean, square in zip(each, means, squares, strict=True):
                f.store_vector(mean, sums, c)
                f.store_vector(square, sums, f.add(c, norm.pitch))

        norm.each_channels(f, 3, channels)

    each_image(f, image)


def join(norm: NormPlaces, f: Function) -> None:
    """The batch's mean and variance from the images'; the running ones follow them."""
    positions = norm.source.layout.height * norm.source.layout.width
    images = f.broadcast(f.value("uitofp i64 %images to float"))
    count = f.vector("fmul", images, f.constant(positions))

    def unit(u: Index, _: list[Value]) -> list[Value]:
        c = f.multiply(u, f.vectors.lanes)

        def means(part: Value, running: list[Value]) -> list[Value]:
            return [f.vector("fadd", running[0], f.load_vector(part))]

        (total,) = norm.over_images(f, c, means, 1)
        mean = f.vector("fdiv", total, images)

        def squares(part: Value, running: list[Value]) -> list[Value]:
            away = f.vector("fsub", f.load_vector(part), mean)
            within = f.load_vector(part, norm.pitch)
            return [f.vector("fadd", running[0], within), f.fma(away, away, running[1])]

        within, between = norm.over_images(f, c, squares, 2)
        squared = f.fma(between, f.constant(positions), within)
        variance = f.vector("fdiv", squared, count)
        deviation = f.square_root(f.vector("fadd", variance, f.constant(norm.operation.epsilon)))
        norm.keep(f, CENTRE, c, mean)
        inverse = f.vector("fdiv", f.constant(1.0), deviation)
        norm.keep(f, INVERSE, c, inverse)
        norm.keep(f, SCALE, c, f.vector("fmul", norm.weight(f, GAMMA, c), inverse))

        # One value alone has no unbiased variance; its divisor is then 1, as in the reference.
        less = f.vector("fsub", count, f.constant(1.0))
        some = f.compare("ogt", less, f.zero)
        unbiased = f.vector("fdiv", squared, f.choose(some, less, f.constant(1.0)))
        learning = norm.plan.learning
        if learning is not None and norm.region.name in learning.follows:
            _follow(norm, f, MEAN, c, mean)
            _follow(norm, f, VARIANCE, c, unbiased)
        return []

    f.loop("%first", "%last", 1, unit)


def use_running(norm: NormPlaces, f: Function) -> None:
    """The running statistics, in the place of a batch's."""

    def unit(u: Index, _: list[Value]) -> list[Value]:
        c = f.multiply(u, f.vectors.lanes)
        mean, variance = (
            f.load_vector(buffer(f, norm.statistics, which * norm.pitch), c)
            for which in (MEAN, VARIANCE)
        )
        deviation = f.square_root(f.vector("fadd", variance, f.constant(norm.operation.epsilon)))
        norm.keep(f, CENTRE, c, mean)
        norm.keep(f, INVERSE, c, f.vector("fdiv", f.constant(1.0), deviation))
        norm.keep(f, SCALE, c, f.vector("fdiv", norm.weight(f, GAMMA, c), deviation))
        return []

    f.loop("%first", "%last", 1, unit)


def _follow(norm: NormPlaces, f: Function, which: int, c: Index, new: Value) -> None:
    place = buffer(f, norm.statistics, which * norm.pitch)
    share = norm.operation.momentum
    old = f.vector("fmul", f.constant(1.0 - share), f.load_vector(place, c))
    f.store_vector(f.fma(f.constant(share), new, old), place, c)
