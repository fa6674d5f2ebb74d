"""Worksheets in English."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.show.worksheet.words import Words, power, rule

if TYPE_CHECKING:
    from pellucid.show.worksheet.words import Facts

COLOURS = ("red", "green", "blue")


def _decimals(count: int) -> str:
    return "whole numbers" if count == 0 else "1 decimal" if count == 1 else f"{count} decimals"


def _channel(f: Facts) -> str:
    if f["channels"] == 1:
        return ""
    return f", {COLOURS[f['channel']]}" if f["colour"] else f", map {f['channel']}"


def _unit(f: Facts) -> str:
    return f" Gradients are given in units of {power(f['exponent'])}." if f["exponent"] else ""


def _pixels(f: Facts) -> str:
    which = "" if f["channels"] == 1 else f" (here of one channel{_channel(f)})"
    return (
        f"The network is given a number from 0 to 255 for each pixel{which}. Its first layer, "
        f"{f['layer']}, makes (x − {f['mean']}) / {f['std']} of each. Calculate this for three "
        f"pixels, to {_decimals(f['decimals'])}."
    )


def _convolution(f: Facts) -> str:
    row, column, channel = f["at"]
    rest = ""
    if f["others"]:
        rest = f" The other {f['others']} products of this window add up to {f['rest'] or 0}."
    bias = f", and the bias {f['bias']}" if f["bias"] else ""
    return (
        f"One value of {f['layer']}: row {row}, column {column} of feature map {channel}. Multiply "
        "each number of the window by the weight at the same place of the kernel, and add all "
        f"products up{bias}. Round products to {_decimals(f['product_decimals'])}, "
        f"sums to {_decimals(f['decimals'])}.{rest}"
    )


def _norm(f: Facts) -> str:
    at = ", ".join(map(str, f["at"]))
    return (
        f"{f['layer']} brings each value of a channel to mean 0 and variance 1 as it was in "
        f"training, then scales and shifts it. Here μ = {f['mean']}, σ = √(variance + ε) = "
        f"{f['deviation']}, γ = {f['gamma']} and β = {f['beta']}. The value at {at} is x = "
        f"{f['x']}. Calculate to {_decimals(f['decimals'])}."
    )


def _activation(f: Facts) -> str:
    where = "units" if f["flat"] else f"a part of feature map {f['channel']}"
    return (
        f"{f['layer']} makes {rule(f)} of every number x. Here is {where} of {f['input']}. What "
        f"becomes of it, to {_decimals(f['decimals'])}?"
    )


def _pooling(f: Facts) -> str:
    at = ", ".join(map(str, f["at"]))
    keeps = "the largest value" if f["maximum"] else f"the mean of {f['count']} values"
    if f["learned"]:
        a, b = f["learned"]["coefficient"], f["learned"]["bias"]
        keeps = f"a · (sum of {f['count']} values) + b, with learned a = {a} and b = {b},"
    given = ""
    if "by_row" in f:
        what = "largest value" if f["maximum"] else "sum"
        given = f" The window is large, so the {what} of each of its rows is given."
        if not f["by_row"]:
            given = f" The window is large, so its {what} is given."
    return (
        f"{f['layer']} keeps {keeps} of each window of {f['input']}. This window of feature map "
        f"{f['channel']} makes the value at {at}.{given} Answer to {_decimals(f['decimals'])}."
    )


def _flattening(f: Facts) -> str:
    height, width, channels = f["shape"]
    return (
        f"{f['layer']} lays the {height}×{width}×{channels} numbers (rows×columns×maps) of "
        f"{f['input']} out as one vector: row by row, in a row place by place, and at each place "
        "map by map."
    )


def _dense(f: Facts) -> str:
    unit = f"unit {f['unit']}" + (f", the class “{f['class']}”," if f["class"] else "")
    rest = ""
    if f["others"]:
        rest = f" These are the largest products; the other {f['others']} add up to {f['rest']}."
    bias = f" and the bias {f['bias']}" if f["bias"] else ""
    return (
        f"In {f['layer']}, {unit} multiplies each of {f['count']} numbers of {f['input']} by a "
        f"weight, and adds all products{bias} up.{rest} Round products to "
        f"{_decimals(f['product_decimals'])}, the sum to {_decimals(f['decimals'])}."
    )


def _softmax(f: Facts) -> str:
    rest = ""
    if f["others"]:
        rest = f" The powers of the {f['others']} other classes add {f['rest']} to their sum."
    return (
        f"Softmax makes probabilities of the logits z of {f['layer']}: p = eᶻ / Σ eᶻ. Subtract the "
        f"largest logit, {f['largest']}, first: p stays the same, and numbers stay small.{rest} "
        f"Calculate to {_decimals(f['decimals'])}."
    )


def _cross_entropy(f: Facts) -> str:
    truth = f"The right class is “{f['class']}”"
    if not f["given"]:
        truth = f"Take the network's own answer, “{f['class']}”, to be right"
    if f["small"]:
        how = (
            f"p is too small to take its logarithm from a few decimals, so L = ln S − (z − largest "
            f"logit), with your sum S in {f['total']}"
        )
    else:
        how = f"with p as you found it in {f['probability']}"
    return (
        f"{truth}. The loss of this picture is the cross-entropy L = −ln p of the right class, "
        f"{how}. Calculate to {_decimals(f['decimals'])}."
    )


def _sigmoid(f: Facts) -> str:
    return (
        f"Each of the {f['count']} labels is a question of its own, yes or no: the sigmoid makes a "
        f"probability of its logit z in {f['layer']}, p = 1 / (1 + e⁻ᶻ). Probabilities of several "
        f"labels need not add up to 1. Calculate to {_decimals(f['decimals'])}."
    )


def _binary_cross_entropy(f: Facts) -> str:
    who = "This picture has" if f["given"] else "Take the network's own answer to be right:"
    how = "ℓ = −ln p where the label is there (y = 1), and ℓ = −ln (1 − p) where it is not (y = 0)"
    if f["small"]:
        how = (
            "ℓ = ln (1 + e⁻ᶻ) where the label is there (y = 1), and ℓ = ln (1 + eᶻ) where it is "
            "not (y = 0): the same as −ln p and −ln (1 − p), which a few decimals are too few for"
        )
    rest = f" The other {f['others']} labels add {f['rest']} to the sum." if f["others"] else ""
    return (
        f"{who} “{f['labels']}”. The loss of a label is its binary cross-entropy, {how}; the loss "
        f"L of the picture is the mean of all {f['count']}.{rest} Calculate to "
        f"{_decimals(f['decimals'])}."
    )


def _squared_error(f: Facts) -> str:
    who = "" if f["given"] else " Take the network's own answer to be right."
    rest = f" The squares of the other {f['others']} add {f['rest']}." if f["others"] else ""
    return (
        f"{f['layer']} gives numbers z that are standardised, as what is right, t, is: (value − μ) "
        f"/ σ, with μ = {f['mean']} and σ = {f['scale']} for “{f['quantity']}”.{who} The loss L is "
        f"the squared error, the mean of (z − t)² over {_numbers(f['count'])}.{rest} Calculate "
        f"differences to {_decimals(f['decimals'])}, the loss to {_decimals(f['loss_decimals'])}, "
        f"and “{f['quantity']}” to {_decimals(f['units_decimals'])}."
    )


def _numbers(count: int) -> str:
    return "one number" if count == 1 else f"{count} numbers"


def _at_outputs(f: Facts) -> str:
    if f["kind"] == "labels":
        how = f"∂L/∂z = (p − y) / {f['count']}, since L is the mean over {f['count']} labels"
        own = "probabilities"
    else:
        how = f"∂L/∂z = 2 · (z − t) / {f['count']}, the slope of the mean of the squares"
        own = "differences"
    return (
        f"Learning goes backward, and begins at the outputs: {how}. Take your {own}, and calculate "
        f"to {_decimals(f['decimals'])}."
    )


def _gradient(f: Facts) -> str:
    if "kind" in f:
        return _at_outputs(f)
    return (
        "Learning goes backward, and begins at the logits. The gradient of the loss there is ∂L/∂z "
        f"= p − y, where y is 1 for the right class, “{f['class']}”, and 0 for all others. Take "
        f"your probabilities, and calculate to {_decimals(f['decimals'])}."
    )


def _step(f: Facts) -> str:
    times = f" (times {power(f['exponent'])})" if f.get("exponent") else ""
    return (
        f"A step of gradient descent with the learning rate η = {f['rate']} makes w − η · ∂L/∂w"
        f"{times} of it."
    )


def _dense_update(f: Facts) -> str:
    return (
        f"The weight of {f['layer']} from entry {f['entry']} to unit {f['unit']} (“{f['class']}”) "
        f"is w = {f['before']}. Its gradient is ∂L/∂w = δ · x: δ is the gradient at the unit, "
        f"{f['delta']}, and x = {f['x']} is the number that the weight was multiplied by. Round "
        f"∂L/∂w to {_decimals(f['decimals'])}. {_step(f)}"
    )


def _through_dense(f: Facts) -> str:
    rest = f" The other {f['others']} units add {f['rest']}." if f["others"] else ""
    return (
        f"The gradient goes on to what {f['layer']} reads. Entry {f['entry']} of {f['input']} was "
        "read by all units, so its gradient is the sum of w · δ over them, with δ the gradient at "
        f"each unit.{rest} Calculate to {_decimals(f['decimals'])}."
    )


def _through_activation(f: Facts) -> str:
    where = "units" if f["flat"] else f"a part of feature map {f['channel']}"
    slope = "nothing" if f["slope"] == "0" else f"{f['slope']} times the gradient"
    how = f"where x was positive, the gradient δ behind it goes on as it is; elsewhere {slope} does"
    if not f["straight"]:
        how = "the gradient δ behind it is multiplied by the slope at x, which is given"
    return (
        f"Back through {f['layer']}: {how}. Here is {where} of {f['input']}.{_unit(f)} Answer to "
        f"{_decimals(f['decimals'])}."
    )


def _through_pooling(f: Facts) -> str:
    at = ", ".join(map(str, f["at"]))
    if f["maximum"]:
        how = "goes to the value that was the largest; all others get 0"
    else:
        how = f"goes to all {f['count']} values in equal parts"
    return (
        f"Back through {f['layer']}: the gradient δ = {f['delta']} at its value {at} {how}. Here "
        f"is its window in {f['input']}.{_unit(f)} What does each value get from this window, to "
        f"{_decimals(f['decimals'])}?"
    )


def _kernel_update(f: Facts) -> str:
    row, column, channel, kernel = f["at"]
    rest = ""
    if f["others"]:
        rest = f" These are the largest products; the other {f['others']} add up to {f['rest']}."
    return (
        f"The weight at row {row}, column {column} of kernel {kernel} of {f['layer']}, for map "
        f"{channel} of {f['input']}, is w = {f['before']}. It was used at every place of the "
        f"feature map, so its gradient ∂L/∂w is the sum of x · δ over all places.{rest}{_unit(f)} "
        f"Round products to {_decimals(f['product_decimals'])}, the gradient to "
        f"{_decimals(f['decimals'])}. {_step(f)}"
    )


ENGLISH = Words(
    language="en",
    title=lambda picture: f"Worksheet: {picture}" if picture else "Worksheet",
    key=lambda picture: f"Key: {picture}" if picture else "Key",
    fields=("Name", "Class", "Date"),
    sheet=lambda digest: f"Sheet {digest}",
    before=(
        "All numbers are this network's own, for this picture, rounded. Calculate with the numbers "
        "as they are printed here; a small difference from rounding is allowed for. Rows, columns, "
        "feature maps, units and entries are counted from 0."
    ),
    network=lambda layers: f"The network: {layers}.",
    picture=lambda name, size: f"{name}, {size}" if name else size,
    names={
        "pixels": "Pixels",
        "convolution": "Convolution",
        "norm": "Batch normalisation",
        "activation": "Activation",
        "relu": "ReLU",
        "pooling": "Pooling",
        "max": "Max pooling",
        "mean": "Average pooling",
        "learned": "Subsampling",
        "flattening": "Flattening",
        "dense": "Full connection",
        "softmax": "Softmax",
        "sigmoid": "Sigmoid",
        "cross-entropy": "Cross-entropy",
        "binary-cross-entropy": "Binary cross-entropy",
        "squared-error": "Squared error",
        "gradient": "Gradient at the outputs",
        "dense-update": "One weight learns",
        "through-dense": "Gradient through the full connection",
        "through-activation": "Gradient through the activation",
        "through-pooling": "Gradient through the pooling",
        "kernel-update": "One weight of a kernel learns",
    },
    texts={
        "pixels": _pixels,
        "convolution": _convolution,
        "norm": _norm,
        "activation": _activation,
        "pooling": _pooling,
        "flattening": _flattening,
        "dense": _dense,
        "softmax": _softmax,
        "sigmoid": _sigmoid,
        "cross-entropy": _cross_entropy,
        "binary-cross-entropy": _binary_cross_entropy,
        "squared-error": _squared_error,
        "gradient": _gradient,
        "dense-update": _dense_update,
        "through-dense": _through_dense,
        "through-activation": _through_activation,
        "through-pooling": _through_pooling,
        "kernel-update": _kernel_update,
    },
    grids={
        "pixels": "pixels",
        "normalised": "normalised",
        "window": lambda f: f"window{_channel(f)}" if "channels" in f else "window",
        "kernel": lambda f: f"kernel{_channel(f)}",
        "products": "products",
        "before": "before, x",
        "after": "after",
        "row_sums": "sum of each row",
        "row_maxima": "largest value of each row",
        "votes": "largest products",
        "softmax": "softmax",
        "at_logits": "gradient at the logits",
        "sigmoid": "probability of each label",
        "label_losses": "loss of each label",
        "differences": "differences",
        "at_outputs": "gradient at the outputs",
        "paths": "gradient through each unit",
        "delta": "gradient behind, δ",
        "slopes": "slope at x",
        "delta_before": "gradient before",
        "weight_terms": "largest products",
    },
    heads={
        "entry": "entry",
        "value": "x",
        "weight": "w",
        "product": "product",
        "class": "class",
        "logit": "logit z",
        "power": "e^(z − largest)",
        "probability": "p",
        "target": "y",
        "delta": "δ",
        "place": "row, column",
        "label": "label",
        "label_loss": "ℓ",
        "quantity": "number",
        "output": "z",
        "right": "t",
        "difference": "z − t",
    },
    asks={
        "sum": "Sum of the products:",
        "sum_of": lambda f: f"Sum of the products{_channel(f)}:",
        "total": "All together:",
        "standardised": "(x − μ) / σ =",
        "scaled": "γ · (x − μ) / σ + β =",
        "maximum": "The largest value:",
        "mean": "The mean:",
        "subsampled": "a · sum + b =",
        "row": "Its row:",
        "column": "Its column:",
        "length": "Entries of the vector:",
        "entry": lambda f: "The entry of row {}, column {}, map {}:".format(*f["at"]),
        "row_of": lambda f: f"Entry {f['entry']} comes from row:",
        "column_of": "from column:",
        "channel_of": "from map:",
        "sum_of_powers": "Sum of the powers, S:",
        "loss": "L =",
        "in_units": lambda f: f"The network's answer for “{f['quantity']}”, z · σ + μ =",
        "gradient": "∂L/∂w =",
        "after": lambda f: f"The weight after the step, to {_decimals(f['decimals'])}:",
    },
    left_out=(
        "Left out",
        {
            "none": "the network has no such layer",
            "quantised": "the network rounds the numbers that it multiplies there",
            "task": "the network does not choose one class",
            "labels": "the network does not give several labels",
            "numbers": "the network does not give numbers",
            "gradients": "a quantised network has no gradients",
            "settled": "nothing comes back: the network has nothing to learn from this picture",
        },
    ),
    columns=("blank", "answer", "±", "the network's own value"),
    exact="Answers, from the printed numbers; and what the network computed from all digits",
)
