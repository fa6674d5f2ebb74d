"""What exercises are about."""

from __future__ import annotations

TOPICS = (
    "pixels",
    "convolution",
    "norm",
    "activation",
    "pooling",
    "flattening",
    "dense",
    "softmax",
    "cross-entropy",
    "gradient",
    "dense-update",
    "through-dense",
    "through-activation",
    "through-pooling",
    "kernel-update",
)
"""In the lecture's order: forward, then backward."""

BACKWARD = TOPICS[TOPICS.index("cross-entropy") :]
"""Those that need to know what is right."""

MOST_EACH = 5
"""Exercises of one topic, at most."""
