"""Functions of each value alone: one table, used where they stand alone, fused, and backward.

A new one is an entry of :data:`POINTWISE`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pellucid import ops
from pellucid.engines.native.emit.convolution import Addend, as_it_is
from pellucid.engines.native.emit.exponential import sigmoid, tanh
from pellucid.engines.native.emit.images import each_channel_vector, each_position, each_row
from pellucid.engines.native.emit.lanes import keep
from pellucid.engines.native.emit.pooling import NONE
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.kernels.kernel import Kernel

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines.native.emit.convolution import Finish
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.kernels.region import Region
    from pellucid.engines.native.memory.layout import Place
    from pellucid.engines.native.target import Target
    from pellucid.ops.operation import Operation


@dataclass(frozen=True)
class Pointwise:
    """A function y = f(x) of vectors.

    Attributes:
        function: Given the operation and x, appends y.
        gradient: Given the operation, ∂y and the value named next, appends ∂x.
        of: What the gradient is made of: ``x``, ``y``, or either, to the same bits.
        keeps_zero: Whether f(0) = 0: zeros fill up channels to whole vectors, and must stay.
    """

    function: Callable[[Function, Any, Value], Value]
    gradient: Callable[[Function, Any, Value, Value], Value]
    of: Literal["x", "y", "either"]
    keeps_zero: bool = True


def apply(f: Function, operation: Operation | None, x: Value) -> Value:
    """Append y = f(x), of the operation in an epilogue; x itself where there is none."""
    return x if operation is None else POINTWISE[type(operation)].function(f, operation, x)


def finished(operation: Operation | None) -> Finish:
    """What stores f of sums."""
    if operation is None:
        return as_it_is

    def finish(f: Function, vector: Value, target: Value, offset: Index) -> Value:
        return apply(f, operation, vector)

    return finish


def addend(plan: Plan, region: Region, f: Function) -> Addend | None:
    """What an addition in an epilogue adds; none where there is no addition."""
    if region.addend is None:
        return None
    place = plan.values[region.addend]
    layout = place.layout
    start = f.at(buffer(f, place.offset), layout.at(0, 0))
    return Addend(start, layout.image, (layout.row, layout.pitch))


def gradient_at(f: Function, operation: Operation, gradient: Value, x: Value) -> Value:
    """Append ∂x from ∂y and x, of the operation in an epilogue."""
    known = POINTWISE[type(operation)]
    value = known.function(f, operation, x) if known.of == "y" else x
    return known.gradient(f, operation, gradient, value)


def declines_epilogue(
    region: Region, *, pools: bool = False, adds: bool = False, knows_x: bool = False
) -> str:
    """Why what is fused behind an anchor cannot be; empty where it can.

    Args:
        region: The region.
        pools: Whether the kernel pools as well.
        adds: Whether it adds a value, before anything else.
        knows_x: Whether its backward pass knows what the function was applied to.
    """
    kind, functions, pooled = region.operation.kind, 0, False
    for number, node in enumerate(region.epilogue):
        operation = node.operation
        also = operation.kind
        known = POINTWISE.get(type(operation))
        if isinstance(operation, ops.MaxPool) and pools:
            before = region.epilogue[number - 1].operation if number else None
            if pooled:
                return f"a kernel for {kind} takes only one {also} along"
            if region.addend is not None:
                return f"a kernel for {kind} pools behind no addition"
            if reason := why_not_fusable(operation):
                return reason
            if before is not None and not isinstance(before, ops.ReLU):
                return f"a kernel for {kind} pools behind no {before.kind}"
            pooled = True
        elif isinstance(operation, ops.Add) and adds:
            if reason := _why_not_added(region, number):
                return reason
        elif known is None:
            return f"a kernel for {kind} takes no {also} along"
        elif functions:
            return f"a kernel for {kind} takes only one {also} along"
        elif not known.keeps_zero:
            return f"{also} of the zeros that fill up channels is not zero"
        elif pooled and not isinstance(operation, ops.ReLU):
            return f"a kernel for {kind} takes no {also} along behind a pooling"
        elif region.backward and known.of == "x" and not knows_x:
            return f"the gradient of {also} needs what came in, which is not kept"
        else:
            functions += 1
    return ""


def _why_not_added(region: Region, number: int) -> str:
    """Why an addition, so many nodes behind the anchor, cannot be fused; empty where it can."""
    kind = region.operation.kind
    if region.backward:
        return "each branch of an addition has a gradient of its own"
    if number:
        before = region.epilogue[number - 1].operation.kind
        return f"a kernel for {kind} adds to its sums, not behind {before}"
    if len(region.epilogue[number].inputs) != 2:
        return f"a kernel for {kind} adds one value"
    return ""


def why_not_fusable(pool: ops.MaxPool) -> str:
    """Why a pooling cannot be fused; empty where its windows tile the image."""
    if pool.size[0] * pool.size[1] >= NONE:
        return f"a window has {NONE} positions or more"
    if pool.size != pool.stride:
        overlap = any(size > step for size, step in zip(pool.size, pool.stride, strict=True))
        return "windows overlap" if overlap else "windows leave positions out"
    if pool.padding != "valid":
        return "the image is padded"
    return "" if pool.edge == "drop" else "windows may hang over the edge"


class Activate(Kernel):
    """A function of each value alone, behind nothing that could take it along."""

    family: ClassVar[str] = "rows of vectors"

    @classmethod
    def declines(cls, region: Region, target: Target) -> str:
        if type(region.operation) not in POINTWISE:
            return f"is not for {region.operation.kind}"
        if region.epilogue:
            also = region.epilogue[-1].operation.kind
            return f"a kernel for {region.operation.kind} takes no {also} along"
        return ""

    def forward(self) -> None:
        """Append y = f(x)."""
        plan, region = self.plan, self.region
        places = [plan.values[region.sources[0]], plan.values[region.target]]
        channels, known = places[0].layout.channels, POINTWISE[type(region.operation)]

        def body(f: Function) -> None:
            def vector(at: list[Value], i: Index, real: Value | None = None) -> None:
                y = keep(f, real, known.function(f, region.operation, f.load_vector(at[0], i)))
                f.store_vector(y, at[1], i)

            if not known.keeps_zero and channels % f.vectors.lanes:
                each_position(
                    f,
                    places,
                    lambda at: each_channel_vector(f, channels, lambda c, m: vector(at, c, m)),
                )
            else:
                each_row(f, places, vector)

        about = plan.about(self.family, places[:1], places[1:])
        plan.stage(
            plan.forward, self.name, "images", body, about, single=plan.by_rows(region.target)
        )

    def backward(self) -> None:
        """Append ∂x = ∂y · f′, of x or of y, whichever is simpler."""
        plan, region, (source,) = self.plan, self.region, self.region.sources
        if not plan.wants_gradient(source):
            return
        adds, known = plan.adds(source), POINTWISE[type(region.operation)]
        if not adds:
            plan.takes_over(source, plan.gradients[region.target])
        reads = [
            plan.gradients[region.target],
            plan.values[region.target if known.of == "y" else source],
        ]
        to = plan.gradients[source]

        def body(f: Function) -> None:
            def vector(at: list[Value], i: Index) -> None:
                gradient, value = f.load_vector(at[0], i), f.load_vector(at[1], i)
                total = known.gradient(f, region.operation, gradient, value)
                if adds:
                    total = f.vector("fadd", total, f.load_vector(at[2], i))
                f.store_vector(total, at[2], i)

            each_row(f, [*reads, to], vector)

        plan.stage(
            "backward", f"back through {self.name}", "images", body,
            plan.about(self.family, reads, [to]),
        )  # fmt: skip


def mask(plan: Plan, region: Region, gradient: Place) -> None:
    """Append the stage that makes ∂x of the ∂y of an epilogue's function, in its place."""
    assert region.function is not None
    operation, value = region.function, plan.values[region.target]
    about = plan.about("rows of vectors", [value, gradient], [gradient])

    def body(f: Function) -> None:
        mask_rows(f, operation, value, gradient)

    plan.stage("backward", f"mask {region.name}", "images", body, about)


def mask_rows(f: Function, operation: Operation, value: Place, gradient: Place) -> None:
    """Append, for the stage's images: ∂x in the place of ∂y, from y."""
    known = POINTWISE[type(operation)]

    def vector(at: list[Value], i: Index) -> None:
        y, dy = f.load_vector(at[0], i), f.load_vector(at[1], i)
        f.store_vector(known.gradient(f, operation, dy, y), at[1], i)

    each_row(f, [value, gradient], vector)


# ----------------------------------------------------------------------------------- the functions


def _relu(f: Function, operation: ops.ReLU, x: Value) -> Value:
    return f.rectify(x)


def _relu_gradient(f: Function, operation: ops.ReLU, dy: Value, value: Value) -> Value:
    return f.choose(f.compare("ogt", value, f.zero), dy, f.zero)


def _relu6(f: Function, operation: ops.ReLU6, x: Value) -> Value:
    low, six = f.rectify(x), f.constant(6.0)
    return f.choose(f.compare("olt", six, low), six, low)


def _relu6_gradient(f: Function, operation: ops.ReLU6, dy: Value, value: Value) -> Value:
    positive = f.compare("ogt", value, f.zero)
    return f.choose(f.both(positive, f.compare("olt", value, f.constant(6.0))), dy, f.zero)


def _leaky(f: Function, operation: ops.LeakyReLU, x: Value) -> Value:
    shrunk = f.vector("fmul", x, f.constant(operation.slope))
    return f.choose(f.compare("ogt", x, f.zero), x, shrunk)


def _leaky_gradient(f: Function, operation: ops.LeakyReLU, dy: Value, x: Value) -> Value:
    shrunk = f.vector("fmul", dy, f.constant(operation.slope))
    return f.choose(f.compare("ogt", x, f.zero), dy, shrunk)


def _sigmoid(f: Function, operation: ops.Sigmoid, x: Value) -> Value:
    return sigmoid(f, x)


def _sigmoid_gradient(f: Function, operation: ops.Sigmoid, dy: Value, y: Value) -> Value:
    rest = f.vector("fsub", f.constant(1.0), y)
    return f.vector("fmul", dy, f.vector("fmul", y, rest))


def _tanh(f: Function, operation: ops.Tanh, x: Value) -> Value:
    return tanh(f, x)


def _tanh_gradient(f: Function, operation: ops.Tanh, dy: Value, y: Value) -> Value:
    # 1 − y², which loses less near ±1 as a product
    rest, more = (f.vector(which, f.constant(1.0), y) for which in ("fsub", "fadd"))
    return f.vector("fmul", dy, f.vector("fmul", more, rest))


def _silu(f: Function, operation: ops.SiLU, x: Value) -> Value:
    return f.vector("fmul", x, sigmoid(f, x))


def _silu_gradient(f: Function, operation: ops.SiLU, dy: Value, x: Value) -> Value:
    one, s = f.constant(1.0), sigmoid(f, x)
    bend = f.fma(x, f.vector("fsub", one, s), one)
    return f.vector("fmul", dy, f.vector("fmul", s, bend))


def _bounded(f: Function, low: float, high: float, x: Value) -> Value:
    """X within two bounds; NaN, which compares false, goes through."""
    least, most = f.constant(low), f.constant(high)
    above = f.choose(f.compare("olt", x, least), least, x)
    return f.choose(f.compare("ogt", above, most), most, above)


def _between(f: Function, low: float, high: float, x: Value) -> Value:
    above = f.compare("ogt", x, f.constant(low))
    return f.both(above, f.compare("olt", x, f.constant(high)))


def _clip(f: Function, operation: ops.Clip, x: Value) -> Value:
    return _bounded(f, operation.low, operation.high, x)


def _clip_gradient(f: Function, operation: ops.Clip, dy: Value, value: Value) -> Value:
    return f.choose(_between(f, operation.low, operation.high, value), dy, f.zero)


def _hard_sigmoid_of(f: Function, x: Value) -> Value:
    straight = f.vector("fadd", f.vector("fdiv", x, f.constant(6.0)), f.constant(0.5))
    return _bounded(f, 0.0, 1.0, straight)


def _hard_sigmoid(f: Function, operation: ops.HardSigmoid, x: Value) -> Value:
    return _hard_sigmoid_of(f, x)


def _hard_sigmoid_gradient(f: Function, operation: ops.HardSigmoid, dy: Value, y: Value) -> Value:
    sixth = f.vector("fmul", dy, f.constant(1.0 / 6.0))
    return f.choose(_between(f, 0.0, 1.0, y), sixth, f.zero)


def _hard_swish(f: Function, operation: ops.HardSwish, x: Value) -> Value:
    return f.vector("fmul", x, _hard_sigmoid_of(f, x))


def _hard_swish_gradient(f: Function, operation: ops.HardSwish, dy: Value, x: Value) -> Value:
    slope = f.vector("fadd", f.vector("fdiv", x, f.constant(3.0)), f.constant(0.5))
    inner = f.choose(f.compare("ole", x, f.constant(-3.0)), f.zero, slope)
    slope = f.choose(f.compare("oge", x, f.constant(3.0)), f.constant(1.0), inner)
    return f.vector("fmul", dy, slope)


POINTWISE: dict[type[Operation], Pointwise] = {
    ops.ReLU: Pointwise(_relu, _relu_gradient, "either"),
    ops.ReLU6: Pointwise(_relu6, _relu6_gradient, "either"),
    ops.LeakyReLU: Pointwise(_leaky, _leaky_gradient, "x"),
    ops.Sigmoid: Pointwise(_sigmoid, _sigmoid_gradient, "y", keeps_zero=False),
    ops.Tanh: Pointwise(_tanh, _tanh_gradient, "y"),
    ops.SiLU: Pointwise(_silu, _silu_gradient, "x"),
    ops.Clip: Pointwise(_clip, _clip_gradient, "either", keeps_zero=False),
    ops.HardSigmoid: Pointwise(_hard_sigmoid, _hard_sigmoid_gradient, "y", keeps_zero=False),
    ops.HardSwish: Pointwise(_hard_swish, _hard_swish_gradient, "x"),
}
"""The functions that have code, by operation."""
