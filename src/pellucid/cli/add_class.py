"""``pellucid add-class``: a further class for a model on a trained body, without starting over."""

from __future__ import annotations

import json as json_module
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer

from pellucid.cli import arguments
from pellucid.cli.progress_bar import CountBar
from pellucid.cli.terminal import print_json, remarks, results
from pellucid.engines import DEFAULT
from pellucid.errors import DataError
from pellucid.text import counted, folder_name, listed, printable, truncated

if TYPE_CHECKING:
    from pellucid.files import Model
    from pellucid.files.feature_file import FeatureSet
    from pellucid.transfer.features import FeatureReader


def add_class(
    model: arguments.ModelName,
    folder: Annotated[
        str,
        typer.Argument(
            help="A folder of the new class, its pictures at any depth; or one picture, or a list.",
            show_default=False,
        ),
    ],
    name: Annotated[
        str | None, typer.Option(help="Name of the new class.", show_default="the folder's")
    ] = None,
    data: Annotated[
        str | None,
        typer.Option(
            help="What the model learned from, if there is no features.safetensors beside it.",
            show_default="the features beside the model",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="A folder; without it, runs/MODEL-NAME."),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the run in --out.")
    ] = False,
    decisions: arguments.DecisionsFile = None,
    seed: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="Seed that chooses which pictures validate.")
    ] = 0,
    max_pixels: arguments.MaxPixelsAsTrained = None,
    cache: arguments.Cache = True,
    engine: arguments.EngineName = DEFAULT,
    json: arguments.Json = False,
) -> None:
    """Teach a model one more class: its body stays, and its last layer is solved again in seconds.

    The pictures that it learned from are known by the features that their run has kept.
    """
    from pellucid.cli.transfer_notes import FOLDS_FILE
    from pellucid.engines import get_engine
    from pellucid.evaluation.run_report import ALL_FILES
    from pellucid.files import remove_file, save_model
    from pellucid.files.feature_file import FILE, save_features
    from pellucid.files.run_model import model_path
    from pellucid.graph import check_reals
    from pellucid.interop.models import find_model, place_of
    from pellucid.tasks import check_one_class
    from pellucid.training.live.place import clear_live
    from pellucid.training.replay import clear_replay
    from pellucid.training.run_folder import RunFolder, free_folder, try_run_folder
    from pellucid.transfer.body import Body
    from pellucid.transfer.feature_cache import open_feature_cache
    from pellucid.transfer.features import FeatureReader
    from pellucid.transfer.further_class import add_class as solved
    from pellucid.transfer.nearest import features_beside

    if decisions is not None and data is None:
        raise typer.BadParameter("decides about the pictures of --data", param_hint="--decisions")
    console = remarks()
    if name is None and os.path.lexists(folder) and not Path(folder).is_dir():
        raise typer.BadParameter(
            f"is needed: {printable(folder)} is no folder, whose name the class would take",
            param_hint="--name",
        )
    called = folder_name(folder) if name is None else name.strip()
    if not called:
        raise typer.BadParameter("is empty; leave it out, or give a name", param_hint="--name")
    place = place_of(model)
    target = out or free_folder(Path("runs"), f"{folder_name(model)}-{called}")
    if place is not None and target.resolve() == model_path(place).resolve().parent:
        raise typer.BadParameter(
            f"{printable(target)} is read by this command; name another folder", param_hint="--out"
        )
    try_run_folder(target, overwrite=overwrite)
    found = find_model(model, engine=get_engine(engine))
    check_one_class(found.task, "a further class")  # before asking for data that cannot help
    check_reals(found.network.graph, "a further class")
    reader = FeatureReader(Body.of(found, model), get_engine(engine), open_feature_cache(cache))
    if data is None:
        if place is None:
            raise DataError(f"{printable(model)}: name the data that it learned from (--data)")
        try:
            kept = features_beside(model_path(place), found)
        except DataError as error:
            raise DataError(f"{error}, or what it learned from (--data)") from error
    else:
        kept = _of_data(found, data, reader, decisions)
    images, names = _pictures(folder, found, max_pixels)
    with CountBar("features", console) as progress:
        seen = reader.read(images, progress)
    made = solved(found, kept, called, seen, names, seed=seed)
    target.mkdir(parents=True, exist_ok=True)
    save_model(target / RunFolder.MODEL, made.model)
    for each in (RunFolder.LAST, RunFolder.PREVIOUS, RunFolder.HISTORY, FOLDS_FILE, *ALL_FILES):
        remove_file(target / each)  # of a run that was here before
    clear_live(target)
    clear_replay(target)
    save_features(target / FILE, made.features)
    _write_config(target, made.model)
    if json:
        print_json({"model": str(target / RunFolder.MODEL), **made.to_dict()})
        return
    console.print(f"classes: {listed(made.model.classes)}")
    if made.before is not None and made.after is not None:
        console.print(
            f"{counted(made.old_pictures, 'validation picture')} of the old classes: "
            f"{made.before:.2%} right before, {made.after:.2%} now"
        )
    if made.new is not None:
        held = counted(made.new_pictures, "validation picture")
        console.print(f"{held} of {truncated(called)}: {round(made.new * made.new_pictures)} right")
    else:
        console.print(
            f"no picture of {truncated(called)} validates: "
            + (
                "the run has no validation part"
                if made.before is None
                else "fewer than 5 are all learned by"
            )
        )
    results().print(f"model: {printable(target / RunFolder.MODEL)}")


def _pictures(folder: str, model: Model, max_pixels: int | None) -> tuple[Any, list[str]]:
    """The pictures of the new class, uint8 (N, H, W, C), and their names; others are reported."""
    from pellucid.data.asked import find_pictures
    from pellucid.files.provenance import safe_max_pixels
    from pellucid.files.referenced import ReferencedPictures

    if not os.path.lexists(folder):
        raise DataError(f"{printable(folder)}: there is no such folder; check its name")
    limit = max_pixels or safe_max_pixels(model.provenance)
    asked = find_pictures([folder], ReferencedPictures(model, max_pixels=limit).part, None)
    images, names, problems = [], [], list(asked.problems)
    for picture in asked.pictures:
        if not isinstance(picture, Path):
            raise DataError(f"{printable(folder)}: expected a folder of pictures")
        try:
            images.append(model.preprocessing.read(picture, max_pixels=limit))
        except DataError as error:
            problems.append(str(error))
            continue
        names.append(str(picture))
    for problem in problems:
        remarks().print(f"left out: {problem}")
    if not images:
        raise DataError(f"{printable(folder)}: holds no pictures that can be used")
    remarks().print(f"{counted(len(images), 'picture')} of the new class")
    return np.stack(images), names


def _of_data(
    model: Model, source: str, reader: FeatureReader, decisions: Path | None
) -> FeatureSet:
    """The features of what a model learned from, read again."""
    from pellucid.data.load import read_splits
    from pellucid.data.reading import Reading
    from pellucid.files.provenance import trained_group
    from pellucid.training.head import feature_set

    recipe = model.provenance.get("recipe")
    drawn = recipe.get("seed") if isinstance(recipe, dict) else 0
    splits = read_splits(
        source, Reading(group=trained_group(model.provenance), decisions=decisions),
        like=model.preprocessing, seed=drawn if isinstance(drawn, int) else 0,
    )  # fmt: skip
    for note in splits.notes:
        remarks().print(note)
    if splits.train.classes != model.classes:
        raise DataError(
            f"{printable(source)}: has the classes {listed(splits.train.classes)}, but the model "
            f"knows {listed(model.classes)}; give what it learned from"
        )
    parts = {"train": splits.train, "validation": splits.validation}
    found = {
        part: (pictures, reader.read(pictures.images))
        for part, pictures in parts.items()
        if pictures is not None
    }
    return feature_set(model.task, reader.body, found)


def _write_config(folder: Path, model: Model) -> None:
    """The run's configuration, by which the folder is known as a run."""
    from pellucid.files import write_text
    from pellucid.files.model_file import described_outputs

    described = {
        **model.provenance,
        **described_outputs(model.task),
        "preprocessing": model.preprocessing.to_dict(),
    }
    text = json_module.dumps(described, indent=2, ensure_ascii=False) + "\n"
    write_text(folder / "config.json", text)
