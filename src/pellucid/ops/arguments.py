"""Types of what the methods of operations take and give, for annotations alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from pellucid.ops.operation import Array, Saved

Arrays: TypeAlias = Sequence[Array]
"""The inputs of an operation, in their order."""

Weights: TypeAlias = Mapping[str, Array]
"""The weights of an operation, by their own names."""

Position: TypeAlias = tuple[int, ...]
"""A place in one image's value: ``(row, column, channel)`` or ``(unit,)``."""

Forward: TypeAlias = tuple[Array, Saved]
"""An output, and what ``backward`` needs of it."""

Backward: TypeAlias = tuple[tuple[Array, ...], dict[str, Array]]
"""∂loss/∂input for each input, and ∂loss/∂weight for each trainable weight by name."""

Details: TypeAlias = dict[str, Any]
"""Facts about an opened value, as JSON values; see ``docs/records.md``."""
