"""Explain an answer by any of the methods."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from pellucid.errors import ArgumentError
from pellucid.explain import methods
from pellucid.explain.evidence import Evidence, evidence
from pellucid.explain.grad_cam import grad_cam, grad_cam_plus_plus
from pellucid.explain.gradient_maps import gradient, gradient_times_input, smooth_grad
from pellucid.explain.integrated import integrated_gradients
from pellucid.explain.occlusion import occlusion
from pellucid.explain.rectified import deconvnet, guided_backpropagation
from pellucid.explain.score import choose_score
from pellucid.known_names import find_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from pellucid.explain.activations import Activations
    from pellucid.explain.heatmap import Heatmap

FUNCTIONS: dict[str, Callable[..., Heatmap | Evidence]] = {
    methods.EVIDENCE.name: evidence,
    methods.GRADIENT.name: gradient,
    methods.GRADIENT_TIMES_INPUT.name: gradient_times_input,
    methods.INTEGRATED_GRADIENTS.name: integrated_gradients,
    methods.SMOOTH_GRAD.name: smooth_grad,
    methods.GUIDED_BACKPROPAGATION.name: guided_backpropagation,
    methods.DECONVNET.name: deconvnet,
    methods.GRAD_CAM.name: grad_cam,
    methods.GRAD_CAM_PLUS_PLUS.name: grad_cam_plus_plus,
    methods.OCCLUSION.name: occlusion,
}
"""What computes each of :data:`~pellucid.explain.methods.METHODS`."""


def explain(
    activations: Activations,
    method: str = methods.EVIDENCE.name,
    *,
    target: str | int | None = None,
    against: str | int | None = None,
    **options: Any,
) -> Heatmap | Evidence:
    """Explain why a network answers as it does.

    Args:
        activations: The picture in its network.
        method: One of :data:`~pellucid.explain.methods.METHODS`.
        target: The class in question; none: the network's answer.
        against: The class to compare it with; none: no other, for evidence the likeliest other one.
        options: The method's own: ``layer``, ``size``, ``steps`` and so on. None stands for the
            usual value.

    Returns:
        Evidence for ``"evidence"``, else a heatmap.

    Raises:
        ArgumentError: If the method, a class, an option or a layer is unknown or does not fit.
    """
    method = find_name("method", method, FUNCTIONS)
    function = FUNCTIONS[method]
    known = [name for name in inspect.signature(function).parameters if name != "scored"]
    given = {name: value for name, value in options.items() if value is not None}
    for name in given:
        if name not in known:
            takes = f"it takes {', '.join(known)}" if known else "it takes none"
            raise ArgumentError(f"{method} has no option {name!r:.80}; {takes}")
    compared = method == methods.EVIDENCE.name
    return function(
        choose_score(activations, target=target, against=against, compared=compared), **given
    )
