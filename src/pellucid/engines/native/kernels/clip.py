"""Clipping by norm: the gradient of all weights together is shortened where it is too long.

The sum of squares goes block by block, each by one thread, and the blocks' sums are added up in
their order: the same bits for any number of threads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.engines.native.emit.doubles import DOUBLE, Doubles, exactly
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.emit.update import CLIP
from pellucid.engines.native.kernels.parameters import joined_gradient
from pellucid.engines.native.memory.layout import FLOAT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.parameters import Parameter
    from pellucid.engines.native.kernels.plan import Plan


def write_clip(plan: Plan, parameters: Sequence[Parameter], limit: float) -> None:
    """Append the stages that join all gradients, measure them, and set the factor for the update.

    For the rule see :func:`pellucid.optimizers.clip_by_norm`.
    """
    blocks = sum(parameter.blocks for parameter in parameters)
    squares = plan.place_scratch("squares of gradients", DOUBLE * blocks)
    targets = {region.name: region.target for region in plan.regions}
    first = 0
    for parameter in parameters:
        plan.builder.origin = targets[parameter.name]
        _write_squares(plan, parameter, squares + FLOAT * DOUBLE * first)
        first += parameter.blocks

    def body(f: Function) -> None:
        f.loop("%first", "%last", 1, lambda _u, _: _factor(f, plan, squares, blocks, limit))

    plan.stage("clip", "clip", 1, body, plan.about("norm of the gradient"), group="clip")


def _write_squares(plan: Plan, parameter: Parameter, squares: int) -> None:
    """Append the stage that joins a gradient's partial sums, and adds up its squares."""

    def body(f: Function) -> None:
        double = Doubles(f)

        def block(ob: Index, _: list[Value]) -> list[Value]:
            total = double.zero
            for area in parameter.updated:

                def vector(i: Index, running: list[Value]) -> list[Value]:
                    at = f.add(f.multiply(ob, parameter.block), i)
                    gradient = joined_gradient(f, parameter, at)
                    f.store_vector(gradient, buffer(f, parameter.gradients), at)
                    wide = double.widen(gradient)
                    return [double.fma(wide, wide, running[0])]

                last = area.start + area.floats
                (total,) = f.loop(area.start, last, f.vectors.lanes, vector, [(double.kind, total)])
            double.store(double.first(double.total(total)), buffer(f, squares), ob)
            return []

        f.loop("%first", "%last", 1, block)

    name = f"square of {parameter.name}"
    size = FLOAT * parameter.size
    about = plan.about("squares", read=size * parameter.chunks, written=size)
    plan.stage("clip", name, parameter.blocks, body, about, group="squares")


def _factor(f: Function, plan: Plan, squares: int, blocks: int, limit: float) -> list[Value]:
    """Limit / norm where the norm is larger, else 1."""
    double = Doubles(f)

    def add(i: Index, running: list[Value]) -> list[Value]:
        return [f.value(f"fadd double {running[0]}, {double.load(buffer(f, squares), i)}")]

    (total,) = f.loop(0, blocks, 1, add, [("double", "0.0")])
    norm = f.value(f"call double @llvm.sqrt.f64(double {total})")
    longer = f.value(f"fcmp ogt double {norm}, {exactly(limit)}")
    ratio = f.value(f"fdiv double {exactly(limit)}, {norm}")
    factor = f.value(f"select i1 {longer}, double {ratio}, double 1.0")
    single = f.value(f"fptrunc double {factor} to float")
    f.do(f"store float {single}, ptr {buffer(f, plan.scalars, CLIP)}, align 4")
    return []
