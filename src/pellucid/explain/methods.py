"""The methods by name, each with what its picture can and cannot claim."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Method:
    """A way to make a heatmap.

    Attributes:
        name: What it is called on the command line.
        title: What it is called in books, with its source.
        signed: Whether values below zero speak against the score.
        can: What its picture can claim.
        cannot: What it cannot.
        if_empty: Why it may be 0 everywhere.
        computed_by: Module and function of this folder that compute it; loaded late, since a
            heatmap that shows nothing names a method that does.
        insensitive: Whether it fails the test of :mod:`pellucid.explain.randomisation_test`.
        of_score: Whether it is about the score; else it is the same for every score of a picture.
    """

    name: str
    title: str
    signed: bool
    can: str
    cannot: str
    if_empty: str
    computed_by: str
    insensitive: bool = False
    of_score: bool = True

    @property
    def function(self) -> Callable[..., Any]:
        """What computes it: takes a score and options, gives a heatmap or evidence."""
        module, _, name = self.computed_by.rpartition(".")
        found: Callable[..., Any] = getattr(import_module(f"pellucid.explain.{module}"), name)
        return found


_FLAT = (
    "no small change of a pixel changes the score: every path from the pixels to it ends at a ReLU "
    "that is shut, or where a function is flat"
)

EVIDENCE = Method(
    "evidence",
    "exact shares of the score, with masks and winners fixed",
    signed=True,
    can="how this score is composed: the pixels' shares and the biases add up to it exactly",
    cannot="what would happen if pixels changed, since masks and winners then change too (the "
    "occlusion test beside it asks that); a black pixel (0) always has the share 0",
    if_empty="the score is made of biases alone, since every pixel is 0, or every path from the "
    "pixels ends at a ReLU that is shut",
    computed_by="evidence.evidence",
)

GRADIENT = Method(
    "gradient",
    "gradient of the score by the pixels (Simonyan et al. 2013)",
    signed=True,
    can="in which direction each pixel would move the score, for the smallest of changes",
    cannot="how much a pixel contributed: where the function is flat there is no gradient, "
    "whatever it contributes; noisy",
    if_empty=_FLAT,
    computed_by="gradient_maps.gradient",
)

GRADIENT_TIMES_INPUT = Method(
    "gradient-times-input",
    "gradient × pixel (Shrikumar et al. 2016)",
    signed=True,
    can="each pixel's share of the score as long as no ReLU or pooling changes its mind; without "
    "the biases' share",
    cannot="the whole score: biases are left out; a black pixel (0) always gets 0",
    if_empty=f"{_FLAT}; or every pixel that could is 0",
    computed_by="gradient_maps.gradient_times_input",
)

INTEGRATED_GRADIENTS = Method(
    "integrated-gradients",
    "gradients averaged on the way from a baseline to the image (Sundararajan et al. 2017)",
    signed=True,
    can="shares that add up to the score's change from the baseline to the image",
    cannot="anything without its baseline: pixels that look like it get nothing, and the pictures "
    "on the way may look like nothing that the network has seen",
    if_empty="the score has no gradient anywhere between the baseline and the picture",
    computed_by="integrated.integrated_gradients",
)

SMOOTH_GRAD = Method(
    "smooth-grad",
    "gradients averaged over noisy copies of the image (Smilkov et al. 2017)",
    signed=True,
    can="to which pixels the score is sensitive, averaged over a neighbourhood of the image",
    cannot="how much a pixel contributed; how much noise and how many copies is a matter of taste",
    if_empty=_FLAT,
    computed_by="gradient_maps.smooth_grad",
)

GUIDED_BACKPROPAGATION = Method(
    "guided-backpropagation",
    "gradients that are positive at every ReLU on the way (Springenberg et al. 2014)",
    signed=True,
    can="which edges and spots of the image excite the active units",
    cannot="why this class: the picture hardly depends on it, nor on the later layers' weights (it "
    "fails the randomisation test); it is no gradient of anything",
    if_empty="nothing positive gets back through the ReLUs to the pixels",
    computed_by="rectified.guided_backpropagation",
    insensitive=True,
)

DECONVNET = Method(
    "deconvnet",
    "ZF Net's projection back to the pixels: unpooling, rectifying, turned kernels (Zeiler and "
    "Fergus 2013)",
    signed=True,
    can="which pattern in the image is in line with what a unit looks for",
    cannot="why this class: what it shows comes from pooling's winners more than from the later "
    "layers' weights (it fails the randomisation test); it is no gradient of anything",
    if_empty="nothing positive gets back through the ReLUs to the pixels",
    computed_by="rectified.deconvnet",
    insensitive=True,
)

GRAD_CAM = Method(
    "grad-cam",
    "feature maps weighted by their mean gradient (Selvaraju et al. 2017)",
    signed=False,
    can="in which coarse part of the image the layer's feature maps speak for the score",
    cannot="anything finer than the layer's own positions, what speaks against the score, or that "
    "a unit there sees nothing but what lies below the spot",
    if_empty="no position's feature maps speak for the score, and what speaks against it is left "
    "out",
    computed_by="grad_cam.grad_cam",
)

GRAD_CAM_PLUS_PLUS = Method(
    "grad-cam++",
    "Grad-CAM with weights that favour several instances (Chattopadhay et al. 2018)",
    signed=False,
    can="where the layer's feature maps are active, most of all those that speak for the score",
    cannot="anything finer than the layer's own positions, what speaks against the score, or "
    "much about why: no weight is negative, so that it shows activity more than reasons "
    "(it fails the randomisation test)",
    if_empty="no gradient of the score by a feature map is positive where the map is active",
    computed_by="grad_cam.grad_cam_plus_plus",
    insensitive=True,
)

VISUAL_BACKPROP = Method(
    "visual-backprop",
    "activity of all convolutions, carried back to the pixels (Bojarski et al. 2016)",
    signed=False,
    can="where the convolutions are active together, as finely as the first of them",
    cannot="why this answer: it is the same for every answer and knows nothing of the dense layers "
    "(it fails the randomisation test); nothing of it is negative",
    if_empty="nowhere are the maps of all convolutions positive together",
    computed_by="visual_backprop.visual_backprop",
    insensitive=True,
    of_score=False,
)

OCCLUSION = Method(
    "occlusion",
    "how the score falls when a patch is covered (Zeiler and Fergus 2013)",
    signed=True,
    can="what really happens to the score without a patch: a causal test",
    cannot="what a patch does together with others; the cover is itself something that the network "
    "sees, and size and colour of it matter",
    if_empty="the score stays the same whatever patch is covered",
    computed_by="occlusion.occlusion",
)

ALL = "all"
"""In place of a method's name: every method, side by side."""

METHODS = {
    method.name: method
    for method in (
        EVIDENCE,
        GRADIENT,
        GRADIENT_TIMES_INPUT,
        INTEGRATED_GRADIENTS,
        SMOOTH_GRAD,
        GUIDED_BACKPROPAGATION,
        DECONVNET,
        GRAD_CAM,
        GRAD_CAM_PLUS_PLUS,
        VISUAL_BACKPROP,
        OCCLUSION,
    )
}
"""All of them, by name."""
