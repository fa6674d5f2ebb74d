"""What excites feature maps, projected back to pixels (Zeiler and Fergus 2013, figure 2).

For each feature map, the pictures that excite it most, and beside the part of each that the
strongest value sees, what of it that value is made of: the value alone is carried backward through
poolings (to their winners), ReLUs (which let positive signals pass) and kernels to the pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid import checks
from pellucid.engines.batches import images_at_once, parts
from pellucid.errors import ArgumentError
from pellucid.explain.methods import DECONVNET
from pellucid.explain.patches import patches_of, strongest
from pellucid.explain.records import numbers, record
from pellucid.explain.rectified import check_rectifiers, projected
from pellucid.explain.unit import check_unit
from pellucid.record import Record
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.engines import Program
    from pellucid.explain.patches import Patches
    from pellucid.graph import Graph
    from pellucid.ops.operation import Array

MAPS, PICTURES = 6, 9
"""How many feature maps are shown where none are chosen, and how many pictures of each, as in the
paper."""


@short_repr
@dataclass(frozen=True, eq=False)
class Projections(Record):
    """What excites some feature maps of a layer.

    Attributes:
        layer: The layer.
        patches: For each feature map the patches that excite it most, the strongest first.
        pixels: For each of these patches its projection, (h, w, C), of the patch's size, in the
            unit of the activation a step of 1 of 0..255; 0 where nothing of it comes from.
    """

    record_kind: ClassVar[str] = "projections"
    layer: str
    patches: tuple[Patches, ...]
    pixels: tuple[tuple[Array, ...], ...]

    @property
    def engine(self) -> str:
        """Who computed the values, and in what precision."""
        return self.patches[0].engine

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return record(
            "projections",
            layer=self.layer,
            engine=self.engine,
            maps=[
                {
                    "unit": found.unit,
                    "patches": [
                        {**patch, "projection": numbers(pixels)}
                        for patch, pixels in zip(found.to_dict()["patches"], shown, strict=True)
                    ],
                }
                for found, shown in zip(self.patches, self.pixels, strict=True)
            ],
        )


def projections(
    program: Program,
    images: Array,
    labels: Sequence[str],
    layer: str | None = None,
    units: Sequence[int] | None = None,
    *,
    most: int = PICTURES,
) -> Projections:
    """Search a data set for what excites feature maps, and project it back to pixels.

    Args:
        program: The network, on any engine.
        images: (N, H, W, C), uint8, of the network's size.
        labels: What each is called.
        layer: The layer; by default the last activation that has feature maps.
        units: Which of its feature maps, from 0; by default the :data:`MAPS` whose strongest value
            is furthest above their mean over the pictures.
        most: How many pictures of each.

    Raises:
        ArgumentError: If there is no such layer or map, or the network has no ReLU.
        ShapeError: If the pictures are not of the network's size.
    """
    graph = program.graph
    check_rectifiers(graph, DECONVNET)
    name = _last_maps(graph) if layer is None else graph[layer].name
    checks.whole("most", most)
    for unit in units or ():
        check_unit(graph, name, unit)
    found = strongest(program, images, name)
    if units is None:
        order = np.argsort(found[0].mean(axis=0) - found[0].max(axis=0), kind="stable")
        units = order[:MAPS].tolist()
    sheets = patches_of(program, images, labels, name, units, found, most)
    shown = tuple(_projections(program, images, sheet) for sheet in sheets)
    return Projections(name, tuple(sheets), shown)


def _projections(program: Program, images: Array, sheet: Patches) -> tuple[Array, ...]:
    """The projection of each patch's value alone."""
    shape = program.graph.shapes[sheet.layer]
    found: list[Array] = []
    for part in parts(len(sheet.patches), images_at_once(4 * program.values_bytes)):
        patches = sheet.patches[part]
        signal = np.zeros((len(patches), *shape), np.float32)
        for k, patch in enumerate(patches):
            signal[k, *patch.at] = patch.value
        chosen = images[[patch.index for patch in patches]]
        pixels = projected(program, chosen, sheet.layer, signal)
        found += [
            one[slice(*patch.field.rows), slice(*patch.field.columns)]
            for one, patch in zip(pixels, patches, strict=True)
        ]
    return tuple(found)


def _last_maps(graph: Graph) -> str:
    """The last activation with feature maps."""
    names = [
        node.name
        for node in graph.nodes
        if node.operation.family == "activation" and len(graph.shapes[node.name]) == 3
    ]
    if not names:
        raise ArgumentError("the network has no activation with feature maps; name a layer")
    return names[-1]
