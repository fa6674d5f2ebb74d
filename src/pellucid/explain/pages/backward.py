"""The way back as HTML: every step's gradient, and opened gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.explain.pages.numbers import compared, figure, place, probability
from pellucid.explain.pages.page import fragment, image, legend, table, text
from pellucid.explain.pages.sheet import map_sheet
from pellucid.ops import CrossEntropy
from pellucid.ops.operation import describe
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pellucid.explain.backward import Backward, GradientTerms
    from pellucid.ops.loss import Loss


def backward_html(backward: Backward) -> str:
    """The loss, y − t, and all steps from the logits back to the picture."""
    return fragment(_backward_parts(backward))


def gradient_html(opened: GradientTerms) -> str:
    """All products, the largest first, the update and the check."""
    return fragment(_gradient_parts(opened))


def _backward_parts(backward: Backward) -> Iterable[str]:
    yield f"<h2>From the loss back to the picture: {text(backward.label)}</h2>"
    yield f"<p>{text(loss_line(backward))}. With this its way back begins:</p>"
    if backward.settled:
        yield f"<p>{text(settled_line(backward))}</p>"
    y, t, d = backward.probabilities, backward.wanted, backward.at_logits
    rest = backward.rest
    rows = [
        (name, probability(y[k], rest[k]), figure(t[k]), figure(float(d[k])))
        for k, name in enumerate(backward.activations.classes)
    ]
    yield table(["class", "y", wanted_head(backward), "∂loss/∂logit"], rows, "the logits' gradient")
    yield legend()
    for step in backward.steps:
        yield f"<h3>∂loss/∂{text(step.name)}</h3>"
        lowest, highest = float(step.gradient.min()), float(step.gradient.max())
        yield (
            f"<p>{text(step.step.kind)}: {describe(step.gradient.shape)}, from {figure(lowest)} to "
            f"{figure(highest)}{_how(backward, step.name)}</p>"
        )
        says = f"gradient at {step.name}, from {figure(lowest)} to {figure(highest)}"
        yield image(map_sheet(step.gradient), says)


def _how(backward: Backward, name: str) -> str:
    """What becomes of this gradient on its way on."""
    step = backward[name]
    if step.winners is not None:
        return "; each goes on to its window's winner alone"
    if step.mask is not None and step.step.kind == "relu":
        share = float((step.mask > 0).mean())
        return f"; ReLU's mask lets {share:.0%} of them go on"
    return ""


def _gradient_parts(opened: GradientTerms) -> Iterable[str]:
    title = f"∂loss/∂{opened.name} at {place(opened.at)} = {figure(opened.gradient)}"
    yield f"<h2>{text(title)}</h2>"
    total, engine, difference = compared(opened.total, opened.gradient)
    yield (
        f"<p>The sum of {len(opened)} products: {total}; the engine's gradient is {engine}; the "
        f"difference is {difference}.</p>"
    )
    if opened.after is not None:
        yield f"<p>{text(update_line(opened))}</p>"
    if opened.check is not None:
        yield f"<p>{text(check_line(opened))}</p>"
    rows = []
    for i in opened.largest():
        term = opened.terms[i]
        cells = figure(term.factor), figure(term.delta), figure(term.product)
        reads = "" if term.reads is None else place(term.reads)
        rows.append([f"{term.layer} {place(term.at)}", reads, *cells])
    yield table(["output", "reads", "factor", "× δ", "= product"], rows, "products")


def update_line(opened: GradientTerms) -> str:
    """The optimizer's step as one sentence."""
    assert opened.after is not None
    assert opened.learner is not None
    after, before, step = compared(opened.after, opened.before)
    return (
        f"the update ({opened.learner.rule}, {opened.learner.origin}; the first step, no momentum "
        f"gathered yet): {before} → {after}, a step of {step}"
    )


def loss_line(backward: Backward) -> str:
    """The loss of the picture in words."""
    smoothing = _smoothing(backward.learner.loss)
    smoothed = f" with label smoothing {smoothing:g}" if smoothing else ""
    kind = backward.learner.loss.kind.replace("_", "-")
    return f"{kind}{smoothed} for {printable(backward.label)}: {figure(backward.loss)}"


def settled_line(backward: Backward) -> str:
    """What to do where the network is sure, and right by the label given."""
    classes, k = backward.activations.classes, backward.activations.classes.index(backward.label)
    y = probability(backward.probabilities[k], backward.rest[k])
    others = [c for c in np.argsort(-backward.probabilities, kind="stable") if c != k]
    another = f", as in --label {printable(classes[others[0]])}," if others else ""
    return (
        f"The network gives {printable(backward.label)} the probability {y}: there is nothing left "
        f"to learn here, and all gradients are tiny. Give another class as the truth{another} to "
        "see those of a mistake."
    )


def wanted_head(backward: Backward) -> str:
    """What stands above the wanted probabilities."""
    return "t, smoothed" if _smoothing(backward.learner.loss) else "t"


def _smoothing(loss: Loss) -> float:
    return loss.label_smoothing if isinstance(loss, CrossEntropy) else 0.0


def check_line(opened: GradientTerms) -> str:
    """The finite-difference check as one sentence."""
    check = opened.check
    assert check is not None
    quotient, gradient, difference = compared(check.quotient, check.gradient)
    kink = "; there is a kink between the two, so it says little" if check.kink else ""
    return (
        f"checked in float64 by a finite difference: (loss(w + h) − loss(w − h))/2h = {quotient} "
        f"with h = {check.step:g}; backpropagation gives {gradient}; the difference is "
        f"{difference}{kink}"
    )
