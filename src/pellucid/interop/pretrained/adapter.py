"""EfficientNet-Lite's weights under the names that others give them, as ours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.errors import FileFormatError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from pellucid.graph import Graph

_PLACES = {
    "_conv_stem": "stem",
    "_bn0": "stem-norm",
    "_conv_head": "head",
    "_bn1": "head-norm",
    "_fc": "dense1",
}
"""Layers outside the blocks."""

_IN_BLOCKS = {
    "_expand_conv": "expand",
    "_bn0": "expand-norm",
    "_depthwise_conv": "depthwise",
    "_bn1": "depthwise-norm",
    "_project_conv": "project",
    "_bn2": "project-norm",
}

_PARTS = {"weight": "gamma", "bias": "beta", "running_mean": "mean", "running_var": "variance"}
"""Of batch norms; the other layers have ``weight`` and ``bias``."""


def our_name(theirs: str) -> str | None:
    """The full name of our weight for one of theirs; None where there is none.

    ``_blocks.0._depthwise_conv.weight`` is ``block1-depthwise.kernel``.
    """
    found = re.fullmatch(r"(?:_blocks\.(\d+)\.)?(_\w+)\.(\w+)", theirs)
    if found is None:
        return None
    block, layer, part = found.groups()
    place = _PLACES.get(layer) if block is None else _IN_BLOCKS.get(layer)
    if place is None:
        return None
    of = "" if block is None else f"block{int(block) + 1}-"
    own = _PARTS.get(part) if "norm" in place else {"weight": "kernel", "bias": "bias"}.get(part)
    return None if own is None else f"{of}{place}.{own}"


def our_weights(
    graph: Graph, tensors: Mapping[str, NDArray[Any]], name: str
) -> dict[str, NDArray[np.float32]]:
    """The weights of an EfficientNet-Lite, from a file of tensors.

    Args:
        graph: The network; its convolutions are HWIO, its dense kernels (in, out).
        tensors: By their names; convolutions OIHW, dense kernels (out, in). Counts of batches
            (``num_batches_tracked``) are passed over.
        name: What the file is called in messages.

    Raises:
        FileFormatError: A weight is missing, is of another shape or type, or belongs nowhere.
    """
    wanted = {str(each): parameter.shape for each, parameter in graph.parameters.items()}
    found: dict[str, NDArray[np.float32]] = {}
    for theirs, tensor in tensors.items():
        if theirs.endswith(".num_batches_tracked"):
            continue
        ours = our_name(theirs)
        weight = np.ascontiguousarray(_turned(tensor))
        if ours not in wanted or weight.shape != wanted[ours] or weight.dtype != np.float32:
            raise FileFormatError(
                f"{name}: {theirs!r:.80}, {tensor.dtype} {tensor.shape}, is no weight of this "
                "network; install the package again"
            )
        found[ours] = weight
    if missing := min(wanted.keys() - found.keys(), default=""):
        raise FileFormatError(f"{name}: lacks the weight {missing!r}; install the package again")
    return {each: found[each] for each in wanted}


def _turned(tensor: NDArray[Any]) -> NDArray[Any]:
    """OIHW to HWIO, (out, in) to (in, out); vectors as they are."""
    return tensor.transpose(2, 3, 1, 0) if tensor.ndim == 4 else tensor.T
