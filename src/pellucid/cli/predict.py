"""``pellucid predict``: a model's guesses for pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pellucid.cli.terminal import print_json, results
from pellucid.data.names import shown


def predict(
    model: Annotated[Path, typer.Argument(help="A model file or a run's folder.")],
    pictures: Annotated[list[Path], typer.Argument(help="PNG or JPEG files.")],
    top: Annotated[int, typer.Option(min=1, help="How many guesses for each.")] = 5,
    engine: Annotated[str, typer.Option(help="reference, torch or torch:cuda.")] = "reference",
    json: Annotated[bool, typer.Option("--json", help="Print the guesses as JSON.")] = False,
) -> None:
    """Guess what pictures show, the likeliest classes first."""
    from pellucid.classifier import ImageClassifier

    classifier = ImageClassifier.load(model, engine=engine)
    probabilities = classifier.predict_proba(list(pictures))
    guesses = [
        {
            "picture": str(picture),
            "guesses": [
                {"class": classifier.classes_[k], "probability": float(row[k])}
                for k in (-row).argsort(kind="stable")[:top]
            ],
        }
        for picture, row in zip(pictures, probabilities, strict=True)
    ]
    if json:
        print_json(guesses)
        return
    console = results()
    widest = max(len(shown(name)) for name in classifier.classes_)
    for picture, row in zip(pictures, probabilities, strict=True):
        console.print(shown(picture))
        for k in (-row).argsort(kind="stable")[:top]:
            bar = "█" * round(20 * float(row[k]))
            name = shown(classifier.classes_[k])
            console.print(f"  {name:<{widest}}  {row[k]:7.2%}  {bar}".rstrip())
