"""``pellucid explain``: why a model answers as it does, as a picture and in numbers."""

from __future__ import annotations

import re
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli import arguments, caption_arguments
from pellucid.cli.models import load_model_for
from pellucid.cli.outputs import check_output
from pellucid.cli.picture import find_pictures, picture_of, place_of, report_problems
from pellucid.cli.progress_bar import CountBar
from pellucid.cli.resize_note import ResizeNote, print_resize_note
from pellucid.cli.terminal import print_json, print_result, remarks
from pellucid.engines import DEFAULT
from pellucid.errors import DataError
from pellucid.explain.methods import ALL, METHODS
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pellucid.data.reference import DataPicture
    from pellucid.estimators.opened import OpenEstimator
    from pellucid.explain.evidence import Evidence
    from pellucid.explain.heatmap import Heatmap
    from pellucid.explain.method_sheet import MethodSheet

    Explanation = Evidence | Heatmap | MethodSheet

GENERATORS = (
    "heatmaps and evidence are laid over the picture that a network looks at, and noise has no "
    "places; open a picture that it makes: pellucid trace or backward MODEL --sample 0/3"
)

BOX_OPTIONS = ("box", "number", "place")
"""Options that only detectors have."""

MOST_IN_FULL = 20
"""Pictures whose numbers are printed when there are also files."""


def explain(
    model: arguments.ModelName,
    pictures: Annotated[
        list[str],
        typer.Argument(
            help="Pictures; folders; patterns ('new/*.jpg'); a CSV list; or pictures of data, "
            "mnist:test:449.",
            show_default=False,
        ),
    ],
    method: Annotated[
        str,
        typer.Option(
            help=f"{', '.join(METHODS)}; or all, side by side.",
            **arguments.named("method", (*METHODS, ALL)),
        ),
    ] = "evidence",
    target: Annotated[
        str | None,
        typer.Option(
            help="The class, label or number in question; by default the likeliest, or the first."
        ),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(
            help="The class or label to compare it with; for evidence of a class the next likely."
        ),
    ] = None,
    box: arguments.Box = None,
    number: arguments.BoxNumber = None,
    place: arguments.BoxPlace = None,
    word: caption_arguments.Word = None,
    beam: caption_arguments.Beam = None,
    second: caption_arguments.Second = None,
    layer: Annotated[
        str | None, typer.Option(help="Grad-CAM: by default the last convolution. Deconvnet too.")
    ] = None,
    unit: Annotated[
        int | None, typer.Option(help="Deconvnet: which of the layer's feature maps, from 0.")
    ] = None,
    size: Annotated[int | None, typer.Option(help="Occlusion: the patch's side in pixels.")] = None,
    tangent: Annotated[
        bool, typer.Option("--tangent", help="Evidence: replace tanh and similar by tangents.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="A PNG file; of several pictures, a folder for one PNG of each."
        ),
    ] = None,
    max_pixels: arguments.MaxPixelsAsTrained = None,
    max_bytes: arguments.MaxBytes = None,
    path_column: arguments.PathColumn = None,
    classes: arguments.ClassNames = None,
    invert: arguments.Invert = False,
    engine: arguments.EngineName = DEFAULT,
    json: arguments.Json = False,
) -> None:
    """Show what speaks for an answer: evidence that adds up, or a heatmap.

    Pictures that cannot be used are reported, the others explained; the exit code is then 1. Of
    more than 20 with --out, only the files are written.
    """
    from pellucid.data.asked import names_one

    several = len(pictures) > 1 or not names_one(pictures[0])
    folder = out if out is not None and (several or out.is_dir()) else None
    _check_out(out, folder, model, pictures)
    classifier = load_model_for(
        model,
        engine=engine,
        classes=classes,
        max_pixels=max_pixels,
        invert=invert,
        instead=GENERATORS,
    )
    if beam is not None:
        classifier = classifier.with_beam(beam)
    asked = find_pictures(
        pictures, classifier.model_, classifier.max_pixels, path_column, max_bytes
    )
    asked_box = None if box is None else box - 1
    _check_word(
        classifier, word, {"--box": box, "--number": number, "--place": place, "--second": second}
    )
    score: dict[str, Any] = {
        "target": target,
        "against": against,
        "box": asked_box,
        "number": number,
    }
    score["place"] = None if place is None else place_of(place)
    if word is not None:
        score["word"] = word - 1
    if second is not None:
        score["second"] = second
    options = {**score, "layer": layer, "unit": unit, "size": size, "tangent": tangent or None}
    places = (
        [out] * len(asked.pictures) if folder is None else _files(folder, asked.pictures, method)
    )
    problems, records = list(asked.problems), []
    total = len(asked.pictures)
    brief, written = folder is not None and total > MOST_IN_FULL, 0
    with CountBar("pictures", remarks()) as progress:
        for done, (picture, file) in enumerate(zip(asked.pictures, places, strict=True)):
            if several:
                progress(done, total)
            try:
                source = _source(picture) if brief else picture_of(picture)
                found, seen, of_word = _explained(classifier, source, method, options)
            except DataError as error:
                problems.append(str(error))
                continue
            called = f"{picture}{of_word}"
            if file is not None:
                found.save(file, picture=called)
                written += 1
                if not brief:
                    remarks().print(f"picture written to {printable(file)}")
            if json:
                named = {"picture": str(picture)} if several else {}
                records.append({**named, **found.to_dict(), "looked_at": seen.to_dict()})
            elif not brief:
                print_result(found, json=False, picture=called)
    if folder is not None and brief:
        remarks().print(f"{counted(written, 'picture')} written to {printable(folder)}")
    if json and (several or records):
        print_json(records if several else records[0])
    report_problems(problems, len(asked.pictures) + len(asked.problems))


def _check_out(out: Path | None, folder: Path | None, model: str, pictures: list[str]) -> None:
    """Refuse what cannot be written before anything costs time."""
    from pellucid.files import try_folder

    if folder is None:
        check_output(out, (".png",), model, *map(Path, pictures))
        return
    if folder.suffix.lower() == ".png" and not folder.is_dir():
        raise typer.BadParameter(
            "several pictures do not go into one PNG; name a folder", param_hint="--out"
        )
    try_folder(folder, "explanation.png")


def _check_word(classifier: OpenEstimator, word: int | None, others: dict[str, object]) -> None:
    """Refuse a word of what writes none, and boxes of what writes words."""
    from pellucid.estimators.opened_captions import OpenCaptioner

    if not isinstance(classifier, OpenCaptioner):
        others = {} if classifier.model_.task.of_steps else {"--word": word}
    for option, given in others.items():
        if given is not None:
            raise typer.BadParameter(
                f"the model is for {classifier.model_.task.title}; leave it out", param_hint=option
            )


def _source(picture: Path | DataPicture) -> Path | NDArray[np.uint8]:
    return picture if isinstance(picture, Path) else picture.picture


def _explained(
    classifier: OpenEstimator,
    source: Path | NDArray[np.uint8],
    method: str,
    options: dict[str, Any],
) -> tuple[Explanation, ResizeNote, str]:
    """What was found, what the network saw, and of a captioner which word: ``, word 2 (dog)``."""
    from pellucid.estimators.opened_captions import OpenCaptioner
    from pellucid.explain.activations import Activations
    from pellucid.explain.method_sheet import explain_by_every_method

    of_word = ""
    if isinstance(classifier, OpenCaptioner):
        given = {name: x for name, x in options.items() if name not in BOX_OPTIONS}
        word = given.pop("word", None)
        caption = classifier.trace(source)
        if method == ALL:
            found: Explanation = caption.explain_by_every_method(word, **given)
        else:
            found = caption.explain(word, method, **given)
        number = caption.seen if word is None else word
        of_word = f", word {number + 1} ({caption.steps[number].word})"
    elif method == ALL:
        activations = Activations.of(classifier, source)
        found = explain_by_every_method(activations, **options)
    else:
        found = classifier.explain(source, method, **options)
    return found, print_resize_note(source, classifier.model_, classifier.max_pixels), of_word


def _files(folder: Path, pictures: Sequence[Path | DataPicture], method: str) -> list[Path | None]:
    """A PNG for each picture: ``cat-evidence.png``, ``cat-evidence-2.png``; none is an input."""
    from pellucid.files import make_folder

    place = make_folder(folder)
    taken = {picture.resolve() for picture in pictures if isinstance(picture, Path)}
    files: list[Path | None] = []
    for picture in pictures:
        name = picture.stem if isinstance(picture, Path) else picture.name
        stem = "-".join(re.findall(r"[\w.+]+", f"{name}-{method}"))
        names = (stem if n == 1 else f"{stem}-{n}" for n in count(1))
        paths = (place / f"{each}.png" for each in names)
        path = next(path for path in paths if path.resolve() not in taken)
        taken.add(path.resolve())
        files.append(path)
    return files
