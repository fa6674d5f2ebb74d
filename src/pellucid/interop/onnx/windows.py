"""Nodes with windows that slide over feature maps: convolution, poolings, padding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid import ops
from pellucid.interop.onnx.dense import add_dense
from pellucid.interop.onnx.local_response import averaged_squares, padded_squares
from pellucid.interop.onnx.views import Value, of_maps
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pellucid.interop.onnx.builder import Builder, Pads
    from pellucid.interop.onnx.nodes import OnnxNode
    from pellucid.ops.window import Padding


def conv(builder: Builder, node: OnnxNode) -> None:
    """``Conv``: OIHW becomes HWIO; of a vector (N, C, 1, 1), a kernel of 1×1 is a dense layer."""
    value, kernel = builder.value(node), builder.weight(node, 1)
    bias = builder.weight(node, 2) if node.input(2) else None
    if kernel.ndim != 4:
        raise node.refuse(
            f"it slides over {counted(kernel.ndim - 2, 'axis')}, expected height and width"
        )
    groups = node.attribute("group", 1)
    pads = builder.pads.get(node.input(0), (0, 0, 0, 0))
    if value.is_vector and kernel.shape[2:] == (1, 1) and groups == 1 and not any(pads):
        if any(node.attribute("pads", ())) or len(value.theirs) != 3:
            raise node.refuse("it pads a vector")
        name, _ = add_dense(builder, node, value, kernel[:, :, 0, 0].T, bias)
        builder.result(node, builder.made(name, value))
        return
    value = builder.maps(node, value)
    size = _pair(node, "kernel_shape", kernel.shape[2:])
    if size != kernel.shape[2:]:
        raise node.refuse(f"its kernel_shape is {size}, its kernel's {kernel.shape[2:]}")
    stride, dilation = _pair(node, "strides", (1, 1)), _pair(node, "dilations", (1, 1))
    padding = _padding(builder, node, value, size, stride, dilation)
    operation = builder.make(
        node, ops.Conv2D, filters=kernel.shape[0], size=size, stride=stride, dilation=dilation,
        padding=padding, groups=groups, bias=bias is not None,
    )  # fmt: skip
    weights = {"kernel": kernel.transpose(2, 3, 1, 0)}
    if bias is not None:
        weights["bias"] = bias
    name = builder.add(node, operation, value.node, weights=weights)
    builder.result(node, of_maps(name, builder.shape(name)))


def conv_transpose(builder: Builder, node: OnnxNode) -> None:
    """``ConvTranspose``: IOHW becomes HWIO."""
    value, kernel = builder.maps(node, builder.value(node)), builder.weight(node, 1)
    bias = builder.weight(node, 2) if node.input(2) else None
    if kernel.ndim != 4:
        raise node.refuse(
            f"it slides over {counted(kernel.ndim - 2, 'axis')}, expected height and width"
        )
    if node.attribute("group", 1) != 1 or _pair(node, "dilations", (1, 1)) != (1, 1):
        raise node.refuse("its kernel has groups or holes (dilations), which no such layer has")
    if node.has("output_shape") or node.attribute("auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        raise node.refuse(
            "its padding follows from its output's size, which is not read; give pads"
        )
    size = _pair(node, "kernel_shape", kernel.shape[2:])
    if size != kernel.shape[2:]:
        raise node.refuse(f"its kernel_shape is {size}, its kernel's {kernel.shape[2:]}")
    top, left, bottom, right = node.attribute("pads", (0, 0, 0, 0))
    operation = builder.make(
        node, ops.ConvTranspose2D, filters=kernel.shape[1], size=size,
        stride=_pair(node, "strides", (1, 1)), padding=((top, bottom), (left, right)),
        output_padding=_pair(node, "output_padding", (0, 0)), bias=bias is not None,
    )  # fmt: skip
    weights = {"kernel": kernel.transpose(2, 3, 0, 1)}
    if bias is not None:
        weights["bias"] = bias
    name = builder.add(node, operation, value.node, weights=weights)
    builder.result(node, of_maps(name, builder.shape(name)))


def max_pool(builder: Builder, node: OnnxNode) -> None:
    """``MaxPool``."""
    value = builder.maps(node, builder.value(node))
    settings = _pooling(builder, node, value)
    name = builder.add(node, builder.make(node, ops.MaxPool, **settings), value.node)
    builder.result(node, of_maps(name, builder.shape(name)))


def average_pool(builder: Builder, node: OnnxNode) -> None:
    """``AveragePool``, whose padding counts or does not."""
    value = builder.value(node, in_pieces=True)
    if (mean := averaged_squares(builder, node, value)) is not None:
        builder.result(node, mean)
        return
    value = builder.maps(node, value)
    counts = bool(node.attribute("count_include_pad", 0)) or node.input(0) in builder.pads
    settings = _pooling(builder, node, value)
    pool = builder.make(node, ops.AveragePool, **settings, count_padding=counts)
    name = builder.add(node, pool, value.node)
    builder.result(node, of_maps(name, builder.shape(name)))


def _pooling(builder: Builder, node: OnnxNode, value: Value) -> dict[str, Any]:
    if len(node.attribute("kernel_shape", ())) != 2:
        raise node.refuse("it slides over other axes than height and width")
    if _pair(node, "dilations", (1, 1)) != (1, 1):
        raise node.refuse("its window has holes (dilations), which no pooling layer has")
    if len(node.outputs) > 1 and node.outputs[1]:
        raise node.refuse("it gives the places of the maxima, which no layer does")
    size, stride = _pair(node, "kernel_shape", (1, 1)), _pair(node, "strides", (1, 1))
    return {
        "size": size,
        "stride": stride,
        "padding": _padding(builder, node, value, size, stride, (1, 1)),
        "edge": "count" if node.attribute("ceil_mode", 0) else "drop",
    }


def _padding(
    builder: Builder,
    node: OnnxNode,
    value: Value,
    size: Sequence[int],
    stride: Sequence[int],
    dilation: Sequence[int],
) -> Padding:
    """A window's padding as explicit pixels, what a ``Pad`` before it adds among them."""
    around = builder.pads.get(node.input(0), (0, 0, 0, 0))
    lengths = [value.shape[1] + around[0] + around[2], value.shape[2] + around[1] + around[3]]
    how = node.attribute("auto_pad", "NOTSET")
    if how == "NOTSET":
        own = tuple(node.attribute("pads", (0, 0, 0, 0)))
    elif how == "VALID":
        own = (0, 0, 0, 0)
    elif how in ("SAME_UPPER", "SAME_LOWER"):
        sides = []
        for length, k, s, d in zip(lengths, size, stride, dilation, strict=True):
            total = max((-(-length // s) - 1) * s + (k - 1) * d + 1 - length, 0)
            sides.append((total // 2, total - total // 2)[:: 1 if how == "SAME_UPPER" else -1])
        own = (sides[0][0], sides[1][0], sides[0][1], sides[1][1])
    else:
        raise node.refuse(f"its auto_pad {how!r:.40} is unknown")
    if len(own) != 4 or min(own) < 0:
        raise node.refuse(f"its pads must be four numbers from 0 up, got {own}")
    top, left, bottom, right = (a + b for a, b in zip(own, around, strict=True))
    return "valid" if not any((top, left, bottom, right)) else ((top, bottom), (left, right))


def pad(builder: Builder, node: OnnxNode) -> None:
    """``Pad``: part of the windows that read it where that is the same, else a layer."""
    mode = node.attribute("mode", "constant")
    if mode != "constant":
        raise node.refuse(f"it pads by {mode!r:.20}; only constants are laid around")
    value = builder.value(node)
    around, fill = _pads_of(builder, node, value)
    if (squares := padded_squares(builder, value, around, fill)) is not None:
        builder.result(node, squares)
        return
    pads = _around_maps(node, len(value.theirs) + 1, around)
    if not any(pads):
        builder.result(node, value)
        return
    value = builder.maps(node, value)
    tensor = node.outputs[0]
    inner = builder.pads.get(node.input(0))
    if min(pads) >= 0 and inner is None and _joins(builder, tensor, pads, fill):
        builder.pads[tensor] = pads
        builder.result(node, value)
        return
    top, left, bottom, right = pads
    if min(pads) < 0:
        cropping = tuple((max(0, -a), max(0, -b)) for a, b in ((top, bottom), (left, right)))
        name = builder.add(
            node, builder.make(node, ops.Crop, cropping=cropping), value.node, word="cropped"
        )
        value = of_maps(name, builder.shape(name))
    padding = tuple((max(0, a), max(0, b)) for a, b in ((top, bottom), (left, right)))
    if any(map(any, padding)):
        operation = builder.make(node, ops.Pad, padding=padding, value=fill)
        value = of_maps(name := builder.add(node, operation, value.node), builder.shape(name))
    builder.result(node, value)


def _pads_of(
    builder: Builder, node: OnnxNode, value: Value
) -> tuple[dict[int, tuple[int, int]], float]:
    """How much is laid before and behind each axis, and its value."""
    if node.opset < 11:
        pads, fill = list(node.attribute("pads", ())), node.attribute("value", 0.0)
    else:
        pads = builder.constant(node, 1, np.zeros(0, np.int64)).ravel().tolist()
        given = builder.constant(node, 2, np.zeros(1))
        fill = float(given.ravel()[0]) if given.size else 0.0
    rank = len(value.theirs) + 1
    axes = list(range(rank))
    if node.input(3):
        axes = [int(each) % rank for each in builder.constant(node, 3).ravel()]
    if len(pads) != 2 * len(axes):
        raise node.refuse(f"it has {counted(len(pads), 'pad')} for {counted(len(axes), 'axis')}")
    around = {each: (int(pads[k]), int(pads[k + len(axes)])) for k, each in enumerate(axes)}
    return around, float(fill)


def _around_maps(node: OnnxNode, rank: int, around: Mapping[int, tuple[int, int]]) -> Pads:
    """What is laid around height and width, and around nothing else."""
    others = [sides for each, sides in around.items() if any(sides) and each not in (2, 3)]
    if others or (rank != 4 and any(map(any, around.values()))):
        raise node.refuse("it pads other axes than height and width")
    (top, bottom), (left, right) = around.get(2, (0, 0)), around.get(3, (0, 0))
    return top, left, bottom, right


def _joins(builder: Builder, tensor: str, pads: Pads, fill: float) -> bool:
    """Whether all windows that read a padded tensor can take on the padding, exactly."""
    readers = builder.readers.get(tensor, [])
    if fill == 0 and builder.read_only_by(tensor, "Conv"):
        return True
    fits = all(_smaller_than_window(each, pads) for each in readers)
    if fill <= np.finfo(np.float32).min and builder.read_only_by(tensor, "MaxPool"):
        return fits
    return (
        fill == 0
        and builder.read_only_by(tensor, "AveragePool")
        and fits
        and all(
            (each.attribute("count_include_pad", 0) or not any(each.attribute("pads", ())))
            and not each.attribute("ceil_mode", 0)
            and each.attribute("auto_pad", "NOTSET") in ("NOTSET", "VALID")
            for each in readers
        )
    )


def _smaller_than_window(node: OnnxNode, pads: Pads) -> bool:
    size, own = node.attribute("kernel_shape", (0, 0)), node.attribute("pads", (0, 0, 0, 0))
    if len(size) != 2 or len(own) != 4 or node.attribute("auto_pad", "NOTSET") != "NOTSET":
        return False
    return all(pads[k] + own[k] < size[k % 2] for k in range(4)) and not node.attribute(
        "ceil_mode", 0
    )


def global_average_pool(builder: Builder, node: OnnxNode) -> None:
    """``GlobalAveragePool``."""
    _global(builder, node, ops.GlobalAveragePool())


def global_max_pool(builder: Builder, node: OnnxNode) -> None:
    """``GlobalMaxPool``."""
    _global(builder, node, ops.GlobalMaxPool())


def _global(
    builder: Builder, node: OnnxNode, operation: ops.GlobalAveragePool | ops.GlobalMaxPool
) -> None:
    value = builder.value(node)
    if value.is_vector and not any(value.theirs[1:]):  # a single pixel
        builder.result(node, value)
        return
    value = builder.maps(node, value)
    name = builder.add(node, operation, value.node)
    builder.result(node, builder.made(name, value))


def _pair(node: OnnxNode, name: str, default: Sequence[int]) -> tuple[int, int]:
    found = tuple(node.attribute(name, default))
    if len(found) != 2:
        raise node.refuse(f"its {name} must be two numbers, of height and width, got {found}")
    return int(found[0]), int(found[1])
