"""The native engine without one of its ideas each, to see what that idea brings.

Each patches the compiler in its own process, before anything is compiled.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.contenders.own import Native
from pellucid.engines.native import compile as compiling
from pellucid.engines.native.emit import kernel_gradient
from pellucid.engines.native.emit.ir import Vectors
from pellucid.engines.native.kernels import few_channels, registry, winograd
from pellucid.engines.native.lower import regions
from pellucid.engines.native.memory import geometry
from pellucid.engines.native.memory.live_ranges import LiveRanges, Relations
from pellucid.engines.native.program import NativeProgram
from pellucid.engines.native.runtime.host import compiled
from pellucid.graph.fold import Folded

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.contenders import Images, Weights
    from benchmarks.workloads import Workload
    from pellucid.engines.native.kernels.kernel import Kernel
    from pellucid.engines.native.memory.geometry import Packing, Pair


class Without(Native):
    """The native engine, patched."""

    def patch(self) -> None:
        """Take the idea away."""

    def prepare(
        self, workload: Workload, *, training: bool, threads: int, weights: Weights | None
    ) -> None:
        """Patch, then load."""
        self.patch()
        super().prepare(workload, training=training, threads=threads, weights=weights)


def _put(name: str, value: object, *owners: object) -> None:
    """Replace what goes by a name in modules or classes."""
    for owner in owners:
        assert hasattr(owner, name), name
        setattr(owner, name, value)


def _leave_out(kernel: type[Kernel]) -> None:
    """Let the next kernels in the list take what this one takes."""
    others = tuple(each for each in registry.KERNELS if each is not kernel)
    _put("KERNELS", others, registry)


def _narrow_blocks() -> None:
    """Blocks of filters of one vector each."""
    of = geometry.Packing.of

    def narrow(taps: Pair, channels: int, filters: int, registers: Vectors) -> Packing:
        return replace(of(taps, channels, filters, registers), vectors=1)

    _put("of", staticmethod(narrow), geometry.Packing)


class Tiles(Without):
    """Tiles of one output and one vector: every number that is loaded is used once."""

    def patch(self) -> None:
        """One sum at a time."""
        _narrow_blocks()
        _put("sums", 1, Vectors)
        _put("FEWEST_SUMS", 1, kernel_gradient)


class WideTiles(Without):
    """Tiles of one vector: twelve outputs by one vector of filters and not six by two."""

    def patch(self) -> None:
        """Blocks of one vector."""
        _narrow_blocks()


class Winograd(Without):
    """Every convolution with all its multiplications."""

    def patch(self) -> None:
        """Leave the kernel out."""
        _leave_out(winograd.Winograd)


class Fusion(Without):
    """Every layer by itself, from memory to memory."""

    def patch(self) -> None:
        """Nothing grows."""
        _put("_grown", lambda _, region: region, regions._Lowering)


class FewChannels(Without):
    """Convolutions of few channels as of many: lanes hold channels or filters alone."""

    def patch(self) -> None:
        """Leave the kernel out."""
        _leave_out(few_channels.FewChannels)


class Layout(Without):
    """Weights brought into the kernels' order in every step, forward and backward."""

    def train_step(self, images: Images, labels: NDArray[np.int64]) -> float:
        """A step, and the weights rearranged once for either way."""
        made = self.program
        assert isinstance(made, NativeProgram)
        for _ in range(2):
            made._code_of(made.graph)._loaded.run("flip", np.zeros(1, np.uint8))
        return super().train_step(images, labels)


class Bands(Without):
    """Depthwise convolutions, and what widens before and narrows behind them, one by one."""

    def patch(self) -> None:
        """No kernel makes what it reads."""
        own = tuple(kernel for kernel in registry.KERNELS if not kernel.makes_source)
        _put("KERNELS", own, registry)


class HalfVectors(Without):
    """Whole vectors, where filters fill only half of the last."""

    def patch(self) -> None:
        """No vector is wide enough."""
        _put("WIDE", 1 << 10, geometry)


class Folding(Without):
    """Batch norms computed at inference too."""

    def patch(self) -> None:
        """Nothing is folded."""
        _put("fold", lambda graph, *_: Folded.nothing(graph), compiled)


class Bytes(Without):
    """Pixels flipped into floats by NumPy, before the first kernel."""

    def train_step(self, images: Images, labels: NDArray[np.int64]) -> float:
        """A step on floats."""
        return self.program.train_step(images.astype(np.float32), labels, 0.001).loss

    def forward(self, images: Images) -> NDArray[np.float32]:
        """The logits, of floats."""
        return self.program.forward(images.astype(np.float32))


class Single(Without):
    """A single image by one thread."""

    def patch(self) -> None:
        """It is never worth to wake the others."""
        _put("worth_waking", lambda _: False, compiling)


class Sharing(Without):
    """Every buffer with memory of its own."""

    def patch(self) -> None:
        """All are needed at all times."""

        def relations(ranges: LiveRanges, one: int) -> Relations:
            apart, alike = related(ranges, one)
            return Relations(np.zeros_like(apart), np.zeros_like(alike))

        related = LiveRanges.relations
        _put("relations", relations, LiveRanges)
