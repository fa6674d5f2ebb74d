"""What an architecture is: a function from the number of classes to layers."""

from __future__ import annotations

from collections.abc import Callable

from pellucid.layers import Sequential

Architecture = Callable[[int], Sequential]
"""Takes the number of classes, gives the layers between pixels (normalised) and logits."""
