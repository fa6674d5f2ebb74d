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
    "sigmoid",
    "cross-entropy",
    "binary-cross-entropy",
    "squared-error",
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

OF_ANSWERS = {
    "single-label": ("softmax", "cross-entropy", "gradient"),
    "multi-label": ("sigmoid", "binary-cross-entropy", "gradient"),
    "regression": ("squared-error", "gradient"),
}
"""What ends a network, by the kind of its task."""

MOST_EACH = 5
"""Exercises of one topic, at most."""
