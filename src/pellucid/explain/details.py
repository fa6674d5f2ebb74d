"""What an operation knows of one of its values besides its terms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.ops import BatchNorm, LocalResponseNorm, MaxPool, Normalise, Softmax
from pellucid.ops.pool import Pool

if TYPE_CHECKING:
    from pellucid.explain.value_terms import ValueTerms


def details(opened: ValueTerms) -> dict[str, Any]:
    """Facts by name: numbers, positions and lists of them.

    Pooling: the ``window`` (first and last row and column inside the image) and, for a maximum, the
    ``winner``. Softmax: the ``largest`` score, which is subtracted first, the ``exponentials`` and
    their ``sum``. Batch norm: ``gamma``, ``beta``, ``mean``, ``variance``, ``epsilon`` and the
    affine map they amount to, ``factor`` and ``shift``. Local response normalisation: the
    ``neighbours`` and the ``base`` that its exponent is applied to. Normalisation: ``mean`` and
    ``std``.
    """
    operation, terms, channel = opened.node.operation, opened.terms, opened.at[-1]
    if isinstance(operation, Pool):
        places = terms.sources[:, 1:3]
        facts: dict[str, Any] = {
            "window": {
                "first": places.min(axis=0).tolist(),
                "last": places.max(axis=0).tolist(),
            }
        }
        if isinstance(operation, MaxPool):
            facts["winner"] = list(opened.source(terms.own)[1])
        return facts
    if isinstance(operation, Softmax):
        return {
            "largest": float(terms.values.max()),
            "exponentials": terms.products.tolist(),
            "sum": float(terms.products.sum()),
        }
    if isinstance(operation, BatchNorm):
        weights = opened.activations.weights_of(opened.node)
        return {
            **{name: float(weights[name][channel]) for name in weights},
            "epsilon": operation.epsilon,
            "factor": float(terms.factors[0]),
            "shift": terms.bias,
        }
    if isinstance(operation, LocalResponseNorm):
        (x,) = opened.activations.inputs_of(opened.node)
        half = operation.size // 2
        row, column, _ = opened.at
        near = x[row, column, max(0, channel - half) : channel + half + 1].astype(np.float64)
        return {
            "neighbours": near.tolist(),
            "base": operation.k + operation.alpha * float((near * near).sum()),
        }
    if isinstance(operation, Normalise):
        return {"mean": operation.mean[channel], "std": operation.std[channel]}
    return {}
