"""A layer's feature maps for a picture, fast where they are asked for again and again.

Engines answer with logits; feature maps come from the reference operations. Where the native engine
computes and a layer is asked for a second time, the network up to that layer is compiled for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np

from pellucid.engines import get_engine

if TYPE_CHECKING:
    from pellucid.engines import Program
    from pellucid.explain.score import Score
    from pellucid.graph import Network
    from pellucid.ops.operation import Array

_asked: WeakKeyDictionary[Network, dict[str, Program | None]] = WeakKeyDictionary()
"""By network and layer: none after the first scored, then a program of all up to the layer."""


def compiled_maps(scored: Score, layer: str) -> Array | None:
    """A layer's values, float32 (1, h, w, K), by compiled code; none where there is no such code.

    That is when the program is no native one, or the layer is asked for the first time.
    """
    from pellucid.engines.native.program import NativeProgram

    if not isinstance(scored.program, NativeProgram):
        return None
    layers = _asked.setdefault(scored.network, {})
    if layer not in layers:
        layers[layer] = None
        return None
    program = layers[layer]
    if program is None:
        program = layers[layer] = get_engine("native").load(scored.network.select(layer))
    return np.asarray(program.forward(scored.image[None]))
