"""The named networks that learn small pictures in seconds, for tests of everything else."""

from __future__ import annotations

FOR_SMALL_PICTURES = ("lecture", "lenet5", "lenet5-original", "vgg-small", "vgg-medium", "resnet20")
"""They take pictures of 28×28. The others are built of the same layers and blocks; what they are is
checked in ``test_published.py``."""
