"""Evidence that adds up: the lead of one class over another, as a sum over pixels and biases.

So is one label's logit, or a number in its unit, to which the mean of the training data belongs.

With ReLU's masks and pooling's winners as they are for this image, the network is affine:

    z_target − z_against = Σ_{row, column, channel} g · x + Σ_layers g_layer · c_layer

where g is the gradient of the difference, x the pixel (0..255, so that black adds nothing), and
c_layer what a layer adds of its own, e.g. its bias. Both sides are computed on their own: the left
one by the engine's forward pass, the right one from gradients and weights.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid import checks
from pellucid.errors import ArgumentError
from pellucid.explain.baseline import MEAN, baseline_pixels
from pellucid.explain.gradient_maps import pixel_gradients
from pellucid.explain.heatmap import Heatmap
from pellucid.explain.methods import EVIDENCE
from pellucid.explain.occlusion import occlude
from pellucid.explain.records import number, numbers, record
from pellucid.graph import INPUT, Graph, check_reals
from pellucid.record import Record
from pellucid.renamed import OldAttribute
from pellucid.short_repr import short_repr
from pellucid.text import listed, printable, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.engines import Program
    from pellucid.explain.emptiness import Emptiness
    from pellucid.explain.score import Score
    from pellucid.graph import Node
    from pellucid.ops.operation import Array, Shape

REGIONS = 4
"""How many regions down and across the causal test compares, where nothing else is asked."""


@short_repr
@dataclass(frozen=True, eq=False)
class Shares:
    """The score as a sum over one layer's values, what passes it by, and biases behind it.

    Attributes:
        layer: The layer.
        values: The share of each of its values, shaped as one image's output.
        past: What reaches the answer on paths around the layer: a sum over pixels.
        constants: What other layers add of their own, by layer.
        score: What they should add up to, from a forward pass in float64.
        bent: Layers that were replaced by their tangent.
    """

    layer: str
    values: Array
    past: float
    constants: dict[str, float]
    score: float
    bent: tuple[str, ...] = ()

    @property
    def by_feature_map(self) -> Array:
        """The share of each feature map (or unit), (C,)."""
        return np.asarray(self.values.sum(axis=tuple(range(self.values.ndim - 1))))

    @property
    def total(self) -> float:
        """The sum of everything."""
        return float(self.values.sum()) + self.past + sum(self.constants.values())


@dataclass(frozen=True)
class Region:
    """One rectangle of the image, its share of the score, and what happens without it.

    Attributes:
        rows: First row, and one past the last.
        columns: First column, and one past the last.
        share: The sum of its pixels' shares.
        predicted: By how much the score would fall if the rectangle became even (the baseline's
            colour) and masks and winners stayed as they are.
        occluded: By how much it falls indeed.
    """

    rows: tuple[int, int]
    columns: tuple[int, int]
    share: float
    predicted: float
    occluded: float


@short_repr
@dataclass(frozen=True, eq=False)
class Evidence(Record):
    """A difference of two logits, one logit, or a number as a sum over pixels and biases.

    Attributes:
        scored: What was asked.
        difference: That score as the engine computed it.
        exact: The same from a forward pass in float64: what the shares add up to even where the two
            logits are nearly equal, and the engine's float32 rounds away much of their difference.
        pixels: Each pixel's share, float64 (H, W, C).
        constants: Each layer's own share, by layer: biases, batch norms' shifts, the mean that is
            subtracted from pixels; of a number the mean of the training data, under ``numbers``.
        bent: Layers that were replaced by their tangent at this image.
    """

    record_kind: ClassVar[str] = "evidence"
    scored: Score
    difference: float
    exact: float
    pixels: Array
    constants: dict[str, float]
    bent: tuple[str, ...] = ()

    question = OldAttribute("scored")

    @property
    def bias(self) -> float:
        """All that does not come from a pixel."""
        return sum(self.constants.values())

    @property
    def total(self) -> float:
        """The sum of all shares."""
        return float(self.pixels.sum()) + self.bias

    @property
    def gap(self) -> float:
        """How far the sum is from the predicted difference, relative to it: float32's rounding."""
        apart = abs(self.total - self.difference)
        return apart / abs(self.difference) if self.difference else apart

    @property
    def by_pixel(self) -> Array:
        """Shares summed over channels, (H, W)."""
        return np.asarray(self.pixels.sum(axis=2))

    @property
    def by_channel(self) -> Array:
        """Shares summed over positions, (C,)."""
        return np.asarray(self.pixels.sum(axis=(0, 1)))

    def by_region(self, rows: int = REGIONS, columns: int = REGIONS) -> Array:
        """Shares summed over the cells of a grid, (rows, columns).

        Raises:
            ArgumentError: If there are more cells than pixels on a side.
        """
        _check_grid(self.scored.graph.input_shape, rows, columns)
        cells = [
            self.pixels[slice(*down), slice(*across)].sum()
            for down in _cuts(self.height, rows)
            for across in _cuts(self.width, columns)
        ]
        return np.array(cells).reshape(rows, columns)

    def by_layer(self, layer: str) -> Shares:
        """The same score as a sum over the values of a layer, e.g. its feature maps.

        Raises:
            ArgumentError: If there is no such layer, or the answer does not depend on it.
        """
        return _shares(self.scored, layer, tangent=bool(self.bent))

    @property
    def height(self) -> int:
        """Of the image, in pixels."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Of the image, in pixels."""
        return int(self.pixels.shape[1])

    @cached_property
    def regions(self) -> list[Region]:
        """Shares beside the causal test, for :data:`REGIONS` × :data:`REGIONS` rectangles."""
        return self.test_regions(min(REGIONS, self.height), min(REGIONS, self.width))

    def test_regions(self, rows: int, columns: int) -> list[Region]:
        """Compare each rectangle's share with what happens when it is covered.

        Raises:
            ArgumentError: If there are more cells than pixels on a side.
        """
        _check_grid(self.scored.graph.input_shape, rows, columns)
        scored, image = self.scored, self.scored.image.astype(np.float64)
        gradient = pixel_gradients(scored, scored.image[None], scored.computed.exact)[0]
        boxes = [(r, c) for r in _cuts(self.height, rows) for c in _cuts(self.width, columns)]
        falls = occlude(scored, boxes)
        even = baseline_pixels(scored.graph, MEAN)
        found = []
        for (r, c), fall in zip(boxes, falls.tolist(), strict=True):
            box = slice(*r), slice(*c)
            predicted = float((gradient[box] * (image[box] - even)).sum())
            found.append(Region(r, c, float(self.pixels[box].sum()), predicted, fall))
        return found

    def heatmap(self) -> Heatmap:
        """The pixels' shares as a heatmap."""
        return Heatmap(
            scored=self.scored,
            method=EVIDENCE,
            values=self.by_pixel,
            channels=self.pixels,
            score=self.difference,
            engine=self.scored.computed.exact.made_by(),
            settings={"bias": self.bias, "total": self.total, "gap": self.gap},
            remark=_bent_remark(self.bent),
        )

    @cached_property
    def empty(self) -> Emptiness | None:
        """Why no pixel has a share of its own, and what shows something; none if pixels have."""
        return self.heatmap().empty

    def to_dict(self) -> dict[str, Any]:
        """As JSON values; see docs/heatmaps.md."""
        map_ = self.heatmap().to_dict()
        return record(
            "evidence",
            **{name: value for name, value in map_.items() if name not in ("schema", "record")},
            difference=number(self.difference),
            exact=number(self.exact),
            bias=number(self.bias),
            constants=self.constants,
            total=number(self.total),
            gap=number(self.gap),
            by_channel=numbers(self.by_channel),
            tangents=list(self.bent),
            regions=[
                {
                    "rows": list(r.rows),
                    "columns": list(r.columns),
                    "share": number(r.share),
                    "predicted": number(r.predicted),
                    "occluded": number(r.occluded),
                }
                for r in self.regions
            ],
        )


def evidence(scored: Score, *, tangent: bool = False) -> Evidence:
    """Take a difference of two logits (or one logit) apart into pixels and biases.

    Args:
        scored: What is asked.
        tangent: Replace operations that bend everywhere (sigmoid, tanh, softmax, local response
            normalisation) by their tangent at this image, y + J·(x − x₀), and count y₀ − J·x₀ to
            the layer itself.

    Raises:
        ArgumentError: If the network has such operations, and no tangents are wanted; or is
            quantised.
    """
    shares = _shares(scored, INPUT, tangent=tangent)
    difference = float(scored.of_images(scored.image[None])[0])
    return Evidence(scored, difference, shares.score, shares.values, shares.constants, shares.bent)


def _shares(scored: Score, layer: str, *, tangent: bool) -> Shares:
    graph, exact = scored.graph, scored.computed.exact
    check_reals(graph, "evidence")
    name = graph.value(layer)
    values = exact.values(scored.image[None])
    offsets = {
        node.name: node.operation.offset(_weights(scored, node), values[node.name])
        for node in graph.nodes
    }
    bent = tuple(name for name, offset in offsets.items() if offset is None)
    if bent and not tangent:
        raise ArgumentError(
            f"layer {printable(bent[0])} ({graph[bent[0]].operation.kind}) is not linear piece by "
            "piece, so evidence does not add up exactly; allow its tangent instead (tangent=True, "
            "--tangent), or use integrated-gradients"
        )
    check_dependence(graph, name)
    score = float(scored.of_logits(values[graph.output])[0])
    at_logits, shift = scored.gradient(1), scored.constant
    if name == graph.output:
        own = {scored.activations.graph.output: shift} if shift else {}
        return Shares(layer, (at_logits * values[name])[0], 0.0, own, score, bent)

    behind = graph if name == graph.input else graph.split(name)[1]
    gradients = exact.differentiate(
        behind,
        {each: values[each] for each in behind.inputs},
        {graph.output: at_logits},
        values=behind.types,
    ).values
    constants: dict[str, float] = {}
    for node in behind.nodes:
        gradient, y, offset = gradients[node.name], values[node.name], offsets[node.name]
        if offset is not None:
            share = float((gradient * np.broadcast_to(offset, y.shape)).sum())
        else:
            share = float((gradient * y).sum()) - _slopes(exact, graph, node, gradient, values)
        if share:
            constants[node.name] = share
    if shift:
        constants[scored.activations.graph.output] = shift
    past = sum(float((gradients[each] * values[each]).sum()) for each in {*behind.inputs} - {name})
    return Shares(layer, (gradients[name] * values[name])[0], past, constants, score, bent)


def check_dependence(graph: Graph, name: str) -> None:
    """Check that the answer depends on a value.

    Raises:
        ArgumentError: If it does not.
    """
    if name != graph.output and graph[graph.output] not in graph.nodes_after([name]):
        raise ArgumentError(f"the answer does not depend on layer {quoted(name)}; choose another")


def _weights(scored: Score, node: Node) -> dict[str, Array]:
    own = scored.computed.weights_of(node)
    return {name: np.asarray(weight, np.float64) for name, weight in own.items()}


def _slopes(
    exact: Program, graph: Graph, node: Node, gradient: Array, values: Mapping[str, Array]
) -> float:
    """What a layer's tangent makes of its inputs: the sum over J·x, times the gradient behind."""
    alone = Graph({name: graph.types[name] for name in node.inputs}, [node])
    feeds = {name: values[name] for name in alone.inputs}
    found = exact.differentiate(alone, feeds, {node.name: gradient}, values=alone.inputs).values
    return sum(float((found[name] * values[name]).sum()) for name in alone.inputs)


def _bent_remark(bent: tuple[str, ...]) -> str:
    if not bent:
        return ""
    return f"exact but for the tangents that stand for {listed(bent)}"


def _cuts(length: int, parts: int) -> list[tuple[int, int]]:
    """A length cut into parts as even as can be."""
    edges = [round(k * length / parts) for k in range(parts + 1)]
    return list(pairwise(edges))


def _check_grid(shape: Shape, rows: int, columns: int) -> None:
    checks.whole("rows", rows, 1, shape[0])
    checks.whole("columns", columns, 1, shape[1])
