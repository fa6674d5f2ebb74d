"""What a recognizer's outputs mean, as nodes of ONNX: the probabilities of each step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.interop.onnx.boxes import PROBABILITIES

if TYPE_CHECKING:
    from pellucid.interop.onnx.writer import Writer
    from pellucid.ops.operation import Shape


def step_shape(shape: Shape) -> Shape:
    """The shape of the logits in ONNX, without the batch axis: classes come first.

    Args:
        shape: Of the network's output, (1, T, K + 1) or (T, K + 1).
    """
    return (shape[-1], *shape[:-1])


def write_steps(writer: Writer, logits: str, shape: Shape) -> None:
    """Write the probabilities of T steps, (N, T, K + 1).

    Args:
        writer: What is written to.
        logits: The value's name.
        shape: As in :func:`step_shape`.
    """
    last = (0, *range(2, len(shape) + 1), 1)
    rows = writer.node("Transpose", [logits], f"{PROBABILITIES}.last", perm=last)
    if len(shape) == 3:
        sizes = writer.whole(f"{PROBABILITIES}.shape", (0, shape[0] * shape[1], shape[2]))
        rows = writer.node("Reshape", [rows, sizes], f"{PROBABILITIES}.rows")
    writer.node("Softmax", [rows], PROBABILITIES, axis=-1)
