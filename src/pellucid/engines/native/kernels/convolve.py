"""Convolutions and dense layers, with the ReLU and the max pooling behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid import ops
from pellucid.engines.native.emit.convolution import (
    Finish,
    added,
    as_it_is,
    convolve_images,
    convolve_rows,
    filter_groups,
    rectified,
    row_groups,
)
from pellucid.engines.native.emit.images import each_row
from pellucid.engines.native.emit.kernel_gradient import accumulate_images, scratch_floats
from pellucid.engines.native.emit.pooling import pool_row, unpool_row
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.kernels.chunks import (
    CHUNKS,
    LARGEST_PARTIAL_SUMS,
    chunk,
)
from pellucid.engines.native.kernels.flipped_kernel import (
    FlippedKernel,
    flipped_kernels,
    write_flip,
)
from pellucid.engines.native.kernels.parameters import (
    Region,
    place_parameter,
    write_update,
)
from pellucid.engines.native.kernels.weighted import Weighted
from pellucid.engines.native.lower.plan import Place, Plan, gradient_border
from pellucid.engines.native.lower.single_image import Split, better
from pellucid.engines.native.memory.geometry import Convolution, Packing
from pellucid.engines.native.memory.layout import Layout, whole_vectors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.lower.stages import Stage


class Convolve(Weighted):
    """A convolution (or dense layer) in a plan: its geometry, its places, its code."""

    def __init__(self, plan: Plan, stage: Stage) -> None:
        self.plan = plan
        self.stage = stage
        self.name = stage.node.name
        operation = stage.node.operation
        source = plan.values[stage.sources[0]]
        height, width, channels = plan.shape(stage.sources[0])
        if isinstance(operation, ops.Conv2D):
            spans = operation.window.along(0, height), operation.window.along(1, width)
            taps, filters, self.bias = operation.size, operation.filters, operation.bias
            outputs = spans[0].output, spans[1].output
            origin = -spans[0].before, -spans[1].before
            self.stride, self.dilation = operation.stride, operation.dilation
        else:
            assert isinstance(operation, ops.Dense)
            taps, filters, self.bias = (height, width), operation.units, operation.bias
            outputs, origin = (1, 1), (0, 0)
            self.stride = self.dilation = (1, 1)
        if stage.pool is not None:  # outputs that no window sees need not be computed
            rows, columns, _ = plan.shape(stage.target)
            outputs = rows * stage.pool.size[0], columns * stage.pool.size[1]
        self.packing = Packing.of(taps, channels, filters, plan.vectors)
        pitch = whole_vectors(filters, plan.lanes)
        self.source = source
        self.outputs = outputs
        self.gradient = self._place_gradient(filters, pitch)
        self.forward = Convolution(
            source.layout,
            plan.values[stage.target].layout if stage.pool is None else self.gradient.layout,
            outputs,
            self.packing,
            self.stride,
            self.dilation,
            origin,
        )
        self.by_chunks = (
            not self.forward.single and self.packing.size * CHUNKS <= LARGEST_PARTIAL_SUMS
        )
        self.parameter = place_parameter(
            plan,
            self.name,
            self.packing.blocks,
            self.packing.block,
            CHUNKS if self.by_chunks else 1,
            self._regions(),
        )
        self.winners = self.scratch = 0
        if stage.pool is not None:
            pooled = plan.values[stage.target].layout
            self.winners = plan.arena.place_scratch(
                f"winners {self.name}", -(-pooled.floats(plan.capacity) // 4) + plan.lanes
            )
            self.scratch_size = stage.pool.size[0] * outputs[1] * self.packing.width
            self.scratch = plan.arena.place_scratch(
                f"scratch {self.name}", plan.threads * self.scratch_size
            )
        self.gathered = 0
        if plan.wants_gradient(stage.target):
            self.gathered_floats = scratch_floats(self.forward, plan.capacity)
            self.gathered = plan.arena.place_scratch(
                f"gathered gradients {self.name}", plan.threads * self.gathered_floats
            )
        self.flipped: list[FlippedKernel] = []
        if plan.wants_gradient(stage.sources[0]):
            self.flipped = flipped_kernels(self)

    # ---------------------------------------------------------------------------------- weights

    def read(self, memory: NDArray[np.float32], offset: int) -> dict[str, NDArray[np.float32]]:
        """Kernel and biases, or what belongs to them, of a packed array at an offset."""
        kernel, bias = self.packing.unpack(self._region(memory, offset))
        dense = isinstance(self.stage.node.operation, ops.Dense)
        shaped = kernel.reshape(-1, self.packing.filters) if dense else kernel
        return {"kernel": shaped, "bias": bias} if self.bias else {"kernel": shaped}

    def write(
        self, memory: NDArray[np.float32], offset: int, arrays: Mapping[str, NDArray[np.float32]]
    ) -> None:
        """The reverse of :meth:`read`."""
        packed = self.packing.pack(arrays["kernel"], arrays["bias"] if self.bias else None)
        self._region(memory, offset)[:] = packed

    def read_statistics(self, memory: NDArray[np.float32]) -> dict[str, NDArray[np.float32]]:
        """A convolution follows none."""
        return {}

    def write_statistics(
        self, memory: NDArray[np.float32], arrays: Mapping[str, NDArray[np.float32]]
    ) -> None:
        """The reverse of :meth:`read_statistics`."""

    def _region(self, memory: NDArray[np.float32], offset: int) -> NDArray[np.float32]:
        return memory[offset : offset + self.packing.size]

    def _regions(self) -> tuple[Region, ...]:
        kernel = self.packing.depth * self.packing.width
        biases = (Region(kernel, self.packing.width, decays=False),) if self.bias else ()
        return (Region(0, kernel, decays=True), *biases)

    # ---------------------------------------------------------------------------------- forward

    def write_forward(self) -> None:
        """Append the forward stage."""
        finish = rectified if self.stage.rectify else as_it_is
        body = self._with_pool if self.stage.pool is not None else self._without_pool(finish)
        self.plan.builder.stage(self.plan.forward, self.name, "images", body, single=self._single())

    def _without_pool(self, finish: Finish) -> Callable[[Function], None]:
        def body(f: Function) -> None:
            convolve_images(
                f,
                self.forward,
                buffer(f, self.source.offset),
                buffer(f, self.parameter.weights),
                buffer(f, self.plan.values[self.stage.target].offset),
                *f.extent("images"),
                finish,
            )

        return body

    def _with_pool(self, f: Function) -> None:
        """Rows of outputs go to a scratch buffer in L1, and from there pooled to memory."""
        pool = self.stage.pool
        assert pool is not None
        packing, target = self.packing, self.plan.values[self.stage.target]
        pooled = target.layout
        step = self.outputs[1] * packing.width, packing.width
        scratch = f.at(buffer(f, self.scratch), f.multiply("%thread", self.scratch_size))
        winners = f.at("%memory", self.winners) if self._remembers else None

        def image(n: Index, _: list[Value]) -> list[Value]:
            x = f.at(buffer(f, self.source.offset), f.multiply(n, self.source.layout.image))
            to = f.add(f.multiply(n, pooled.image), pooled.at(0, 0))

            def block(ob: Index, _: list[Value]) -> list[Value]:
                kernel = f.at(buffer(f, self.parameter.weights), f.multiply(ob, packing.block))
                place = f.add(to, f.multiply(ob, packing.width))

                def row(i: Index, _: list[Value]) -> list[Value]:
                    convolve_rows(
                        f, self.forward, x, kernel, f.multiply(i, pool.size[0]), pool.size[0],
                        scratch, step, as_it_is,
                    )  # fmt: skip
                    at = f.add(place, f.multiply(i, pooled.row))
                    pool_row(
                        f, scratch, step, pool.size, pooled.width, packing.vectors,
                        f.at(buffer(f, target.offset), at), pooled.pitch,
                        f.at(winners, at, "i8") if winners is not None else None,
                        rectify=self.stage.rectify,
                    )  # fmt: skip
                    return []

                return f.loop(*f.extent("rows", pooled.height), 1, row)

            return f.loop(*f.extent("blocks", packing.blocks), 1, block)

        f.loop(*f.extent("images"), 1, image)

    def _single(self) -> Split:
        """How the work for a single image is split."""
        packing, (down, across) = self.packing, self.outputs
        rows, blocks = len(row_groups(self.forward, down)), packing.blocks
        if self.stage.pool is not None:
            rows = down // self.stage.pool.size[0]
        elif self.forward.single:
            rows, blocks = 1, len(filter_groups(packing))
        work = down * across * packing.depth * packing.filters
        return better(
            Split("rows", rows, work),
            Split("blocks", blocks, work),
            self.plan.threads,
            more_weights=packing.size > self.source.layout.image,
        )

    # --------------------------------------------------------------------------------- backward

    def _place_gradient(self, filters: int, pitch: int) -> Place:
        """Where ∂y of the convolution itself lies: before pooling, with the backward border."""
        plan, stage = self.plan, self.stage
        if self._remembers and stage.pool is None:
            return plan.gradients[stage.target]
        source = plan.shape(stage.sources[0])
        layout = Layout(*self.outputs, filters, pitch, gradient_border(stage, source, self.outputs))
        if not self._remembers:
            return Place(layout, 0)
        floats = layout.floats(plan.capacity) + plan.lanes
        name = f"gradient before pooling {self.name}"
        return Place(layout, plan.arena.place_images(name, layout, floats))

    @property
    def _remembers(self) -> bool:
        """Whether the forward pass keeps what the backward pass needs."""
        return self.plan.wants_gradient(self.stage.target)

    def write_backward(self) -> None:
        """Append what goes back image by image: to ∂y, and on to ∂x."""
        if self.stage.pool is not None:
            self.plan.builder.stage("backward", f"unpool {self.name}", "images", self._unpool)
        elif self.stage.rectify:
            self.plan.builder.stage("backward", f"mask {self.name}", "images", self._mask)
        if not self.flipped:
            return
        to = self.plan.gradients[self.stage.sources[0]]
        finish = as_it_is
        if self.plan.adds(self.stage.sources[0]):
            finish = added
        elif self._skips_positions:  # whose gradient is zero, whatever was there before
            self.plan.builder.stage(
                "backward", f"clear for {self.name}", "images", lambda f: _clear_rows(f, to)
            )

        def body(f: Function) -> None:
            for flipped in self.flipped:
                convolve_images(
                    f,
                    flipped.convolution,
                    buffer(f, self.gradient.offset),
                    buffer(f, flipped.weights),
                    buffer(f, to.offset),
                    "%first",
                    "%last",
                    finish,
                )

        self.plan.builder.stage("backward", f"back through {self.name}", "images", body)

    @property
    def _skips_positions(self) -> bool:
        """Whether some input positions are read by no tap, as with a stride beyond the kernel."""
        dense = isinstance(self.stage.node.operation, ops.Dense)
        return not dense and len(self.flipped) < self.stride[0] * self.stride[1]

    def write_kernel_gradient(self) -> None:
        """Append the stage that sums the kernel's gradient."""
        packing = self.packing
        chunks = CHUNKS if self.by_chunks else 1

        def body(f: Function) -> None:
            source, gradient = buffer(f, self.source.offset), buffer(f, self.gradient.offset)
            step = f.distance(self.gathered, self.gathered + self.gathered_floats)
            scratch = f.at(buffer(f, self.gathered), f.multiply("%thread", step))

            def unit(u: Index, _: list[Value]) -> list[Value]:
                size = packing.size if self.by_chunks else packing.block
                partial = f.at(buffer(f, self.parameter.gradients), f.multiply(u, size))
                _clear(f, partial, size)
                if self.by_chunks:
                    accumulate_images(
                        f, self.forward_to_gradient, source, gradient, partial,
                        chunk(f, u, chunks),
                        (0, packing.blocks), scratch,
                    )  # fmt: skip
                else:
                    accumulate_images(
                        f, self.forward_to_gradient, source,
                        f.at(gradient, f.multiply(u, packing.width)), partial,
                        (0, "%images"), (0, 1), scratch,
                    )  # fmt: skip
                return []

            f.loop("%first", "%last", 1, unit)

        self.plan.builder.stage(
            "backward",
            f"kernel gradient {self.name}",
            chunks if self.by_chunks else packing.blocks,
            body,
            group=f"kernel {self.name}",
        )

    def write_update(self) -> None:
        """Append the optimizer's step."""
        write_update(self.plan, self.parameter)

    @property
    def forward_to_gradient(self) -> Convolution:
        """The forward geometry with ∂y's layout as its target."""
        c = self.forward
        return Convolution(
            c.source, self.gradient.layout, c.outputs, c.packing, c.stride, c.dilation, c.origin
        )

    def _unpool(self, f: Function) -> None:
        pool, plan = self.stage.pool, self.plan
        assert pool is not None
        at_target, pooled = plan.gradients[self.stage.target], plan.values[self.stage.target].layout
        layout, to = at_target.layout, self.gradient.layout

        def image(n: Index, _: list[Value]) -> list[Value]:
            def row(i: Index, _: list[Value]) -> list[Value]:
                from_ = f.add(
                    f.add(f.multiply(n, layout.image), layout.at(0, 0)), f.multiply(i, layout.row)
                )
                wins = f.add(
                    f.add(f.multiply(n, pooled.image), pooled.at(0, 0)), f.multiply(i, pooled.row)
                )
                target = f.add(
                    f.add(f.multiply(n, to.image), to.at(0, 0)),
                    f.multiply(i, pool.size[0] * to.row),
                )
                unpool_row(
                    f,
                    f.at(buffer(f, at_target.offset), from_),
                    f.at(f.at("%memory", self.winners), wins, "i8"),
                    layout.pitch,
                    pool.size,
                    layout.width,
                    layout.pitch // plan.lanes,
                    f.at(buffer(f, self.gradient.offset), target),
                    (to.row, to.pitch),
                )
                return []

            return f.loop(0, layout.height, 1, row)

        f.loop("%first", "%last", 1, image)

    def _mask(self, f: Function) -> None:
        """∂y where the rectified value is positive, 0 elsewhere."""
        value, gradient = self.plan.values[self.stage.target], self.gradient
        mask_rows(f, value, gradient)

    def write_flip(self) -> None:
        """Append the stages that copy the weights flipped, for the next step's backward pass."""
        write_flip(self)


def mask_rows(f: Function, value: Place, gradient: Place) -> None:
    """Append, for the stage's images: the gradient where the value is positive, 0 elsewhere."""

    def vector(at: list[Value], i: Index) -> None:
        alive = f.compare("ogt", f.load_vector(at[0], i), f.zero)
        f.store_vector(f.choose(alive, f.load_vector(at[1], i), f.zero), at[1], i)

    each_row(f, [value, gradient], vector)


def _clear_rows(f: Function, place: Place) -> None:
    each_row(f, [place], lambda at, i: f.store_vector(f.zero, at[0], i))


def _clear(f: Function, place: Value, floats: int) -> None:
    lanes = f.vectors.lanes

    def vector(i: Index, _: list[Value]) -> list[Value]:
        f.store_vector(f.zero, place, i)
        return []

    f.loop(0, floats, lanes, vector)
