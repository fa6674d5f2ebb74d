"""Pictures with the boxes that were found in them, or with where words looked, as they come."""

from __future__ import annotations

import io
import re
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pellucid.data.frames import Frame
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from PIL.Image import Image

    from pellucid.data.reference import DataPicture
    from pellucid.evaluation.predictions import Prediction
    from pellucid.files import Model

PICTURES = (".jpg", ".jpeg", ".png", ".webp")
"""What the name of one picture may end with."""

FILMS = (".gif", ".webp")
"""What that of an animated one may."""

QUALITY = 92
"""Of JPEG and WebP, 0 to 100."""


def check_drawn(out: Path, pictures: Sequence[Path | DataPicture | Frame]) -> None:
    """Check that pictures with answers drawn can go where they are wanted.

    Raises:
        BadParameter: Several pictures are to go into a file that takes one.
        OutputError: Nothing can be written there.
    """
    from pellucid.cli.outputs import check_output
    from pellucid.files import try_folder

    inputs = [each if isinstance(each, Path) else each.path for each in pictures]
    ending = out.suffix.lower()
    if is_folder(out):
        try_folder(out, "boxes.jpg")
        return
    check_output(out, (*PICTURES, *FILMS), *(path for path in inputs if path is not None))
    if ending in FILMS and film_of(pictures):
        return
    if ending == ".gif":
        raise typer.BadParameter(
            "a GIF takes the frames of one animated picture; name a .jpg or .png, or a folder",
            param_hint="--out",
        )
    if len(pictures) > 1:
        raise typer.BadParameter(
            f"{counted(len(pictures), 'picture')} do not go into one file; name a folder"
            + (", or a .gif or .webp for the frames" if film_of(pictures) else ""),
            param_hint="--out",
        )


def is_folder(out: Path) -> bool:
    """Whether pictures go into a folder of that name: one that is there, or without ending."""
    return out.is_dir() or not out.suffix


def film_of(pictures: Sequence[Path | DataPicture | Frame]) -> bool:
    """Whether pictures are the frames of one animated picture."""
    films = {each.path for each in pictures if isinstance(each, Frame)}
    return len(films) == 1 and all(isinstance(each, Frame) for each in pictures)


def write_drawn(
    out: Path,
    pictures: Sequence[Path | DataPicture | Frame],
    answers: Iterator[Prediction],
    model: Model,
    max_pixels: int,
) -> None:
    """Draw each answer on its picture, and write it.

    Args:
        out: A picture, an animated one, or a folder, see :func:`check_drawn`.
        pictures: What is answered, in the order of the answers.
        answers: Those without an answer are left out.
        model: The detector or captioner.
        max_pixels: Pictures with more pixels are refused.
    """
    from pellucid.files.atomic import write_file

    def drawn() -> Iterator[tuple[int, Image]]:
        for number, (picture, answer) in enumerate(zip(pictures, answers, strict=True)):
            if answer.answered:
                yield number, drawn_picture(picture, answer, model, max_pixels)

    if is_folder(out):
        paths = list(_paths(out, pictures))
        for number, image in drawn():
            write_file(paths[number], [_encoded(image, paths[number].suffix)])
    elif out.suffix.lower() in FILMS and film_of(pictures):
        frames = list(drawn())
        if frames:
            shown = [pictures[number] for number, _ in frames]
            durations = [each.duration for each in shown if isinstance(each, Frame)]
            write_file(out, [_film([image for _, image in frames], durations, out.suffix.lower())])
    else:
        for _, image in drawn():
            write_file(out, [_encoded(image, out.suffix)])


def drawn_picture(
    picture: Path | DataPicture | Frame,
    answer: Prediction,
    model: Model,
    max_pixels: int,
    side: int | None = None,
) -> Image:
    """A picture with the boxes of its answer; or with where each word of its caption looked.

    Arguments and errors are those of :func:`boxed_picture`.
    """
    if answer.caption is None:
        return boxed_picture(picture, answer, model, max_pixels, side)
    from pellucid.show.looked import looked_sheet

    source = picture if isinstance(picture, Path) else picture.picture
    image = model.preprocessing.read(source, max_pixels=max_pixels)
    return looked_sheet(image, answer.caption)


def boxed_picture(
    picture: Path | DataPicture | Frame,
    answer: Prediction,
    model: Model,
    max_pixels: int,
    side: int | None = None,
) -> Image:
    """A picture with the boxes of its answer, in its own pixels.

    Args:
        picture: The picture.
        answer: What was found in it.
        model: The detector.
        max_pixels: Pictures with more pixels are refused.
        side: Pixels of the longer side, as :func:`pellucid.show.boxed.boxed` takes it.

    Raises:
        DataError: It has vanished since, or is damaged.
    """
    from pellucid.data.decode import decode, opened
    from pellucid.show.boxed import boxed, of_class

    assert answer.boxes is not None
    source = picture if isinstance(picture, Path) else picture.picture
    if isinstance(source, Path):
        with opened(source, max_pixels) as image:
            shown = decode(
                image, str(source), channels=3, background=255,
                value_range=model.preprocessing.value_range,
            )  # fmt: skip
    else:
        shown = _image(source)
    classes = model.task.names
    found = [
        of_class(each["box"], f"{each['class']} {each['probability']:.0%}",
                 classes.index(each["class"]))
        for each in reversed(answer.boxes.to_list())
    ]  # fmt: skip
    return boxed(shown, found, side)


def _image(pixels: object) -> Image:
    import numpy as np
    from PIL import Image as Pillow

    array = np.asarray(pixels)
    return Pillow.fromarray(array[..., 0] if array.shape[-1:] == (1,) else array)


def _encoded(image: Image, suffix: str) -> bytes:
    buffer = io.BytesIO()
    form = {".png": "PNG", ".webp": "WEBP"}.get(suffix.lower(), "JPEG")
    image.save(buffer, form, **({} if form == "PNG" else {"quality": QUALITY}))
    return buffer.getvalue()


def _film(frames: Sequence[Image], durations: Sequence[int], suffix: str) -> bytes:
    buffer = io.BytesIO()
    first, *others = frames
    first.save(
        buffer, "GIF" if suffix == ".gif" else "WEBP",
        save_all=True, append_images=others, duration=list(durations), loop=0,
    )  # fmt: skip
    return buffer.getvalue()


def _paths(folder: Path, pictures: Sequence[Path | DataPicture | Frame]) -> Iterator[Path]:
    """A file for each picture, named after it: ``cat.jpg``, ``cat-2.jpg``; none is an input."""
    from pellucid.files import make_folder

    place = make_folder(folder)
    taken = {each.resolve() for each in pictures if isinstance(each, Path)}
    for picture in pictures:
        if isinstance(picture, Path):
            stem, suffix = picture.stem, picture.suffix.lower()
        elif isinstance(picture, Frame):
            stem, suffix = f"{picture.path.stem}-{picture.number:04d}", ".png"
        else:
            stem, suffix = "-".join(re.findall(r"[\w.+]+", picture.name)), ".png"
        suffix = suffix if suffix in PICTURES else ".png"
        names = (stem if n == 1 else f"{stem}-{n}" for n in count(1))
        path = next(
            path for each in names if (path := place / f"{each}{suffix}").resolve() not in taken
        )
        taken.add(path.resolve())
        yield path
