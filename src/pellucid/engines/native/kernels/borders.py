"""Borders that are cleared whenever they are needed, so that others may use their memory before.

Training keeps the values of all images, and needs each buffer in a part of the step only. It may
lie where one of another shape lay before, if the first stage that writes it clears its border: a
few per cent of the buffer. Where a program only answers, and values need no memory of a whole
batch, borders are zero for good.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pellucid.engines.native.emit.images import each_image, each_vector
from pellucid.engines.native.emit.schedule_builder import (
    AFTERWARDS,
    INFER,
    LEARN,
    buffer,
)
from pellucid.engines.native.memory.layout import Place

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.plan import Plan
    from pellucid.engines.native.memory.layout import Layout


def clear_borders(plan: Plan) -> None:
    """Let the first stage that touches a buffer clear its border, wherever it does so by image."""
    firsts = [_first_stages(plan, parts) for parts in _orders(plan)]
    places: dict[int, Place] = {}
    refused: set[int] = set()
    for first in firsts:
        for start, stages in first.items():
            if any(plan.builder.calls[part][number].share != "images" for part, number in stages):
                refused.add(start)
            elif (place := _clearable(plan, start)) is not None:
                places[start] = place
    made = {
        start: plan.builder.function(
            f"border of {_name(plan, start)}", partial(clear_border, place=place)
        )
        for start, place in places.items()
        if start not in refused
    }
    for start in made:
        plan.arena.cleared(start)
    clears: dict[tuple[str, int], list[int]] = {}
    for first in firsts:
        for start in made.keys() & first.keys():
            for stage in first[start]:
                starts = clears.setdefault(stage, [])
                if start not in starts:
                    starts.append(start)
    for (part, number), starts in clears.items():
        calls = plan.builder.calls[part]
        each = tuple(made[start] for start in sorted(starts))
        calls[number] = replace(calls[number], clears=each)


def _orders(plan: Plan) -> list[tuple[str, ...]]:
    """The parts that follow each other, in each of the orders in which stages run."""
    every = [*((learn, *AFTERWARDS) for learn in LEARN), *((infer,) for infer in INFER)]
    return [tuple(part for part in parts if part in plan.builder.calls) for parts in every]


def _first_stages(plan: Plan, parts: tuple[str, ...]) -> dict[int, list[tuple[str, int]]]:
    """By part and number the stages that touch each buffer first, or fill it once more."""
    found: dict[int, list[tuple[str, int]]] = {}
    for part in parts:
        for number, call in enumerate(plan.builder.calls[part]):
            again = {_start(plan, place) for place in call.again}
            for place in plan.builder.places[slice(*call.places)]:
                start = _start(plan, place)
                if start is not None and (start not in found or start in again):
                    stages = found.setdefault(start, [])
                    if (part, number) not in stages:
                        stages.append((part, number))
    return found


def _start(plan: Plan, place: int) -> int | None:
    """Where the buffer of images that a place belongs to begins, while code is written."""
    shared = plan.arena.shared(place)
    return shared.start if shared is not None and shared.layout is not None else None


def _name(plan: Plan, start: int) -> str:
    """A buffer's name, the same for batches of any size: code is found in the cache by its text."""
    shared = plan.arena.shared(start)
    assert shared is not None
    return shared.name


def _clearable(plan: Plan, start: int) -> Place | None:
    """A buffer of a batch's images in which nothing but the border stays zero."""
    shared = plan.arena.shared(start)
    assert shared is not None
    layout = shared.layout
    assert layout is not None
    batch = shared.size == plan.room(layout) and not shared.slot
    return Place(layout, start) if batch and clearable(layout, plan.lanes) else None


def clearable(layout: Layout, lanes: int) -> bool:
    """Whether nothing but a border stays zero in buffers of a layout, and there is one."""
    whole = layout.pitch == layout.channels and layout.pitch % lanes == 0
    return whole and layout.dtype == "float32" and not layout.full


def clear_border(f: Function, place: Place) -> None:
    """Append the code that sets the border around each of the stage's images to zero."""
    each_image(f, lambda n: clear_around(f, place, n))


def clear_around(f: Function, place: Place, n: Index) -> None:
    """Append the code that sets the border around image n of a buffer to zero.

    What lies between two images is both's, and cleared with both: a thread may be through with an
    image before another begins with the next one.
    """
    layout, (height, width) = place.layout, (place.layout.height, place.layout.width)
    border, pitch, row = layout.border, layout.pitch, layout.row
    start = f.at(buffer(f, place.offset), f.multiply(n, layout.image))

    def zeros(start: Value, floats: int) -> None:
        if floats:
            each_vector(f, floats, lambda i: f.store_vector(f.zero, start, i))

    def between(y: Index, _: list[Value]) -> list[Value]:
        zeros(f.at(f.at(start, layout.at(0, width)), f.multiply(y, row)), row - width * pitch)
        return []

    zeros(start, layout.at(0, 0))
    f.loop(0, height - 1, 1, between)
    behind = f.at(start, layout.at(height - 1, width))
    zeros(behind, border.bottom * row + border.right * pitch)
