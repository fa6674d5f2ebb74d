"""What a detector's map means, in ONNX: a box and the probabilities of each cell.

``boxes`` (N, h·w, 4) are x0, y0, x1, y1 in pixels of what the network takes, within it, and
``probabilities`` (N, h·w, K) the sigmoids of the logits, both by cells in reading order. Which of
them count is what :mod:`pellucid.ops.find_boxes` says: cells that are the largest of the 3×3
around, and of boxes that overlap the more probable one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.ops.centre_loss import MOST_LOG
from pellucid.ops.find_boxes import SIDES

if TYPE_CHECKING:
    from pellucid.interop.onnx.writer import Writer
    from pellucid.ops.operation import Shape
    from pellucid.tasks import Detection

BOXES, PROBABILITIES = "boxes", "probabilities"


def box_outputs(shape: Shape) -> dict[str, tuple[int, ...]]:
    """The outputs of a map (h, w, K + 4) and their shapes, without the batch axis."""
    height, width, channels = shape
    cells = height * width
    return {BOXES: (cells, len(SIDES)), PROBABILITIES: (cells, channels - len(SIDES))}


def write_boxes(writer: Writer, task: Detection, logits: str, shape: Shape) -> None:
    """Write the nodes from a map (N, K + 4, h, w) to both outputs.

    Args:
        writer: What the graph is collected in.
        task: Whose classes and stride count.
        logits: The map's name.
        shape: (h, w, K + 4).
    """
    height, width, channels = shape
    classes = channels - len(SIDES)
    last = writer.node("Transpose", [logits], f"{BOXES}.last", perm=(0, 2, 3, 1))
    flat = writer.whole(f"{BOXES}.shape", (0, height * width, channels))
    cells = writer.node("Reshape", [last, flat], f"{BOXES}.cells")
    axis = writer.whole(f"{BOXES}.axis", (2,))
    parts = []
    for name, start, end in (("classes", 0, classes), ("logs", classes, channels)):
        ends = [
            writer.whole(f"{BOXES}.{name}.{w}", (n,)) for w, n in (("start", start), ("end", end))
        ]
        parts.append(writer.node("Slice", [cells, *ends, axis], f"{BOXES}.{name}"))
    writer.node("Sigmoid", [parts[0]], PROBABILITIES)
    bounds = [
        writer.constant(f"{BOXES}.{word}", np.array(value, np.float32))
        for word, value in (("least", -MOST_LOG), ("most", MOST_LOG))
    ]
    clipped = writer.node("Clip", [parts[1], *bounds], f"{BOXES}.clipped")
    powers = writer.node("Exp", [clipped], f"{BOXES}.powers")
    towards = np.array([-1, -1, 1, 1], np.float32) * task.stride
    strides = writer.constant(f"{BOXES}.strides", towards)
    moved = writer.node("Mul", [powers, strides], f"{BOXES}.distances")
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    middles = (np.stack([x, y, x, y], axis=-1).reshape(1, -1, 4) + 0.5) * task.stride
    centres = writer.constant(f"{BOXES}.middles", middles.astype(np.float32))
    edges = writer.node("Add", [centres, moved], f"{BOXES}.edges")
    size = np.array([width, height, width, height], np.float32) * task.stride
    zero = writer.constant(f"{BOXES}.zero", np.zeros(4, np.float32))
    whole = writer.constant(f"{BOXES}.size", size)
    inside = writer.node("Max", [edges, zero], f"{BOXES}.inside")
    writer.node("Min", [inside, whole], BOXES)
