"""Winograd's convolutions: right, exact where they promise it, and chosen by shapes alone."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.engines import get_engine
from pellucid.engines.native import NativeEngine
from pellucid.engines.native.assemble import object_code
from pellucid.engines.native.compile import write
from pellucid.engines.native.emit import single_image
from pellucid.engines.native.emit.winograd_forms import FOUR, TWO, Form
from pellucid.engines.native.kernels import registry
from pellucid.engines.native.kernels.winograd import Winograd
from pellucid.engines.native.kernels.winograd_choice import choose_form
from pellucid.engines.native.lower.regions import lower
from pellucid.engines.native.memory import tiling
from pellucid.engines.native.program import NativeProgram
from pellucid.engines.native.report import report
from pellucid.engines.native.runtime.host.this_machine import host_target
from pellucid.graph import INPUT, Graph
from pellucid.layers import (
    BatchNorm,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePool,
    MaxPool,
    Normalise,
    ReLU,
    Residual,
    Sequential,
    Sigmoid,
)
from pellucid.ops import CrossEntropy
from tests.engines.native.programs import LEARNING, compiled, digest, native, train
from tests.engines.native.test_memory import poison_new, poison_used
from tests.engines.native.test_targets import PROCESSORS, WASM, here
from tests.engines.networks import batch, network
from tests.engines.tolerances import TOLERANCES, assert_all_close, assert_close
from tests.learning import step_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.layers import Block
    from pellucid.ops.operation import Array

FORMS = {form.name: form for form in (TWO, FOUR)}

TARGET = host_target()


def three(filters: int, name: str, **keywords: object) -> Block:
    return Conv2D(filters, 3, name=name, **{"padding": "same", **keywords})  # type: ignore[arg-type]


def every_kind() -> Graph:
    """Both forms, tiles that hang over, poolings, a shortcut, partial vectors, all paddings."""
    return Sequential(
        [
            Normalise([100.0, 120.0, 90.0], [60.0, 70.0, 80.0]),
            Conv2D(17, 1, name="stem"),
            ReLU(),
            three(24, "pooled"),
            ReLU(),
            MaxPool(2),
            three(19, "valid", padding="valid"),
            Sigmoid(),
            Residual([three(19, "shortcut", bias=False), BatchNorm(), ReLU(), three(19, "again")]),
            ReLU(),
            three(33, "uneven", padding=((2, 0), (0, 1))),
            MaxPool(2),
            ReLU(),
            three(40, "small"),
            GlobalAveragePool(),
            Dense(5),
        ]
    ).graph((35, 30, 3))


BY_TILES = {"pooled", "valid", "shortcut", "again", "uneven", "small"}


def directly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the kernel out."""
    others = tuple(kernel for kernel in registry.KERNELS if kernel is not Winograd)
    monkeypatch.setattr(registry, "KERNELS", others)


def kernels_of(graph: Graph, *, training: bool = False) -> dict[str, str]:
    regions = lower(graph, TARGET, training=training).regions
    return {region.name: region.kernel.__name__ for region in regions}


def assert_same(actual: Array, expected: Array) -> None:
    assert actual.tobytes() == expected.tobytes()


# ------------------------------------------------------------------------------------- the forms


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_form_is_an_identity(form: Form) -> None:
    """In fractions: Aᵀ·[(G·k) ⊙ (Bᵀ·x)] is the convolution, exactly."""
    points = [Fraction(p) for p in form.points]
    kernel_matrix = [
        [p**k / prod((p - q for q in points if q != p), start=Fraction(1)) for k in range(3)]
        for p in points
    ] + [[Fraction(0), Fraction(0), Fraction(1)]]
    np.testing.assert_allclose(np.array(kernel_matrix, float), form.kernel_matrix, rtol=1e-15)
    inputs = [[Fraction(c) for c in row] for row in form.input_matrix]
    outputs = [[Fraction(c) for c in row] for row in form.output_matrix]
    drawn = np.random.default_rng(4).integers(-9, 10, (20, form.size + 3))
    for row in drawn:
        x, k = [Fraction(int(n)) for n in row[: form.size]], [Fraction(int(n)) for n in row[-3:]]
        transformed = [sum(a * b for a, b in zip(line, x, strict=True)) for line in inputs]
        kernel = [sum(a * b for a, b in zip(line, k, strict=True)) for line in kernel_matrix]
        products = [a * b for a, b in zip(transformed, kernel, strict=True)]
        y = [sum(a * b for a, b in zip(line, products, strict=True)) for line in outputs]
        assert y == [sum(x[i + t] * k[t] for t in range(3)) for i in range(form.outputs)]


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_number_of_a_transform_of_values_is_exact_in_single_precision(form: Form) -> None:
    for matrix in (form.input_matrix, form.output_matrix):
        np.testing.assert_array_equal(matrix.astype(np.float32), matrix)


def test_the_example_of_the_documentation() -> None:
    """F(2, 3) of docs/native-engine.md, number by number."""
    x, k = np.array([1.0, 3.0, 2.0, 4.0]), np.array([2.0, -1.0, 3.0])
    transformed, kernel = TWO.input_matrix @ x, TWO.kernel_matrix @ k
    np.testing.assert_array_equal(transformed, [1, 5, -1, 1])
    np.testing.assert_array_equal(kernel, [-2, 2, 3, 3])
    np.testing.assert_array_equal(transformed * kernel, [-2, 10, -3, 3])
    np.testing.assert_array_equal(TWO.output_matrix @ (transformed * kernel), [5, 16])
    np.testing.assert_array_equal(np.correlate(x, k, "valid"), [5, 16])


# ------------------------------------------------------------------------------------ the choice


def test_which_layers_are_computed_by_tiles() -> None:
    for training in (False, True):
        found = kernels_of(every_kind(), training=training)
        assert {name for name, kernel in found.items() if kernel == "Winograd"} == BY_TILES


@pytest.mark.parametrize(
    ("channels", "filters", "outputs", "form"),
    [
        (64, 64, (16, 16), FOUR),
        (16, 16, (32, 32), FOUR),
        (32, 64, (14, 14), FOUR),
        (64, 64, (2, 2), TWO),
        (64, 64, (6, 6), TWO),
        (64, 64, (1, 9), None),
        (3, 32, (64, 64), None),
        (64, 4, (64, 64), None),
        (8, 8, (5, 5), None),
    ],
)
def test_a_form_is_chosen_by_shapes(
    channels: int, filters: int, outputs: tuple[int, int], form: Form | None
) -> None:
    assert choose_form(channels, filters, outputs) == form


def test_declines() -> None:
    graph = Sequential(
        [
            three(16, "few channels"),
            three(16, "strided", stride=2),
            three(16, "dilated", dilation=2),
            three(16, "grouped", groups=2),
            Conv2D(16, 5, padding="same", name="wide"),
            three(16, "taken"),
            MaxPool(3),
            Flatten(),
            Dense(4),
        ]
    ).graph((48, 48, 3))
    found = kernels_of(graph)
    assert [name for name, kernel in found.items() if kernel == "Winograd"] == ["taken"]
    reasons = {
        stage.name: stage.declined.get("Winograd", "")
        for stage in report(graph, TARGET, batch=2, training=False).stages
        if stage.computed_by in ("Convolve", "FewChannels", "Grouped")
    }
    assert reasons.keys() >= {"few channels", "strided", "dilated", "grouped", "wide"}
    assert all(reasons[name] for name in ("few channels", "strided", "dilated", "wide"))
    assert "Winograd" not in {
        region.kernel.__name__ for region in lower(graph, replace(TARGET, compact=True)).regions
    }


def test_products_are_reported() -> None:
    """Operations are counted as in textbooks, so that rates compare; a note gives the products."""
    graph = every_kind()
    stages = report(graph, TARGET, batch=2, training=False).stages
    (stage,) = [stage for stage in stages if stage.name == "pooled"]
    assert stage.description.work.flops == 2 * 2 * 35 * 30 * 9 * 17 * 24
    # 9 × 8 tiles of 6 × 6, where the direct form has 9 for each of 34 × 30 outputs that are pooled.
    assert any("2592 products" in note and "9180" in note for note in stage.description.notes)


# ------------------------------------------------------------------------------- what is computed


def answers(graph: Graph, weights: Mapping[str, Array], images: Array, threads: int) -> Array:
    """In a batch and one by one, also in memory with nothing in it but NaN."""
    program = native(graph, learning=None, threads=threads)
    poison_new(program)
    program.set_weights(weights)
    together = program.forward(images)
    poison_used(program)
    alone = np.concatenate([program.forward(image[None]) for image in images])
    assert_same(alone, together)
    return together


def test_any_blocks_threads_and_batches_give_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pieces of a row, one row, several images in a block; a single image cut for many threads."""
    graph = every_kind()
    (images, _), weights = batch(graph, 7), network(graph).weights
    expected = answers(graph, weights, images, 1)
    monkeypatch.setattr(single_image, "WORTH_MEETING", 0)
    monkeypatch.setattr(single_image, "WORTH_WAKING", 0)
    for most, threads in ((1, 2), (3, 3), (5, 2), (12, 4), (200, 2)):
        monkeypatch.setattr(tiling, "FEWEST_TILES", most)
        monkeypatch.setattr(tiling, "MOST_TILES", most)
        assert_same(answers(graph, weights, images, threads), expected)


@pytest.mark.parametrize("kind", here())
def test_vectors_of_any_width_give_the_same_bits(kind: str) -> None:
    """Of what goes into the head, whose mean over positions is summed by vectors."""
    graph = every_kind()
    maps = Graph(graph.inputs, graph.nodes, {"small": "small"})
    images, _ = batch(graph, 3)
    fuses = "fma" not in here()[kind].features or "+fma" in here()[kind].features
    programs = [
        NativeProgram(network(graph), {}, replace(target, threads=2))
        for target in (TARGET, here()[kind])
    ]
    ours, theirs = (program.run(maps, {INPUT: images})["small"] for program in programs)
    if fuses and kind != "SSE4":
        assert_same(ours, theirs)
    else:
        assert_close(kind, ours, theirs, TOLERANCES["float32"])


@pytest.mark.parametrize("threads", [1, 3])
def test_against_the_reference(threads: int) -> None:
    """Values, gradients, and where two steps lead."""
    graph, tolerance = every_kind(), TOLERANCES["float32"]
    net = network(graph)
    step = step_of(net, replace(LEARNING, seed=5))
    actual = NativeEngine(threads=threads).load(net, step)
    expected = get_engine("reference").load(net, step, precision="float64")
    images, labels = batch(graph, 5)
    assert isinstance(actual, NativeProgram)
    for name, value in expected.values(images).items():
        assert_close(name, actual.values(images)[name], value.astype(np.float32), tolerance)
    ours, theirs = (p.gradients(images, labels, CrossEntropy()) for p in (actual, expected))
    for mine, wanted in ((ours.values, theirs.values), (ours.weights, theirs.weights)):
        single = {name: value.astype(np.float32) for name, value in wanted.items()}
        assert_all_close(mine, single, 3 * tolerance)


def test_training_gives_the_same_bits_with_any_number_of_threads() -> None:
    found = set()
    for threads in (1, 2, 3):
        program = native(every_kind(), threads=threads)
        poison_new(program)
        train(program, 3, count=17)
        found.add(digest(program))
    assert len(found) == 1


def test_learned_kernels_are_transformed_again() -> None:
    program = native(every_kind())
    train(program, 2)
    images, _ = batch(program.graph, 4)
    fresh = native(every_kind())
    fresh.set_weights(program.weights())
    assert_same(program.forward(images), fresh.forward(images))


def test_a_value_that_is_asked_for_is_the_one_that_predicts() -> None:
    graph = every_kind()
    program = native(graph, learning=None)
    images, _ = batch(graph, 4)
    answer, whole = program.forward(images), program.values(images)
    assert_same(whole[graph.output], answer)
    for name in ("pooled", "uneven", "again"):
        outputs = Graph(graph.inputs, graph.nodes, {name: name})
        assert_same(program.run(outputs, {INPUT: images})[name], whole[name])


def test_memory_is_that_of_kernels_and_of_one_block(monkeypatch: pytest.MonkeyPatch) -> None:
    graph = every_kind()
    ours = compiled(native(graph))._code.plan
    by_name = {kernel.name: kernel for kernel in ours.kernels.values()}
    taken = [by_name[name] for name in BY_TILES]
    blocks, kernels = [], 0
    for kernel in taken:
        assert isinstance(kernel, Winograd)
        kernels += 4 * kernel.tiling.size
        blocks.append(kernel.tiling.scratch(pools=kernel.region.pool is not None))
        blocks.append(kernel.gradient_scratch)
        if kernel.back is not None:
            kernels += 4 * kernel.back.size
            blocks.append(kernel.back.scratch(pools=False))
    directly(monkeypatch)
    before = compiled(native(graph))._code.plan
    room = 4 * ours.threads * max(blocks) + 64 * (2 * len(taken) + 2)
    assert ours.arena.size <= before.arena.size + kernels + room


@pytest.mark.parametrize("name", [*PROCESSORS, "WebAssembly"])
def test_written_for(name: str) -> None:
    target = (PROCESSORS | {"WebAssembly": WASM})[name]
    code = write(every_kind(), target, capacity=4)
    assert object_code(code.text, target)


# ------------------------------------------------------------------------------------- its errors

LAYERS = [
    (32, 64, 14),
    (32, 64, 32),
    (32, 32, 32),
    (32, 64, 16),
    (64, 64, 16),
    (64, 128, 8),
    (128, 128, 8),
    (16, 16, 32),
    (32, 32, 16),
    (64, 64, 8),
    (32, 64, 64),
    (64, 128, 32),
    (128, 256, 16),
    (64, 64, 6),
]
"""Channels, filters and size of the workloads' convolutions, and one of F(2×2, 3×3)."""


@pytest.mark.parametrize(("channels", "filters", "size"), LAYERS)
def test_errors_are_bounded(
    monkeypatch: pytest.MonkeyPatch, channels: int, filters: int, size: int
) -> None:
    """Against float64, beside the direct form's: RMS within 8 times, the largest within 20."""
    graph = Sequential([three(filters, "conv"), ReLU()]).graph((size, size, channels))
    rng = np.random.default_rng(channels + filters + size)
    images = np.maximum(rng.standard_normal((2, size, size, channels)), 0).astype(np.float32)
    net = network(graph)
    exact = get_engine("reference").load(net, precision="float64").forward(images)
    assert kernels_of(graph)["conv"] == "Winograd"
    ours = native_answers(graph, images) - exact
    directly(monkeypatch)
    assert kernels_of(graph)["conv"] == "Convolve"
    theirs = native_answers(graph, images) - exact
    rms = np.sqrt(np.square(ours).mean() / np.square(theirs).mean())
    largest = np.abs(ours).max() / np.abs(theirs).max()
    assert rms <= 8, f"{rms:.2f} times the direct form's"
    assert largest <= 20, f"{largest:.2f} times the direct form's"
    assert np.abs(ours).max() <= 1e-4 * np.abs(exact).max()


def native_answers(graph: Graph, images: Array) -> Array:
    return native(graph, learning=None).forward(images).astype(np.float64)


def test_nothing_comes_back_from_what_is_not_read() -> None:
    """A gradient that is asked for is 0 where no value depends, not what tiles leave of others."""
    layers = [three(16, "a"), ReLU(name="r"), three(16, "b")]
    net = network(Sequential(layers).graph((16, 16, 8)))
    images = np.random.default_rng(0).normal(size=(1, 16, 16, 8)).astype(np.float32)
    program = NativeEngine(threads=1).load(net)
    at = np.zeros((1, *net.graph.output_shape), np.float32)
    at[0, 7, 6, 3] = 1.0
    found = program.differentiate(
        net.graph, {net.graph.input: images}, {net.graph.output: at}, values=net.graph.types
    )
    slopes = found.values[net.graph.input][0]
    window = np.zeros((16, 16), bool)
    window[5:10, 4:9] = True
    assert not slopes[~window].any()
    assert slopes[window].any()
