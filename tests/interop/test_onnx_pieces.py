"""Layers that files write in pieces: local response norms, bounds, parts of the channels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pellucid.errors import FileFormatError
from pellucid.interop.onnx.importing import import_proto
from pellucid.ops import LocalResponseNorm
from tests.interop.written import agrees, kinds, written

HEAD = "flat = Flatten<axis = 1>(last)  y = Gemm(flat, w)"

SQUARES = "s = Mul(x, x)  five = Unsqueeze(s, first)"
PADDED = "wide = Pad(five, sides)"
MEAN = "mean = AveragePool<kernel_shape = [3, 1, 1], strides = [1, 1, 1]>(wide)"
NORM = """
    back = Squeeze(mean, first)  scaled = Mul(back, alpha)
    base = Add(scaled, k)  damping = Pow(base, beta)  last = Div(x, damping)
"""


def pieces(*parts: str, **changed: Any) -> Any:
    """A local response normalisation of the picture in pieces, and a dense layer behind it."""
    constants: dict[str, Any] = {
        "first": [1],
        "sides": [0, 0, 1, 0, 0, 0, 0, 1, 0, 0],
        "alpha": np.float32(0.003),
        "k": np.float32(2),
        "beta": np.float32(0.75),
        "w": (3 * 8 * 7, 4),
    }
    return written(" ".join((*parts, HEAD)), **{**constants, **changed})


def test_local_response_norm_in_pieces() -> None:
    graph = agrees(pieces(SQUARES, PADDED, MEAN, NORM)).model.network.graph
    norm, *_ = graph.nodes
    assert isinstance(norm.operation, LocalResponseNorm)
    assert norm.operation.alpha == pytest.approx(0.001)
    assert (norm.operation.size, norm.operation.k, norm.operation.beta) == (3, 2.0, 0.75)


def test_padding_of_the_pooling() -> None:
    pooled = (
        "mean = AveragePool<kernel_shape = [3, 1, 1], strides = [1, 1, 1], "
        "pads = [1, 0, 0, 1, 0, 0], count_include_pad = 1>(five)"
    )
    squares = "s = Pow(x, two)  five = Unsqueeze(s, first)"
    assert kinds(agrees(pieces(squares, pooled, NORM, two=np.float32(2)))) == [
        "local_response_norm",
        "flatten",
        "dense",
    ]


@pytest.mark.parametrize(
    ("parts", "changed"),
    [
        ((SQUARES, PADDED, MEAN.replace("[3, 1, 1]", "[2, 1, 1]"), NORM), {}),
        ((SQUARES, PADDED, MEAN.replace("strides = [1", "strides = [2"), NORM), {}),
        ((SQUARES, PADDED, MEAN, NORM), {"sides": [0, 0, 2, 0, 0, 0, 0, 0, 0, 0]}),
        ((SQUARES, PADDED, MEAN, NORM), {"sides": [0, 0, 1, 0, 0, 0, 0, 1, 0, 1]}),
        ((SQUARES, PADDED, MEAN, NORM), {"alpha": np.ones((3, 1, 1), np.float32)}),
        ((SQUARES.replace("Mul(x, x)", "Abs(x)"), PADDED, MEAN, NORM), {}),
        ((SQUARES, PADDED, MEAN, NORM.replace("Div(x,", "Div(s,")), {}),
        ((SQUARES, PADDED, MEAN, NORM.replace("Div(x, damping)", "Relu(damping)")), {}),
        ((SQUARES, PADDED, MEAN, NORM.replace("Div(x, damping)", "Identity(damping)")), {}),
        ((SQUARES, PADDED, MEAN, "back = Squeeze(mean, first)  last = Relu(back)"), {}),
        ((SQUARES, PADDED, "last = Squeeze(wide, first)"), {}),
    ],
)
def test_what_only_begins_like_one(parts: tuple[str, ...], changed: dict[str, Any]) -> None:
    with pytest.raises(FileFormatError, match="node '"):
        import_proto(pieces(*parts, **changed))


@pytest.mark.parametrize(
    ("body", "made"),
    [
        ("last = Max(x, zero)", ["relu"]),
        ("a = Max(zero, x)  last = Min(a, six)", ["relu6"]),
        ("a = Max(x, hundred)  last = Min(a, two_hundred)", ["clip"]),
        ("last = Max(x, hundred)", ["normalise", "relu", "normalise"]),
        ("a = Max(x, hundred)  b = Min(a, two_hundred)  last = Sub(b, a)", None),
        ("last = Min(x, hundred)", ["conv2d", "relu", "conv2d"]),
        ("last = Neg(x)", ["conv2d"]),
        ("a = Relu(x)  last = Sub(x, a)", ["relu", "conv2d", "add"]),
        ("a = Sub(x, hundred)  b = Relu(a)  c = Sigmoid(a)  last = Add(b, c)", None),
    ],
)
def test_bounds_and_signs(body: str, made: list[str] | None) -> None:
    numbers = {"zero": 0, "six": 6, "hundred": 100, "two_hundred": 200}
    known: dict[str, Any] = {
        name: np.float32(value) for name, value in numbers.items() if name in body
    }
    found = agrees(written(f"{body} {HEAD}", w=(3 * 8 * 7, 4), **known))
    if made is not None:
        assert kinds(found) == [*made, "flatten", "dense"]
    else:  # what several nodes read is computed once
        assert kinds(found).count("normalise") <= 2


@pytest.mark.parametrize(
    ("body", "constants", "made"),
    [
        ("last = Gather<axis = 1>(x, order)", {"order": [2, 1, 0]}, 3),
        ("last = Gather<axis = 1>(x, order)", {"order": [-1, 0, 1]}, 2),
        ("last = Gather<axis = 1>(x, order)", {"order": [0, 1, 2]}, 0),
        ("a = Gather<axis = 1>(x, at)  last = Unsqueeze(a, one)", {"at": 2, "one": [1]}, 1),
        (
            "last = Slice(x, from, to, one, back)",
            {"from": [-1], "to": [-9], "one": [1], "back": [-1]},
            3,
        ),
    ],
)
def test_channels_in_some_order(body: str, constants: dict[str, Any], made: int) -> None:
    known: dict[str, Any] = {name: np.array(given) for name, given in constants.items()}
    height = 1 if "at" in constants else 3
    found = agrees(written(f"{body} {HEAD}", w=(height * 8 * 7, 4), **known))
    assert kinds(found).count("channel_slice") == made


@pytest.mark.parametrize(
    "body",
    [
        "a = ReduceMax<axes = [2, 3], keepdims = 0>(x)  y = Gemm(a, v)",
        "a = ReduceMax<axes = [3], keepdims = 0>(x)  y = ReduceMax<axes = [2], keepdims = 0>(a)",
        "a = ReduceSum(x, both)  b = Flatten(a)  y = Gemm(b, v)",
    ],
)
def test_reductions(body: str) -> None:
    constants: dict[str, Any] = ({"v": (3, 4)} if "v)" in body else {}) | (
        {"both": [2, 3]} if "both" in body else {}
    )
    agrees(written(body, **constants))


def branched(flag: str, then: str, other: str) -> str:
    return f"""c = If({flag}) <then_branch = one () => (t) {{{then}}},
        else_branch = two () => (e) {{{other}}}>  {HEAD.replace("last", "c")}"""


@pytest.mark.parametrize("flag", [True, False])
def test_branches_that_are_known(flag: bool) -> None:
    """As PyTorch's older exporter writes a ``squeeze``."""
    body = branched("flag", "t = Relu(r)", "n = Neg(r)  e = Mul(n, half)")
    found = agrees(
        written(
            f"h = Identity(x)  r = Sub(h, hundred)  {body}",
            flag=np.array(flag), hundred=np.float32(100), half=np.float32(0.5), w=(168, 4),
        )
    )  # fmt: skip
    assert ("relu" in kinds(found)) is flag
    text = NORM.replace(
        "back = Squeeze(mean, first)",
        "shape = Shape(mean)  at = Gather(shape, first)  is = Equal(at, first)  back = If(is) "
        "<then_branch = one () => (t) {t = Squeeze(mean, first)}, "
        "else_branch = two () => (e) {e = Identity(mean)}>",
    )
    found = agrees(pieces(SQUARES, PADDED, MEAN, text))
    assert kinds(found) == ["local_response_norm", "flatten", "dense"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (branched("flag", "t = Relu(x)", "e = Neg(x)").replace("flag", "asked"), "control flow"),
        (branched("flag", "x = Relu(x)  t = Neg(x)", "e = Neg(x)"), "makes the tensor 'x' twice"),
        (branched("flag", "t = Relu(nothing)", "e = Neg(x)"), "nothing before it makes"),
    ],
)
def test_branches_that_are_not(body: str, said: str) -> None:
    asked = "asked = Relu(x)  " if "asked" in body else ""
    with pytest.raises(FileFormatError, match=said):
        import_proto(written(asked + body, flag=np.array(True), w=(168, 4)))
