"""Where the weights of a recurrent unit lie, what its gates were, and loops over these."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from pellucid.engines.native.emit.images import each_vector
from pellucid.engines.native.emit.kernel_gradient import scratch_floats
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.kernels.flipped_kernel import FlippedKernel, copy_transposed
from pellucid.engines.native.kernels.kernel import Weighted
from pellucid.engines.native.kernels.parameters import Parameter, Part, place_parameter
from pellucid.engines.native.memory.arena import floats
from pellucid.engines.native.memory.geometry import Convolution, Packing
from pellucid.engines.native.memory.layout import FLOAT, Layout, Place
from pellucid.ops.recurrent import Recurrent

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.region import Region

    Vector = Callable[[Index], None]
    """Appends the code for the vector of units that begins at one."""


@dataclass(frozen=True)
class Half:
    """One of the two kernels, with its biases, in the blocks that both share.

    Attributes:
        packing: How it lies, the other kernel being a gap in each block.
        parameter: The weights, from where this kernel's begin in the first block.
        start: Floats from there to the block's beginning.
    """

    packing: Packing
    parameter: Parameter
    start: int


class RecurrentPlaces(Weighted):
    """A recurrent unit in a plan: its geometry and its places.

    Attributes:
        together: Whether both kernels' parts of a gate are only added, and so have one place.
    """

    together: ClassVar[bool] = False

    def __init__(self, plan: Plan, region: Region) -> None:
        super().__init__(plan, region)
        assert isinstance(region.operation, Recurrent)
        (self.steps, features), self.units = region.inputs[0], region.operation.units
        self.count = len(region.operation.gates)
        self.width = self.count * self.units
        self.source, self.target = plan.values[region.sources[0]], plan.values[region.target]
        firsts = [plan.values[name] for name in region.sources[1:]]
        self.first, self.first_cell = (*firsts, None, None)[:2]
        x, h = (Packing.of((1, 1), n, self.width, plan.vectors) for n in (features, self.units))
        self.packings = x, h
        kinds = []
        for prefix, packing, start in (("", x, 0), ("recurrent_", h, x.block)):
            kernel = packing.depth * packing.width
            kinds += [
                Part(f"{prefix}kernel", start, kernel, decays=True),
                Part(f"{prefix}bias", start + kernel, packing.width, decays=False),
            ]
        self.parameter = place_parameter(
            plan, region, x.blocks, x.block + h.block, 1, tuple(kinds), (features, self.units)
        )
        own = self.parameter
        self.of_input = Half(replace(x, gap=h.block), own, 0)
        moved = replace(own, weights=own.weights + FLOAT * x.block)
        self.of_state = Half(replace(h, gap=x.block), moved, x.block)
        gates = Layout(1, self.steps, self.width, self.width)
        self.gates = self.own_place("gates", gates)
        self.state_gates = (
            self.gates if self.together else self.own_place("gates of the state", gates)
        )
        self.flipped: list[tuple[Half, FlippedKernel]] = []
        if plan.wants_gradient(region.target):
            self._place_backward()

    def own_place(self, word: str, layout: Layout) -> Place:
        """A buffer of this unit alone, which lies in all examples as a layout says."""
        plan = self.plan
        offset = plan.arena.place_images(f"{word} {self.name}", layout, plan.room(layout))
        return Place(layout, offset)

    def _place_backward(self) -> None:
        plan, layout = self.plan, Layout(1, 1, self.units, self.units)
        self.carried, self.kept = (
            self.own_place(f"{word} back", layout) for word in ("carried", "kept")
        )
        self.at_state = self._flip(self.of_state, layout, (1, 1))
        self.at_source = None
        if plan.wants_gradient(self.region.sources[0]):
            to = plan.gradients[self.region.sources[0]].layout
            self.at_source = self._flip(self.of_input, to, (1, self.steps))
        self.gathered_floats = max(
            scratch_floats(each, plan.capacity) for each in (self.all_steps, *self.of_states)
        )
        self.gathered = plan.place_scratch(
            f"gathered gradients {self.name}", plan.threads * self.gathered_floats
        )

    def _flip(self, half: Half, to: Layout, outputs: tuple[int, int]) -> FlippedKernel:
        packing = Packing.of((1, 1), self.width, to.pitch, self.plan.vectors)
        weights = self.plan.place(f"flipped {self.name} {half.start}", packing.size)
        convolution = Convolution(self.gates.layout, to, outputs, packing)
        flipped = FlippedKernel(convolution, weights, ((0, 0),))
        self.flipped.append((half, flipped))
        return flipped

    @property
    def all_steps(self) -> Convolution:
        """Each step's input to its gates."""
        outputs = (1, self.steps)
        return Convolution(self.source.layout, self.gates.layout, outputs, self.of_input.packing)

    def of_one_step(self, states: Place) -> Convolution:
        """States before a step, one an example, to its gates."""
        return Convolution(states.layout, self.gates.layout, (1, 1), self.of_state.packing)

    @property
    def of_states(self) -> list[Convolution]:
        """The states before all steps but the first to their gates, and the first state."""
        found = []
        if self.steps > 1:
            found.append(
                Convolution(
                    self.target.layout, self.gates.layout, (1, self.steps - 1),
                    self.of_state.packing, target_origin=(0, 1),
                )
            )  # fmt: skip
        if self.first is not None:
            found.append(self.of_one_step(self.first))
        return found

    # ---------------------------------------------------------------------------------- weights

    def read(self, memory: NDArray[np.uint8], offset: int) -> dict[str, NDArray[np.float32]]:
        """Both kernels and biases, or what belongs to them, at an offset."""
        blocks = floats(memory, offset, self.parameter.size).reshape(self.parameter.blocks, -1)
        found: dict[str, NDArray[np.float32]] = {}
        start = 0
        for prefix, packing in zip(("", "recurrent_"), self.packings, strict=True):
            mine = np.ascontiguousarray(blocks[:, start : start + packing.block])
            kernel, bias = packing.unpack(mine.reshape(-1))
            found |= {f"{prefix}kernel": kernel[0, 0], f"{prefix}bias": bias}
            start += packing.block
        return found

    def write(
        self, memory: NDArray[np.uint8], offset: int, arrays: Mapping[str, NDArray[np.float32]]
    ) -> None:
        """The reverse of :meth:`read`."""
        blocks = floats(memory, offset, self.parameter.size).reshape(self.parameter.blocks, -1)
        start = 0
        for prefix, packing in zip(("", "recurrent_"), self.packings, strict=True):
            packed = packing.pack(arrays[f"{prefix}kernel"][None, None], arrays[f"{prefix}bias"])
            blocks[:, start : start + packing.block] = packed.reshape(packing.blocks, -1)
            start += packing.block

    def flip(self) -> None:
        """Append the stages that copy both kernels, transposed."""
        for half, flipped in self.flipped:

            def body(f: Function, half: Half = half, flipped: FlippedKernel = flipped) -> None:
                copy_transposed(f, half.packing, half.parameter.weights, flipped)

            packing = flipped.convolution.packing
            copied = FLOAT * packing.size
            about = self.plan.about("copy, flipped", read=copied, written=copied)
            self.plan.stage(
                ("update", "flip"), f"flip {self.name}", packing.blocks, body, about, group="flip"
            )

    # ------------------------------------------------------------------------------------- loops

    def at(self, f: Function, place: Place, n: Index, t: Index) -> Value:
        """Pointer to an example's step."""
        layout = place.layout
        offset = f.add(
            f.multiply(n, layout.image), f.add(layout.at(0, 0), f.multiply(t, layout.pitch))
        )
        return f.at(buffer(f, place.offset), offset)

    def before(
        self, f: Function, n: Index, states: Place, first: Place | None, old: Index | None
    ) -> Value | None:
        """Pointer to an example's state at a step before; at the first's, where old is None."""
        if old is not None:
            return self.at(f, states, n, old)
        return None if first is None else self.at(f, first, n, 0)

    def each(self, f: Function, body: Callable[[Index], Vector]) -> None:
        """Append a loop over the examples, and over the vectors of their units."""

        def image(n: Index, _: list[Value]) -> list[Value]:
            each_vector(f, self.units, body(n))
            return []

        f.loop(*f.extent("images"), 1, image)

    def parts(self, f: Function, at: Value, i: Index) -> list[Value]:
        """The vectors of all gates that lie at a step, of the units from one on."""
        return [f.load_vector(at, f.add(i, k * self.units)) for k in range(self.count)]

    def put_parts(self, f: Function, parts: Sequence[Value], at: Value, i: Index) -> None:
        """The reverse of :meth:`parts`."""
        for k, part in enumerate(parts):
            f.store_vector(part, at, f.add(i, k * self.units))
