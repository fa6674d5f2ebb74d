"""Boxes that are made of numbers and suppressed, in ONNX: proposals, and what is found in regions.

Boxes are taken by falling probability, which ``TopK`` sorts by, of equals the first. What
``NonMaxSuppression`` gets for scores is how many candidates come from there on, so that no two are
equal and programs need not agree on how they break ties. It keeps any number of boxes; they are
marked, and the first rows of marked ones are a fixed number. All is computed in float32.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from pellucid.ops.anchors import MOST_LOG
from pellucid.ops.finding import CANDIDATES
from pellucid.ops.propose import NO_BOX
from pellucid.ops.region_loss import DEVIATIONS
from pellucid.ops.regions import CLASS

if TYPE_CHECKING:
    from pellucid import ops
    from pellucid.interop.onnx.call import Call
    from pellucid.ops.find_regions import FindRegions

FLOAT32 = 1
"""The number of that type in ONNX."""


class Found(NamedTuple):
    """Boxes of each picture, by the names of values; rows without a box are 0, their class −1.

    Attributes:
        boxes: x0, y0, x1, y1 in pixels, float32 (N, M, 4).
        probabilities: float32 (N, M).
        classes: float32 (N, M).
    """

    boxes: str
    probabilities: str
    classes: str


def propose(call: Call[ops.Propose]) -> None:
    """Write what :class:`pellucid.ops.Propose` proposes, rows (N, 6, R), of a map (N, 5A, h, w)."""
    operation, ((height, width, _),) = call.operation, call.shapes
    of_cell, s = operation.anchors_of_cell, operation.stride
    count = height * width * of_cell
    most = min(operation.candidates, count)
    last = call.step("last", "Transpose", *call.inputs, perm=(0, 2, 3, 1))
    flat = call.whole("flat", [0, count])
    logits = call.step("logits", "Reshape", _part(call, "first", last, 0, of_cell, 3), flat)
    four = call.whole("four", [0, count, 4])
    rest = _part(call, "rest", last, of_cell, 5 * of_cell, 3)
    numbers = call.step("numbers", "Reshape", rest, four)
    top, places = _largest(call, "top", logits, most)
    xy = np.meshgrid(np.arange(width), np.arange(height))
    middles = (np.stack(xy, axis=-1).reshape(-1, 2) + 0.5) * s
    shapes = [(a / r**0.5, a * r**0.5) for a in operation.scales for r in operation.ratios]
    whole = call.whole("anchors", [of_cell])
    cells = call.step("cells", "Div", places, whole)
    own = call.step("own", "Mod", places, whole)
    anchors = (
        call.step("middles", "Gather", call.numbers("centres", middles), cells, axis=0),
        call.step("sizes", "Gather", call.numbers("shapes", shapes), own, axis=0),
    )
    t = _taken(call, "t", numbers, places)
    boxes = _boxes(call, anchors, t, (height * s, width * s))
    real = _with_area(call, boxes)
    ranks = call.numbers("ranks", np.arange(most, 0, -1))
    scores = call.step("scores", "Where", real, ranks, call.numbers("none", 0.0))
    by_class = call.step("each", "Unsqueeze", scores, call.whole("one", [1]))
    probabilities = call.step("p", "Sigmoid", top)
    classes = call.step("thing", "Mul", probabilities, call.numbers("zero", 0.0))
    candidates = Found(boxes, probabilities, classes)
    found = _kept(call, candidates, by_class, most)
    last = call.whole("last-axis", [2])
    columns = [
        call.step(f"column-{k}", "Unsqueeze", x, last)
        for k, x in enumerate((found.probabilities, found.classes))
    ]
    rows = call.step("found", "Concat", found.boxes, *columns, axis=2)
    call.write("Transpose", rows, perm=(0, 2, 1))


def found_in_regions(call: Call[FindRegions]) -> Found:
    """What :class:`pellucid.ops.find_regions.FindRegions` finds in rows, (N, 7 + 5K, R)."""
    operation, ((regions, width),) = call.operation, call.shapes
    classes = (width - CLASS - 2) // 5
    count = regions * classes
    most = min(CANDIDATES * operation.most, count)
    rows = call.step("last", "Transpose", *call.inputs, perm=(0, 2, 1))
    ends = (0, 2, 4), (CLASS, CLASS + 1, CLASS + 2 + classes, width)
    low, high = (
        _part(call, word, rows, first, last, 2)
        for word, first, last in zip(("low", "high"), ends[0], ends[0][1:], strict=False)
    )
    marks, logits, numbers = (
        _part(call, word, rows, first, last, 2)
        for word, first, last in zip(
            ("marks", "logits", "rest"), ends[1], ends[1][1:], strict=False
        )
    )
    every = call.step("softmax", "Softmax", logits, axis=2)
    p = _part(call, "things", every, 1, classes + 1, 2)
    none = call.numbers("none", 0.0)
    real = call.step("marked", "GreaterOrEqual", marks, none)
    p = call.step("p", "Where", real, p, none)
    flat = call.step("flat", "Reshape", p, call.whole("every", [0, count]))
    top, places = _largest(call, "top", flat, most)
    whole = call.whole("count", [classes])
    region = call.step("region", "Div", places, whole)
    own = call.step("own", "Mod", places, whole)
    sizes = call.step("wide", "Sub", high, low)
    sums = call.step("ends", "Add", low, high)
    middles = call.step("centres", "Mul", sums, call.numbers("half", 0.5))
    four = call.step("numbers", "Reshape", numbers, call.whole("four", [0, count, 4]))
    deviations = call.numbers("deviations", DEVIATIONS)
    t = call.step("t", "Mul", _taken(call, "four-taken", four, places), deviations)
    around = _taken(call, "middles", middles, region), _taken(call, "sizes", sizes, region)
    boxes = _boxes(call, around, t, operation.size)
    least = call.numbers("least", operation.least)
    likely = call.step("likely", "GreaterOrEqual", top, least)
    wanted = call.step("wanted", "And", likely, _with_area(call, boxes))
    one = call.whole("one", [1])
    each = call.whole("classes", np.arange(classes)[:, None])
    same = call.step("same", "Equal", call.step("own-row", "Unsqueeze", own, one), each)
    both = call.step("both", "And", same, call.step("wanted-row", "Unsqueeze", wanted, one))
    ranks = call.numbers("ranks", np.arange(most, 0, -1))
    scores = call.step("scores", "Where", both, ranks, none)
    found = Found(boxes, top, call.step("class", "Cast", own, to=FLOAT32))
    return _kept(call, found, scores, most)


def _part(call: Call[Any], word: str, x: str, first: int, last: int, axis: int) -> str:
    bounds = (
        call.whole(f"{word}-{k}", [n]) for k, n in (("from", first), ("to", last), ("axis", axis))
    )
    return call.step(word, "Slice", x, *bounds)


def _largest(call: Call[Any], word: str, x: str, count: int) -> tuple[str, str]:
    """The largest of (N, n) by falling size, of equals the first, and where they are."""
    made = [f"{call.helper}.{word}", f"{call.helper}.{word}-places"]
    call.writer.several("TopK", [x, call.whole(f"{word}-count", [count])], made, axis=1)
    return made[0], made[1]


def _taken(call: Call[Any], word: str, x: str, places: str) -> str:
    """Rows of (N, n, …) at places (N, k)."""
    last = call.whole(f"{word}-last", [2])
    apart = call.step(f"{word}-at", "Unsqueeze", places, last)
    return call.step(word, "GatherND", x, apart, batch_dims=1)


def _boxes(call: Call[Any], around: tuple[str, str], t: str, size: tuple[int, int]) -> str:
    """What numbers (N, n, 4) make of boxes' middles and sizes, (N, n, 2), cut off at the edges."""
    middles, sizes = around
    moved = call.step("moved", "Mul", _part(call, "t-shift", t, 0, 2, 2), sizes)
    middle = call.step("middle", "Add", middles, moved)
    bounds = call.numbers("log-low", -MOST_LOG), call.numbers("log-high", MOST_LOG)
    logs = call.step("logs", "Clip", _part(call, "t-log", t, 2, 4, 2), *bounds)
    grown = call.step("grown", "Mul", call.step("powers", "Exp", logs), sizes)
    half = call.step("halves", "Mul", grown, call.numbers("by-two", 0.5))
    edges = [call.step(w, k, middle, half) for w, k in (("before", "Sub"), ("behind", "Add"))]
    whole = call.step("edges", "Concat", *edges, axis=2)
    inside = call.step("inside", "Max", whole, call.numbers("start", 0.0))
    height, width = size
    return call.step("boxes", "Min", inside, call.numbers("stop", [width, height] * 2))


def _with_area(call: Call[Any], boxes: str) -> str:
    """Which boxes (N, n, 4) have an area, (N, n)."""
    ends = (_part(call, f"box-{k}", boxes, k, k + 2, 2) for k in (2, 0))
    sides = call.step("sides", "Sub", *ends)
    least = call.step("side", "ReduceMin", sides, axes=[2], keepdims=0)
    return call.step("real", "Greater", least, call.numbers("no-side", 0.0))


def _kept(call: Call[Any], candidates: Found, scores: str, count: int) -> Found:
    """The first of the candidates that overlap none of their class before them too much.

    Args:
        call: Of an operation with ``most`` and ``overlap``.
        candidates: By falling probability, (N, n, …).
        scores: How many come from each on, in the row of its class, else 0: (N, K, n).
        count: n.
    """
    operation = call.operation
    most = min(operation.most, count)
    selected = call.step(
        "selected", "NonMaxSuppression", candidates.boxes, scores, call.whole("most", [most]),
        call.numbers("overlap", [operation.overlap]), call.numbers("above", [0.5]),
    )  # fmt: skip
    at = call.step("at", "Gather", selected, call.whole("both-axes", [0, 2]), axis=1)
    place = call.step("place", "Gather", selected, call.whole("third", 2), axis=1)
    rank = call.step("rank", "Gather", call.numbers("ranks", np.arange(count, 0, -1)), place)
    empty = call.step("nothing", "Sub", candidates.probabilities, candidates.probabilities)
    noted = call.step("noted", "ScatterND", empty, at, rank)
    order, places = _largest(call, "order", noted, most)
    there = call.step("there", "Greater", order, call.numbers("unranked", 0.0))
    row = call.step("there-row", "Unsqueeze", there, call.whole("two", [2]))
    made = []
    for word, x, real, none in (
        ("of-boxes", candidates.boxes, row, 0.0),
        ("of-probabilities", candidates.probabilities, there, 0.0),
        ("of-classes", candidates.classes, there, NO_BOX),
    ):
        taken, nothing = _taken(call, word, x, places), call.numbers(f"{word}-none", none)
        found = call.step(f"{word}-kept", "Where", real, taken, nothing)
        if most < operation.most:
            axes = 3 if x == candidates.boxes else 2
            missing = [0] * (2 * axes)
            missing[axes + 1] = operation.most - most
            found = call.step(
                f"{word}-rows", "Pad", found, call.whole(f"{word}-missing", missing), nothing
            )
        made.append(found)
    return Found(*made)
