"""Operations that mix the channels of one position, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.ops.operation import Operation

if TYPE_CHECKING:
    from pellucid.ops.arguments import Arrays, Position, Weights


class AcrossChannels(Operation):
    """An operation whose output at a position depends on all channels there."""

    def derivative_at(
        self, inputs: Arrays, weights: Weights, output: Position, branch: int, at: Position
    ) -> float:
        channels = inputs[0][at[:-1]].astype(np.float64)[None, None, None]
        y, saved = self.forward([channels], {})
        at_output = np.zeros_like(y)
        at_output[..., output[-1]] = 1.0
        (at_input,), _ = self.backward(at_output, saved, {})
        return float(at_input[0, 0, 0, at[-1]])
