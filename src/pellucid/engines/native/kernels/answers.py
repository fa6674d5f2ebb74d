"""Inference by a program that learns: with memory of its own for values that nobody keeps.

Of the values that learning keeps, inference reads each but once or twice. Were they to lie where
learning has them, all at once, it would be inference that decides on how much memory there must be.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pellucid.engines.native.emit.schedule_builder import BY_IMAGE, INFER, Call
from pellucid.engines.native.kernels.borders import clear_around, clearable
from pellucid.engines.native.lower.depth_first import passing
from pellucid.engines.native.memory.layout import Place

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function
    from pellucid.engines.native.kernels.plan import Plan


def answer_by_image(plan: Plan, alone: int) -> None:
    """Let inference go image by image through the first regions, and layer by layer on from there.

    What passes between the first has room for one image of each thread; behind them threads meet
    between layers, so that these may use the same memory.

    Args:
        plan: The plan, with all stages.
        alone: How many regions images go through one by one.
    """
    if plan.capacity <= plan.threads:
        return
    first = {region.target for region in plan.regions[:alone]}
    moved = {
        plan.values[target].offset: _own_place(plan, target)
        for target in sorted(passing(plan.regions, alone) - plan.kept)
        if plan.arena.shared(plan.values[target].offset) is not None
    }
    before = _clear(plan, sorted(moved.values()))
    places: dict[tuple[int, int], tuple[int, int]] = {}
    for schedule in INFER:
        calls = plan.builder.calls[schedule]
        for number, call in enumerate(calls):
            if (call.share, call.group) != ("images", BY_IMAGE):
                continue
            if call.origin in first:
                if call.places not in places:
                    places[call.places] = _moved(plan, call, moved)
                calls[number] = replace(call, places=places[call.places], one_by_one=True)
            else:
                calls[number] = replace(call, group=f"layer {number}", one_by_one=False)
        calls[:0] = before


def _own_place(plan: Plan, target: str) -> int:
    """Where a value lies that each thread holds for one image at a time."""
    layout = plan.values[target].layout
    size, slot = plan.room(layout, plan.threads), layout.itemsize * layout.image
    return plan.arena.place_images(f"passing {target}", layout, size, slot)


def _clear(plan: Plan, starts: list[int]) -> list[Call]:
    """The stage, if any, by which each thread clears the borders around its images of some buffers.

    They lie where learning leaves anything, and stay clear until inference is done.
    """
    every = [(start, plan.arena.shared(start)) for start in starts]
    places = [
        Place(shared.layout, start)
        for start, shared in every
        if shared is not None and shared.layout is not None
        if clearable(shared.layout, plan.lanes)
    ]
    if not places:
        return []

    def body(f: Function) -> None:
        for place in places:
            clear_around(f, place, "%thread")

    for place in places:
        plan.arena.cleared(place.offset)
    name, origin = "clear what passes", plan.regions[0].target
    function = plan.builder.function(name, body)
    return [Call(*function, "images", BY_IMAGE, name, origin, plan.about("rows of zeros"))]


def _moved(plan: Plan, call: Call, moved: dict[int, int]) -> tuple[int, int]:
    """A stage's addresses in which some buffers lie elsewhere: where they begin, where they end."""
    places = plan.builder.places
    start = len(places)
    for place in places[slice(*call.places)]:
        shared = plan.arena.shared(place)
        new = moved.get(shared.start) if shared is not None else None
        places.append(place if new is None or shared is None else new + place - shared.start)
    return start, len(places)
