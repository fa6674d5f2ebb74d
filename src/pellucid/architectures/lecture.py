"""The lecture's network: convolution, ReLU, max pooling, twice; flattening; full connection."""

from __future__ import annotations

from pellucid.layers import Conv2D, Dense, Flatten, MaxPool, ReLU, Sequential


def lecture(classes: int) -> Sequential:
    """Two convolutional layers of 32 and 64 kernels 3×3, then 128 hidden units."""
    return Sequential(
        [
            Conv2D(32, 3, padding="same"),
            ReLU(),
            MaxPool(2),
            Conv2D(64, 3, padding="same"),
            ReLU(),
            MaxPool(2),
            Flatten(),
            Dense(128),
            ReLU(),
            Dense(classes),
        ]
    )
