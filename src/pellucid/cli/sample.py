"""A picture of chance that a command looks into, instead of one that is given."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.text import printable, quoted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pellucid.estimators import ImageGenerator

SampleName = Annotated[
    str | None,
    typer.Option(
        "--sample",
        metavar="SEED/NUMBER",
        help="Of a generator: a picture that it makes, instead of one that is given; 0/3 is number "
        "3, from 0, of the seed 0.",
    ),
]


def check_sample(
    sample: str | None,
    image: str | None,
    alone: Mapping[str, object],
    of_pictures: Mapping[str, object],
) -> None:
    """Check that there is either a picture or a sample, with the options that it takes.

    Args:
        sample: As it was given.
        image: The picture.
        alone: Options that belong to samples, by name, as they were given.
        of_pictures: Options that belong to pictures.
    """
    if sample is not None and image is not None:
        raise typer.BadParameter(
            "a generator makes the picture; leave the picture out", param_hint="--sample"
        )
    taken = [name for name, value in of_pictures.items() if value is not None]
    if sample is not None and taken:
        raise typer.BadParameter("a sample does not take it; leave it out", param_hint=taken[0])
    if sample is None:
        if odd := [name for name, value in alone.items() if value]:
            raise typer.BadParameter("belongs to --sample; give both", param_hint=odd[0])
        if image is None:
            raise typer.BadParameter(
                "name a picture; or of a generator a sample: --sample 0/3", param_hint="IMAGE"
            )


def parse_sample(text: str) -> tuple[int, int]:
    """``0/3`` as seed and number."""
    if not re.fullmatch(r"[0-9]{1,10}/[0-9]{1,7}", text):
        raise typer.BadParameter(
            f"{quoted(text)} is not a sample such as 0/3: its seed, and its number from 0",
            param_hint="--sample",
        )
    seed, number = text.split("/")
    return int(seed), int(number)


def load_generator(
    model: str, *, engine: str, instead: str = "name one that it looks at, instead of --sample"
) -> ImageGenerator:
    """The generator of that name.

    Args:
        model: Its file, or the folder of its run.
        engine: Who computes.
        instead: What users of another model should do, for the message.

    Raises:
        DataError: If the model is no generator.
    """
    from pellucid.cli.models import load_any_for
    from pellucid.errors import DataError
    from pellucid.estimators import ImageGenerator

    found = load_any_for(model, engine=engine)
    if not isinstance(found, ImageGenerator):
        raise DataError(
            f"{printable(model)}: a model for {found.model_.task.title}, which makes no pictures; "
            f"{instead}"
        )
    return found
