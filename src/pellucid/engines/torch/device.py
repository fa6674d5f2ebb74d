"""Where PyTorch computes: the devices of this machine, and how exactly they calculate."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext

import torch
from torch.backends import cudnn

from pellucid.errors import ArgumentError


def available_devices() -> list[str]:
    """The names of all devices that can be used here: ``cpu``, ``cuda``, ``cuda:0``, ``mps``."""
    names = ["cpu"]
    if torch.cuda.is_available():
        names += ["cuda", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
    if torch.backends.mps.is_available():
        names.append("mps")
    return names


def find_device(name: str) -> torch.device:
    """The device of that name.

    Raises:
        ArgumentError: If there is none here; the message names those that there are.
    """
    names = available_devices()
    if name not in names:
        raise ArgumentError(f"no device {name!r} on this machine; there are: {', '.join(names)}")
    return torch.device(name)


def exact_arithmetic(device: torch.device) -> AbstractContextManager[None]:
    """While it lasts, convolutions on CUDA keep all 24 bits of float32, and repeat bit for bit.

    Left to itself, cuDNN rounds factors to TensorFloat-32's 11 bits and picks among algorithms
    whose sums come in any order. Only this engine's own calls are affected.
    """
    if device.type != "cuda":
        return nullcontext()
    return cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False)
