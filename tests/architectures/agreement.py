"""Whether the native engine and PyTorch agree on a named network, at its smallest pictures."""

from __future__ import annotations

import numpy as np

from pellucid.architectures import ARCHITECTURES
from pellucid.engines import get_engine
from pellucid.ops import CrossEntropy
from tests.engines.networks import network
from tests.engines.tolerances import TOLERANCES, assert_all_close, assert_close

LEAST = {
    # The smallest side that works; 1 where nothing ends at the border.
    "alexnet": 63, "zfnet": 53, "vgg11": 32, "vgg16": 32, "vgg19": 32, "googlenet": 31,
    "squeezenet": 21, "squeezenet-1.1": 17, "densenet121": 29, "pilotnet": 61,
}  # fmt: skip


DEEP = 32
"""Of those without such a limit: a side at which no layer's maps are all border."""


TRIES = 3
"""Pictures that are drawn: where an activation lies at its kink, or two values tie in a pooling,
rounding decides which way a gradient goes, and engines may differ. No bug spares any of them."""


def assert_engines_agree(name: str) -> None:
    """Check logits, and the gradient at every weight, of two pictures and two classes."""
    side = LEAST.get(name, DEEP)
    graph = ARCHITECTURES[name](2).graph((side, side, 3))
    ours = network(graph, seed=1)
    native, torch = (get_engine(each).load(ours) for each in ("native", "torch"))
    # Roundings add up over some hundred layers, each of which multiplies what came.
    tolerance = TOLERANCES["float32"] * max(1.0, len(graph.nodes) / 20)
    for seed in range(2, 2 + TRIES):
        images = np.random.default_rng(seed).normal(size=(2, side, side, 3)).astype(np.float32)
        assert_close(name, native.forward(images), torch.forward(images), tolerance)
        found, expected = (
            each.gradients(images, np.array([0, 1]), CrossEntropy()) for each in (native, torch)
        )
        try:
            assert_all_close(found.weights, expected.weights, tolerance)
        except AssertionError:
            if seed == 1 + TRIES:
                raise
        else:
            return
