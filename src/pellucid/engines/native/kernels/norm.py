"""Batch normalisation, with a function of each value and a max pooling behind it.

The statistics of a batch need all its images: each image's mean and squared deviations are found by
the thread that has it, then joined in the order of images (Chan et al. 1979): the same bits for any
number of threads.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.images import each_image, moved, over_grid
from pellucid.engines.native.emit.pooling import NONE, larger
from pellucid.engines.native.emit.schedule_builder import INFER, LEARN, buffer
from pellucid.engines.native.emit.work import Description
from pellucid.engines.native.kernels.kernel import Weighted
from pellucid.engines.native.kernels.norm_backward import back, gradient_sums, join_gradients
from pellucid.engines.native.kernels.norm_places import BETA, GAMMA, MEAN, VARIANCE, NormPlaces
from pellucid.engines.native.kernels.norm_statistics import image_sums, join, use_running
from pellucid.engines.native.kernels.pointwise import apply, declines_epilogue
from pellucid.engines.native.memory.arena import floats
from pellucid.engines.native.memory.layout import FLOAT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.norm_places import Affine
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.region import Region
    from pellucid.engines.native.target import Target
    from pellucid.ops.operation import Operation


MEETING = "a batch's statistics need all its images, so that threads wait for each other here"


class Norm(NormPlaces, Weighted):
    """A batch normalisation in a plan."""

    family: ClassVar[str] = "affine map"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.BatchNorm,)
    gradient_over_input: ClassVar[bool] = True

    @classmethod
    def declines(cls, region: Region, target: Target) -> str:
        if not isinstance(region.operation, cls.operations):
            return super().declines(region, target)
        if reason := declines_epilogue(region, pools=True, knows_x=True):
            return reason
        pool, (height, width) = region.pool, (*region.inputs[0], 1)[:2]
        if pool is not None and (height % pool.size[0] or width % pool.size[1]):
            return "some positions lie in no window, and batch norm's backward pass must reach all"
        return ""

    def __init__(self, plan: Plan, region: Region) -> None:
        NormPlaces.__init__(self, plan, region)

    # ---------------------------------------------------------------------------------- weights

    def read(self, memory: NDArray[np.uint8], offset: int) -> dict[str, NDArray[np.float32]]:
        """γ and β, or what belongs to them, at an offset."""
        return self._pair(memory, offset, ("gamma", "beta"))

    def write(
        self, memory: NDArray[np.uint8], offset: int, arrays: Mapping[str, NDArray[np.float32]]
    ) -> None:
        """The reverse of :meth:`read`."""
        self._set_pair(memory, offset, arrays, ("gamma", "beta"))

    def read_statistics(self, memory: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        """The running mean and variance."""
        return self._pair(memory, self.statistics, ("mean", "variance"))

    def write_statistics(
        self, memory: NDArray[np.uint8], arrays: Mapping[str, NDArray[np.float32]]
    ) -> None:
        """The reverse of :meth:`read_statistics`."""
        self._set_pair(memory, self.statistics, arrays, ("mean", "variance"))

    def _pair(
        self, memory: NDArray[np.uint8], offset: int, names: tuple[str, str]
    ) -> dict[str, NDArray[np.float32]]:
        rows = floats(memory, offset, 2 * self.pitch).reshape(2, -1)
        return {name: row[: self.channels].copy() for name, row in zip(names, rows, strict=True)}

    def _set_pair(
        self,
        memory: NDArray[np.uint8],
        offset: int,
        arrays: Mapping[str, NDArray[np.float32]],
        names: tuple[str, str],
    ) -> None:
        rows = floats(memory, offset, 2 * self.pitch).reshape(2, -1)
        for name, row in zip(names, rows, strict=True):
            row[: self.channels] = arrays[name]

    # ---------------------------------------------------------------------------------- forward

    def forward(self) -> None:
        """Append the stages: at inference one, in training statistics and then the same."""
        plan, vectors = self.plan, self.pitch // self.plan.lanes
        schedules = plan.forward if self.fixed else INFER
        plan.stage(schedules, self.name, "images", self._infer, self._about_affine)
        if self.fixed:
            return
        note = "reads each image twice, the mean first: exact also far from zero"
        about = plan.about(
            "sums over positions", [self.source], written=self._sum_bytes, notes=[note]
        )
        plan.stage(LEARN, f"sums of {self.name}", "images", partial(image_sums, self), about)
        plan.stage(
            LEARN, f"statistics of {self.name}", vectors, partial(join, self), self._about_join,
            group=f"join {self.name}",
        )  # fmt: skip
        plan.stage(LEARN, self.name, "images", self._normalise, self._about_affine)

    @property
    def _about_affine(self) -> Description:
        return self.plan.about(
            self.family, [self.source], [self.target], written=self._winner_bytes
        )

    @property
    def _about_join(self) -> Description:
        return self.plan.about("sums over images", read=self._sum_bytes, notes=[MEETING])

    @property
    def _sum_bytes(self) -> int:
        return 2 * FLOAT * self.plan.capacity * self.pitch

    @property
    def _winner_bytes(self) -> int:
        """Of a batch: which position won in each window."""
        return self.plan.bytes_of(self.winners) if self.winners else 0

    def _infer(self, f: Function) -> None:
        def affine(c: Index) -> Affine:
            variance = f.load_vector(buffer(f, self.statistics, VARIANCE * self.pitch), c)
            deviation = f.square_root(
                f.vector("fadd", variance, f.constant(self.operation.epsilon))
            )
            scale = f.vector("fdiv", self.weight(f, GAMMA, c), deviation)
            mean = f.load_vector(buffer(f, self.statistics, MEAN * self.pitch), c)
            return mean, scale, self.weight(f, BETA, c)

        self._apply(f, affine, winners=self.fixed and self._remembers_winners)

    @property
    def _remembers_winners(self) -> bool:
        pools = self.region.pool is not None
        return pools and self.plan.wants_gradient(self.region.target)

    def _normalise(self, f: Function) -> None:
        self._apply(f, lambda c: self.affine(f, c), winners=self._remembers_winners)

    def _apply(self, f: Function, affine: Callable[[Index], Affine], *, winners: bool) -> None:
        """Append z = (y − mean) · scale + β, pooled and put through what follows."""
        function = self.region.function

        def image(n: Index) -> None:
            walks = [self.windows(f, self.source, n), self.walk(f, self.target, n)]
            if winners:
                walks.append(self.winner_walk(f, n))

            def channels(each: list[Index]) -> None:
                affines = [affine(c) for c in each]

                def position(starts: list[Value], _: list[Value]) -> list[Value]:
                    for number, own in enumerate(affines):
                        vector(moved(f, walks, starts, number), *own)
                    return []

                def vector(at: list[Value], mean: Value, scale: Value, shift: Value) -> None:
                    best = winner = None
                    for number, offset in enumerate(self.offsets(self.source)):
                        centred = f.vector("fsub", f.load_vector(at[0], offset), mean)
                        value = f.fma(centred, scale, shift)
                        if best is None or winner is None:
                            best, winner = value, f.whole(0)
                        else:
                            best, winner = larger(f, best, winner, value, number)
                    assert best is not None
                    assert winner is not None
                    best = apply(f, function, best)
                    f.store_vector(best, at[1])
                    if winners:
                        if function is not None:
                            alive = f.compare("ogt", best, f.zero)
                            winner = f.choose_whole(alive, winner, f.whole(NONE))
                        f.store_bytes(winner, at[2])

                over_grid(f, self.grid, walks, each[0], position)

            self.each_channels(f, 6, channels)

        each_image(f, image)

    # --------------------------------------------------------------------------------- backward

    def recompute(self) -> None:
        """Append the stage that makes z again, in the backward pass: it was not kept so long.

        It takes less memory than z itself, and hardly longer than to fetch z from there.
        """
        self.plan.stage(
            "backward", f"{self.name} again", "images",
            self._infer if self.fixed else self._normalise, self._about_affine,
            again=(self.target.offset,),
        )  # fmt: skip

    def backward(self) -> None:
        """Append the backward pass: sums over images, joined, then the gradient at y.

        Running statistics are fixed, and have no part in the gradient.
        """
        plan, vectors, (source,) = self.plan, self.pitch // self.plan.lanes, self.region.sources
        reads = [plan.gradients[self.region.target], self.source]
        if self.fixed:
            plan.stage(
                "backward", f"running statistics of {self.name}", vectors,
                partial(use_running, self), Description("statistics"), group=f"running {self.name}",
            )  # fmt: skip
        if not self.fixed or plan.trains(self.region) or plan.wanted.weights:
            about = plan.about(
                "sums over positions", reads, read=self._winner_bytes, written=self._sum_bytes
            )
            plan.stage(
                "backward", f"gradient sums of {self.name}", "images",
                partial(gradient_sums, self), about,
            )  # fmt: skip
            plan.stage(
                "backward", f"gradients of {self.name}", vectors,
                partial(join_gradients, self), self._about_join, group=f"join {self.name}",
            )  # fmt: skip
        if plan.wants_gradient(source):
            adds = plan.adds(source)
            if not adds:
                plan.takes_over(source, self.source)
            about = plan.about(
                self.family, reads, [plan.gradients[source]], read=self._winner_bytes
            )
            plan.stage(
                "backward", f"back through {self.name}", "images",
                partial(back, self, adds=adds), about,
            )  # fmt: skip
