"""Depthwise convolutions, with the ReLU behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid import ops
from pellucid.engines.native.emit.convolution import added, as_it_is, rectified
from pellucid.engines.native.emit.depthwise import Slide, accumulate_taps, slide_images
from pellucid.engines.native.emit.images import each_vector
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.kernels.backward_taps import Phase, phases
from pellucid.engines.native.kernels.chunks import CHUNKS, chunk
from pellucid.engines.native.kernels.convolve import mask_rows
from pellucid.engines.native.kernels.parameters import Region, place_parameter
from pellucid.engines.native.kernels.weighted import Weighted
from pellucid.engines.native.lower.single_image import Split
from pellucid.engines.native.memory.geometry import Packing

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.lower.plan import Place, Plan
    from pellucid.engines.native.lower.stages import Stage


class Depthwise(Weighted):
    """A depthwise convolution, one filter a channel, in a plan."""

    def __init__(self, plan: Plan, stage: Stage) -> None:
        operation = stage.node.operation
        assert isinstance(operation, ops.Conv2D)
        self.plan, self.stage, self.operation = plan, stage, operation
        self.name = stage.node.name
        self.source, self.target = plan.values[stage.sources[0]], plan.values[stage.target]
        self.packing = Packing(
            operation.size, 1, operation.filters, plan.lanes, 1, plan.vectors.sums
        )
        kernel = self.packing.depth * plan.lanes
        bias = (Region(kernel, plan.lanes, decays=False),) if operation.bias else ()
        self.parameter = place_parameter(
            plan,
            self.name,
            self.packing.blocks,
            self.packing.block,
            CHUNKS,
            (Region(0, kernel, decays=True), *bias),
        )

    def read(self, memory: NDArray[np.float32], offset: int) -> dict[str, NDArray[np.float32]]:
        """Kernel and biases, or what belongs to them, of a packed array at an offset."""
        kernel, bias = self.packing.unpack(memory[offset : offset + self.packing.size])
        return {"kernel": kernel, "bias": bias} if self.operation.bias else {"kernel": kernel}

    def write(
        self, memory: NDArray[np.float32], offset: int, arrays: Mapping[str, NDArray[np.float32]]
    ) -> None:
        """The reverse of :meth:`read`."""
        packed = self.packing.pack(arrays["kernel"], arrays.get("bias"))
        memory[offset : offset + self.packing.size] = packed

    def write_forward(self) -> None:
        """Append the forward stage."""
        finish = rectified if self.stage.rectify else as_it_is

        def body(f: Function) -> None:
            slide = self._forward(self.target)
            source, target = buffer(f, self.source.offset), buffer(f, self.target.offset)
            slide_images(f, slide, source, buffer(f, self.parameter.weights), target, finish)

        height, width, channels = self.plan.shape(self.stage.target)
        taps = self.packing.taps[0] * self.packing.taps[1]
        split = Split("rows", height, height * width * channels * taps)
        self.plan.builder.stage(self.plan.forward, self.name, "images", body, single=split)

    def write_backward(self) -> None:
        """Append what goes back image by image: to ∂y, and on to ∂x."""
        plan, source = self.plan, self.stage.sources[0]
        gradient = plan.gradients[self.stage.target]
        if self.stage.rectify:
            plan.builder.stage(
                "backward",
                f"mask {self.name}",
                "images",
                lambda f: mask_rows(f, self.target, gradient),
            )
        if not plan.wants_gradient(source):
            return
        adds = plan.adds(source)
        to = plan.gradients[source]

        def body(f: Function) -> None:
            kernel = buffer(f, self.parameter.weights)
            for phase in phases(self.operation, to.layout.height, to.layout.width):
                if adds and not phase.reached:
                    continue
                slide = self._back(phase, gradient, to)
                from_, into = buffer(f, gradient.offset), buffer(f, to.offset)
                slide_images(f, slide, from_, kernel, into, added if adds else as_it_is)

        plan.builder.stage("backward", f"back through {self.name}", "images", body)

    def write_kernel_gradient(self) -> None:
        """Append the stage that sums the kernel's gradient, in parts joined later."""
        size = self.packing.size
        gradient = self.plan.gradients[self.stage.target]

        def body(f: Function) -> None:
            def unit(u: Index, _: list[Value]) -> list[Value]:
                partial = f.at(buffer(f, self.parameter.gradients), f.multiply(u, size))
                each_vector(f, size, lambda i: f.store_vector(f.zero, partial, i))
                accumulate_taps(
                    f,
                    self._forward(gradient),
                    buffer(f, self.source.offset),
                    buffer(f, gradient.offset),
                    partial,
                    chunk(f, u, CHUNKS),
                )
                return []

            f.loop("%first", "%last", 1, unit)

        self.plan.builder.stage(
            "backward", f"kernel gradient {self.name}", CHUNKS, body, group=f"kernel {self.name}"
        )

    def _forward(self, target: Place) -> Slide:
        """The convolution itself, with y where ∂y lies, if so wanted."""
        operation, source, to = self.operation, self.source.layout, target.layout
        before = [
            operation.window.along(axis, length).before
            for axis, length in enumerate((source.height, source.width))
        ]
        (tall, wide), (down, across) = operation.size, operation.dilation
        taps = [
            (ky * wide + kx, ky * down * source.row + kx * across * source.pitch)
            for ky in range(tall)
            for kx in range(wide)
        ]
        return Slide(
            (to.height, to.width),
            source.image,
            source.at(-before[0], -before[1]),
            (operation.stride[0] * source.row, operation.stride[1] * source.pitch),
            to.image,
            to.at(0, 0),
            (to.row, to.pitch),
            tuple(taps),
            self.packing,
            biased=True,
        )

    def _back(self, phase: Phase, gradient: Place, to: Place) -> Slide:
        """What carries ∂y to the input positions of one phase."""
        operation, source, target = self.operation, gradient.layout, to.layout
        taps = [
            (ky * operation.size[1] + kx, i * source.row + j * source.pitch)
            for ky, i in phase.rows.taps
            for kx, j in phase.columns.taps
        ]
        return Slide(
            (phase.rows.positions, phase.columns.positions),
            source.image,
            source.at(0, 0),
            (source.row, source.pitch),
            target.image,
            target.at(*phase.first),
            (operation.stride[0] * target.row, operation.stride[1] * target.pitch),
            tuple(taps),
            self.packing,
            biased=False,
        )
