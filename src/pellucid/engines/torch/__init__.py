"""The torch engine: the same graph on PyTorch, for GPUs, and as an independent oracle."""

from __future__ import annotations

from pellucid.errors import MissingDependencyError

try:
    from pellucid.engines.torch.engine import TorchEngine, TorchProgram
except ModuleNotFoundError as error:
    if error.name != "torch":  # a part of PyTorch, or of Pellucid, is broken: that is another story
        raise
    raise MissingDependencyError(
        "the torch engine needs PyTorch, which is not installed; install it with: pip install torch"
    ) from error

__all__ = ["TorchEngine", "TorchProgram"]
