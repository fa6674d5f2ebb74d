"""Convolutions and dense layers of whole numbers, with what makes them whole again behind them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid import ops
from pellucid.engines.native.emit.convolution import (
    Store,
    convolve_images,
    filter_groups,
    row_groups,
    store_floats,
)
from pellucid.engines.native.emit.narrow import storing_narrow
from pellucid.engines.native.emit.pooled_convolution import PooledConvolution
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.emit.single_image import Split, better
from pellucid.engines.native.emit.whole_sums import WholeNumbers, numbers_in_word
from pellucid.engines.native.kernels.kernel import Declined, Weighted
from pellucid.engines.native.kernels.packed import window_border
from pellucid.engines.native.kernels.parameters import Part, place_parameter
from pellucid.engines.native.kernels.pointwise import addend, declines_epilogue, finished
from pellucid.engines.native.kernels.tiles import idle_lanes, tile_of
from pellucid.engines.native.memory.geometry import Convolution, Packing
from pellucid.engines.native.memory.layout import FLOAT, Border, Layout, Place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pellucid.engines.native.emit.ir import Function
    from pellucid.engines.native.emit.outer_product import Arithmetic
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.region import Region
    from pellucid.engines.native.target import Target
    from pellucid.ops.operation import Operation

WINDOWED = ops.QuantisedConv2D, ops.Bfloat16Conv2D
"""Convolutions of narrow numbers."""


def without_quantise(region: Region) -> Region:
    """A region without what makes its values narrow at last."""
    if region.whole is None:
        return region
    return replace(region, epilogue=region.epilogue[:-1])


def storing(region: Region, target: Place) -> Store:
    """What writes a region's values, floats or narrow ones."""
    if region.whole is None:
        return store_floats
    return storing_narrow(region.whole, target.layout.dtype)


class WholeConvolve(Weighted):
    """A convolution (or dense layer) of whole numbers in a plan.

    The sums, their biases and their factors lie together: behind the words of a block's kernel its
    biases, whole numbers, and then its factors, floats.
    """

    family: ClassVar[str] = "convolution of whole numbers"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.QuantisedConv2D, ops.QuantisedDense)

    @classmethod
    def declines(cls, region: Region, target: Target) -> str:
        if not isinstance(region.operation, cls.operations):
            return super().declines(region, target)
        if getattr(region.operation, "depthwise", False):
            return "computes convolutions without groups"
        return declines_epilogue(without_quantise(region), pools=True, adds=True)

    @classmethod
    def border(cls, region: Region, size: tuple[int, int]) -> Border:
        operation = region.operation
        if isinstance(operation, WINDOWED):
            return window_border(operation.summed, size)
        return Border()

    def __init__(self, plan: Plan, region: Region) -> None:
        super().__init__(plan, region)
        self.source, self.target = plan.values[region.sources[0]], plan.values[region.target]
        words = self.source.layout.words
        operation = _windowed(region)
        height, width, channels = plan.shape(region.sources[0])
        if operation is None:
            taps, self.outputs, origin = (height, width), (1, 1), (0, 0)
            filters = region.operation.units  # type: ignore[attr-defined]
            stride = dilation = (1, 1)
        else:
            spans = operation.window.along(0, height), operation.window.along(1, width)
            taps, filters = operation.size, operation.filters
            self.outputs = spans[0].output, spans[1].output
            origin = -spans[0].before, -spans[1].before
            stride, dilation = operation.stride, operation.dilation
        if region.pool is not None:  # outputs that no window sees need not be computed
            rows, columns, _ = plan.shape(region.target)
            self.outputs = rows * region.pool.size[0], columns * region.pool.size[1]
        plain = Packing.of(taps, words.channels, filters, plan.vectors)
        self.signed = self.source.layout.dtype == "int8"
        arithmetic = self.arithmetic
        self.packing = packing = replace(
            plain,
            sums=arithmetic.sums(plan.vectors),
            gap=plain.width if arithmetic.scaled else 0,
        )
        self.channels = channels
        target = self.target.layout
        if region.pool is not None:  # convolved to a scratch buffer of floats
            target = Layout(*self.outputs, filters, packing.width)
        self.geometry = Convolution(
            words, target, self.outputs, packing, stride, dilation, origin,
            arithmetic=arithmetic,
        )  # fmt: skip
        parts = Part("kernel", 0, packing.block, decays=False)
        self.parameter = place_parameter(
            plan, region, packing.blocks, packing.block, 1, (parts,),
            (packing, channels, self.signed, region.name),
        )  # fmt: skip
        self.scratch, self.pooled = 0, None
        if region.pool is not None:
            self.pooled = PooledConvolution(
                self.geometry, region.pool.size, self.target.layout,
                region.function is not None, self._store,
            )  # fmt: skip
            self.scratch = plan.place_scratch(
                f"scratch {self.name}", plan.threads * self.pooled.scratch
            )

    @property
    def arithmetic(self) -> Arithmetic:
        """How its numbers are multiplied and added."""
        return WholeNumbers(self.signed)

    # ---------------------------------------------------------------------------------- weights

    def write(
        self, memory: NDArray[np.uint8], offset: int, arrays: Mapping[str, NDArray[np.float32]]
    ) -> None:
        """Pack the kernel in words, the biases, and the factor of each filter's sums."""
        packing, filters = self.packing, self.packing.filters
        each = numbers_in_word(self.plan.vectors)
        kernel = arrays["kernel"].reshape(*packing.taps, self.channels, filters)
        whole = np.zeros((*packing.taps, packing.channels * each, filters), f"i{FLOAT // each}")
        whole[:, :, : self.channels] = kernel
        words = whole.reshape(-1, each, filters).transpose(0, 2, 1)
        rows = np.zeros((packing.depth + 2, packing.blocks * packing.width), np.int32)
        rows[:-2, :filters] = np.ascontiguousarray(words).view(np.int32)[..., 0]
        bias = arrays["bias"].astype(np.int64)
        if self.signed:  # numbers have 128 more where they are multiplied
            bias = bias - 128 * kernel.astype(np.int64).sum(axis=(0, 1, 2))
        rows[-2, :filters] = bias.astype(np.int32)  # modulo 2³², as sums are
        operation = self.region.operation
        assert isinstance(operation, ops.QuantisedConv2D | ops.QuantisedDense)
        rows[-1, :filters] = operation.step(arrays).astype(np.float32).view(np.int32)
        blocked = rows.reshape(packing.depth + 2, packing.blocks, packing.width)
        packed = np.ascontiguousarray(blocked.transpose(1, 0, 2))
        self._words(memory, offset)[:] = packed

    def read(self, memory: NDArray[np.uint8], offset: int) -> dict[str, NDArray[np.float32]]:
        """The reverse of :meth:`write`."""
        packing, filters = self.packing, self.packing.filters
        each = numbers_in_word(self.plan.vectors)
        blocked = self._words(memory, offset).transpose(1, 0, 2)
        rows = np.ascontiguousarray(blocked.reshape(packing.depth + 2, -1)[:, :filters])
        words = rows[:-2].reshape(-1, filters, 1).view(f"i{FLOAT // each}").transpose(0, 2, 1)
        kernel = words.reshape(*packing.taps, -1, filters)[:, :, : self.channels]
        bias = rows[-2].astype(np.int64)
        if self.signed:
            bias += 128 * kernel.astype(np.int64).sum(axis=(0, 1, 2))
        operation = self.region.operation
        assert isinstance(operation, ops.QuantisedConv2D | ops.QuantisedDense)
        factors, shape = rows[-1].view(np.float32), self.region.parameters["kernel"].shape
        return {
            "kernel": kernel.reshape(shape).astype(np.float32),
            "bias": bias.astype(np.float32),
            "scale": factors / np.float32(operation.input_scale),
        }

    def _words(self, memory: NDArray[np.uint8], offset: int) -> NDArray[np.int32]:
        packing = self.packing
        words = memory[offset : offset + FLOAT * packing.size].view(np.int32)
        return words.reshape(packing.blocks, packing.depth + 2, packing.width)

    # ---------------------------------------------------------------------------------- forward

    def forward(self) -> None:
        """Append the forward stage."""
        plan, region = self.plan, self.region
        about = plan.about(
            self.family,
            plan.read_by(region),
            [self.target],
            flops=2 * region.operation.multiply_adds(*region.inputs),
            read=FLOAT * self.packing.size,
            tile=tile_of(self.geometry),
            notes=idle_lanes(self.packing, "filters"),
        )
        body = self._with_pool if region.pool is not None else self._without_pool
        plan.stage(plan.forward, self.name, "images", body, about, single=self._single())

    def _without_pool(self, f: Function) -> None:
        convolve_images(
            f,
            self.geometry,
            buffer(f, self.source.offset),
            buffer(f, self.parameter.weights),
            buffer(f, self.target.offset),
            *f.extent("images"),
            finished(self.region.function),
            self._store,
            addend(self.plan, self.region, f),
        )

    def _with_pool(self, f: Function) -> None:
        assert self.pooled is not None
        self.pooled.append(
            f,
            buffer(f, self.source.offset),
            buffer(f, self.parameter.weights),
            buffer(f, self.scratch),
            buffer(f, self.target.offset),
        )

    @property
    def _store(self) -> Store:
        """What writes the values, floats or narrow ones."""
        return storing(self.region, self.target)

    def _single(self) -> Split:
        """How the work for a single image is split."""
        packing, (down, across) = self.packing, self.outputs
        rows, blocks = len(row_groups(self.geometry, down)), packing.blocks
        if self.region.pool is not None:
            rows = down // self.region.pool.size[0]
        elif self.geometry.single:
            rows, blocks = 1, len(filter_groups(packing))
        work = down * across * packing.depth * packing.filters
        return better(
            Split("rows", rows, work),
            Split("blocks", blocks, work),
            self.plan.threads,
            more_weights=packing.size > self.geometry.source.image,
        )

    def backward(self) -> None:
        """Narrow numbers have no gradient."""
        raise Declined("narrow numbers have no gradient")


def _windowed(region: Region) -> ops.Conv2D | None:
    """The convolution that sums as a region does; none of a dense layer of all that an image has.

    A dense layer of rows is one of a single tap, whose positions are the rows.
    """
    operation = region.operation
    if isinstance(operation, WINDOWED):
        return operation.summed
    assert isinstance(operation, ops.QuantisedDense | ops.Bfloat16Dense)
    return ops.Conv2D(operation.units, (1, 1)) if len(region.inputs[0]) > 1 else None
