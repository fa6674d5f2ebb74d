"""The lecture's worked numbers, as the operations compute them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pellucid.numerals import figure as written
from pellucid.show import document as d

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from pellucid.explain.lecture import Lecture, Pipeline


def lecture_document(lecture: Lecture) -> d.Document:
    """Steps 1 to 3 on the lecture's image, step 4, and its table of two networks."""
    return d.Document(
        "The lecture's numbers",
        (*_pipeline(lecture.pipeline), d.Section("", list(_answers(lecture)))),
        printed=False,
    )


def _pipeline(p: Pipeline) -> Iterator[d.Part]:
    yield d.Text(
        "Step 1, convolution: the kernel slides over the image, stride 1, no padding; every "
        "position gives the sum of the elementwise products. The kernel is not turned round, as "
        "everywhere in deep learning (strictly, a cross-correlation).",
        prose=True,
    )
    yield _grids({"image 7×7": p.image, "kernel 3×3": p.kernel, "feature map 5×5": p.feature_map})
    row, column = p.misprint_at
    terms = p.misprint_terms
    products = " + ".join(
        f"{value:g}·{weight:g}" for value, weight in zip(terms.values, terms.factors, strict=True)
    )
    yield d.Text(
        f"The slide prints {p.misprint:g} at row {row + 1}, column {column + 1}. "
        f"The arithmetic gives {terms.total:g}:"
    )
    yield d.Text(f"{products} = {terms.total:g}", indent=2)
    changes = "does not change" if np.array_equal(p.pooled, p.pooled_with_misprint) else "changes"
    yield d.Text(f"It is a misprint, and it {changes} the pooled map.")
    same = np.array_equal(p.rectified, p.feature_map)
    yield d.Text(
        "Step 1(b), ReLU: max(0, x)."
        + (" Nothing is negative here, so nothing changes." if same else "")
    )
    yield d.Text("Step 2, max pooling 2×2, stride 2; windows that hang over the edge count:")
    yield _grids({"after ReLU 5×5": p.rectified, "pooled map 3×3": p.pooled})
    yield d.Text("Step 3, flattening, row by row: " + " ".join(f"{x:g}" for x in p.flattened))


def _answers(lecture: Lecture) -> Iterator[d.Part]:
    dog, cat = lecture.scores
    p_dog, p_cat = lecture.probabilities
    yield d.Text("Step 4, full connection, and softmax, e^z / Σ e^z:")
    yield d.Text(f"scores {dog:g} for dog, {cat:g} for cat → {p_dog:.2f} and {p_cat:.2f}", indent=2)
    heads = ["image", "truth"]
    for network in lecture.networks:
        heads += [network.name, "y − t"]
    rows = []
    for image, truth in enumerate(lecture.targets):
        cells = [
            cell
            for n in lecture.networks
            for cell in (_pair(n.probabilities[image], ".1f"), _pair(n.gradients[image], "+.1f"))
        ]
        rows.append((str(image + 1), _pair(truth, "g"), *cells))
    yield d.Table("Two networks, three images (dog, cat)", heads, rows, left=2, titled=True)
    judges = [
        (label, *(_judgement(getattr(n, name)) for n in lecture.networks))
        for label, name in (
            ("classification error", "classification_error"),
            ("mean squared error", "mean_squared_error"),
            ("cross-entropy", "cross_entropy"),
        )
    ]
    names = [network.name for network in lecture.networks]
    yield d.Table("how they are judged", ("how they are judged", *names), judges)
    yield d.Text(
        "y − t, probabilities minus truth, is cross-entropy's gradient at the scores: where "
        "learning starts. Both networks err on one image of three; cross-entropy sees that the "
        "second is far worse.",
        prose=True,
    )


def _grids(grids: dict[str, NDArray[np.float64]]) -> d.Grids:
    return d.Grids({name: values.tolist() for name, values in grids.items()})


def _pair(values: NDArray[np.float64], form: str) -> str:
    return ", ".join(written(v, form) for v in values)


def _judgement(value: float) -> str:
    return f"{value:.2f} ({value:.4f})"
