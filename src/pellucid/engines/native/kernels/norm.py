"""Batch normalisation, with the ReLU and the max pooling behind it.

The statistics of a batch need all its images: each image's mean and squared deviations are found by
the thread that has it, then joined in the order of images (Chan et al. 1979), whoever found them.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from pellucid.engines.native.emit.images import each_image, over_grid
from pellucid.engines.native.emit.pooling import NONE, larger
from pellucid.engines.native.emit.schedule_builder import INFER, LEARN, buffer
from pellucid.engines.native.kernels.norm_backward import back, gradient_sums, join_gradients
from pellucid.engines.native.kernels.norm_places import BETA, GAMMA, MEAN, VARIANCE, NormPlaces
from pellucid.engines.native.kernels.norm_statistics import image_sums, join, use_running
from pellucid.engines.native.kernels.weighted import Weighted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.norm_places import Affine


class Norm(NormPlaces, Weighted):
    """A batch normalisation in a plan."""

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
        builder = self.plan.builder
        builder.stage(INFER, self.name, "images", self._infer)
        if not self.plan.training:
            return
        vectors = self.pitch // self.plan.lanes
        builder.stage(LEARN, f"sums of {self.name}", "images", partial(image_sums, self))
        builder.stage(
            LEARN,
            f"statistics of {self.name}",
            vectors,
            partial(join, self),
            group=f"join {self.name}",
        )
        builder.stage(LEARN, self.name, "images", self._normalise)

    def _infer(self, f: Function) -> None:
        def affine(c: Index) -> Affine:
            variance = f.load_vector(buffer(f, self.statistics + VARIANCE * self.pitch), c)
            deviation = f.square_root(
                f.vector("fadd", variance, f.constant(self.operation.epsilon))
            )
            scale = f.vector("fdiv", self.weight(f, GAMMA, c), deviation)
            mean = f.load_vector(buffer(f, self.statistics + MEAN * self.pitch), c)
            return mean, scale, self.weight(f, BETA, c)

        fixed = not self.plan.training and self.plan.wants_gradient(self.stage.target)
        self._apply(f, affine, winners=fixed and self.stage.pool is not None)

    def _normalise(self, f: Function) -> None:
        self._apply(f, lambda c: self.affine(f, c), winners=self.stage.pool is not None)

    def _apply(self, f: Function, affine: Callable[[Index], Affine], *, winners: bool) -> None:
        """Append z = (y − mean) · scale + β, rectified and pooled where that follows."""

        def image(n: Index) -> None:
            walks = [self.windows(f, self.source, n), self.walk(f, self.target, n)]
            if winners:
                walks.append(self.winner_walk(f, n))

            def channels(c: Index, _: list[Value]) -> list[Value]:
                mean, scale, shift = affine(c)

                def position(at: list[Value], _: list[Value]) -> list[Value]:
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

    # --------------------------------------------------------------------------------- backward

    def write_recompute(self) -> None:
        """Append the stage that makes z again, in the backward pass: it was not kept so long.

        It takes less memory than z itself, and hardly longer than to fetch z from there.
        """
        self.plan.builder.stage(
            "backward", f"{self.name} again", "images", self._normalise, again=(self.target.offset,)
        )

    def write_backward(self) -> None:
        """Append the backward pass: sums over images, joined, then the gradient at y.

        At inference the statistics are fixed, and have no part in the gradient.
        """
        builder, vectors = self.plan.builder, self.pitch // self.plan.lanes
        if not self.plan.training:
            builder.stage(
                "backward", f"running statistics of {self.name}", vectors,
                partial(use_running, self), group=f"running {self.name}",
            )  # fmt: skip
        if self.plan.training or self.plan.wanted.weights:
            builder.stage(
                "backward", f"gradient sums of {self.name}", "images", partial(gradient_sums, self)
            )
            builder.stage(
                "backward", f"gradients of {self.name}", vectors,
                partial(join_gradients, self), group=f"join {self.name}",
            )  # fmt: skip
        if self.plan.wants_gradient(self.stage.sources[0]):
            adds = self.plan.adds(self.stage.sources[0])
            if not adds:
                self.plan.takes_over(self.stage.sources[0], self.source)

            builder.stage(
                "backward", f"back through {self.name}", "images", partial(back, self, adds=adds)
            )
