"""Gated recurrent units: the candidate resets its state, so both kernels' parts lie apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.gated import open_gates, slopes_at_gates
from pellucid.engines.native.kernels.gated import GatedUnit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.recurrent import Vector
    from pellucid.engines.native.memory.layout import Place
    from pellucid.ops.operation import Operation


class GatedRecurrent(GatedUnit):
    """A gated recurrent unit in a plan."""

    operations: ClassVar[tuple[type[Operation], ...]] = (ops.GRU,)

    def step(self, f: Function, n: Index, t: Index, old: Index | None) -> Vector:
        to = self.at(f, self.target, n, t)
        gates, of_state = (self.at(f, place, n, t) for place in (self.gates, self.state_gates))
        before = self.before(f, n, self.target, self.first, old)

        def vector(i: Index) -> None:
            opened = open_gates(f, self.parts(f, gates, i), self.parts(f, of_state, i))
            _, z, c = opened
            h = f.zero if before is None else f.load_vector(before, i)
            f.store_vector(f.fma(z, f.vector("fsub", h, c), c), to, i)
            if self.flipped:  # backward, the gates are read
                self.put_parts(f, opened, gates, i)

        return vector

    def step_back(self, f: Function, n: Index, t: Index, dy: Value, old: Index | None) -> Vector:
        gates, of_state = (self.at(f, place, n, t) for place in (self.gates, self.state_gates))
        before = self.before(f, n, self.target, self.first, old)
        carried, kept = (self.at(f, place, n, 0) for place in (self.carried, self.kept))

        def vector(i: Index) -> None:
            opened = self.parts(f, gates, i)
            dh = f.vector("fadd", f.load_vector(dy, i), f.load_vector(carried, i))
            dh = f.vector("fadd", dh, f.load_vector(kept, i))
            h = f.zero if before is None else f.load_vector(before, i)
            reset = f.load_vector(of_state, f.add(i, 2 * self.units))
            slopes, at_candidate = slopes_at_gates(f, dh, opened, reset, h)
            self.put_parts(f, slopes, gates, i)
            self.put_parts(f, [*slopes[:2], at_candidate], of_state, i)
            f.store_vector(f.vector("fmul", dh, opened[1]), kept, i)

        return vector

    def given_back(self, number: int) -> Sequence[Place]:
        return self.carried, self.kept
