"""Batch normalisation, with the ReLU and the max pooling behind it.

The statistics of a batch need all its images: each image's mean and squared deviations are found by
the thread that has it, then joined in the order of images (Chan et al. 1979), whoever found them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid import ops
from pellucid.engines.native.emit.images import (
    Walk,
    each_image,
    over_grid,
    over_positions,
    start_of,
)
from pellucid.engines.native.emit.pooling import NONE, larger
from pellucid.engines.native.stages.parameters import Region, place_parameter, write_update
from pellucid.engines.native.stages.weighted import Weighted
from pellucid.engines.native.writer import INFER, LEARN, buffer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from pellucid.engines.native.ir import Function, Index, Value
    from pellucid.engines.native.lower import Stage
    from pellucid.engines.native.plan import Place, Plan

    Affine = Callable[[Index], tuple[Value, Value, Value]]
    """For a channel: what is taken off, what is multiplied with, what is added."""

GAMMA, BETA = 0, 1
MEAN, VARIANCE = 0, 1
CENTRE, SCALE, INVERSE, SHRINK, LEAN = range(5)
"""What a training step keeps of a channel: the batch's mean; γ/σ; 1/σ; and for the way back, the
mean gradient and how much of (y − mean) to take off."""


class Norm(Weighted):
    """A batch normalisation in a plan."""

    def __init__(self, plan: Plan, stage: Stage) -> None:
        operation = stage.node.operation
        assert isinstance(operation, ops.BatchNorm)
        self.plan, self.stage, self.operation = plan, stage, operation
        self.name = stage.node.name
        self.source, self.target = plan.values[stage.sources[0]], plan.values[stage.target]
        self.pitch = self.target.layout.pitch
        self.channels = self.target.layout.channels
        regions = (Region(0, 2 * self.pitch, decays=False),)
        self.parameter = place_parameter(plan, self.name, 1, 2 * self.pitch, 1, regions)
        place = plan.arena.place_scratch
        self.statistics = plan.arena.place(f"statistics {self.name}", 2 * self.pitch)
        if plan.training:
            self.batch = place(f"batch statistics {self.name}", 5 * self.pitch)
            self.partial = place(f"image sums {self.name}", 2 * self.pitch * plan.capacity)
        self.size = stage.pool.size if stage.pool is not None else (1, 1)
        self.winners = 0
        if plan.training and stage.pool is not None:
            floats = -(-self.target.layout.floats(plan.capacity) // 4) + plan.lanes
            self.winners = place(f"winners {self.name}", floats)

    # ---------------------------------------------------------------------------------- weights

    def read(self, memory: NDArray[np.float32], offset: int) -> dict[str, NDArray[np.float32]]:
        """γ and β, or what belongs to them, at an offset."""
        return self._pair(memory, offset, ("gamma", "beta"))

    def write(
        self, memory: NDArray[np.float32], offset: int, arrays: Mapping[str, NDArray[np.float32]]
    ) -> None:
        """The reverse of :meth:`read`."""
        self._set_pair(memory, offset, arrays, ("gamma", "beta"))

    def read_statistics(self, memory: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """The running mean and variance."""
        return self._pair(memory, self.statistics, ("mean", "variance"))

    def write_statistics(
        self, memory: NDArray[np.float32], arrays: Mapping[str, NDArray[np.float32]]
    ) -> None:
        """The reverse of :meth:`read_statistics`."""
        self._set_pair(memory, self.statistics, arrays, ("mean", "variance"))

    def _pair(
        self, memory: NDArray[np.float32], offset: int, names: tuple[str, str]
    ) -> dict[str, NDArray[np.float32]]:
        starts = offset, offset + self.pitch
        return {
            name: memory[start : start + self.channels].copy()
            for name, start in zip(names, starts, strict=True)
        }

    def _set_pair(
        self,
        memory: NDArray[np.float32],
        offset: int,
        arrays: Mapping[str, NDArray[np.float32]],
        names: tuple[str, str],
    ) -> None:
        for name, start in zip(names, (offset, offset + self.pitch), strict=True):
            memory[start : start + self.channels] = arrays[name]

    # ---------------------------------------------------------------------------------- forward

    def write_forward(self) -> None:
        """Append the stages: at inference one, in training statistics and then the same."""
        writer = self.plan.writer
        writer.stage(INFER, self.name, "images", self._infer)
        if not self.plan.training:
            return
        vectors = self.pitch // self.plan.lanes
        writer.stage(LEARN, f"sums of {self.name}", "images", self._image_sums)
        writer.stage(
            LEARN, f"statistics of {self.name}", vectors, self._join, group=f"join {self.name}"
        )
        writer.stage(LEARN, self.name, "images", self._normalise)

    def _infer(self, f: Function) -> None:
        def affine(c: Index) -> tuple[Value, Value, Value]:
            variance = f.load_vector(buffer(f, self.statistics + VARIANCE * self.pitch), c)
            deviation = f.square_root(
                f.vector("fadd", variance, f.constant(self.operation.epsilon))
            )
            scale = f.vector("fdiv", self._weight(f, GAMMA, c), deviation)
            mean = f.load_vector(buffer(f, self.statistics + MEAN * self.pitch), c)
            return mean, scale, self._weight(f, BETA, c)

        self._apply(f, affine, winners=False)

    def _normalise(self, f: Function) -> None:
        self._apply(f, lambda c: self._affine(f, c), winners=self.stage.pool is not None)

    def _affine(self, f: Function, c: Index) -> tuple[Value, Value, Value]:
        """What a channel of this batch is moved back by, multiplied with and moved on by."""
        return self._kept(f, CENTRE, c), self._kept(f, SCALE, c), self._weight(f, BETA, c)

    def _apply(self, f: Function, affine: Affine, *, winners: bool) -> None:
        """Append z = (y − mean) · scale + β, rectified and pooled where that follows."""

        def image(n: Index) -> None:
            walks = [self._windows(f, self.source, n), self._walk(f, self.target, n)]
            if winners:
                walks.append(self._winners(f, n))

            def channels(c: Index, _: list[Value]) -> list[Value]:
                mean, scale, shift = affine(c)

                def position(at: list[Value], _: list[Value]) -> list[Value]:
                    best = winner = None
                    for number, offset in enumerate(self._offsets(self.source)):
                        centred = f.vector("fsub", f.load_vector(at[0], offset), mean)
                        value = f.fma(centred, scale, shift)
                        if best is None or winner is None:
                            best, winner = value, f.whole(0)
                        else:
                            best, winner = larger(f, best, winner, value, number)
                    assert best is not None
                    assert winner is not None
                    if self.stage.rectify:
                        best = f.rectify(best)
                    f.store_vector(best, at[1])
                    if winners:
                        if self.stage.rectify:
                            alive = f.compare("ogt", best, f.zero)
                            winner = f.choose_whole(alive, winner, f.whole(NONE))
                        f.store_bytes(winner, at[2])
                    return []

                over_grid(f, self.grid, walks, c, position)
                return []

            f.loop(0, self.pitch, f.vectors.lanes, channels)

        each_image(f, image)

    def _image_sums(self, f: Function) -> None:
        """Each image's mean, and the sum of its squared deviations from that."""
        layout = self.source.layout
        share = f.constant(1.0 / (layout.height * layout.width))

        def image(n: Index) -> None:
            y = start_of(f, self.source, n)
            sums = f.at(buffer(f, self.partial), f.multiply(n, 2 * self.pitch))

            def channels(c: Index, _: list[Value]) -> list[Value]:
                def total(at: list[Value], running: list[Value]) -> list[Value]:
                    return [f.vector("fadd", running[0], f.load_vector(at[0]))]

                (all_,) = over_positions(f, [(self.source, y)], c, total, 1)
                mean = f.vector("fmul", all_, share)

                def deviation(at: list[Value], running: list[Value]) -> list[Value]:
                    centred = f.vector("fsub", f.load_vector(at[0]), mean)
                    return [f.fma(centred, centred, running[0])]

                (squares,) = over_positions(f, [(self.source, y)], c, deviation, 1)
                f.store_vector(mean, sums, c)
                f.store_vector(squares, sums, f.add(c, self.pitch))
                return []

            f.loop(0, self.pitch, f.vectors.lanes, channels)

        each_image(f, image)

    def _join(self, f: Function) -> None:
        """The batch's mean and variance from the images'; the running ones follow them."""
        positions = self.source.layout.height * self.source.layout.width
        images = f.broadcast(f.value("uitofp i64 %images to float"))
        count = f.vector("fmul", images, f.constant(positions))

        def unit(u: Index, _: list[Value]) -> list[Value]:
            c = f.multiply(u, f.vectors.lanes)

            def means(part: Value, running: list[Value]) -> list[Value]:
                return [f.vector("fadd", running[0], f.load_vector(part))]

            (total,) = self._over_images(f, c, means, 1)
            mean = f.vector("fdiv", total, images)

            def squares(part: Value, running: list[Value]) -> list[Value]:
                away = f.vector("fsub", f.load_vector(part), mean)
                within = f.load_vector(part, self.pitch)
                return [f.vector("fadd", running[0], within), f.fma(away, away, running[1])]

            within, between = self._over_images(f, c, squares, 2)
            squared = f.fma(between, f.constant(positions), within)
            variance = f.vector("fdiv", squared, count)
            deviation = f.square_root(
                f.vector("fadd", variance, f.constant(self.operation.epsilon))
            )
            self._keep(f, CENTRE, c, mean)
            inverse = f.vector("fdiv", f.constant(1.0), deviation)
            self._keep(f, INVERSE, c, inverse)
            self._keep(f, SCALE, c, f.vector("fmul", self._weight(f, GAMMA, c), inverse))

            # One value alone has no unbiased variance; its divisor is then 1, as in the reference.
            less = f.vector("fsub", count, f.constant(1.0))
            some = f.compare("ogt", less, f.zero)
            unbiased = f.vector("fdiv", squared, f.choose(some, less, f.constant(1.0)))
            self._follow(f, MEAN, c, mean)
            self._follow(f, VARIANCE, c, unbiased)
            return []

        f.loop("%first", "%last", 1, unit)

    def _follow(self, f: Function, which: int, c: Index, new: Value) -> None:
        place = buffer(f, self.statistics + which * self.pitch)
        share = self.operation.momentum
        old = f.vector("fmul", f.constant(1.0 - share), f.load_vector(place, c))
        f.store_vector(f.fma(f.constant(share), new, old), place, c)

    # --------------------------------------------------------------------------------- backward

    def write_again(self) -> None:
        """Append the stage that makes z again, in the way back: it was not kept so long.

        It takes less memory than z itself, and hardly longer than to fetch z from there.
        """
        self.plan.writer.stage(
            "backward", f"{self.name} again", "images", self._normalise, again=(self.target.offset,)
        )

    def write_backward(self) -> None:
        """Append the way back: sums over images, joined, then the gradient at y."""
        writer = self.plan.writer
        writer.stage("backward", f"gradient sums of {self.name}", "images", self._gradient_sums)
        writer.stage(
            "backward", f"gradients of {self.name}", self.pitch // self.plan.lanes,
            self._join_gradients, group=f"join {self.name}",
        )  # fmt: skip
        if self.plan.wants_gradient(self.stage.sources[0]):
            adds = self.plan.adds(self.stage.sources[0])
            if not adds:
                self.plan.takes_over(self.stage.sources[0], self.source)

            def body(f: Function) -> None:
                self._back(f, adds=adds)

            writer.stage("backward", f"back through {self.name}", "images", body)

    def _gradient_sums(self, f: Function) -> None:
        """Each image's Σ g and Σ g·(y − mean)."""

        def image(n: Index) -> None:
            walks = self._way_back(f, n)
            sums = f.at(buffer(f, self.partial), f.multiply(n, 2 * self.pitch))

            def channels(c: Index, _: list[Value]) -> list[Value]:
                affine = self._affine(f, c)

                def position(at: list[Value], running: list[Value]) -> list[Value]:
                    for centred, gradient in self._gradients(f, at, affine):
                        running = [
                            f.vector("fadd", running[0], gradient),
                            f.fma(gradient, centred, running[1]),
                        ]
                    return running

                plain, moved = over_grid(f, self.grid, walks, c, position, 2)
                f.store_vector(plain, sums, c)
                f.store_vector(moved, sums, f.add(c, self.pitch))
                return []

            f.loop(0, self.pitch, f.vectors.lanes, channels)

        each_image(f, image)

    def _join_gradients(self, f: Function) -> None:
        """∂γ and ∂β, and what the way back to y needs of them."""
        positions = self.source.layout.height * self.source.layout.width
        images = f.broadcast(f.value("uitofp i64 %images to float"))
        count = f.vector("fmul", images, f.constant(positions))

        def unit(u: Index, _: list[Value]) -> list[Value]:
            c = f.multiply(u, f.vectors.lanes)

            def both(part: Value, running: list[Value]) -> list[Value]:
                return [
                    f.vector("fadd", running[0], f.load_vector(part)),
                    f.vector("fadd", running[1], f.load_vector(part, self.pitch)),
                ]

            plain, moved = self._over_images(f, c, both, 2)
            inverse = self._kept(f, INVERSE, c)
            gradients = buffer(f, self.parameter.gradients)
            d_gamma = f.vector("fmul", moved, inverse)
            f.store_vector(d_gamma, gradients, c)
            f.store_vector(plain, gradients, f.add(c, self.pitch))
            self._keep(f, SHRINK, c, f.vector("fdiv", plain, count))
            lean = f.vector("fdiv", f.vector("fmul", d_gamma, inverse), count)
            self._keep(f, LEAN, c, lean)
            return []

        f.loop("%first", "%last", 1, unit)

    def _back(self, f: Function, *, adds: bool) -> None:
        """∂y = γ/σ · (g − mean g − (y − mean) · lean)."""
        to = self.plan.gradients[self.stage.sources[0]]
        places = self._offsets(to)

        def image(n: Index) -> None:
            walks = [*self._way_back(f, n), self._windows(f, to, n)]

            def channels(c: Index, _: list[Value]) -> list[Value]:
                affine = self._affine(f, c)
                shrink, lean = self._kept(f, SHRINK, c), self._kept(f, LEAN, c)

                def position(at: list[Value], _: list[Value]) -> list[Value]:
                    for place, (centred, gradient) in zip(
                        places, self._gradients(f, at, affine), strict=True
                    ):
                        leaning = f.vector("fmul", centred, lean)
                        rest = f.vector("fsub", f.vector("fsub", gradient, shrink), leaning)
                        result = f.vector("fmul", affine[1], rest)
                        if adds:
                            result = f.vector("fadd", result, f.load_vector(at[-1], place))
                        f.store_vector(result, at[-1], place)
                    return []

                over_grid(f, self.grid, walks, c, position)
                return []

            f.loop(0, self.pitch, f.vectors.lanes, channels)

        each_image(f, image)

    def _way_back(self, f: Function, n: Index) -> list[Walk]:
        """Image n's gradient at z, its y, and what decides where the gradient goes."""
        gradient = self._walk(f, self.plan.gradients[self.stage.target], n)
        walks = [gradient, self._windows(f, self.source, n)]
        if self.stage.pool is not None:
            walks.append(self._winners(f, n))
        return walks

    def _gradients(
        self, f: Function, at: list[Value], affine: tuple[Value, Value, Value]
    ) -> Iterator[tuple[Value, Value]]:
        """For each position of a window: y − mean, and the gradient before ReLU and pooling."""
        mean, scale, shift = affine
        gradient = f.load_vector(at[0])
        winner = f.load_bytes(at[2]) if self.stage.pool is not None else None
        for number, offset in enumerate(self._offsets(self.source)):
            centred = f.vector("fsub", f.load_vector(at[1], offset), mean)
            let_through = None
            if winner is not None:
                let_through = f.equal(winner, f.whole(number))
            elif self.stage.rectify:  # z is not read again, but made again: it need not be kept
                let_through = f.compare("ogt", f.fma(centred, scale, shift), f.zero)
            if let_through is None:
                yield centred, gradient
            else:
                yield centred, f.choose(let_through, gradient, f.zero)

    # ---------------------------------------------------------------------------------- windows

    @property
    def grid(self) -> tuple[int, int]:
        """How many windows there are, down and across; positions, where nothing is pooled."""
        return self.target.layout.height, self.target.layout.width

    def _offsets(self, place: Place) -> list[int]:
        """A window's positions in a buffer of y's size, from its first, row by row."""
        layout = place.layout
        return [
            row * layout.row + column * layout.pitch
            for row in range(self.size[0])
            for column in range(self.size[1])
        ]

    def _windows(self, f: Function, place: Place, n: Index) -> Walk:
        """Image n of a buffer of y's size, window by window."""
        layout = place.layout
        start = start_of(f, place, n)
        return Walk(start, self.size[0] * layout.row, self.size[1] * layout.pitch)

    def _walk(self, f: Function, place: Place, n: Index) -> Walk:
        """Image n of a buffer of z's size, position by position."""
        return Walk(start_of(f, place, n), place.layout.row, place.layout.pitch)

    def _winners(self, f: Function, n: Index) -> Walk:
        layout = self.target.layout
        offset = f.add(f.multiply(n, layout.image), layout.at(0, 0))
        start = f.at(f.at("%memory", self.winners), offset, "i8")
        return Walk(start, layout.row, layout.pitch, "i8")

    def write_update(self) -> None:
        """Append the optimizer's step on γ and β."""
        write_update(self.plan, self.parameter)

    # ----------------------------------------------------------------------------------- places

    def _over_images(
        self,
        f: Function,
        c: Index,
        body: Callable[[Value, list[Value]], list[Value]],
        running: int,
    ) -> list[Value]:
        """A loop over all images' sums, in order."""

        def image(n: Index, values: list[Value]) -> list[Value]:
            return body(
                f.at(buffer(f, self.partial), f.add(f.multiply(n, 2 * self.pitch), c)), values
            )

        return f.loop(0, "%images", 1, image, [(f.vectors.float, f.zero)] * running)

    def _weight(self, f: Function, which: int, c: Index) -> Value:
        return f.load_vector(buffer(f, self.parameter.weights + which * self.pitch), c)

    def _kept(self, f: Function, which: int, c: Index) -> Value:
        return f.load_vector(buffer(f, self.batch + which * self.pitch), c)

    def _keep(self, f: Function, which: int, c: Index, vector: Value) -> None:
        f.store_vector(vector, buffer(f, self.batch + which * self.pitch), c)
