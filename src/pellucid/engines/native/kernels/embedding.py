"""Rows of a table by their numbers: words as what is computed with."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.beside import as_float, scalar
from pellucid.engines.native.emit.images import clear, each_image, each_vector, start_of
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.emit.text import hexadecimal
from pellucid.engines.native.kernels.kernel import Weighted
from pellucid.engines.native.kernels.parameters import Part, place_parameter
from pellucid.engines.native.memory.arena import floats
from pellucid.engines.native.memory.layout import FLOAT, whole_vectors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.region import Region
    from pellucid.ops.operation import Operation

TABLE, NAN = "table", float("nan")


class Embedding(Weighted):
    """An embedding in a plan: a block of the parameter is a row of the table."""

    family: ClassVar[str] = "rows of a table"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.Embedding,)
    reads_numbers: ClassVar[bool] = True

    def __init__(self, plan: Plan, region: Region) -> None:
        super().__init__(plan, region)
        assert isinstance(region.operation, ops.Embedding)
        self.rows, self.features = region.operation.vocabulary, region.operation.features
        (self.words,) = region.inputs[0]
        self.source, self.target = plan.values[region.sources[0]], plan.values[region.target]
        self.pitch = whole_vectors(self.features, plan.lanes)
        parts = (Part(TABLE, 0, self.pitch, decays=True),)
        self.parameter = place_parameter(plan, region, self.rows, self.pitch, 1, parts)

    def read(self, memory: NDArray[np.uint8], offset: int) -> dict[str, NDArray[np.float32]]:
        """The table, or what belongs to it, at an offset."""
        return {TABLE: self._table(memory, offset)[:, : self.features].copy()}

    def write(
        self, memory: NDArray[np.uint8], offset: int, arrays: Mapping[str, NDArray[np.float32]]
    ) -> None:
        """The reverse of :meth:`read`."""
        self._table(memory, offset)[:, : self.features] = arrays[TABLE]

    def _table(self, memory: NDArray[np.uint8], offset: int) -> NDArray[np.float32]:
        return floats(memory, offset, self.parameter.size).reshape(self.rows, self.pitch)

    # ------------------------------------------------------------------------------------- code

    def forward(self) -> None:
        """Append y[t] = E[w[t]]; NaN of what is no number."""
        plan = self.plan

        def body(f: Function) -> None:
            def image(n: Index) -> None:
                to = start_of(f, self.target, n)

                def word(t: Index, row: Value, none: Value) -> None:
                    table = buffer(f, self.parameter.weights)
                    line = f.at(table, f.multiply(row, self.pitch))
                    target = f.at(to, f.multiply(t, self.target.layout.pitch))

                    def vector(c: Index) -> None:
                        kind, x = f.vectors.float, f.load_vector(line, c)
                        chosen = f.value(f"select i1 {none}, {kind} {f.constant(NAN)}, {kind} {x}")
                        f.store_vector(chosen, target, c)

                    each_vector(f, self.pitch, vector)

                self._each_word(f, n, word)

            each_image(f, image)

        about = plan.about(self.family, [self.source], [self.target], read=self._taken)
        plan.stage(plan.forward, self.name, "images", body, about)

    @property
    def _taken(self) -> int:
        """Bytes of the rows that a batch takes."""
        return FLOAT * self.plan.capacity * self.words * self.pitch

    def backward(self) -> None:
        """Append zeros: which row is taken does not change with a word a little."""
        source = self.region.sources[0]
        if self.plan.wants_gradient(source) and not self.plan.adds(source):
            to = self.plan.gradients[source]
            about = self.plan.about(self.family, [], [to])
            stage = f"back through {self.name}"
            self.plan.stage("backward", stage, "images", lambda f: clear(f, to), about)

    def weight_gradient(self) -> None:
        """Append Σ ∂y over where a row was taken; each thread adds to rows of its own."""
        plan, gradient = self.plan, self.plan.gradients[self.region.target]

        def body(f: Function) -> None:
            table = buffer(f, self.parameter.gradients)

            def line(row: Index) -> Value:
                return f.at(table, f.multiply(row, self.pitch))

            def cleared(row: Index, _: list[Value]) -> list[Value]:
                to = line(row)
                each_vector(f, self.pitch, lambda c: f.store_vector(f.zero, to, c))
                return []

            def image(n: Index, _: list[Value]) -> list[Value]:
                start = start_of(f, gradient, n)

                def word(t: Index, row: Value, none: Value) -> None:
                    dy = f.at(start, f.multiply(t, gradient.layout.pitch))

                    def add() -> None:
                        to = line(row)

                        def vector(c: Index) -> None:
                            total = f.vector("fadd", f.load_vector(to, c), f.load_vector(dy, c))
                            f.store_vector(total, to, c)

                        each_vector(f, self.pitch, vector)

                    from_first = f.value(f"icmp sge i64 {row}, %first")
                    to_last = f.value(f"icmp slt i64 {row}, %last")
                    mine = f.value(f"and i1 {from_first}, {to_last}")
                    known = f.value(f"xor i1 {none}, true")
                    f.when(f.value(f"and i1 {mine}, {known}"), add)

                self._each_word(f, n, word)
                return []

            f.loop("%first", "%last", 1, cleared)
            f.loop(0, "%images", 1, image)

        about = plan.about(
            "sums over words", [gradient, self.source], written=FLOAT * self.parameter.size
        )
        name = f"kernel gradient {self.name}"
        plan.stage("backward", name, self.rows, body, about, group=f"kernel {self.name}")

    def _each_word(
        self, f: Function, n: Index, body: Callable[[Index, Value, Value], None]
    ) -> None:
        """Append a loop over an image's words.

        Args:
            f: The function.
            n: The image.
            body: Given the word's place, its row in the table, and whether it is no number.
        """
        source = start_of(f, self.source, n)

        def word(t: Index, _: list[Value]) -> list[Value]:
            number = f.load(source, t)
            none = f.value(f"fcmp uno float {number}, {number}")
            body(t, _nearest(f, number, self.rows - 1), none)
            return []

        f.loop(0, self.words, 1, word)


def _nearest(f: Function, number: Value, last: int) -> Value:
    """The whole number nearest to a float, held within 0 to ``last``; halves go to the even one."""
    for condition, bound in (("ogt", 0.0), ("olt", float(last))):
        inside = f.value(f"fcmp {condition} float {number}, {hexadecimal(bound)}")
        number = f.value(f"select i1 {inside}, float {number}, float {hexadecimal(bound)}")
    below = f.value(f"fptosi float {number} to i64")
    rest = scalar(f, "fsub", number, as_float(f, below))
    half = hexadecimal(0.5)
    more, tied = (f.value(f"fcmp {how} float {rest}, {half}") for how in ("ogt", "oeq"))
    odd = f.value(f"trunc i64 {below} to i1")
    up = f.value(f"or i1 {more}, {f.value(f'and i1 {tied}, {odd}')}")
    return f.value(f"add i64 {below}, {f.value(f'zext i1 {up} to i64')}")
