"""What explanations say in sentences: rules, details, losses, updates and checks."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import numpy as np

from pellucid.numerals import compared, place, probability
from pellucid.numerals import figure as written
from pellucid.ops import CrossEntropy
from pellucid.tasks import MultiLabel, Regression

if TYPE_CHECKING:
    from pellucid.explain.backward import Backward, GradientTerms
    from pellucid.explain.value_terms import ValueTerms
    from pellucid.ops.loss import Loss


def rule_in_words(opened: ValueTerms) -> str:
    """What makes a value of its terms."""
    bias = f" plus the bias {written(opened.terms.bias)}" if opened.terms.bias else ""
    return {
        "sum": f"the sum of the products{bias}",
        "maximum": "the largest of the window",
        "share": "its exponential's share of the sum of all",
        "product": "the product of all",
        "function": "a function of all of them"
        if len(opened.terms.values) > 1
        else "a function of one value",
        "sampled": "the sum of the products; the factors follow from the place",
    }[opened.terms.rule]


def detail_lines(opened: ValueTerms) -> list[str]:
    """An opened value's details as sentences."""
    facts, lines = opened.details, []
    if "window" in facts:
        window = facts["window"]
        lines.append(
            f"window: rows {window['first'][0]} to {window['last'][0]}, columns "
            f"{window['first'][1]} to {window['last'][1]}"
        )
    if "winner" in facts:
        lines.append(f"winner: {place(facts['winner'])}")
    if "exponentials" in facts:
        lines.append(
            f"each score less the largest ({written(facts['largest'])}), then e to that power; "
            f"the sum of all is {written(facts['sum'])}"
        )
    if "gamma" in facts:
        names = {"gamma": "γ", "beta": "β", "mean": "μ", "variance": "σ²", "epsilon": "ε"}
        described = ", ".join(f"{sign} = {written(facts[name])}" for name, sign in names.items())
        lines.append(
            f"γ·(x − μ)/√(σ² + ε) + β with {described}: the affine map "
            f"{written(facts['factor'])}·x + {written(facts['shift'])}"
        )
    lines += _found_lines(opened)
    if opened.folding is not None:
        lines.append(
            f"prediction folds it into {opened.folding.layer}: each factor is a weight stored "
            f"there times {written(opened.folding.scale)}; the value before the norm, "
            f"{written(opened.folding.before)}, is computed separately"
        )
    if not opened.predicted:
        lines.append(
            "prediction never makes this value: the batch norm that follows is folded into it"
        )
    if "neighbours" in facts:
        lines.append(
            f"neighbours across channels: {', '.join(map(written, facts['neighbours']))}; "
            f"k + α·(their squares' sum) = {written(facts['base'])}"
        )
    if "scale" in facts and "shift" in facts:
        lines.append(
            f"the network learned (number − mean)/deviation, with mean {written(facts['shift'])} "
            f"and deviation {written(facts['scale'])} of the training pictures' numbers: this "
            "takes it back"
        )
    if "whole_sum" in facts:
        lines.append(
            f"in whole numbers: the sum of weights times values and {facts['whole_bias']} is "
            f"{facts['whole_sum']}; a step of the values is worth {written(facts['input_scale'])}, "
            f"of the weights {written(facts['weight_scale'])}, and each factor above is a whole "
            "weight times both"
        )
    if "low" in facts and "high" in facts:
        lines.append(
            f"value ÷ {written(facts['scale'])}, to the nearest whole number from "
            f"{facts['low']} to {facts['high']}"
        )
    if "std" in facts:
        lines.append(
            f"(pixel − mean)/std with mean {written(facts['mean'])} and std {written(facts['std'])}"
        )
    return lines


def _found_lines(opened: ValueTerms) -> list[str]:
    """Of a number of a box: the anchor, region or cell that it is relative to."""
    facts, lines = opened.details, []
    if "anchor_box" in facts:
        row, column = facts["cell"]
        box = ", ".join(written(x, ".1f") for x in facts["anchor_box"])
        scale, ratio = (written(facts[name], ".3g") for name in ("scale", "ratio"))
        lines.append(
            f"anchor {facts['anchor']} of the cell in row {row}, column {column}: {box}; its area "
            f"that of a square of {scale} pixels, its height {ratio} times its width"
        )
    if "region_box" in facts:
        box = ", ".join(written(x, ".1f") for x in facts["region_box"])
        lines.append(f"region {facts['region']}: {box}")
    if opened.terms.rule == "function" and len(opened) > 1 and opened.terms.bias:
        what = "its middle, less what" if "anchor_box" in facts else "what"
        lines.append(
            f"{what} the picture's edge cuts off, is {written(opened.terms.bias)}, which is added"
        )
    return lines


def use_lines(opened: ValueTerms) -> list[str]:
    """What the layers behind an opened value make of it, as sentences."""
    lines = []
    for use in opened.downstream:
        line = f"{use.layer} ({use.kind}) at {place(use.at)}: {written(use.before)}"
        if use.wins is None:
            lines.append(f"{line} → {written(use.after)}")
        elif use.wins:
            lines.append(f"{line} wins its window")
        else:
            first = ", which comes first" if use.after == use.before else ""
            lines.append(f"{line} loses to {written(use.after)}{first}")
    return lines


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
    mean = " of the standardised numbers" if backward.of_numbers else ""
    if len(backward.losses) > 1:
        each = " + ".join(f"{written(loss)} at {name}" for name, loss in backward.losses.items())
        return f"loss for {backward.label}: {each} = {written(backward.loss)}"
    return f"{kind}{smoothed}{mean} for {backward.label}: {written(backward.loss)}"


def settled_line(backward: Backward) -> str:
    """What to do where the network is sure, and right by what was given."""
    task = backward.activations.model.task
    if task.of_boxes:
        return (
            "What the network finds is what is wanted, nearly: all gradients are tiny. Give other "
            "boxes as the truth, as in --label ';' (none), to see those of a mistake."
        )
    if task.of_steps:
        return (
            "The text is what the network hears, nearly: all gradients are tiny. Give another text "
            "as the truth, as in --label 'another text', to see those of a mistake."
        )
    if isinstance(task, Regression):
        same = "is" if backward.truth.given else "was taken to be"
        example = "; ".join(written(mean + scale, ".4g") for mean, scale in zip(
            task.mean, task.scale, strict=True))  # fmt: skip
        return (
            f"What the network predicts {same} right: there is nothing to learn here, and all "
            f"gradients are zero, or nearly. Give other numbers as the truth, as in --label "
            f"{shlex.quote(example)}, to see those of a mistake."
        )
    if isinstance(task, MultiLabel):
        unlike = backward.activations.answer < 0.5
        other = "; ".join(name for name, mark in zip(task.classes, unlike, strict=True) if mark)
        return (
            f"Every label's probability is what is wanted, nearly: there is nothing left to learn "
            "here, and all gradients are tiny. Give other labels as the truth, as in --label "
            f"{shlex.quote(other or ';')}, to see those of a mistake."
        )
    classes, k = backward.activations.classes, backward.activations.classes.index(backward.label)
    y = probability(backward.probabilities[k], backward.rest[k])
    others = [c for c in np.argsort(-backward.probabilities, kind="stable") if c != k]
    another = f", as in --label {classes[others[0]]}," if others else ""
    return (
        f"The network gives {backward.label} the probability {y}: there is nothing left "
        f"to learn here, and all gradients are tiny. Give another class as the truth{another} to "
        "see those of a mistake."
    )


def wanted_head(backward: Backward) -> str:
    """The heading of the wanted probabilities."""
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
