"""Long short-term memories: both kernels' parts of a gate are added, and a cell is kept beside.

Backward reads the cells of all steps; without it one step's lie over those before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.exponential import tanh
from pellucid.engines.native.emit.gated import open_cell, slopes_at_cell
from pellucid.engines.native.kernels.gated import GatedUnit
from pellucid.engines.native.memory.layout import Layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.recurrent import Vector
    from pellucid.engines.native.kernels.region import Region
    from pellucid.engines.native.memory.layout import Place
    from pellucid.ops.operation import Operation


class LongShortTermMemory(GatedUnit):
    """A long short-term memory in a plan."""

    operations: ClassVar[tuple[type[Operation], ...]] = (ops.LSTM,)
    together: ClassVar[bool] = True

    def __init__(self, plan: Plan, region: Region) -> None:
        super().__init__(plan, region)
        kept = self.steps if self.flipped else 1
        self.cells = self.own_place("cells", Layout(1, kept, self.units, self.units))

    def _row(self, t: Index) -> Index:
        """Where the cell of a step lies."""
        return t if self.flipped else 0

    def _cell_before(self, f: Function, n: Index, old: Index | None) -> Value | None:
        row = None if old is None else self._row(old)
        return self.before(f, n, self.cells, self.first_cell, row)

    def step(self, f: Function, n: Index, t: Index, old: Index | None) -> Vector:
        to, gates = (self.at(f, place, n, t) for place in (self.target, self.gates))
        cell = self.at(f, self.cells, n, self._row(t))
        before = self._cell_before(f, n, old)

        def vector(i: Index) -> None:
            opened = open_cell(f, self.parts(f, gates, i))
            enters, kept, c, out = opened
            s = f.vector("fmul", enters, c)
            if before is not None:
                s = f.fma(kept, f.load_vector(before, i), s)
            f.store_vector(s, cell, i)
            f.store_vector(f.vector("fmul", out, tanh(f, s)), to, i)
            if self.flipped:  # backward, the gates are read
                self.put_parts(f, opened, gates, i)

        return vector

    def step_back(self, f: Function, n: Index, t: Index, dy: Value, old: Index | None) -> Vector:
        gates, cell = (self.at(f, place, n, t) for place in (self.gates, self.cells))
        before = self._cell_before(f, n, old)
        carried, kept = (self.at(f, place, n, 0) for place in (self.carried, self.kept))

        def vector(i: Index) -> None:
            opened = self.parts(f, gates, i)
            dh = f.vector("fadd", f.load_vector(dy, i), f.load_vector(carried, i))
            s = f.zero if before is None else f.load_vector(before, i)
            after, ds = f.load_vector(cell, i), f.load_vector(kept, i)
            slopes, ds = slopes_at_cell(f, dh, ds, opened, s, after)
            self.put_parts(f, slopes, gates, i)
            f.store_vector(f.vector("fmul", ds, opened[1]), kept, i)

        return vector

    def given_back(self, number: int) -> Sequence[Place]:
        return ((self.carried,), (self.kept,))[number]
