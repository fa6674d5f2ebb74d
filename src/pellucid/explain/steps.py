"""One step of a trace: what a layer made of what it was given, all of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.explain.records import array, number
from pellucid.graph import INPUT
from pellucid.renamed import OldAttribute
from pellucid.settings import to_dict
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from pellucid.explain.activations import Activations
    from pellucid.graph import Node
    from pellucid.ops.operation import Array, Shape


@short_repr
@dataclass(frozen=True, eq=False)
class Step:
    """What one layer made of what it was given.

    Attributes:
        activations: The picture in its network.
        node: The layer; none for the picture itself.
    """

    activations: Activations
    node: Node | None

    subject = OldAttribute("activations")

    @property
    def name(self) -> str:
        """The layer's name; ``input`` for the picture itself."""
        return INPUT if self.node is None else self.node.name

    @property
    def kind(self) -> str:
        """The layer's operation; ``input`` for the picture itself."""
        return INPUT if self.node is None else self.node.operation.kind

    @property
    def family(self) -> str:
        """The family of the layer's operation; ``input`` for the picture itself."""
        return INPUT if self.node is None else self.node.operation.family

    @property
    def title(self) -> str:
        """What the lecture calls this step."""
        if self.node is None:
            from_noise = self.activations.from_noise
            return "the noise" if from_noise else "what the network sees"
        if self.name == self.activations.logits:
            return f"{self.node.operation.title}: {self.activations.model.task.outputs}"
        title = self.node.operation.title
        # Step 1(b) belongs to a convolution; units of a dense layer are rectified just so.
        return title.removeprefix("step 1(b), ") if len(self.shape) == 1 else title

    @property
    def inputs(self) -> tuple[str, ...]:
        """The layers whose outputs it takes."""
        return () if self.node is None else self.node.inputs

    @property
    def values(self) -> Array:
        """The output: (H, W, C), each channel a feature map; or (F,)."""
        return self.activations.values[self.name]

    @property
    def predicted(self) -> bool:
        """Whether prediction makes these values, and not only what a norm behind makes of them."""
        return self.name not in self.activations.program.unpredicted

    @property
    def shape(self) -> Shape:
        """The output's shape."""
        return self.values.shape

    @property
    def lowest(self) -> float:
        """The smallest value; NaN if any value is."""
        return float(self.values.min())

    @property
    def highest(self) -> float:
        """The largest value; NaN if any value is."""
        return float(self.values.max())

    @cached_property
    def winners(self) -> NDArray[np.int64] | None:
        """For max pooling: the (row, column) of each window's winner in the layer's input.

        (H', W', C, 2); none for all other layers.
        """
        if self.node is None:
            return None
        return self.node.operation.winners(self.activations.inputs_of(self.node)[0])

    @cached_property
    def origins(self) -> NDArray[np.int64] | None:
        """For flattening: the place of each entry before, (F, 3); none for all other layers."""
        if self.node is None or self.node.operation.family != "layout" or len(self.shape) > 1:
            return None
        (axes,) = self.node.operation.reads(*self.activations.graph.inputs_of(self.node)).inputs
        entries = np.arange(self.shape[0])[:, None]
        return np.stack([axis.bases(entries) for axis in axes], axis=-1)

    def to_dict(self, *, values: bool = True) -> dict[str, Any]:
        """As plain JSON values; see ``docs/records.md``.

        Args:
            values: Whether all numbers are written, and not only their range.
        """
        described: dict[str, Any] = {
            "name": self.name,
            "operation": self.kind,
            "settings": {} if self.node is None else _settings(self.node),
            "title": self.title,
            "inputs": list(self.inputs),
            "shape": list(self.shape),
            "lowest": number(self.lowest),
            "highest": number(self.highest),
            "predicted": self.predicted,
        }
        if values:
            described["values"] = array(self.values)
            if self.winners is not None:
                described["winners"] = self.winners.tolist()
            if self.origins is not None:
                described["origins"] = self.origins.tolist()
        return described


def _settings(node: Node) -> dict[str, Any]:
    return {name: value for name, value in to_dict(node.operation).items() if name != "kind"}
