"""The patches that excite a unit most, over a data set (Zeiler and Fergus 2013, figure 2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid import checks
from pellucid.engines.batches import images_at_once, parts
from pellucid.explain.records import number, record
from pellucid.explain.unit import check_unit, receptive_field
from pellucid.record import Record
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from pellucid.data.dataset import Dataset
    from pellucid.engines import Program
    from pellucid.explain.unit import Field
    from pellucid.ops.operation import Array

BATCH = 32
ACROSS = 8


@short_repr
@dataclass(frozen=True, eq=False)
class Patch:
    """One picture's strongest excitement of a unit.

    Attributes:
        index: The picture's place in the data.
        at: Where in the layer, (row, column, channel) or (unit,).
        value: How strong.
        field: Which part of the picture the unit sees there.
        pixels: That part, (h, w, C), uint8; what lies beyond the edges is left out.
        label: The picture's class.
    """

    index: int
    at: tuple[int, ...]
    value: float
    field: Field
    pixels: Array
    label: str


@short_repr
@dataclass(frozen=True, eq=False)
class Patches(Record):
    """What excites a unit.

    Attributes:
        layer: The layer.
        unit: Which of its feature maps (or units).
        patches: The strongest first, at most one of each picture.
        engine: Who computed the values, and in what precision.
    """

    record_kind: ClassVar[str] = "patches"
    layer: str
    unit: int
    patches: tuple[Patch, ...]
    engine: str = ""

    @property
    def empty(self) -> str | None:
        """That the unit tells none of the pictures apart; none if it does.

        The patches are the strongest, so that they are all alike if the first is like the last.
        """
        values = [patch.value for patch in self.patches]
        if len(values) > 1 and values[0] == values[-1]:
            return (
                f"{self.layer}, unit {self.unit} is {values[0]:.4g} at most in each of these "
                "pictures: it does not tell them apart"
            )
        return None

    def to_dict(self) -> dict[str, Any]:
        """As JSON values, without the pixels."""
        return record(
            "patches",
            layer=self.layer,
            engine=self.engine,
            unit=self.unit,
            patches=[
                {
                    "index": p.index,
                    "at": list(p.at),
                    "value": number(p.value),
                    "rows": list(p.field.rows),
                    "columns": list(p.field.columns),
                    "label": p.label,
                }
                for p in self.patches
            ],
            empty=self.empty,
        )


def exciting_patches(
    program: Program, data: Dataset, layer: str, unit: int, *, most: int = 16
) -> Patches:
    """Search a data set for what excites a unit most.

    Args:
        program: The network, on any engine.
        data: The pictures, of the network's size.
        layer: The layer.
        unit: Which of its feature maps (or units), from 0.
        most: How many patches.

    Raises:
        ArgumentError: If there is no such layer or unit.
        ShapeError: If the pictures are not of the network's size.
    """
    graph = program.graph
    name = check_unit(graph, layer, unit)
    checks.whole("most", most)
    values, places = [], []
    size = images_at_once(program.values_bytes, BATCH)
    part_of_graph = graph.select(name)
    for part in parts(len(data), size):
        maps = program.run(part_of_graph, {graph.input: data.images[part]})[name][..., unit]
        flat = maps.reshape(len(maps), -1)
        values.append(flat.max(axis=1))
        places.append(flat.argmax(axis=1))
    strongest, place = np.concatenate(values), np.concatenate(places)
    shape = graph.shapes[name][:-1]
    found = []
    for index in np.argsort(-strongest, kind="stable")[:most].tolist():
        at = (*(int(k) for k in np.unravel_index(place[index], shape)), unit) if shape else (unit,)
        field = receptive_field(graph, name, at)
        pixels = data.images[index][slice(*field.rows), slice(*field.columns)]
        label = data.targets.text(index)
        found.append(Patch(index, at, float(strongest[index]), field, pixels, label))
    return Patches(name, unit, tuple(found), program.made_by(part_of_graph))
