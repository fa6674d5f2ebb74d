"""What a generator's values mean, in ONNX: pictures.

``values`` are those of the network, −1 to 1, and ``pictures`` the grey levels 0..255 that they
stand for, rounded as :meth:`pellucid.tasks.Generation.answer` rounds them (of halves to the even
one); both in the order of axes that the file is exported for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.ops.grey_levels import HALF

if TYPE_CHECKING:
    from pellucid.interop.onnx.options import InputForm
    from pellucid.interop.onnx.writer import Writer

NOISE, GENERATED = "noise", "generated"
"""The input, and the last layer's value, channels first."""

VALUES, PICTURES = "values", "pictures"
"""The outputs."""


def write_pictures(writer: Writer, form: InputForm, generated: str) -> None:
    """Write the nodes from a generator's values (N, C, H, W) to both outputs.

    Args:
        writer: What the graph is collected in.
        form: Their axes, and how the grey levels are stored.
        generated: The values' name.
    """
    from onnx import TensorProto

    if form.layout == "nhwc":
        writer.node("Transpose", [generated], VALUES, perm=(0, 2, 3, 1))
    else:
        writer.node("Identity", [generated], VALUES)
    half, least, most = (
        writer.constant(f"{PICTURES}.{word}", np.array(value, np.float32))
        for word, value in (("half", HALF), ("least", 0.0), ("most", 255.0))
    )
    scaled = writer.node("Mul", [VALUES, half], f"{PICTURES}.scaled")
    levels = writer.node("Add", [scaled, half], f"{PICTURES}.levels")
    whole = writer.node("Round", [levels], f"{PICTURES}.rounded")
    kind = "Cast" if form.dtype == "uint8" else "Identity"
    clipped = writer.node("Clip", [whole, least, most], f"{PICTURES}.clipped")
    to = {"to": TensorProto.UINT8} if kind == "Cast" else {}
    writer.node(kind, [clipped], PICTURES, **to)
