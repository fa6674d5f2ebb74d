"""PilotNet: from the road ahead to the steering angle, in five convolutions and three dense layers.

Bojarski et al. 2016, *End to end learning for self-driving cars*, section 4 and figure 4. The paper
reads a strip of 200×66 pixels below the horizon. No layer pads its input, so that the last maps
are 18×1; other sizes have as many convolution weights and more or fewer dense ones, from 61×61
pixels on.
"""

from __future__ import annotations

from pellucid.layers import Conv2D, Dense, Flatten, ReLU, Sequential


def pilotnet(classes: int) -> Sequential:
    """PilotNet: 252 219 weights and 27 million multiply-adds for one number of a 200×66 picture.

    Three convolutions 5×5 with stride 2, two 3×3 without, then 100, 50 and 10 hidden units. The
    paper names no activation; ReLU stands here. It gives colours in the space YUV and fixes their
    normalisation; here they are red, green and blue, normalised as all pictures are.

    Args:
        classes: How many numbers are predicted, 1 for an angle.
    """
    return Sequential(
        [
            Conv2D(24, 5, stride=2),
            ReLU(),
            Conv2D(36, 5, stride=2),
            ReLU(),
            Conv2D(48, 5, stride=2),
            ReLU(),
            Conv2D(64, 3),
            ReLU(),
            Conv2D(64, 3),
            ReLU(),
            Flatten(),
            Dense(100),
            ReLU(),
            Dense(50),
            ReLU(),
            Dense(10),
            ReLU(),
            Dense(classes),
        ]
    )
