"""Kernels flipped for the backward pass: what carries ∂y to ∂x, copied again after every step.

The gradient of a convolution's input is a convolution of ∂y, with the kernel flipped round and its
channels and filters exchanged; with a stride, one for each phase of the input positions. A dense
layer's is its matrix, transposed.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd
from typing import TYPE_CHECKING

from pellucid.engines.native.emit.convolution import place_of
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.kernels.backward_taps import phases
from pellucid.engines.native.memory.geometry import Convolution, Packing
from pellucid.engines.native.memory.layout import FLOAT

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.backward_taps import Phase
    from pellucid.engines.native.kernels.convolution import Convolve


@dataclass(frozen=True)
class FlippedKernel:
    """A kernel flipped for the backward pass: what carries ∂y to some positions of ∂x.

    A grouped convolution has one for each group, one after the other; this is the first.
    """

    convolution: Convolution
    weights: int
    taps: tuple[tuple[int, int], ...]
    """Which taps of the forward kernel, (ky, kx), in the order in which they lie here."""


def flipped_kernels(of: Convolve) -> list[FlippedKernel]:
    """Find room for a convolution's or dense layer's flipped kernels."""
    operation = of.windowed
    if operation is None:
        return _dense(of)
    to = of.plan.gradients[of.region.sources[0]].layout
    # Where no tap reaches, the gradient stays zero.
    reached = (phase for phase in phases(operation, to.height, to.width) if phase.reached)
    return [_phase(of, phase) for phase in reached]


def write_flip(of: Convolve) -> None:
    """Append the stages that copy the weights flipped, for the next step's backward pass."""
    dense = of.windowed is None
    for flipped in of.flipped:

        def body(f: Function, flipped: FlippedKernel = flipped) -> None:
            if dense:
                copy_transposed(f, of.packing, of.parameter.weights, flipped)
            else:
                _copy_flipped(f, of, flipped)

        packing = flipped.convolution.packing
        units = packing.blocks if dense else of.packing.blocks
        copied = FLOAT * packing.size
        about = of.plan.about("copy, flipped", read=copied, written=copied)
        of.plan.stage(("update", "flip"), f"flip {of.name}", units, body, about, group="flip")


def _phase(of: Convolve, phase: Phase) -> FlippedKernel:
    """What reaches one phase's input positions: every stride-th tap, flipped."""
    plan, axes = of.plan, (phase.rows, phase.columns)
    to = plan.gradients[of.region.sources[0]].layout
    down, across = (tuple(tap for tap, _ in axis.taps) for axis in axes)
    packing = Packing.of((len(down), len(across)), of.packing.filters, to.channels, plan.vectors)
    convolution = Convolution(
        of.gradient.layout,
        to,
        (phase.rows.positions, phase.columns.positions),
        packing,
        # Taps of one phase lie as far apart as moves a whole number of outputs.
        dilation=(
            of.dilation[0] // gcd(of.dilation[0], of.stride[0]),
            of.dilation[1] // gcd(of.dilation[1], of.stride[1]),
        ),
        origin=(phase.rows.taps[0][1], phase.columns.taps[0][1]),
        target_stride=of.stride,
        target_origin=phase.first,
    )
    weights = plan.place(f"flipped {of.name} {phase.first}", packing.size)
    return FlippedKernel(convolution, weights, tuple((ky, kx) for ky in down for kx in across))


def _dense(of: Convolve) -> list[FlippedKernel]:
    """A matrix, transposed: row by row of the feature maps, or all at once without a border."""
    plan = of.plan
    to = plan.gradients[of.region.sources[0]].layout
    height, width = of.packing.taps
    together = height if to.row == width * to.pitch else 1
    flipped = []
    for row in range(0, height, together):
        positions = together * width
        packing = Packing.of((1, 1), of.packing.filters, positions * to.pitch, plan.vectors)
        convolution = Convolution(of.gradient.layout, to, (1, 1), packing, target_origin=(row, 0))
        weights = plan.place(f"flipped {of.name} {row}", packing.size)
        order = tuple((row + p // width, p % width) for p in range(positions))
        flipped.append(FlippedKernel(convolution, weights, order))
    return flipped


def _copy_flipped(f: Function, of: Convolve, flipped: FlippedKernel) -> None:
    """Some blocks of filters, flipped."""
    packing = of.packing
    first, last = (f.multiply(block, packing.width) for block in ("%first", "%last"))
    filters = first, f.smaller(packing.filters, last)
    source, target = buffer(f, of.parameter.weights), buffer(f, flipped.weights)
    copy_flipped(f, source, packing, target, flipped, filters)
    of.derive(f, flipped, filters)


def copy_flipped(
    f: Function,
    source: Value,
    packing: Packing,
    target: Value,
    flipped: FlippedKernel,
    filters: tuple[Index, Index],
) -> None:
    """Append the code that copies K[ky, kx, c, o] to its place as K'[flipped tap, o, c].

    Args:
        f: The function.
        source: Pointer to the packed kernel.
        packing: How it is packed.
        target: Pointer to the flipped one.
        flipped: Its taps and packing.
        filters: First and last o.
    """
    back = flipped.convolution.packing

    def filter_(o: Index, _: list[Value]) -> list[Value]:
        from_ = place_of(f, o, packing)

        def channel(c: Index, _: list[Value]) -> list[Value]:
            to = place_of(f, c, back)
            for number, (ky, kx) in enumerate(flipped.taps):
                row = f.add(c, (ky * packing.taps[1] + kx) * packing.channels)
                value = f.load(source, f.add(from_, f.multiply(row, packing.width)))
                row = f.add(o, number * packing.filters)
                place = f.at(target, f.add(to, f.multiply(row, back.width)))
                f.do(f"store float {value}, ptr {place}, align 4")
            return []

        return f.loop(0, packing.channels, 1, channel)

    f.loop(filters[0], filters[1], 1, filter_)


def copy_transposed(f: Function, packing: Packing, weights: int, flipped: FlippedKernel) -> None:
    """Append the code that copies K[(y, x, c), o] to its place as K'[o, (y, x, c)].

    Args:
        f: The function, whose units are blocks of inputs.
        packing: How the kernel is packed.
        weights: Where it lies.
        flipped: Its taps and packing.
    """
    back = flipped.convolution.packing
    pitch = flipped.convolution.target.pitch
    channels = packing.channels
    first_tap = flipped.taps[0][0] * packing.taps[1] + flipped.taps[0][1]
    source, target = buffer(f, weights), buffer(f, flipped.weights)

    def block(kb: Index, _: list[Value]) -> list[Value]:
        def lane(i: Index, _: list[Value]) -> list[Value]:
            place = f.add(f.multiply(kb, back.width), i)  # (position, channel) with its pitch
            position = f.divide(place, pitch)
            channel = f.add(place, f.multiply(f.multiply(position, pitch), -1))

            def copy() -> None:
                depth = f.add(f.multiply(f.add(position, first_tap), channels), channel)

                def filter_(o: Index, _: list[Value]) -> list[Value]:
                    ob = f.divide(o, packing.width)
                    inside = f.add(o, f.multiply(f.multiply(ob, packing.width), -1))
                    row = f.add(f.multiply(ob, packing.block), f.multiply(depth, packing.width))
                    value = f.load(source, f.add(row, inside))
                    to = f.add(f.multiply(kb, back.block), f.multiply(o, back.width))
                    at = f.at(target, f.add(to, i))
                    f.do(f"store float {value}, ptr {at}, align 4")
                    return []

                f.loop(0, packing.filters, 1, filter_)

            if pitch == channels:
                copy()
            else:  # the lanes that fill up the last vector stay zero
                real = f.value(f"icmp slt i64 {channel}, {channels}")
                f.when(real, copy)
            return []

        return f.loop(0, back.width, 1, lane)

    f.loop("%first", "%last", 1, block)
