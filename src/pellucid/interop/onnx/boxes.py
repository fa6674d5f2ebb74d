"""What a detector's outputs mean, in ONNX.

Of one stage, a box and the probabilities of each cell: ``boxes`` (N, h·w, 4) are x0, y0, x1, y1 in
pixels of what the network takes, within it, and ``probabilities`` (N, h·w, K) the sigmoids of the
logits, both by cells in reading order. Which of them count is what :mod:`pellucid.ops.find_boxes`
says: cells that are the largest of the 3×3 around, and of boxes that overlap the more probable one.

Of two stages, the boxes that are found, by falling probability: ``boxes`` (N, M, 4) in the same
pixels, ``probabilities`` (N, M) and ``classes`` (N, M), whole numbers; rows without a box are 0 and
their class is −1 (:mod:`pellucid.ops.find_regions`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from pellucid.interop.onnx.call import Call
from pellucid.interop.onnx.found_regions import found_in_regions
from pellucid.interop.onnx.sequences import INT64
from pellucid.ops.centre_loss import MOST_LOG
from pellucid.ops.find_boxes import SIDES
from pellucid.ops.find_regions import FindRegions

if TYPE_CHECKING:
    from pellucid.interop.onnx.writer import Writer
    from pellucid.ops.operation import Shape
    from pellucid.tasks import Detection

BOXES, PROBABILITIES, CLASSES = "boxes", "probabilities", "classes"


Stored = Literal["uint8", "float32", "int64"]
"""How numbers of a file's outputs are stored."""


def box_outputs(task: Detection, shape: Shape) -> dict[str, tuple[Stored, tuple[int, ...]]]:
    """The outputs of a detector that ends in a shape: how they are stored, their own shapes."""
    if isinstance(task.reading, FindRegions):
        most = task.most
        return {
            BOXES: ("float32", (most, len(SIDES))),
            PROBABILITIES: ("float32", (most,)),
            CLASSES: ("int64", (most,)),
        }
    height, width, channels = shape
    cells = height * width
    return {
        BOXES: ("float32", (cells, len(SIDES))),
        PROBABILITIES: ("float32", (cells, channels - len(SIDES))),
    }


def write_boxes(writer: Writer, task: Detection, logits: str, shape: Shape) -> None:
    """Write the nodes from a detector's outputs to what they mean.

    Args:
        writer: What the graph is collected in.
        task: Whose boxes they are.
        logits: The outputs' name: a map (N, K + 4, h, w), or rows (N, 7 + 5K, R).
        shape: As the network has it, (h, w, K + 4) or (R, 7 + 5K).
    """
    if not isinstance(task.reading, FindRegions):
        _write_cells(writer, task, logits, shape)
        return
    call = Call(task.reading, [logits], [shape], {}, BOXES, f"{BOXES}.found", writer)
    found = found_in_regions(call)
    writer.node("Identity", [found.boxes], BOXES)
    writer.node("Identity", [found.probabilities], PROBABILITIES)
    writer.node("Cast", [found.classes], CLASSES, to=INT64)


def _write_cells(writer: Writer, task: Detection, logits: str, shape: Shape) -> None:
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
