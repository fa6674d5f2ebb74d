"""One operation at its place in an ONNX graph that is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from pellucid.ops.operation import Operation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pellucid.interop.onnx.writer import Writer
    from pellucid.ops.operation import Array, Shape

O = TypeVar("O", bound=Operation)  # noqa: E741


@dataclass(frozen=True)
class Call(Generic[O]):
    """One operation at its place in an ONNX graph.

    Attributes:
        operation: With its settings.
        inputs: Names of the values that it takes, in ONNX.
        shapes: Their shapes for one image, as the network has them: (H, W, C) or (F,).
        weights: Names of its weights in ONNX, by its own names for them; laid out as
            :data:`.operations.LAYOUTS` says.
        name: Of the value that it makes, in ONNX.
        helper: What names of further values begin with.
        writer: Takes nodes and constants.
        arrays: Its weights, as the network has them, by its own names.
    """

    operation: O
    inputs: Sequence[str]
    shapes: Sequence[Shape]
    weights: Mapping[str, str]
    name: str
    helper: str
    writer: Writer
    arrays: Mapping[str, Array] = field(default_factory=dict)

    def write(self, kind: str, *inputs: str, **attributes: Any) -> None:
        """Add the node that makes the value: by default of the operation's inputs."""
        self.writer.node(kind, inputs or self.inputs, self.name, **attributes)

    def step(self, word: str, kind: str, *inputs: str, **attributes: Any) -> str:
        """Add a node on the way; the name of what it makes."""
        return self.writer.node(kind, inputs, f"{self.helper}.{word}", **attributes)

    def whole(self, word: str, values: Any) -> str:
        """Add whole numbers."""
        return self.writer.whole(f"{self.helper}.{word}", values)

    def numbers(self, word: str, values: Any) -> str:
        """Add float32 numbers."""
        return self.writer.constant(f"{self.helper}.{word}", np.asarray(values, np.float32))
