"""Initialisers beside PyTorch's: the same spread for a convolution's and a dense layer's kernel."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import init

from pellucid.ops import Conv2D, Dense
from pellucid.ops.initializers import initialise

CONV = Conv2D(96, (3, 3), initializer="glorot").parameters((9, 9, 64))["kernel"].shape
DENSE = Dense(200).parameters((300,))["kernel"].shape


@pytest.mark.parametrize("initializer", ["he", "glorot"])
@pytest.mark.parametrize("shape", [CONV, DENSE], ids=["conv", "dense"])
def test_spread_is_that_of_torch(initializer: str, shape: tuple[int, ...]) -> None:
    layer = (
        Conv2D(shape[3], (3, 3), initializer=initializer).parameters((9, 9, shape[2]))
        if len(shape) == 4
        else Dense(shape[1], initializer=initializer).parameters((shape[0],))
    )["kernel"]
    own = initialise(layer, "dense1.kernel", 0, "float64")
    theirs = torch.empty(*reversed(shape), dtype=torch.float64)  # outputs first, then inputs
    random = torch.Generator().manual_seed(0)
    if initializer == "he":
        init.kaiming_normal_(theirs, nonlinearity="relu", generator=random)
    else:
        init.xavier_uniform_(theirs, generator=random)
    # Each deviation has a relative error of at most √(2/n)/2, n being over 50 000; five of both.
    assert own.size > 50_000
    assert abs(own.std() / float(theirs.std()) - 1) <= 5 * np.sqrt(1 / own.size)
