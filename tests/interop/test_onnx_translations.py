"""What becomes of ONNX's nodes: the same numbers as ONNX Runtime, in layers one would write."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from onnx.defs import onnx_opset_version

from pellucid.errors import FileFormatError
from pellucid.interop.onnx.importing import import_proto
from pellucid.interop.onnx.inputs import Asked
from pellucid.ops import BatchNorm, Conv2D, Normalise
from tests.interop.written import agrees, kinds, written

if TYPE_CHECKING:
    import onnx

HEAD = "f = Flatten(p) y = Gemm<transB=1>(f, k, c)"
CONV = "p = Conv<pads=[1,1,1,1]>(x, w)"
SMALL = "z0 = Div(x, hundred) p = Conv<pads=[1,1,1,1]>(z0, w)"  # where large numbers saturate
SCALED = "z0 = Div(x, hundred) a = Conv(z0, w)"
W: dict[str, Any] = {"w": (4, 3, 3, 3)}


def of_maps(body: str, features: int, x: str = "float[N,3,8,7]", **more: Any) -> onnx.ModelProto:
    """A graph whose maps ``p`` are flattened and connected with 5 outputs."""
    return written(f"{body} {HEAD}", x=x, k=(5, features), c=(5,), **more)


@pytest.mark.parametrize("opset", [7, 9, 10, 11, 13, 17, 21, onnx_opset_version()])
def test_versions_of_the_operators(opset: int) -> None:
    bounds = "<min=0.0, max=6.0>(b)" if opset < 11 else "(b, low, high)"
    pad = "<pads=[0,0,1,0,0,0,2,1]>(x)" if opset < 11 else "(x, sides)"
    squeezed = "<axes=[2,3]>(g)" if opset < 13 else "(g, last)"
    more: dict[str, Any] = {} if opset < 11 else {"low": np.float32(0), "high": np.float32(6)}
    more |= {} if opset < 11 else {"sides": [0, 0, 1, 0, 0, 0, 2, 1]}
    more |= {} if opset < 13 else {"last": [2, 3]}
    body = (
        f"q = Pad{pad} a = Conv(q, w) b = BatchNormalization(a, v1, s1, s2, v2) c1 = Clip{bounds}"
        f"g = GlobalAveragePool(c1) s = Squeeze{squeezed} h = Dropout(s) y = Gemm(h, k, c)"
    )
    model = written(
        body, opset=opset, ir=3 if opset < 9 else 8, **W, v1=(4,), s1=(4,), s2=(4,), v2=(4,),
        k=(4, 5), c=(5,), **more,
    )  # fmt: skip
    found = agrees(model)
    assert kinds(found) == [
        "conv2d",
        "batch_norm",
        "relu6",
        "global_average_pool",
        "dropout",
        "dense",
    ]


def test_a_flattening_in_either_order() -> None:
    agrees(of_maps(CONV, 4 * 56, **W))
    turned = f"{CONV} t = Transpose<perm=[0,2,3,1]>(p) f = Flatten(t) y = Gemm(f, k, c)"
    agrees(written(turned, **W, k=(224, 5), c=(5,)))
    odd = f"{CONV} t = Transpose<perm=[0,3,1,2]>(p) f = Reshape(t, s) r = Relu(f) y = MatMul(r, k)"
    agrees(written(odd, **W, k=(224, 5), s=[0, -1]))
    norm = f"{CONV} f = Flatten(p) b = BatchNormalization(f, v1, s1, s2, v2) y = MatMul(b, k)"
    vectors: dict[str, Any] = dict.fromkeys(("v1", "s1", "s2", "v2"), (224,))
    agrees(written(norm, **W, k=(224, 5), **vectors))


def test_a_product_of_each_position_is_a_convolution() -> None:
    """As vision transformers embed patches: positions as rows, connected by a matrix."""
    rows = f"{CONV} m = Reshape(p, s) t = Transpose<perm=[0,2,1]>(m) d = MatMul(t, k) a = Add(d, c)"
    body = f"{rows} r = Relu(a) f = Flatten(r) y = MatMul(f, last)"
    found = agrees(written(body, **W, s=[0, 0, -1], k=(4, 6), c=(6,), last=(336, 5)))
    assert kinds(found) == ["conv2d", "conv2d", "relu", "flatten", "dense"]


def test_a_product_of_rows_of_a_vector() -> None:
    body = f"{CONV} g = GlobalAveragePool(p) f = Flatten(g) d = Gemm(f, k, c) m = Reshape(d, s)"
    body += " e = MatMul(m, l) a = Add(e, b) t = Tanh(a) u = Flatten(t) y = MatMul(u, last)"
    made: dict[str, Any] = {
        "k": (4, 12),
        "c": (12,),
        "s": [0, 3, 4],
        "l": (4, 2),
        "b": (2,),
        "last": (6, 5),
    }
    found = agrees(written(body, **W, **made))
    assert kinds(found)[2:] == ["dense", "reshape", "dense", "tanh", "flatten", "dense"]


def test_pictures_with_channels_last() -> None:
    body = "t = Transpose<perm=[0,3,1,2]>(x) p = Conv(t, w)"
    found = agrees(of_maps(body, 4 * 30, x="float[N,8,7,3]", **W))
    assert kinds(found) == ["conv2d", "flatten", "dense"]


def test_the_output_in_the_order_of_the_file() -> None:
    found = agrees(written("a = Conv<strides=[8,7]>(x, w) y = Flatten(a)", w=(6, 3, 8, 7)))
    assert kinds(found) == ["conv2d", "flatten"]


@pytest.mark.parametrize("groups", [2, 3, 6])
def test_a_channel_shuffle(groups: int) -> None:
    body = (
        "a = Conv(x, w) r = Reshape(a, cut) t = Transpose<perm=[0,2,1,3,4]>(r) "
        "s = Reshape(t, joined) p = Conv<group=3>(s, u)"
    )
    cut, joined = [0, groups, 6 // groups, 6, 5], [0, 6, 6, 5]
    found = agrees(of_maps(body, 6 * 30, w=(6, 3, 3, 3), u=(6, 2, 1, 1), cut=cut, joined=joined))
    assert kinds(found).count("channel_shuffle") == (groups < 6)


def test_numbers_in_an_order_that_no_layer_makes() -> None:
    body = (
        "a = Conv(x, w) r = Reshape(a, cut) t = Transpose<perm=[0,3,2,1,4,5]>(r) "
        "s = Reshape(t, joined) p = Conv(s, u)"
    )
    model = of_maps(
        body, 8 * 30, w=(8, 3, 3, 3), u=(8, 8, 1, 1), cut=[0, 2, 2, 2, 6, 5], joined=[0, 8, 6, 5]
    )
    with pytest.raises(ValueError, match=r"'p' \(Conv\)"):
        agrees(model)


@pytest.mark.parametrize("how", ["SAME_UPPER", "SAME_LOWER", "VALID"])
@pytest.mark.parametrize("stride", [(1, 1), (2, 3)])
def test_automatic_padding(how: str, stride: tuple[int, int]) -> None:
    s = f'strides=[{stride[0]},{stride[1]}], auto_pad="{how}"'
    body = (
        f"""a = Conv<{s}>(x, w) b = MaxPool<kernel_shape=[2,3], {s}>(x) p = Concat<axis=1>(a, b)"""
    )
    rows, columns = (7, 5) if how == "VALID" else (8, 7)
    positions = -(-rows // stride[0]) * -(-columns // stride[1])
    agrees(of_maps(body, 7 * positions, w=(4, 3, 2, 3)))


@pytest.mark.parametrize("counts", [0, 1])
@pytest.mark.parametrize("ceil", [0, 1])
def test_poolings(counts: int, ceil: int) -> None:
    settings = f"kernel_shape=[3,2], strides=[2,2], pads=[1,0,1,1], ceil_mode={ceil}"
    body = f"""a = AveragePool<{settings}, count_include_pad={counts}>(x) b = MaxPool<{settings}>(x)
        p = Concat<axis=1>(a, b)"""
    columns = 4
    rows = 5 if ceil else 4
    agrees(of_maps(body, 6 * rows * columns))


def test_padding_joins_the_window_behind_it() -> None:
    sides = [0, 0, 1, 2, 0, 0, 0, 1]
    conv = of_maps("q = Pad(x, s) p = Conv<pads=[0,0,1,0]>(q, w)", 4 * 8 * 8, s=sides, **W)
    found = agrees(conv)
    assert kinds(found) == ["conv2d", "flatten", "dense"]
    assert found.model.network.graph.nodes[0].operation.padding == ((1, 1), (2, 1))  # type: ignore[attr-defined]
    lowest = np.float32(-np.inf)
    pools = "q = Pad(x, s, lowest) p = MaxPool<kernel_shape=[3,3]>(q)"
    assert kinds(agrees(of_maps(pools, 3 * 7 * 8, s=sides, lowest=lowest)))[0] == "max_pool"
    mean = "q = Pad(x, s) p = AveragePool<kernel_shape=[3,3]>(q)"
    assert kinds(agrees(of_maps(mean, 3 * 7 * 8, s=sides)))[0] == "average_pool"
    # the largest of what is padded with zeros is another thing; and so is what an addition reads
    apart = "q = Pad(x, s, one) p = MaxPool<kernel_shape=[3,3]>(q)"
    assert kinds(agrees(of_maps(apart, 3 * 7 * 8, s=sides, one=np.float32(999))))[0] == "pad"
    both = "q = Pad(x, s) a = Conv(q, w) b = Relu(q) h = Conv(b, w) z = Add(a, h) g = Flatten(z)"
    agrees(written(f"{both} y = MatMul(g, k)", s=sides, **W, k=(4 * 7 * 8, 5)))
    crop = of_maps("q = Pad(x, s) p = Conv(q, w)", 4 * 5 * 6, s=[0, 0, -1, 2, 0, 0, 0, -1], **W)
    assert kinds(agrees(crop))[:2] == ["crop", "pad"]


def test_scales_and_shifts_of_a_norm_are_its_own() -> None:
    body = f"{CONV} n = BatchNormalization(p, v1, s1, s2, v2) m = Mul(n, f1) q = Add(m, f2)"
    channels: dict[str, Any] = dict.fromkeys(("v1", "s1", "s2", "v2"), (4,))
    model = written(
        f"{body} g = GlobalAveragePool(q) f = Flatten(g) y = MatMul(f, k)",
        **W, **channels, f1=(4, 1, 1), f2=(1, 4, 1, 1), k=(4, 5),
    )  # fmt: skip
    found = agrees(model)
    assert kinds(found) == ["conv2d", "batch_norm", "global_average_pool", "dense"]
    norm = found.model.network.graph.nodes[1]
    assert isinstance(norm.operation, BatchNorm)
    assert norm.name == "q"


def test_what_else_reads_a_value_keeps_it_as_it_is() -> None:
    body = f"{CONV} n = BatchNormalization(p, v1, s1, s2, v2) m = Mul(n, f1) q = Add(m, n)"
    channels: dict[str, Any] = dict.fromkeys(("v1", "s1", "s2", "v2"), (4,))
    model = written(
        f"{body} g = GlobalAveragePool(q) f = Flatten(g) y = MatMul(f, k)",
        **W, **channels, f1=(4, 1, 1), k=(4, 5),
    )  # fmt: skip
    found = agrees(model)
    assert kinds(found)[:4] == ["conv2d", "batch_norm", "conv2d", "add"]  # a depthwise scale


def test_normalisation_inside() -> None:
    body = "a = Sub(x, m) b = Div(a, s) p = Conv(b, w)"
    mean, std = (np.array(each, np.float32).reshape(3, 1, 1) for each in ([99, 9, 1], [5, 6, 7]))
    found = agrees(of_maps(body, 4 * 30, m=mean, s=std, **W))
    normalise = found.model.network.graph.nodes[0].operation
    assert isinstance(normalise, Normalise)
    assert np.allclose(normalise.mean, [99, 9, 1])
    assert np.allclose(normalise.std, [5, 6, 7])
    scaled = "a = Mul(x, scale) b = Sub(a, one) p = Conv(b, w)"
    more: dict[str, Any] = {"scale": np.float32(1 / 127.5), "one": np.float32(1.0)}
    found = agrees(of_maps(scaled, 4 * 30, **more, **W))
    normalise = found.model.network.graph.nodes[0].operation
    assert isinstance(normalise, Normalise)
    assert np.allclose(normalise.mean, 127.5)
    turned = "a = Sub(one, x) p = Conv(a, w)"  # black and white exchanged
    found = agrees(of_maps(turned, 4 * 30, one=np.float32(255), **W))
    assert isinstance(found.model.network.graph.nodes[0].operation, Conv2D)
    # a file's own normalisation comes after the user's
    asked = Asked(mean=(10.0, 20.0, 30.0), std=(2.0,))
    both = of_maps(body, 4 * 30, m=mean, s=std, **W)
    node = import_proto(both, asked).model.network.graph.nodes[0].operation
    assert isinstance(node, Normalise)
    assert np.allclose(node.mean, np.array([10, 20, 30]) + 2 * mean.ravel())
    assert np.allclose(node.std, 2 * std.ravel())


def test_squeeze_and_excitation() -> None:
    body = f"""{SMALL} g = ReduceMean<axes=[2,3]>(p) a = Conv(g, u1, c1) b = Relu(a)
        d = Conv(b, u2, c2) e = HardSigmoid<alpha=0.16666667, beta=0.5>(d) q = Mul(e, p)"""
    model = written(
        f"{body} f = Flatten(q) y = MatMul(f, k)",
        **W, hundred=np.float32(99), u1=(2, 4, 1, 1), c1=(2,), u2=(4, 2, 1, 1), c2=(4,), k=(224, 5),
    )  # fmt: skip
    assert kinds(agrees(model))[2:8] == [
        "global_average_pool", "dense", "relu", "dense", "hard_sigmoid", "multiply",
    ]  # fmt: skip
    dense = f"""{SMALL} g = GlobalAveragePool(p) h = Flatten(g) a = MatMul(h, u1) b = Add(a, c1)
        z = Add(b, three) e = Clip(z, low, high) q = Reshape(e, four) r = Mul(p, q)
        s = Div(r, six)"""
    numbers = {"low": 0.0, "high": 6.0, "three": 3.0, "six": 6.0, "hundred": 99.0}
    constants: dict[str, Any] = {name: np.float32(value) for name, value in numbers.items()}
    model = written(
        f"{dense} f = Flatten(s) y = MatMul(f, k)", **W, u1=(4, 4), c1=(4,), k=(224, 5),
        four=[-1, 4, 1, 1], **constants,
    )  # fmt: skip
    assert "multiply" in kinds(agrees(model))


def test_hard_swish_in_pieces() -> None:
    body = f"{SCALED} b = Add(a, three) c1 = Clip(b, low, high) d = Div(c1, six) p = Mul(a, d)"
    numbers = {"low": 0.0, "high": 6.0, "three": 3.0, "six": 6.0, "hundred": 99.0}
    constants: dict[str, Any] = {name: np.float32(value) for name, value in numbers.items()}
    found = agrees(of_maps(body, 4 * 30, **W, **constants))
    assert kinds(found)[1:3] == ["conv2d", "hard_swish"]


def test_a_product_with_its_own_sigmoid() -> None:
    hundred: dict[str, Any] = {"hundred": np.float32(99)}
    found = agrees(of_maps(f"{SCALED} b = Sigmoid(a) p = Mul(b, a)", 4 * 30, **hundred, **W))
    assert kinds(found)[1:3] == ["conv2d", "silu"]
    other = f"{SCALED} b = Sigmoid(a) q = Mul(a, b) p = Add(q, b)"  # which is read elsewhere
    found = agrees(of_maps(other, 4 * 30, **hundred, **W))
    assert kinds(found)[1:5] == ["conv2d", "sigmoid", "multiply", "add"]


@pytest.mark.parametrize(
    "body",
    [
        "p = LeakyRelu<alpha=0.3>(a)",
        "p = PRelu(a, slope)",
        "p = Tanh(a)",
        "p = HardSwish(a)",
        "p = HardSigmoid(a)",
        "p = Clip(a, low, high)",
        "p = LRN<size=3, alpha=0.3, beta=0.6, bias=1.5>(a)",
        "b, p = Split<axis=1>(a, halves)",
        "p = Slice(a, from, to, over)",
        "p = Slice(a, from, to, over, every)",
        "b = GlobalMaxPool(a) p = Identity(b)",
        "p = ReduceMean<axes=[2], keepdims=0>(a)",
        "p = ReduceMean<axes=[-1]>(a)",
        "p = Softmax<axis=1>(a)",
        "p = Sum(a, a, a)",
        "b = Conv<dilations=[2,1], group=2, strides=[1,2]>(a, u) p = Sigmoid(b)",
    ],
)
def test_other_nodes(body: str) -> None:
    constants: dict[str, Any] = {
        "slope": (4, 1, 1), "low": np.float32(-0.2), "high": np.float32(0.7), "halves": [1, 3],
        "from": [1, -4], "to": [2**40, 5], "over": [2, 3], "every": [2, 3], "u": (4, 2, 2, 2),
    }  # fmt: skip
    shapes = {
        "b, p": 3 * 30, "from, to, over)": 4 * 20, "every": 4 * 3 * 2, "Global": 4,
        "keepdims=0": 4 * 5, "[-1]": 4 * 6, "dilations": 4 * 4 * 2,
    }  # fmt: skip
    size = next((size for word, size in shapes.items() if word in body), 4 * 30)
    scale = "a = Conv(z, w) "
    agrees(
        of_maps(
            f"z = Div(x, hundred) {scale}{body}", size, hundred=np.float32(99), **W, **constants
        )
    )


def test_probabilities_at_the_end_are_taken_off() -> None:
    many: dict[str, Any] = {"k": (224, 5), "c": (5,), **W}
    small = f"z = Div(x, hundred) {CONV.replace('(x', '(z')} f = Flatten(p)"
    many["hundred"] = np.float32(300)
    for end in (
        "l = Gemm(f, k, c) y = Softmax(l)",
        "l = Gemm(f, k, c) d = Dropout(l) s = Softmax(d) y = Identity(s)",
    ):
        found = agrees(written(f"{small} {end}", **many))
        assert found.translated is not None
        assert found.translated.end == "softmax"
        assert "softmax" not in kinds(found)
    squeezed = "g = GlobalAveragePool(p) s = Softmax<axis=1>(g) y = Flatten(s)"
    found = agrees(written(f"{small.replace('f = Flatten(p)', squeezed)}", **many))
    assert kinds(found)[-1] == "global_average_pool"
    conv = "o = Conv(z, u) s = Softmax<axis=1>(o) y = Reshape(s, flat)"
    found = agrees(written(f"z = Div(x, hundred) {conv}", u=(5, 3, 8, 7), flat=[-1, 5], **many))
    assert kinds(found)[-2:] == ["conv2d", "flatten"]


def test_shapes_that_are_computed() -> None:
    body = f"""{CONV} s = Shape(p) n = Gather(s, zero) u = Unsqueeze(n, where)
        m = Constant<value_ints=[-1]>()
        t = Concat<axis=0>(u, m) f = Reshape(p, t) w0 = ConstantOfShape<value=float[1] {{0.25}}>(s5)
        k1 = Mul(k, w0) y = MatMul(f, k1)"""
    agrees(written(body, **W, k=(224, 5), zero=np.array(0), where=[0], s5=[224, 5]))


HALF = 'coordinate_transformation_mode="half_pixel"'
OLD = 'coordinate_transformation_mode="asymmetric", nearest_mode="floor"'


@pytest.mark.parametrize(
    ("settings", "factors", "features"),
    [
        (f"{OLD}", (2, 3), 4 * 16 * 21),
        (f'{HALF}, nearest_mode="round_prefer_ceil"', (1.5, 4 / 7), 4 * 12 * 4),
        (f"{HALF}", (3, 2), 4 * 24 * 14),
        (f'{HALF}, mode="linear"', (1.75, 2), 4 * 14 * 14),
        (f'{HALF}, mode="linear"', (0.5, 1), 4 * 4 * 7),
    ],
)
def test_maps_resized(settings: str, factors: tuple[float, float], features: int) -> None:
    body = f"a = Conv<pads=[1,1,1,1]>(x, w) p = Resize<{settings}>(a, none, s)"
    s, none = np.array([1, 1, *factors], np.float32), np.zeros(0, np.float32)
    found = agrees(of_maps(body, features, s=s, none=none, **W))
    assert kinds(found) == ["conv2d", "resize", "flatten", "dense"]


def test_maps_resized_in_the_first_versions() -> None:
    body = "a = Conv<pads=[1,1,1,1]>(x, w) p = Upsample(a, s)"
    s = np.array([1, 1, 2, 2], np.float32)
    found = agrees(of_maps(body, 4 * 16 * 14, s=s, opset=9, **W))
    assert kinds(found) == ["conv2d", "resize", "flatten", "dense"]


@pytest.mark.parametrize(
    ("settings", "factors", "says"),
    [
        ('mode="cubic"', (2, 2), "cubic"),
        (f"{OLD}", (1.5, 2), "asymmetric"),
        ('mode="linear", coordinate_transformation_mode="align_corners"', (2, 2), "align_corners"),
        ("", (1.5, 2), "round_prefer_floor"),
        ("", (2, 0.5), "whole"),
    ],
)
def test_maps_resized_otherwise_are_refused(
    settings: str, factors: tuple[float, float], says: str
) -> None:
    attributes = f"<{settings}>" if settings else ""
    body = f"a = Conv<pads=[1,1,1,1]>(x, w) p = Resize{attributes}(a, none, s)"
    s, none = np.array([1, 1, *factors], np.float32), np.zeros(0, np.float32)
    with pytest.raises(FileFormatError, match=says):
        import_proto(of_maps(body, 1, s=s, none=none, **W), Asked())


def test_a_spatial_transformer() -> None:
    """The affine map of a picture from its means; what it leads to goes on."""
    body = (
        "h = Div(x, hundred) a = Conv<pads=[1,1,1,1]>(h, w) m = GlobalAveragePool(a) v = Flatten(m)"
        " q = Gemm(v, t, e) r = Reshape(q, two) g = AffineGrid(r, size)"
        ' p = GridSample<mode="linear">(a, g)'
    )
    two, size = np.array([0, 2, 3]), np.array([2, 4, 5, 6])
    hundred, e = np.float32(100), np.array([1, 0, 0, 0, 1, 0], np.float32)
    model = of_maps(
        body, 4 * 30, opset=20, ir=9, two=two, size=size, hundred=hundred, e=e, t=(4, 6), **W
    )
    found = agrees(model)
    assert kinds(found)[-5:] == ["dense", "affine_grid", "grid_sample", "flatten", "dense"]


@pytest.mark.parametrize("settings", ['mode="nearest"', 'padding_mode="border"'])
def test_samples_otherwise_are_refused(settings: str) -> None:
    body = (
        "a = Conv<pads=[1,1,1,1]>(x, w) m = GlobalAveragePool(a) v = Flatten(m) q = Gemm(v, t)"
        f" r = Reshape(q, two) g = AffineGrid(r, size) p = GridSample<{settings}>(a, g)"
    )
    two, size = np.array([0, 2, 3]), np.array([2, 4, 5, 6])
    with pytest.raises(FileFormatError, match="linear and zeros"):
        import_proto(of_maps(body, 1, opset=20, ir=9, two=two, size=size, t=(4, 6), **W), Asked())
