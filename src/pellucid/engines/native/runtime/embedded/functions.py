"""The functions of an object file in LLVM's assembly language: answer, probabilities, self-test.

Stages are those of every other target. Here no threads meet, and where everything lies is known as
the file is linked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.engines.native.emit.exponential import exponential, sigmoid
from pellucid.engines.native.emit.ir import Function, Vectors
from pellucid.engines.native.emit.text import hexadecimal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pellucid.engines.native.emit.ir import Index, Value
    from pellucid.engines.native.emit.schedule_builder import Call
    from pellucid.engines.native.runtime.embedded.constants import Names

SCALAR = Vectors(1)
"""Single floats, as the vectors that they are written as."""


def run_function(
    names: Names,
    calls: Sequence[Call],
    start: int,
    count: int,
    affine: Sequence[tuple[float, float]],
    *,
    chooses: bool,
) -> str:
    """``int run(input, output)``: every stage in turn, and then the answer.

    Args:
        names: What everything is called.
        calls: The stages.
        start: Where the answer lies in the memory for values, in bytes.
        count: How many numbers it has.
        affine: For each of them a factor, and what is then added; none: they stay as they are.
        chooses: Whether the result is the index of the largest, the first of several; else 0.
    """
    f = Function(names.run, [("ptr", "input"), ("ptr", "output")], SCALAR)
    for call in calls:
        table = f.at(f"@{names.data('table')}", call.places[0], "ptr")
        units = 1 if call.share == "images" else call.share
        f.do(
            f"call void @{call.function}(ptr {table}, ptr %input, i64 1, i64 0, i64 {units}, i64 0)"
        )
    found = f.at(f"@{names.data('work')}", start, "i8")
    for number, (factor, summand) in enumerate(affine):
        product = f.vector("fmul", f.load_vector(found, number), f.constant(factor))
        f.store_vector(f.vector("fadd", product, f.constant(summand)), "%output", number)
    if not affine:
        _each(f, count, lambda c: f.store_vector(f.load_vector(found, c), "%output", c))
    return _defined(f, "i32", _largest(f, count) if chooses else "0")


def probabilities_function(names: Names, count: int, *, alone: bool) -> str:
    """``void probabilities(values)``, in place: their softmax, or the sigmoid of each alone."""
    f = Function(names.probabilities, [("ptr", "values")], SCALAR)

    def value(c: Index) -> Value:
        return f.load_vector("%values", c)

    def keep(c: Index, made: Value) -> None:
        f.store_vector(made, "%values", c)

    if alone:
        _each(f, count, lambda c: keep(c, sigmoid(f, value(c))))
        return _defined(f)

    def larger(c: Index, running: list[Value]) -> list[Value]:
        one = value(c)
        return [f.choose(f.compare("ogt", one, running[0]), one, running[0])]

    kind = f.vectors.float
    (top,) = f.loop(0, count, 1, larger, [(kind, f.constant(float("-inf")))])

    def power(c: Index, running: list[Value]) -> list[Value]:
        one = exponential(f, f.vector("fsub", value(c), top))
        keep(c, one)
        return [f.vector("fadd", running[0], one)]

    (total,) = f.loop(0, count, 1, power, [(kind, f.zero)])
    _each(f, count, lambda c: keep(c, f.vector("fdiv", value(c), total)))
    return _defined(f)


def self_test_function(names: Names, examples: int, input_bytes: int, count: int) -> str:
    """``float self_test(void)``: the largest difference to stored answers; NaN if one is NaN."""
    f = Function(names.self_test, [], SCALAR)
    inputs, expected, found = (f"@{names.data(what)}" for what in ("inputs", "expected", "found"))

    def example(n: Index, worst: list[Value]) -> list[Value]:
        given = f.at(inputs, f.multiply(n, input_bytes), "i8")
        f.value(f"call i32 @{names.run}(ptr {given}, ptr {found})")
        stored = f.at(expected, f.multiply(n, count))

        def number(c: Index, running: list[Value]) -> list[Value]:
            apart = f.value(f"fsub float {f.load(found, c)}, {f.load(stored, c)}")
            negative = f.value(f"fcmp olt float {apart}, 0.0")
            minus = f.value(f"fneg float {apart}")
            apart = f.value(f"select i1 {negative}, float {minus}, float {apart}")
            # What compares false is NaN, and stays.
            smaller = f.value(f"fcmp ole float {apart}, {running[0]}")
            broken = f.value(f"fcmp uno float {running[0]}, 0.0")
            same = f.value(f"or i1 {smaller}, {broken}")
            return [f.value(f"select i1 {same}, float {running[0]}, float {apart}")]

        return f.loop(0, count, 1, number, [("float", worst[0])])

    (worst,) = f.loop(0, examples, 1, example, [("float", hexadecimal(0.0))])
    return _defined(f, "float", worst)


def _each(f: Function, count: int, body: Callable[[Index], None]) -> None:
    """Append a loop over ``count`` numbers."""

    def turn(c: Index, _: list[Value]) -> list[Value]:
        body(c)
        return []

    f.loop(0, count, 1, turn)


def _largest(f: Function, count: int) -> Value:
    """The index of the largest number of ``%output``; the first if several are."""

    def turn(c: Index, running: list[Value]) -> list[Value]:
        best, index = running
        one = f.load("%output", c)
        more = f.value(f"fcmp ogt float {one}, {best}")
        return [
            f.value(f"select i1 {more}, float {one}, float {best}"),
            f.value(f"select i1 {more}, i64 {c}, i64 {index}"),
        ]

    running = [("float", hexadecimal(float("-inf"))), ("i64", "0")]
    index = f.loop(0, count, 1, turn, running)[1]
    return index if index.isdecimal() else f.value(f"trunc i64 {index} to i32")


def _defined(f: Function, kind: str = "void", result: Value = "") -> str:
    """A function's text, which gives a result."""
    ends = f"  ret {kind} {result}".rstrip()
    return f"define {kind} @{f.name}({f.signature}) nounwind {{\nentry:\n{f.body()}\n{ends}\n}}\n"
