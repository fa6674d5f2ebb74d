"""The channels of a value group by group, as the kernels of a grouped convolution want them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.engines.native.emit.channels import Slice, join_channels, take_channels
from pellucid.engines.native.emit.images import each_position
from pellucid.engines.native.emit.schedule_builder import buffer
from pellucid.engines.native.memory.layout import Layout, Place, whole_vectors

if TYPE_CHECKING:
    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.kernels.plan import Plan


class Groups:
    """A value whose channels are read or written in whole vectors, group by group.

    Where each group's channels fill whole vectors, they are used where they lie. Elsewhere each
    group has a buffer of its own, in which zeros fill up the last vector.

    Args:
        plan: The plan.
        name: For people.
        place: Where the value lies.
        groups: How many groups there are.
    """

    def __init__(self, plan: Plan, name: str, place: Place, groups: int) -> None:
        whole = place.layout
        self.place, self.groups = place, groups
        self.channels = whole.channels // groups
        self.copied = self.channels % plan.lanes != 0
        self.layout, self.offset, self.step = whole, place.offset, self.channels
        if self.copied:
            pitch = whole_vectors(self.channels, plan.lanes)
            self.layout = Layout(whole.height, whole.width, self.channels, pitch, whole.border)
            self.step = plan.room(self.layout)
            self.offset = plan.arena.place_images(
                f"groups of {name}", self.layout, groups * self.step
            )

    def start(self, f: Function, group: Index) -> Value:
        """Pointer to where a group's buffer of images begins."""
        step = f.distance(self.offset, self.offset + self.step) if self.copied else self.step
        return f.at(buffer(f, self.offset), f.multiply(group, step))

    @property
    def places(self) -> list[Place]:
        """Each group's own buffer, where it has one."""
        steps = range(self.groups if self.copied else 0)
        return [Place(self.layout, self.offset + group * self.step) for group in steps]

    def join(self, f: Function, *, adds: bool = False) -> None:
        """Append, for the stage's images: all groups are written, or added, to the value."""

        def position(at: list[Value]) -> None:
            join_channels(f, self._slices(at[:-1]), at[-1], adds=adds)

        each_position(f, [*self.places, self.place], position)

    def split(self, f: Function) -> None:
        """Append, for the stage's images: the value is cut into groups."""

        def position(at: list[Value]) -> None:
            for part in self._slices(at[:-1]):
                take_channels(f, part, at[-1])

        each_position(f, [*self.places, self.place], position)

    def _slices(self, pointers: list[Value]) -> list[Slice]:
        return [
            Slice(pointer, group * self.channels, self.channels)
            for group, pointer in enumerate(pointers)
        ]
