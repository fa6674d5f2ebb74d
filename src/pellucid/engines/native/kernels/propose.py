"""Proposals: anchors sorted by their logits, made boxes, and left out where they overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.doubles import DOUBLE, Doubles, exactly
from pellucid.engines.native.emit.images import each_image, start_of
from pellucid.engines.native.emit.radix import COUNTS, place_of, sort_falling
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.emit.text import hexadecimal
from pellucid.engines.native.kernels.kernel import Kernel
from pellucid.ops.anchors import MOST_LOG
from pellucid.ops.propose import NO_BOX
from pellucid.ops.regions import CLASS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.region import Region
    from pellucid.ops.operation import Operation

ZERO = exactly(0.0)

KEPT = 5
"""Doubles of a box that is kept: x0, y0, x1, y1 and its area."""


class Propose(Kernel):
    """Proposals in a plan; each image by one thread, in double precision as the reference."""

    family: ClassVar[str] = "proposals"
    operations: ClassVar[tuple[type[Operation], ...]] = (ops.Propose,)
    reads_input_backward: ClassVar[bool] = False

    def __init__(self, plan: Plan, region: Region) -> None:
        super().__init__(plan, region)
        operation = region.operation
        assert isinstance(operation, ops.Propose)
        self.operation = operation
        self.height, self.width, _ = region.inputs[0]
        self.count = self.height * self.width * operation.anchors_of_cell
        sizes = (
            2 * self.count,  # of 64 bits each
            2 * self.count,
            COUNTS,
            DOUBLE * KEPT * operation.most,
            2 * DOUBLE * operation.anchors_of_cell,
        )
        self.starts = [sum(sizes[:k]) for k in range(len(sizes))]
        plan.reserve_band(sum(sizes))

    def forward(self) -> None:
        """Append the boxes of the likeliest anchors, those that overlap a likelier one left out."""
        plan, region = self.plan, self.region
        source, target = plan.values[region.sources[0]], plan.values[region.target]
        place, floats = plan.band

        def body(f: Function) -> None:
            band = f.at(buffer(f, place), f.multiply("%thread", floats))
            first, second, counts, kept, shapes = (f.at(band, start) for start in self.starts)
            self._write_shapes(f, shapes)
            of_cell = self.operation.anchors_of_cell

            def image(n: Index) -> None:
                z, y = start_of(f, source, n), start_of(f, target, n)

                def cell(at: Index) -> tuple[Value, Index, Index, Index]:
                    """Pointer to the cell of an anchor, its row and column, and which it is."""
                    number = f.divide(at, of_cell)
                    row = f.divide(number, self.width)
                    column = f.add(number, f.multiply(row, -self.width))
                    layout = source.layout
                    where = f.add(f.multiply(row, layout.row), f.multiply(column, layout.pitch))
                    return f.at(z, where), row, column, f.add(at, f.multiply(number, -of_cell))

                def logit(at: Index) -> Value:
                    there, _, _, own = cell(at)
                    return f.load(there, own)

                self._clear(f, y, target.layout.pitch)
                order = sort_falling(f, self.count, logit, (first, second), counts)

                def candidate(k: Index, running: list[Value]) -> list[Value]:
                    there, row, column, own = cell(place_of(f, order, k))
                    box = self._box(f, there, (row, column), own, shapes)
                    to = f.at(y, f.multiply(running[0], target.layout.pitch))
                    return [self._kept(f, box, kept, running[0], (to, f.load(there, own)))]

                f.loop(0, min(self.operation.candidates, self.count), 1, candidate, [("i64", "0")])

            each_image(f, image)

        about = plan.about(self.family, [source], [target])
        plan.stage(plan.forward, self.name, "images", body, about)

    def backward(self) -> None:
        """Append a gradient of 0: which boxes are proposed is not learned through them."""
        plan, (name,) = self.plan, self.region.sources
        if plan.wants_gradient(name) and not plan.adds(name):
            plan.clear(f"clear for {self.name} to {name}", plan.gradients[name])

    def _write_shapes(self, f: Function, shapes: Value) -> None:
        """Half the width and the height of each anchor of a cell, where they are looked up."""
        op = self.operation
        halves = [(a / r**0.5 / 2, a * r**0.5 / 2) for a in op.scales for r in op.ratios]
        for k, half in enumerate(sum(halves, ())):
            _store(f, exactly(half), shapes, k)

    def _clear(self, f: Function, y: Value, pitch: int) -> None:
        """Rows without a box."""
        lanes = f.vectors.lanes

        def row(r: Index, _: list[Value]) -> list[Value]:
            to = f.at(y, f.multiply(r, pitch))
            for c in range(0, pitch, lanes):
                numbers = (NO_BOX if c + lane == CLASS else 0.0 for lane in range(lanes))
                vector = ", ".join(f"float {hexadecimal(number)}" for number in numbers)
                f.store_vector(f"<{vector}>", to, c)
            return []

        f.loop(0, self.operation.most, 1, row)

    def _box(
        self, f: Function, z: Value, cell: Sequence[Index], own: Index, shapes: Value
    ) -> list[Value]:
        """What an anchor's numbers make of it, cut off at the picture's edges: x0, y0, x1, y1."""
        first = f.add(f.multiply(own, 4), self.operation.anchors_of_cell)
        t = [f.value(f"fpext float {f.load(z, f.add(first, k))} to double") for k in range(4)]
        powers = self._powers(f, t[2:])
        ends: list[Value] = []
        for axis, (length, place) in enumerate(((self.width, cell[1]), (self.height, cell[0]))):
            half = _load(f, shapes, f.add(f.multiply(own, 2), axis))
            whole = f.value(f"sitofp i64 {place} to double")
            step = exactly(float(self.operation.stride))
            centre = _op(f, "fmul", _op(f, "fadd", whole, exactly(0.5)), step)
            low, high = _op(f, "fsub", centre, half), _op(f, "fadd", centre, half)
            size = _op(f, "fsub", high, low)
            middle = _op(f, "fmul", _op(f, "fadd", low, high), exactly(0.5))
            middle = _op(f, "fadd", middle, _op(f, "fmul", t[axis], size))
            reach = _op(f, "fmul", _op(f, "fmul", size, powers[axis]), exactly(0.5))
            edge = exactly(float(length * self.operation.stride))
            ends += [
                _between(f, _op(f, way, middle, reach), ZERO, edge) for way in ("fsub", "fadd")
            ]
        return [ends[0], ends[2], ends[1], ends[3]]

    def _powers(self, f: Function, logs: Sequence[Value]) -> list[Value]:
        """e^t of two numbers, bounded."""
        doubles = Doubles(f)
        held = [_between(f, t, exactly(-MOST_LOG), exactly(MOST_LOG)) for t in logs]
        both = doubles.broadcast(held[0])
        both = f.value(f"insertelement {doubles.kind} {both}, double {held[1]}, i32 1")
        found = doubles.exponential(both)
        return [f.value(f"extractelement {doubles.kind} {found}, i32 {k}") for k in (0, 1)]

    def _kept(
        self, f: Function, box: list[Value], kept: Value, count: Value, row: tuple[Value, Value]
    ) -> Value:
        """Append what keeps a box, if it overlaps none before it too much; how many there are.

        Args:
            f: The function.
            box: x0, y0, x1, y1.
            kept: Pointer to the boxes that were kept.
            count: How many these are.
            row: Pointer to where its numbers go, and its logit.
        """
        area = _op(f, "fmul", *(_side(f, box[k], box[k + 2]) for k in (0, 1)))
        room = f.value(f"icmp slt i64 {count}, {self.operation.most}")
        real = f.value(f"fcmp ogt double {area}, {ZERO}")
        asked = f.value(f"and i1 {room}, {real}")
        bound = exactly(self.operation.overlap)

        def other(k: Index, hidden: list[Value]) -> list[Value]:
            there = f.multiply(k, KEPT)
            x0, y0, x1, y1, size = (_load(f, kept, f.add(there, c)) for c in range(KEPT))
            sides = [
                _side(f, _larger(f, a, b), _smaller(f, c, d))
                for a, b, c, d in ((box[0], x0, box[2], x1), (box[1], y0, box[3], y1))
            ]
            common = _op(f, "fmul", *sides)
            union = _op(f, "fsub", _op(f, "fadd", size, area), common)
            near = f.value(f"fcmp ogt double {common}, {_op(f, 'fmul', bound, union)}")
            return [f.value(f"or i1 {hidden[0]}, {near}")]

        before = f.value(f"select i1 {asked}, i64 {count}, i64 0")
        (hidden,) = f.loop(0, before, 1, other, [("i1", "false")])
        stays = f.value(f"and i1 {asked}, {f.value(f'xor i1 {hidden}, true')}")

        def write() -> None:
            for k, number in enumerate((*box, area)):
                _store(f, number, kept, f.add(f.multiply(count, KEPT), k))
            for k, number in enumerate((*box, self._probability(f, row[1]), ZERO)):
                narrow = f.value(f"fptrunc double {number} to float")
                f.do(f"store float {narrow}, ptr {f.at(row[0], k)}, align 4")

        f.when(stays, write)
        return f.value(f"add i64 {count}, {f.value(f'zext i1 {stays} to i64')}")

    def _probability(self, f: Function, logit: Value) -> Value:
        """The sigmoid of a float, of e^−|x| as the reference has it."""
        doubles = Doubles(f)
        x = f.value(f"fpext float {logit} to double")
        above = f.value(f"fcmp oge double {x}, {ZERO}")
        turned = f.value(f"select i1 {above}, double {f.value(f'fneg double {x}')}, double {x}")
        small = doubles.first(doubles.exponential(doubles.broadcast(turned)))
        upper = f.value(f"select i1 {above}, double {exactly(1.0)}, double {small}")
        return _op(f, "fdiv", upper, _op(f, "fadd", small, exactly(1.0)))


def _op(f: Function, operation: str, a: Value, b: Value) -> Value:
    return f.value(f"{operation} double {a}, {b}")


def _load(f: Function, pointer: Value, offset: Index) -> Value:
    return f.value(f"load double, ptr {f.at(pointer, offset, 'double')}, align 4")


def _store(f: Function, number: Value, pointer: Value, offset: Index) -> None:
    f.do(f"store double {number}, ptr {f.at(pointer, offset, 'double')}, align 4")


def _smaller(f: Function, a: Value, b: Value) -> Value:
    return f.value(f"select i1 {f.value(f'fcmp olt double {a}, {b}')}, double {a}, double {b}")


def _larger(f: Function, a: Value, b: Value) -> Value:
    return f.value(f"select i1 {f.value(f'fcmp ogt double {a}, {b}')}, double {a}, double {b}")


def _side(f: Function, low: Value, high: Value) -> Value:
    """How long a side is, 0 where it is turned round or no number."""
    return _larger(f, _op(f, "fsub", high, low), ZERO)


def _between(f: Function, x: Value, low: Value, high: Value) -> Value:
    """A number held between two; NaN stays NaN."""
    for condition, bound in (("olt", low), ("ogt", high)):
        beyond = f.value(f"fcmp {condition} double {x}, {bound}")
        x = f.value(f"select i1 {beyond}, double {bound}, double {x}")
    return x
