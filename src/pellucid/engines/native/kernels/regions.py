"""What kernels for regions of a map share: a loop over the parts of boxes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from pellucid import ops
from pellucid.engines.native.emit.beside import scalar
from pellucid.engines.native.emit.images import each_channel_vector, each_image, start_of
from pellucid.engines.native.emit.lanes import keep
from pellucid.engines.native.emit.text import hexadecimal
from pellucid.engines.native.kernels.kernel import Kernel
from pellucid.ops.regions import CLASS

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.engines.native.emit.ir import Function, Index, Value
    from pellucid.engines.native.memory.layout import Layout, Place

ZERO = hexadecimal(0.0)


@dataclass(frozen=True)
class Part:
    """A part of a box, while code runs.

    Attributes:
        image: The image.
        maps: Pointer to the first position of the map.
        box: Pointer to the numbers of the box.
        row: Which part it is down,
        column: and across.
        number: Which row of parts it is in, of all of the image.
        part: Pointer to what is made of it.
    """

    image: Index
    maps: Value
    box: Value
    row: Index
    column: Index
    number: Index
    part: Value


class RegionKernel(Kernel):
    """An operation on regions in a plan."""

    family: ClassVar[str] = "regions"

    @property
    def operation(self) -> ops.RoIAlign | ops.RoIPool:
        """The operation."""
        operation = self.region.operation
        assert isinstance(operation, ops.RoIAlign | ops.RoIPool)
        return operation

    @staticmethod
    def steps(place: Place) -> tuple[int, int]:
        """Floats to the next row and column."""
        return place.layout.row, place.layout.pitch

    def leave_boxes(self) -> None:
        """Append a gradient of 0 at boxes that are computed: they are taken as constants."""
        plan, boxes = self.plan, self.region.sources[1]
        if plan.wants_gradient(boxes) and not plan.adds(boxes):
            plan.clear(f"clear for {self.name} to {boxes}", plan.gradients[boxes])

    def each_part(
        self,
        f: Function,
        maps: Place,
        parts: Place,
        body: Callable[[Part], None],
        *,
        empty: bool = False,
    ) -> None:
        """Append a loop over images and the parts of their boxes.

        Args:
            f: The function.
            maps: Where the map, or its gradient, lies.
            parts: Where the parts, or their gradients, lie.
            body: Appends the code for a part of a row that is a box.
            empty: Whether zeros are written for rows without a box, and NaN for those with numbers
                that are not finite; else these are left out.
        """
        plan, (down, _) = self.plan, self.operation.size
        rows, layout = plan.values[self.region.sources[1]], parts.layout
        numbers = plan.shape(self.region.sources[1])[2]

        def image(n: Index) -> None:
            start, boxes, to = (start_of(f, place, n) for place in (maps, rows, parts))

            def row(q: Index, _: list[Value]) -> list[Value]:
                region = f.divide(q, down)
                box = f.at(boxes, f.multiply(region, rows.layout.pitch))
                line = f.multiply(q, layout.row)
                real, doubt = _checked(f, box, numbers)

                def made() -> None:
                    def column(j: Index, _: list[Value]) -> list[Value]:
                        place = f.add(line, f.multiply(j, layout.pitch))
                        inside = f.add(q, f.multiply(region, -down))
                        body(Part(n, start, box, inside, j, q, f.at(to, place)))
                        return []

                    f.loop(0, layout.width, 1, column)

                f.when(real, made)
                if empty:
                    f.when(
                        f.value(f"xor i1 {real}, true"),
                        lambda: _fill(f, f.at(to, line), layout, doubt),
                    )
                return []

            f.loop(*f.extent("rows", layout.height), 1, row)

        each_image(f, image)


def _checked(f: Function, box: Value, numbers: int) -> tuple[Value, Value]:
    """Whether a row is a box with finite numbers; and 0 or NaN, what its values are if not."""
    doubt = ZERO
    for k in range(4):
        number = f.load(box, k)
        doubt = scalar(f, "fadd", doubt, scalar(f, "fsub", number, number))
    real = f.value(f"fcmp ord float {doubt}, {ZERO}")
    if numbers > CLASS:
        marked = f.value(f"fcmp oge float {f.load(box, CLASS)}, {ZERO}")
        doubt = f.value(f"select i1 {marked}, float {doubt}, float {ZERO}")
        real = f.value(f"and i1 {real}, {marked}")
    return real, doubt


def _fill(f: Function, line: Value, layout: Layout, number: Value) -> None:
    """Append one number for all values of a row of positions."""
    vector = f.broadcast(number)

    def position(j: Index, _: list[Value]) -> list[Value]:
        at = f.at(line, f.multiply(j, layout.pitch))
        each_channel_vector(
            f, layout.channels, lambda c, real: f.store_vector(keep(f, real, vector), at, c)
        )
        return []

    f.loop(0, layout.width, 1, position)
