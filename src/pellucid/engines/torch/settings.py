"""How the torch engine computes, as far as there is a choice."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch

from pellucid.errors import ArgumentError
from pellucid.known_names import find_name

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
"""What training computes in; weights, sums of losses and predictions are float32 either way."""

SWITCHES = {"on": True, "true": True, "off": False, "false": False}


@dataclass(frozen=True)
class Settings:
    """How the torch engine computes.

    Attributes:
        precision: Of training steps: ``"float32"``; or ``"bfloat16"``, in which convolutions and
            matrix products are then computed (PyTorch's autocast), with weights kept in float32.
        compile: Whether training steps go through ``torch.compile``.
        channels_last: Whether feature maps lie in memory as NHWC, as PyTorch calls it.
        sync_batch_norm: Whether batch norms use the statistics of the whole batch where several
            processes learn together, and not each its own part's.
    """

    precision: str = "float32"
    compile: bool = False
    channels_last: bool = True
    sync_batch_norm: bool = False

    @classmethod
    def of(cls, **given: Any) -> Settings:
        """Settings as engines take them: texts, too, as ``"torch:cpu,compile"`` has them.

        Raises:
            ArgumentError: If one has no such value.
        """
        precision = find_name("precision", given.pop("precision"), PRECISIONS)
        return cls(precision, **{name: _switch(name, value) for name, value in given.items()})

    def autocast(self, device: torch.device) -> AbstractContextManager[Any]:
        """While it lasts, what can be computed in the training precision is."""
        if self.precision == "float32":
            return nullcontext()
        return torch.autocast(device.type, PRECISIONS[self.precision])


def _switch(name: str, value: bool | str) -> bool:
    if isinstance(value, bool):
        return value
    if value not in SWITCHES:
        raise ArgumentError(f"{name} must be on or off, got {value!r:.80}")
    return SWITCHES[value]
