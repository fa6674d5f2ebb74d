"""LeNet-5 (LeCun et al. 1998, *Gradient-based learning applied to document recognition*, II.B).

Layers bear the paper's names: C convolutions, S subsampling, F full connection. The paper pads the
28×28 digits to 32×32 so that corners can reach a kernel's centre; ``same`` padding in C1 does that.
C3 joins all feature maps, where the paper left some connections out to save work.
"""

from __future__ import annotations

from pellucid.layers import Conv2D, Dense, Flatten, MaxPool, ReLU, Sequential, Subsample, Tanh


def lenet5(classes: int) -> Sequential:
    """LeNet-5 as it is built today: ReLU and max pooling; 5×5 kernels, 6 and 16 maps, 120, 84."""
    return Sequential(
        [
            Conv2D(6, 5, padding="same", name="C1"),
            ReLU(),
            MaxPool(2, name="S2"),
            Conv2D(16, 5, name="C3"),
            ReLU(),
            MaxPool(2, name="S4"),
            Flatten(),
            Dense(120, name="C5"),
            ReLU(),
            Dense(84, name="F6"),
            ReLU(),
            Dense(classes),
        ]
    )


def lenet5_original(classes: int) -> Sequential:
    """LeNet-5 with trainable subsampling and tanh, as in 1998.

    The paper's output layer of radial basis functions is a dense layer with softmax here, and its
    squashing function 1.7159·tanh(2x/3) is a plain tanh.
    """
    return Sequential(
        [
            Conv2D(6, 5, padding="same", initializer="lecun", name="C1"),
            Tanh(),
            Subsample(2, name="S2"),
            Tanh(),
            Conv2D(16, 5, initializer="lecun", name="C3"),
            Tanh(),
            Subsample(2, name="S4"),
            Tanh(),
            Flatten(),
            Dense(120, initializer="lecun", name="C5"),
            Tanh(),
            Dense(84, initializer="lecun", name="F6"),
            Tanh(),
            Dense(classes),
        ]
    )
