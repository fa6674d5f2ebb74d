"""``pellucid predict``: a model's guesses for pictures."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pellucid.cli import arguments, caption_arguments
from pellucid.cli.drawn_pictures import check_drawn, drawn_picture, write_drawn
from pellucid.cli.models import load_model_for
from pellucid.cli.outputs import check_output
from pellucid.cli.picture import find_pictures, print_class, report_problems
from pellucid.cli.picture_remarks import PictureRemarks
from pellucid.cli.printed_answers import MOST_IN_FULL, print_counts, shown_answers
from pellucid.cli.progress_bar import CountBar
from pellucid.cli.terminal import remarks, results
from pellucid.data.frames import Frame, in_frames
from pellucid.data.reference import DataPicture
from pellucid.engines import DEFAULT
from pellucid.errors import DataError
from pellucid.known_names import find_name
from pellucid.show.boxed import SIDE
from pellucid.tasks import check_one_class
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from pellucid.estimators import AnyEstimator
    from pellucid.evaluation.guesses import Guesses
    from pellucid.evaluation.predictions import Prediction
    from pellucid.tasks import Task
    from pellucid.transfer.nearest import Neighbour

    Wanted = Path | DataPicture | Frame
    Show = Callable[[Prediction, list[Neighbour]], None]
    Near = Callable[[Wanted], list[Neighbour]]

ENDINGS = (".csv", ".json", ".html", ".png")


def predict(
    context: typer.Context,
    model: Annotated[
        str, typer.Argument(help=f"{arguments.MODELS}. With --url it is a picture already.")
    ],
    pictures: Annotated[
        list[str] | None,
        typer.Argument(
            help="Pictures; folders; patterns ('new/*.jpg'); a CSV list with a column path; or "
            "pictures of data, mnist:test:449.",
            show_default=False,
        ),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many guesses for each.")] = 5,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="A table (.csv) or .json: classes, probabilities of all classes; or the pictures "
            "above their guesses (.png, .html). Of boxes also the picture with them (.jpg, .png, "
            ".webp), for several a folder, for an animated one .gif; of captions where each word "
            "looked.",
        ),
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(
            help="Of several labels, and of boxes: the probability from which on they are given.",
            show_default="the model's own, chosen on validation pictures",
        ),
    ] = None,
    beam: caption_arguments.Beam = None,
    label: Annotated[
        str | None,
        typer.Option(
            help="The class that is right for all these pictures; it is marked.",
            show_default="a data set's",
        ),
    ] = None,
    max_pixels: arguments.MaxPixelsAsTrained = None,
    max_bytes: arguments.MaxBytes = None,
    path_column: arguments.PathColumn = None,
    classes: arguments.ClassNames = None,
    invert: arguments.Invert = False,
    url: Annotated[
        str | None,
        typer.Option(
            metavar="http://HOST:PORT",
            help="Ask a service (pellucid serve) instead of a model; ?model=NAME where it has "
            "several. PELLUCID_TOKEN holds its token.",
            show_default="a model here",
        ),
    ] = None,
    near: Annotated[
        int | None,
        typer.Option(
            "--nearest",
            min=1,
            help="Of a run on a trained body: also name this many training pictures that are most "
            "alike to it.",
            show_default="none",
        ),
    ] = None,
    engine: arguments.EngineName = DEFAULT,
    json: arguments.Json = False,
) -> None:
    """Answer pictures: the likeliest classes first; all labels; numbers; boxes; or a caption.

    Pictures that cannot be used are reported, the others answered; the exit code is then 1.
    """
    if url is not None:
        from pellucid.cli.predict_url import predict_by_url

        others = {
            "--threshold": threshold is not None, "--beam": beam is not None,
            "--label": label is not None, "--max-pixels": max_pixels is not None,
            "--max-bytes": max_bytes is not None, "--classes": classes is not None,
            "--invert": invert, "--nearest": near is not None, "--engine": engine != DEFAULT,
        }  # fmt: skip
        predict_by_url(url, [model, *(pictures or [])], top, out, path_column, others, as_json=json)
        return
    if not pictures:
        raise typer.BadParameter("which? Name files or folders", param_hint="pictures")
    if out is not None and out.suffix.lower() in ENDINGS:  # of others the model decides
        check_output(out, ENDINGS, model, *map(Path, pictures))
    if near is not None and out is not None:
        raise typer.BadParameter("is printed, not written; leave out --out", param_hint="--nearest")
    classifier = load_model_for(
        model, engine=engine, classes=classes, max_pixels=max_pixels, invert=invert
    )
    if threshold is not None:
        classifier = classifier.with_threshold(threshold)
    if beam is not None:
        classifier = classifier.with_beam(beam)
    drawn = classifier.model_.task.drawn and _is_drawn(out)
    if not drawn:
        check_output(out, ENDINGS, model, *map(Path, pictures))
    origin = context.get_parameter_source("top")
    if origin is not None and origin.name != "DEFAULT":
        check_one_class(classifier.model_.task, f"the {counted(top, 'likeliest guess')} (--top)")
    if label is not None:
        check_one_class(classifier.model_.task, "a class that is right (--label)")
        label = find_name("class", label, classifier.model_.classes)
    asked = find_pictures(
        pictures, classifier.model_, classifier.max_pixels, path_column, max_bytes
    )
    found: Sequence[Wanted] = asked.pictures
    if classifier.model_.task.each_frame:
        found = in_frames(asked.pictures, classifier.max_pixels)
    if drawn and out is not None:
        check_drawn(out, found)
    elif out is not None and out.exists():
        check_output(out, ENDINGS, *(each for each in asked.pictures if isinstance(each, Path)))
    neighbours = None if near is None else _neighbours(classifier, model, near)
    problems = _answer(classifier, found, asked.problems, top, out, neighbours, label, json=json)
    report_problems(problems, len(found) + len(asked.problems))


def _answer(
    classifier: AnyEstimator,
    pictures: Sequence[Wanted],
    unusable: Sequence[str],
    top: int,
    out: Path | None,
    neighbours: Near | None,
    label: str | None,
    *,
    json: bool,
) -> list[str]:
    """Answer the pictures; return what could not be answered, a line each."""
    from pellucid.evaluation.answer_forms import form_of
    from pellucid.evaluation.predictions import predictions

    if not pictures:
        return list(unusable)
    problems, counts = list(unusable), Counter[str]()
    task, total = classifier.model_.task, len(pictures)
    noun = classifier.model_.preprocessing.noun
    form = form_of(task)
    described = PictureRemarks(classifier.model_, classifier.max_pixels)
    show = shown_answers(task, form, top, total, json=json, quiet=out is not None)
    watched = json or out is not None or not sys.stdout.isatty()

    def answers() -> Iterator[Prediction]:
        with CountBar(f"{noun}s", remarks()) as progress:
            found = predictions(classifier, pictures)
            for done, (picture, answer) in enumerate(zip(pictures, found, strict=True), start=1):
                each = replace(answer, true=_true(picture, label, task))
                if not each.answered:
                    problems.append(each.problem)
                else:
                    counts.update(form.counted(each))
                    described.add(picture, each)
                    if total <= MOST_IN_FULL and isinstance(picture, DataPicture):
                        print_class(picture)
                near = neighbours(picture) if neighbours and each.answered else []
                show(each, near)
                if total <= MOST_IN_FULL and not json:
                    described.print_all()
                if watched:
                    progress(done, total)
                yield each

    if json:
        sys.stdout.write("[")
    _write(out, answers(), classifier, pictures, top, label)
    if json:
        sys.stdout.write("\n]\n")
    if total <= MOST_IN_FULL:
        described.print_all()
    described.print_first()
    if out is not None:
        if not json:
            print_counts(results(), counts, total - len(problems) + len(unusable), noun)
        remarks().print(f"predictions written to {printable(out)}")
    return problems


def _true(picture: Wanted, label: str | None, task: Task) -> str | None:
    """The class that is right: as was said, or as a data set calls it; None if it is unknown."""
    if label is None and task.of_one_class and isinstance(picture, DataPicture):
        label = picture.label
    return label if label in task.names else None


def _write(
    out: Path | None,
    answers: Iterator[Prediction],
    classifier: AnyEstimator,
    pictures: Sequence[Wanted],
    top: int,
    label: str | None,
) -> None:
    """Write a file while the answers come, or only let them come."""
    from pellucid.evaluation.prediction_files import csv_parts, json_parts
    from pellucid.files.atomic import write_file

    ending, task = "" if out is None else out.suffix.lower(), classifier.model_.task
    if out is None:
        for _ in answers:
            pass
    elif ending == ".csv":
        true = None if label is None else [[label]] * len(pictures)
        write_file(out, csv_parts(answers, task, true))
    elif ending == ".json":
        write_file(out, json_parts(answers, task, top))
    elif task.drawn and _is_drawn(out):
        write_drawn(out, pictures, answers, classifier.model_, classifier.max_pixels)
    else:
        _collected(answers, classifier, pictures, top).save(out)


def _is_drawn(out: Path | None) -> bool:
    """Whether answers are drawn on pictures there."""
    return out is not None and out.suffix.lower() not in (".csv", ".json", ".html")


def _collected(
    answers: Iterator[Prediction],
    classifier: AnyEstimator,
    pictures: Sequence[Wanted],
    top: int,
) -> Guesses:
    """The answers as a record that can be looked at."""
    from pellucid.evaluation.guesses import GuessCollector

    model = classifier.model_
    collector = GuessCollector(model.task, top, noun=model.preprocessing.noun)
    for picture, answer in zip(pictures, answers, strict=True):
        if not answer.answered:
            continue
        pixels = None
        if collector.keeps:
            with suppress(DataError):  # it has vanished since
                pixels = _shown(picture, answer, classifier)
        collector.add(answer, pixels)
    return collector.record()


def _shown(picture: Wanted, answer: Prediction, classifier: AnyEstimator) -> NDArray[np.uint8]:
    """What is shown of a picture: what the network sees; or the picture with its answer."""
    model, limit = classifier.model_, classifier.max_pixels
    if answer.boxes is not None or answer.caption is not None:
        import numpy as np

        return np.asarray(drawn_picture(picture, answer, model, limit, SIDE))
    source = picture if isinstance(picture, Path) else picture.picture
    return model.preprocessing.read(source, max_pixels=limit)


def _neighbours(classifier: AnyEstimator, model: str, count: int) -> Near:
    """What finds the training pictures that are most alike to a picture."""
    from pellucid.files.run_model import model_path
    from pellucid.interop.models import place_of
    from pellucid.transfer.nearest import features_beside, nearest

    place = place_of(model)
    if place is None:
        raise DataError(
            f"{printable(model)}: no pictures of yours are known of it; give the folder of a run "
            "on it (pellucid train … --from)"
        )
    kept = features_beside(model_path(place), classifier.model_)

    def find(picture: Wanted) -> list[Neighbour]:
        source = picture if isinstance(picture, Path) else picture.picture
        return nearest(kept, classifier.features([source])[0], count)

    return find
