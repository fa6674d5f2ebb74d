"""``pellucid generate``: pictures that a generator makes, side by side."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli import arguments
from pellucid.cli.outputs import check_output
from pellucid.cli.sample import load_generator
from pellucid.cli.terminal import print_json, results
from pellucid.engines import DEFAULT
from pellucid.text import counted, printable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from pellucid.estimators import ImageGenerator

LARGEST_SEED = 2**32 - 1


def generate(
    model: Annotated[str, typer.Argument(help="A generator's model file or run folder.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="A PNG file of all pictures.")],
    count: Annotated[int, typer.Option(min=1, max=4096, help="How many pictures.")] = 64,
    seed: Annotated[
        int, typer.Option(min=0, max=LARGEST_SEED, help="Which pictures: the same for a seed.")
    ] = 0,
    to: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=LARGEST_SEED,
            help="Go from the first picture of --seed to that of this seed, in even steps.",
            show_default="random pictures",
        ),
    ] = None,
    nearest: Annotated[
        str | None,
        typer.Option(
            metavar="DATA",
            help="Show beside each picture the nearest of these that training learned from.",
            show_default=False,
        ),
    ] = None,
    decisions: arguments.DecisionsFile = None,
    engine: arguments.EngineName = DEFAULT,
    json: arguments.Json = False,
) -> None:
    """Make pictures like those that a generator has learned from."""
    from pellucid.data.ours import drawing
    from pellucid.files import write_file
    from pellucid.show.contact_sheet import contact_sheet

    check_output(out, (".png",), model)
    if decisions is not None and nearest is None:
        raise typer.BadParameter(
            "decides about the pictures of --nearest", param_hint="--decisions"
        )
    if to is not None and count < 2:
        raise typer.BadParameter("--to needs at least 2, both ends", param_hint="--count")
    generator = load_generator(model, engine=engine, instead="name a generator's model or run")
    if to is None:
        images, captions = generator.sample(count, seed=seed), [str(n) for n in range(count)]
    else:
        images = generator.interpolate(seed, to, steps=count)
        captions = [f"{n / (count - 1):.0%}" for n in range(count)]
    distances: list[float] = []
    if nearest is not None:
        images, captions, distances = _beside(generator, images, captions, nearest, decisions)
    content = io.BytesIO()
    contact_sheet(images, captions).save(content, "PNG")
    write_file(out, drawing(content.getvalue()))
    if json:
        print_json({"file": printable(out), "pictures": count, "distances": distances})
        return
    line = f"{printable(out)}: {counted(count, 'picture')}"
    if distances:
        middle = sorted(distances)[len(distances) // 2]
        line += f", each with the nearest that was learned, {middle:.1f} grey levels off (median)"
    results().print(line)


def _beside(
    generator: ImageGenerator,
    images: NDArray[np.uint8],
    captions: list[str],
    source: str,
    decisions: Path | None,
) -> tuple[NDArray[np.uint8], list[str], list[float]]:
    """Each picture, and after it the nearest of the data's training part; and how far it is."""
    import numpy as np

    from pellucid.data.reading import Reading
    from pellucid.evaluation.nearest import nearest_pictures

    learned = generator.learned_from(source, Reading(decisions=decisions))
    places, distances = nearest_pictures(images, learned.images)
    pairs = np.stack([images, learned.images[places]], axis=1).reshape(-1, *images.shape[1:])
    beside = [f"{distance:.1f} off" for distance in distances]
    words = [word for pair in zip(captions, beside, strict=True) for word in pair]
    return pairs, words, distances.tolist()
