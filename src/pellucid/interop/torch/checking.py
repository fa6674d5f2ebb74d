"""Whether a model answers as the module of PyTorch that it was made of: nothing is silently wrong.

PyTorch's exporter writes some modules as something else: of ``AvgPool2d(divisor_override=…)`` it
drops the divisor without a word. So both compute the same pictures once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.engines import get_engine
from pellucid.errors import ArgumentError
from pellucid.files.self_test import RELATIVE_TOLERANCE

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor, nn

    from pellucid.interop.onnx.inputs import Asked
    from pellucid.interop.onnx.translating import Translated

HALF_TOLERANCE = 5e-2
"""How far answers may be apart, as a share of the largest, where the module computes in 16 bits."""


def pictures_like(example: Tensor) -> NDArray[np.uint8]:
    """Made pictures, as many and as large as an example (N, C, H, W): uint8 (N, H, W, C)."""
    count, channels, height, width = example.shape
    random = np.random.default_rng(0)
    return random.integers(0, 256, (count, height, width, channels), dtype=np.uint8)


def answers(
    module: nn.Module, example: Tensor, images: NDArray[np.uint8], asked: Asked
) -> NDArray[np.float64] | None:
    """What a module in inference mode gives for pictures, (N, K); None if it is no tensor.

    Args:
        module: The module.
        example: Whose device and type of numbers the pictures get.
        images: uint8 (N, H, W, C).
        asked: What is done to pixels before the module.
    """
    import torch

    mean, std = asked.mean or (0.0,), asked.std or (1.0,)
    scaled = (images - np.array(mean)) / np.array(std)
    channels_first = torch.from_numpy(np.ascontiguousarray(scaled.transpose(0, 3, 1, 2)))
    with torch.no_grad():
        given = module(channels_first.to(example.device, example.dtype))
    first = next(_tensors(given), None)
    if first is None or first.numel() == 0 or first.ndim == 0 or len(first) != len(images):
        return None
    found: NDArray[np.float64] = first.detach().cpu().double().numpy().reshape(len(images), -1)
    return found


def check_answers(
    found: Translated, expected: NDArray[np.float64], images: NDArray[np.uint8], half: bool
) -> None:
    """Check that an imported network answers as its module does.

    Args:
        found: The network.
        expected: What the module gave, (N, K).
        images: For which pictures.
        half: Whether the module computes in 16 bits.

    Raises:
        ArgumentError: If it does not, with the measured difference.
    """
    with np.errstate(all="ignore"):
        program = get_engine("reference").load(found.network)
        logits = program.forward(images[:1]).astype(np.float64)
    mine, theirs = _as_given(logits, found.end, expected[:1]), expected[:1]
    if mine.shape != theirs.shape or not np.isfinite(theirs).all():
        return
    scale = float(np.abs(theirs).max())
    apart = float(np.abs(mine - theirs).max())
    if not apart <= (HALF_TOLERANCE if half else RELATIVE_TOLERANCE) * scale + 1e-6:
        raise ArgumentError(
            f"PyTorch's exporter writes it as something else: for the same picture the module and "
            f"the exported graph differ by {apart:.3g} (the largest number is {scale:.3g}); a "
            "setting that the exporter drops may be why, or something random"
        )


def _as_given(
    logits: NDArray[np.float64], end: str, expected: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Logits as the module gives them: of a softmax or sigmoid at its end, probabilities."""
    if end == "sigmoid":
        return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logits)))
    if end == "softmax":
        shifted = logits - logits.max(axis=1, keepdims=True)
        logarithms = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return np.asarray(logarithms if (expected < 0).any() else np.exp(logarithms))
    return logits


def _tensors(given: Any) -> Any:
    """The tensors that a module gives, in their order, however they are packed."""
    from torch import Tensor
    from torch.utils import _pytree

    return (each for each in _pytree.tree_leaves(given) if isinstance(each, Tensor))
