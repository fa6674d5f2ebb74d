"""``pellucid lecture``: the lecture's worked numbers, or its story on a network of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from pellucid.cli import arguments
from pellucid.cli.models import load_classifier
from pellucid.cli.picture import OptionalPictureName, find_labelled
from pellucid.cli.resize_note import print_resize_note
from pellucid.cli.terminal import print_json, results
from pellucid.engines import DEFAULT
from pellucid.errors import ArgumentError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rich.console import Console

    from pellucid.explain.lecture import Lecture, Pipeline


def lecture(
    model: Annotated[
        Path | None, typer.Argument(help="A model file or a run's folder; none: the slides' own.")
    ] = None,
    image: OptionalPictureName = None,
    label: Annotated[
        str | None,
        typer.Option(
            help="The class that is right.",
            show_default="the data set's, or else the network's own answer",
        ),
    ] = None,
    max_pixels: arguments.MaxPixelsAsTrained = None,
    max_bytes: arguments.MaxBytes = None,
    classes: arguments.ClassNames = None,
    invert: arguments.Invert = False,
    engine: arguments.EngineName = DEFAULT,
    json: arguments.Json = False,
) -> None:
    """Compute every worked number of the lecture, or tell its story of a picture in a model."""
    if model is not None:
        _tell(model, image, label, engine, max_pixels, max_bytes, classes, invert=invert, json=json)
        return
    if label is not None:
        raise ArgumentError(
            "--label belongs to a model and a picture: pellucid lecture MODEL IMAGE --label CLASS"
        )
    from pellucid.explain.lecture import lecture as compute

    numbers = compute()
    if json:
        print_json(numbers.to_dict())
        return
    console = results()
    _print_pipeline(console, numbers.pipeline)
    _print_judges(console, numbers)


def _tell(
    model: Path,
    image: str | None,
    label: str | None,
    engine: str,
    max_pixels: int | None,
    max_bytes: int | None,
    classes: str | None,
    *,
    invert: bool,
    json: bool,
) -> None:
    if image is None:
        raise ArgumentError(
            "a model needs a picture to tell a story of: pellucid lecture MODEL IMAGE; without "
            "both, the lecture's own numbers are printed"
        )
    from pellucid.cli.story import print_story
    from pellucid.explain.story import story

    classifier = load_classifier(
        model, engine=engine, classes=classes, max_pixels=max_pixels, invert=invert
    )
    picture, known = find_labelled(image, classifier.model_, classifier.max_pixels, max_bytes)
    if label is None and known in classifier.model_.classes:
        label = known
    told = story(classifier, picture, label)
    seen = print_resize_note(picture, classifier.model_, classifier.max_pixels)
    if json:
        print_json({**told.to_dict(), "looked_at": seen.to_dict()})
    else:
        print_story(results(), told)


def _print_pipeline(console: Console, p: Pipeline) -> None:
    console.print("Step 1, convolution: the kernel slides over the image, stride 1, no padding;")
    console.print("every position gives the sum of the elementwise products. The kernel is not")
    console.print("turned round, as everywhere in deep learning (strictly, a cross-correlation).\n")
    _print_side_by_side(
        console, {"image 7×7": p.image, "kernel 3×3": p.kernel, "feature map 5×5": p.feature_map}
    )
    row, column = p.misprint_at
    terms = p.misprint_terms
    products = " + ".join(
        f"{value:g}·{weight:g}" for value, weight in zip(terms.values, terms.factors, strict=True)
    )
    console.print(
        f"The slide prints {p.misprint:g} at row {row + 1}, column {column + 1}. "
        f"The arithmetic gives {terms.total:g}:"
    )
    console.print(f"  {products} = {terms.total:g}")
    same = np.array_equal(p.pooled, p.pooled_with_misprint)
    console.print(
        "It is a misprint, and it "
        + ("does not change" if same else "changes")
        + " the pooled map.\n"
    )
    console.print(
        "Step 1(b), ReLU: max(0, x). Nothing is negative here, so nothing changes."
        if np.array_equal(p.rectified, p.feature_map)
        else "Step 1(b), ReLU: max(0, x)."
    )
    console.print("\nStep 2, max pooling 2×2, stride 2; windows that hang over the edge count:\n")
    _print_side_by_side(console, {"after ReLU 5×5": p.rectified, "pooled map 3×3": p.pooled})
    console.print("Step 3, flattening, row by row: " + " ".join(f"{x:g}" for x in p.flattened))


def _print_judges(console: Console, numbers: Lecture) -> None:
    from rich.table import Table

    dog, cat = numbers.scores
    p_dog, p_cat = numbers.probabilities
    console.print("\nStep 4, full connection, and softmax, e^z / Σ e^z:")
    console.print(f"  scores {dog:g} for dog, {cat:g} for cat → {p_dog:.2f} and {p_cat:.2f}\n")

    table = Table(title="Two networks, three images (dog, cat)", title_justify="left")
    table.add_column("image")
    table.add_column("truth")
    for network in numbers.networks:
        table.add_column(network.name)
        table.add_column("y − t")
    for image, truth in enumerate(numbers.targets):
        cells = [
            cell
            for n in numbers.networks
            for cell in (_pair(n.probabilities[image]), _pair(n.gradients[image], signed=True))
        ]
        table.add_row(str(image + 1), f"{truth[0]:g}, {truth[1]:g}", *cells)
    console.print(table)

    table = Table("how they are judged", *(network.name for network in numbers.networks))
    for label, name in (
        ("classification error", "classification_error"),
        ("mean squared error", "mean_squared_error"),
        ("cross-entropy", "cross_entropy"),
    ):
        table.add_row(label, *(_judgement(getattr(n, name)) for n in numbers.networks))
    console.print(table)
    console.print("y − t, probabilities minus truth, is cross-entropy's gradient at the scores:")
    console.print("where learning starts. Both networks err on one image of three; cross-entropy")
    console.print("sees that the second is far worse.")


def _print_side_by_side(console: Console, grids: dict[str, NDArray[np.float64]]) -> None:
    columns = []
    for title, grid in grids.items():
        lines = [title, *(" ".join(f"{x:g}" for x in row) for row in grid)]
        width = max(map(len, lines))
        columns.append([line.ljust(width) for line in lines])
    for i in range(max(map(len, columns))):
        cells = [lines[i] if i < len(lines) else " " * len(lines[0]) for lines in columns]
        console.print(f"  {'     '.join(cells)}".rstrip())
    console.print()


def _pair(values: NDArray[np.float64], *, signed: bool = False) -> str:
    return ", ".join(f"{v:+.1f}" if signed else f"{v:.1f}" for v in values)


def _judgement(value: float) -> str:
    return f"{value:.2f} ({value:.4f})"
