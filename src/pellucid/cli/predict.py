"""``pellucid predict``: a model's guesses for pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.cells import cell_len

from pellucid.cli import arguments
from pellucid.cli.terminal import print_json, results
from pellucid.data.names import shown
from pellucid.engines import DEFAULT


def predict(
    model: arguments.ModelPath,
    pictures: Annotated[list[Path], typer.Argument(help="PNG, JPEG, WebP, BMP, GIF, TIFF files.")],
    top: Annotated[int, typer.Option(min=1, help="How many guesses for each.")] = 5,
    engine: arguments.EngineName = DEFAULT,
    json: arguments.Json = False,
) -> None:
    """Guess what pictures show, the likeliest classes first."""
    from pellucid.classifier import ImageClassifier

    classifier = ImageClassifier.load(model, engine=engine)
    probabilities = classifier.predict_proba(list(pictures))
    classes = classifier.model_.classes
    guesses = [
        [(classes[k], float(row[k])) for k in (-row).argsort(kind="stable")[:top]]
        for row in probabilities
    ]
    if json:
        print_json(
            [
                {
                    "picture": str(picture),
                    "guesses": [{"class": name, "probability": p} for name, p in listed],
                }
                for picture, listed in zip(pictures, guesses, strict=True)
            ]
        )
        return
    console = results()
    block = "#" if console.options.ascii_only else "█"
    widest = max(cell_len(shown(name)) for name in classes)
    for picture, listed in zip(pictures, guesses, strict=True):
        console.print(shown(picture))
        for name, p in listed:
            space = " " * (widest - cell_len(shown(name)))
            console.print(f"  {shown(name)}{space}  {p:7.2%}  {block * round(20 * p)}".rstrip())
