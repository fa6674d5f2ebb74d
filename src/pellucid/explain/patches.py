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
    from collections.abc import Sequence

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
        label: The picture's class, or its name.
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
    name = check_unit(program.graph, layer, unit)
    checks.whole("most", most)
    found = strongest(program, data.images, name)
    labels = [data.targets.text(i) for i in range(len(data))]
    return patches_of(program, data.images, labels, name, [unit], found, most)[0]


def strongest(program: Program, images: Array, layer: str) -> tuple[Array, Array]:
    """The strongest value of each unit of a layer in each picture, and where it is.

    Args:
        program: The network.
        images: (N, H, W, C), uint8.
        layer: The layer's name.

    Returns:
        The values (N, units), and their places in the flattened map (N, units); of equals the
        first.
    """
    graph = program.graph
    part_of_graph = graph.select(layer)
    values, places = [], []
    for part in parts(len(images), images_at_once(program.values_bytes, BATCH)):
        maps = program.run(part_of_graph, {graph.input: images[part]})[layer]
        flat = maps.reshape(len(maps), -1, maps.shape[-1])
        values.append(flat.max(axis=1))
        places.append(flat.argmax(axis=1))
    return np.concatenate(values), np.concatenate(places)


def patches_of(
    program: Program,
    images: Array,
    labels: Sequence[str],
    layer: str,
    units: Sequence[int],
    found: tuple[Array, Array],
    most: int,
) -> list[Patches]:
    """What excites each of some units most.

    Args:
        program: The network.
        images: (N, H, W, C), uint8.
        labels: What each is called.
        layer: The layer's name.
        units: Which of its feature maps (or units), from 0.
        found: What :func:`strongest` found there.
        most: How many patches of each.
    """
    graph = program.graph
    values, places = found
    shape = graph.shapes[layer][:-1]
    made_by = program.made_by(graph.select(layer))
    sheets = []
    for unit in units:
        patches = []
        for index in np.argsort(-values[:, unit], kind="stable")[:most].tolist():
            place = np.unravel_index(int(places[index, unit]), shape) if shape else ()
            at = (*(int(k) for k in place), unit)
            field = receptive_field(graph, layer, at)
            pixels = images[index][slice(*field.rows), slice(*field.columns)]
            value = float(values[index, unit])
            patches.append(Patch(index, at, value, field, pixels, labels[index]))
        sheets.append(Patches(layer, unit, tuple(patches), made_by))
    return sheets
