"""Recurrent units: one product for the inputs of all steps, then a product of the states a step.

Each thread takes some examples through all steps, so that none waits for another; a step's product
spans these examples, as a dense layer's does. What the gates were lies where their sums were, and
backward the gradient at them lies there.
"""

from __future__ import annotations

from abc import abstractmethod
from functools import partial, reduce
from typing import TYPE_CHECKING, ClassVar

from pellucid.engines.native.emit.convolution import added, as_it_is, convolve_images
from pellucid.engines.native.emit.images import each_vector
from pellucid.engines.native.emit.kernel_gradient import accumulate_images
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.kernels.recurrent import RecurrentPlaces
from pellucid.engines.native.memory.layout import FLOAT, Place
from pellucid.ops.recurrent import Recurrent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.recurrent import Vector
    from pellucid.engines.native.kernels.region import Region
    from pellucid.engines.native.memory.geometry import Convolution
    from pellucid.engines.native.target import Target


class GatedUnit(RecurrentPlaces):
    """A recurrent unit with gates in a plan."""

    family: ClassVar[str] = "recurrent"
    reads_numbers: ClassVar[bool] = True
    by_image: ClassVar[bool] = False

    @classmethod
    def declines(cls, region: Region, target: Target) -> str:
        if reason := super().declines(region, target):
            return reason
        assert isinstance(region.operation, Recurrent)
        lanes = target.lanes
        return f"units fill no vectors of {lanes}" if region.operation.units % lanes else ""

    # ------------------------------------------------------------------------------------- code

    @property
    def _flops(self) -> int:
        return 2 * self.region.operation.multiply_adds(*self.region.inputs)

    def forward(self) -> None:
        """Append the stage that takes examples through all steps."""
        sources = [self.plan.values[name] for name in self.region.sources]
        about = self.plan.about(
            self.family, sources, [self.target], flops=self._flops, read=FLOAT * self.parameter.size
        )
        self.plan.stage(self.plan.forward, self.name, "images", self._forward, about)

    def _forward(self, f: Function) -> None:
        images = f.extent("images")
        weights = buffer(f, self.of_input.parameter.weights)
        source, gates = buffer(f, self.source.offset), buffer(f, self.gates.offset)
        convolve_images(f, self.all_steps, source, weights, gates, *images, as_it_is)
        if self.first is None:
            self._biases_alone(f)
        else:
            self._from_states(f, self.first, 0, 0)
        self.each(f, lambda n: self.step(f, n, 0, None))

        def step(t: Index, _: list[Value]) -> list[Value]:
            old = f.add(t, -1)
            self._from_states(f, self.target, f.multiply(old, self.target.layout.pitch), t)
            self.each(f, lambda n: self.step(f, n, t, old))
            return []

        f.loop(1, self.steps, 1, step)

    def _from_states(self, f: Function, states: Place, before: Index, t: Index) -> None:
        """What the states before a step give to its gates."""
        convolve_images(
            f,
            self.of_one_step(states),
            f.at(buffer(f, states.offset), before),
            buffer(f, self.of_state.parameter.weights),
            f.at(buffer(f, self.state_gates.offset), f.multiply(t, self.width)),
            *f.extent("images"),
            added if self.together else as_it_is,
        )

    def _biases_alone(self, f: Function) -> None:
        """Of states of zeros only the biases are left."""
        packing, lanes = self.of_state.packing, self.plan.lanes
        weights = buffer(f, self.of_state.parameter.weights)

        def image(n: Index, _: list[Value]) -> list[Value]:
            to = self.at(f, self.state_gates, n, 0)

            def block(b: Index, _: list[Value]) -> list[Value]:
                biases = f.add(f.multiply(b, packing.block), packing.depth * packing.width)
                for v in range(0, packing.width, lanes):
                    vector = f.load_vector(weights, f.add(biases, v))
                    at = f.add(f.multiply(b, packing.width), v)
                    if self.together:
                        vector = f.vector("fadd", f.load_vector(to, at), vector)
                    f.store_vector(vector, to, at)
                return []

            return f.loop(0, packing.blocks, 1, block)

        f.loop(*f.extent("images"), 1, image)

    @abstractmethod
    def step(self, f: Function, n: Index, t: Index, old: Index | None) -> Vector:
        """The gates of an example at a step, and the state after it; old: of the step before."""

    # --------------------------------------------------------------------------------- backward

    def backward(self) -> None:
        """Append the stage that goes back through all steps, and on to what came in."""
        plan, names = self.plan, self.region.sources
        gradient = plan.gradients[self.region.target]
        wanted = [
            (plan.gradients[n], plan.adds(n)) if plan.wants_gradient(n) else None for n in names
        ]
        about = plan.about(
            f"{self.family}, flipped", [gradient], [each[0] for each in wanted if each],
            flops=self._flops, read=FLOAT * self.parameter.size,
        )  # fmt: skip

        def body(f: Function) -> None:
            self._clear_carried(f)

            def step(i: Index, _: list[Value]) -> list[Value]:
                t = f.add(self.steps - 1, f.multiply(i, -1))
                self._step_back(f, gradient, t, f.add(t, -1))
                self._carry(f, t)
                return []

            f.loop(0, self.steps - 1, 1, step)
            self._step_back(f, gradient, 0, None)
            if any(wanted[1:]):
                self._carry(f, 0)
            for number, each in enumerate(wanted[1:]):
                if each is not None:
                    self._give_first(f, self.given_back(number), *each)
            if wanted[0] is not None and self.at_source is not None:
                to, adds = wanted[0]
                convolve_images(
                    f,
                    self.at_source.convolution,
                    buffer(f, self.gates.offset),
                    buffer(f, self.at_source.weights),
                    buffer(f, to.offset),
                    "%first",
                    "%last",
                    added if adds else as_it_is,
                )

        plan.stage("backward", f"back through {self.name}", "images", body, about)

    def _clear_carried(self, f: Function) -> None:
        def body(n: Index) -> Vector:
            places = [self.at(f, place, n, 0) for place in (self.carried, self.kept)]

            def vector(i: Index) -> None:
                for at in places:
                    f.store_vector(f.zero, at, i)

            return vector

        self.each(f, body)

    def _step_back(self, f: Function, gradient: Place, t: Index, old: Index | None) -> None:
        self.each(f, lambda n: self.step_back(f, n, t, self.at(f, gradient, n, t), old))

    @abstractmethod
    def step_back(self, f: Function, n: Index, t: Index, dy: Value, old: Index | None) -> Vector:
        """From the gradient at an example's state, which begins at dy, to that at its gates."""

    def _carry(self, f: Function, t: Index) -> None:
        """The gradient at the state before a step, of that at the step's gates."""
        convolve_images(
            f,
            self.at_state.convolution,
            f.at(buffer(f, self.state_gates.offset), f.multiply(t, self.width)),
            buffer(f, self.at_state.weights),
            buffer(f, self.carried.offset),
            "%first",
            "%last",
            as_it_is,
        )

    @abstractmethod
    def given_back(self, number: int) -> Sequence[Place]:
        """Whose sum is the gradient at a first state, after the first step's."""

    def _give_first(self, f: Function, parts: Sequence[Place], to: Place, adds: bool) -> None:
        def body(n: Index) -> Vector:
            target = self.at(f, to, n, 0)
            sources = [self.at(f, place, n, 0) for place in parts]

            def vector(i: Index) -> None:
                first, *more = [f.load_vector(at, i) for at in [*sources, *[target] * adds]]
                f.store_vector(reduce(partial(f.vector, "fadd"), more, first), target, i)

            return vector

        self.each(f, body)

    def weight_gradient(self) -> None:
        """Append the stage that sums both kernels' gradients, block by block."""
        about = self.plan.about(
            "kernel gradient",
            [self.source, self.gates, self.target, self.state_gates],
            flops=self._flops,
            written=FLOAT * self.parameter.size,
        )
        self.plan.stage(
            "backward",
            f"kernel gradient {self.name}",
            self.parameter.blocks,
            self._weight_gradient,
            about,
            group=f"kernel {self.name}",
        )

    def _weight_gradient(self, f: Function) -> None:
        step = f.distance(self.gathered, self.gathered + FLOAT * self.gathered_floats)
        scratch = f.at(buffer(f, self.gathered), f.multiply("%thread", step))
        width = self.of_input.packing.width
        sources = [self.target] if self.steps > 1 else []
        sources += [self.first] if self.first is not None else []

        def unit(u: Index, _: list[Value]) -> list[Value]:
            block = f.at(buffer(f, self.parameter.gradients), f.multiply(u, self.parameter.block))
            each_vector(f, self.parameter.block, lambda i: f.store_vector(f.zero, block, i))
            column = f.multiply(u, width)
            everything = (0, "%images"), (0, 1)

            def add(convolution: Convolution, source: Place, gates: Place, start: int) -> None:
                accumulate_images(
                    f, convolution, buffer(f, source.offset),
                    f.at(buffer(f, gates.offset), column), f.at(block, start),
                    *everything, scratch,
                )  # fmt: skip

            add(self.all_steps, self.source, self.gates, 0)
            for convolution, source in zip(self.of_states, sources, strict=True):
                add(convolution, source, self.state_gates, self.of_state.start)
            if self.first is None:
                self._first_biases(f, block, column)
            return []

        f.loop("%first", "%last", 1, unit)

    def _first_biases(self, f: Function, block: Value, column: Index) -> None:
        """Before the first step the state is zeros, and only the biases have a gradient."""
        packing = self.of_state.packing
        biases = self.of_state.start + packing.depth * packing.width

        def image(n: Index, _: list[Value]) -> list[Value]:
            gates = f.at(self.at(f, self.state_gates, n, 0), column)
            for v in packing.columns:
                total = f.load_vector(block, biases + v)
                f.store_vector(f.vector("fadd", total, f.load_vector(gates, v)), block, biases + v)
            return []

        f.loop(0, "%images", 1, image)
