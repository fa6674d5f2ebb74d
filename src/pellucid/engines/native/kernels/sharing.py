"""Weights that several layers share: gradients are added up, and what is updated is handed on.

Layers whose weights lie alike have one array of them, and nothing needs to be handed on. Each has
its own gradient; they are added in the order in which the backward pass finds them, the last
layer's first: the partial sums of each are joined in their order, then written, or added to the sum
so far. So the same bits come out for any number of threads.

Where weights do not lie alike, e.g. those of a dense layer with biases and of one without, each
weight belongs to the first layer that has it. The others have copies: their gradients are gathered,
number by number, into the sum, and the copies are renewed after the update.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

import numpy as np

from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.kernels.parameters import joined_gradient
from pellucid.engines.native.memory.layout import FLOAT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.kernel import Weighted
    from pellucid.engines.native.kernels.parameters import Parameter
    from pellucid.engines.native.kernels.plan import Plan

    Number = Callable[[Function, Value, Value], None]
    """Appends the code for one number: its place in the borrower's array, and in the owner's."""


class Sharing:
    """Who shares weights with whom in a plan.

    Args:
        plan: The plan.
        weighted: Its kernels with weights, in order.

    Attributes:
        loans: The weights that do not lie alike.
    """

    def __init__(self, plan: Plan, weighted: Sequence[Weighted]) -> None:
        self.plan, self._weighted = plan, weighted
        users = Counter(kernel.region.anchor.store for kernel in weighted)
        shared = [kernel for kernel in weighted if users[kernel.region.anchor.store] > 1]
        named = {kernel.name: kernel for kernel in shared}
        self._firsts: dict[int, Weighted] = {}
        for kernel in shared:
            self._firsts.setdefault(kernel.parameter.weights, kernel)
        self.loans = [loan for kernel in shared for loan in _loans(plan, kernel, named)]
        self._totals = {
            first.name: _total(plan, first.parameter)
            for first in self._firsts.values()
            if first.parameter.trained
        }
        self._written: set[str] = set()

    @property
    def updated(self) -> list[Parameter]:
        """What the optimizer updates, with its whole gradient."""
        return [
            self._totals.get(kernel.name, kernel.parameter)
            for kernel in self._weighted
            if kernel.parameter.trained
        ]

    def add(self, kernel: Weighted) -> None:
        """Append the stages that add a kernel's gradient, just found, to those of the others."""
        first = self._firsts.get(kernel.parameter.weights)
        if first is None:
            return
        if first.name in self._totals:
            self._join(kernel, self._totals[first.name])
        for loan in self.loans:
            if loan.borrower is kernel and loan.trained:
                total = self._totals[loan.lender.name]
                if total.name not in self._written:
                    self._join(None, total)
                loan.add(total)

    def hand_on(self) -> None:
        """Append the stages that renew copies after the update."""
        for loan in self.loans:
            if loan.trained and loan.borrower in self._firsts.values():
                loan.renew()

    def _join(self, kernel: Weighted | None, total: Parameter) -> None:
        """Append the stage that writes a kernel's gradient, or zeros, to the sum, or adds it."""
        plan, parameter = self.plan, kernel.parameter if kernel is not None else total
        adds, size = total.name in self._written, FLOAT * total.size
        self._written.add(total.name)

        def body(f: Function) -> None:
            def block(ob: Index, _: list[Value]) -> list[Value]:
                def vector(i: Index, _: list[Value]) -> list[Value]:
                    at = f.add(f.multiply(ob, total.block), i)
                    gradient = joined_gradient(f, parameter, at) if kernel is not None else f.zero
                    to = buffer(f, total.gradients)
                    if adds:
                        gradient = f.vector("fadd", f.load_vector(to, at), gradient)
                    f.store_vector(gradient, to, at)
                    return []

                return f.loop(0, total.block, f.vectors.lanes, vector)

            f.loop("%first", "%last", 1, block)

        read = size * (parameter.chunks + adds)
        about = plan.about("sums of shared gradients", read=read, written=size)
        name = f"share {kernel.name if kernel is not None else total.name}"
        plan.stage("backward", name, total.blocks, body, about, group=name)


class Loan:
    """Weights of one kernel that another has a copy of, since they do not lie alike.

    Args:
        plan: The plan.
        borrower: Who has the copy.
        lender: To whom they belong.
        names: Of the arrays.
    """

    def __init__(
        self, plan: Plan, borrower: Weighted, lender: Weighted, names: Sequence[str]
    ) -> None:
        self.plan, self.borrower, self.lender, self.names = plan, borrower, lender, names
        self.trained = bool(lender.parameter.trained.intersection(names))
        self._count = sum(prod(borrower.region.parameters[name].shape) for name in names)
        self._table = plan.place(f"places of {lender.name} in {borrower.name}", 2 * self._count)

    def prepare(self, memory: NDArray[np.uint8]) -> None:
        """Write each number's place, with the borrower and with the owner, into new memory."""
        table = memory[self._table : self._table + 2 * FLOAT * self._count].view(np.int32)
        for half, kernel in zip(table.reshape(2, -1), (self.borrower, self.lender), strict=True):
            places = _places(kernel)
            half[:] = np.concatenate([places[name] for name in self.names])

    def add(self, total: Parameter) -> None:
        """Append the stage that adds the borrower's gradient to the sum."""
        parameter = self.borrower.parameter

        def number(f: Function, mine: Value, theirs: Value) -> None:
            to = f.at(buffer(f, total.gradients), theirs)
            part = f.at(buffer(f, parameter.gradients), mine)
            gradient = f.load(part)
            for chunk in range(1, parameter.chunks):
                more = f.load(part, chunk * parameter.size)
                gradient = f.value(f"fadd float {gradient}, {more}")
            gradient = f.value(f"fadd float {f.load(to)}, {gradient}")
            f.do(f"store float {gradient}, ptr {to}, align 4")

        self._each("backward", f"share {self.borrower.name} with {self.lender.name}", number)

    def renew(self) -> None:
        """Append the stage that copies the updated weights."""

        def number(f: Function, mine: Value, theirs: Value) -> None:
            weight = f.load(f.at(buffer(f, self.lender.parameter.weights), theirs))
            to = f.at(buffer(f, self.borrower.parameter.weights), mine)
            f.do(f"store float {weight}, ptr {to}, align 4")

        self._each("update", f"copy {self.lender.name} to {self.borrower.name}", number)

    def _each(self, schedule: str, name: str, number: Number) -> None:
        def body(f: Function) -> None:
            table = buffer(f, self._table)

            def one(i: Index, _: list[Value]) -> list[Value]:
                places = []
                for half in (0, self._count):
                    at = f.at(table, f.add(i, half), "i32")
                    narrow = f.value(f"load i32, ptr {at}, align 4")
                    places.append(f.value(f"sext i32 {narrow} to i64"))
                number(f, *places)
                return []

            f.loop("%first", "%last", 1, one)

        size = FLOAT * self._count
        about = self.plan.about("gathered", read=4 * size, written=size)
        self.plan.builder.origin = self.borrower.region.target
        self.plan.stage(schedule, name, self._count, body, about, group=name)


def _loans(plan: Plan, kernel: Weighted, named: dict[str, Weighted]) -> list[Loan]:
    """What a kernel uses of others' weights that do not lie as its own."""
    found: dict[str, list[str]] = {}
    for part in kernel.parameter.parts:
        owner = plan.owners[kernel.region.full_name(part.name)]
        if named[owner].parameter.weights != kernel.parameter.weights:
            found.setdefault(owner, []).append(part.name)
    return [Loan(plan, kernel, named[owner], names) for owner, names in found.items()]


def _total(plan: Plan, parameter: Parameter) -> Parameter:
    """A parameter with room for the whole gradient."""
    place = plan.place_scratch(f"shared gradients {parameter.name}", parameter.size)
    return replace(parameter, gradients=place, chunks=1)


def _places(kernel: Weighted) -> dict[str, NDArray[np.int64]]:
    """Where in a kernel's packed array each number of each of its arrays lies, by name."""
    shapes = {name: each.shape for name, each in kernel.region.parameters.items() if each.trainable}
    ends = np.cumsum([prod(shape) for shape in shapes.values()])
    numbers = np.split(np.arange(1, ends[-1] + 1, dtype=np.int32), ends[:-1])
    packed = np.zeros(FLOAT * kernel.parameter.size, np.uint8)
    # Packing only moves numbers, so that these, whatever they mean as floats, come out as they are.
    given = zip(shapes, numbers, strict=True)
    kernel.write(
        packed, 0, {name: each.view(np.float32).reshape(shapes[name]) for name, each in given}
    )
    found = packed.view(np.int32)
    places = np.zeros(ends[-1] + 1, np.int64)
    used = np.flatnonzero(found)
    places[found[used]] = used
    return {name: places[each] for name, each in zip(shapes, numbers, strict=True)}
