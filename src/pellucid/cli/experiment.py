"""``pellucid experiment``: five ready experiments."""

from __future__ import annotations

import json as json_package
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pellucid.cli import arguments, option_values
from pellucid.cli.terminal import print_result, remarks
from pellucid.data.pillow import MAX_PIXELS
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from rich.console import Console

    from pellucid.data.dataset import Dataset
    from pellucid.experiments.detector_outcome import DetectorOutcome
    from pellucid.experiments.experiment import Outcome
    from pellucid.experiments.spatial import SpatialOutcome
    from pellucid.experiments.training_run import Run

SPATIAL, DETECTORS = "spatial-transformer", "detectors"
NAMES = ("pooling", "relu", "initialisation", SPATIAL, DETECTORS)

SEEDS = 3
"""How often each network is trained, detectors excepted."""

PLOT, TABLE, RECORD = FILES = ("plot.png", "runs.csv", "outcome.json")


def experiment(
    name: Annotated[
        str,
        typer.Argument(
            help=f"{', '.join(NAMES)}.",
            show_default=False,
            autocompletion=arguments.completed(NAMES),
        ),
    ],
    data: Annotated[str, typer.Argument(help=arguments.LAYOUTS)] = "mnist",
    epochs: Annotated[
        int | None,
        typer.Option(
            "--epochs",
            "-e",
            min=1,
            help="How often every picture is seen.",
            show_default="3 or 4; 8 of detectors; 10 or 16 of spatial transformers",
        ),
    ] = None,
    seeds: Annotated[
        int | None,
        typer.Option(
            min=1, max=50, help="How often each is trained.", show_default="3; 1 of detectors"
        ),
    ] = None,
    body: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="NAME|FILE|RUN",
            help="Of detectors: a trained network whose body all have: efficientnet-lite0, a model "
            "file, or a run's folder.",
            show_default="a small one, from scratch",
        ),
    ] = None,
    proposals: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=4000,
            help="Of detectors: regions of a picture that selective search proposes.",
            show_default="1000",
        ),
    ] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            min=2, help="Of detectors: the most pictures of each part.", show_default="all"
        ),
    ] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(
            help=f"Of {SPATIAL}: a kind of distortion, several times for several.",
            show_default="all",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help=f"A folder for {PLOT}, {TABLE} and {RECORD}.",
            show_default="runs/experiment-NAME",
        ),
    ] = None,
    image_size: arguments.ImageSize = None,
    max_pixels: arguments.MaxPixels = MAX_PIXELS,
    max_bytes: arguments.MaxBytes = None,
    path_column: arguments.PathColumn = None,
    label_column: arguments.LabelColumn = None,
    group: arguments.Group = None,
    decisions: arguments.DecisionsFile = None,
    sound: arguments.SoundSettings = None,
    json: arguments.Json = False,
) -> None:
    """Why pooling, ReLU, this initialisation, spatial transformers: networks that differ in that.

    All are trained alike, several times, on at most 6000 pictures, and judged by 2000 others (5000
    for spatial transformers). And what R-CNN, Fast R-CNN and Faster R-CNN find, and how fast, on
    pictures with boxes or on scenes made of pictures of one class each. Killed, the same command
    goes on with those not finished.
    """
    name = arguments.one_of("experiment", name.replace("z", "s"), NAMES)
    given = {"--from": body, "--proposals": proposals, "--limit": limit}
    if name != DETECTORS and (other := [each for each in given if given[each] is not None]):
        raise typer.BadParameter(
            f"{name} does not take it; it is for {DETECTORS}", param_hint=other[0]
        )
    if name != SPATIAL and kind:
        raise typer.BadParameter(
            f"{name} does not take it; it is for {SPATIAL}", param_hint="--kind"
        )
    from pellucid import data as data_package
    from pellucid.data.proposals.regions import library
    from pellucid.experiments.distortions import KINDS
    from pellucid.experiments.experiment import part_to_judge_by
    from pellucid.experiments.kept_runs import FOLDER, KeptRuns
    from pellucid.files import try_folder
    from pellucid.files.atomic import write_text
    from pellucid.files.folders import make_folder
    from pellucid.known_names import find_name

    size = None if image_size is None else option_values.image_size(image_size)
    kinds = [find_name("kind of distortion", each, KINDS) for each in kind or ()]
    console = remarks()
    if out is None:
        out = _free(Path("runs") / f"experiment-{name}")
    elif _taken(out):
        raise typer.BadParameter(
            f"{printable(out)} holds an experiment already; name another folder", param_hint="--out"
        )
    if name == DETECTORS:
        library()  # without which no region is proposed
    for each in FILES:
        try_folder(out, each)  # before the pictures cost any time
    splits = data_package.load(
        data, image_size=size, max_pixels=max_pixels, max_bytes=max_bytes,
        path_column=path_column, label_column=label_column, group=group,
        sound=sound, decisions=decisions,
    )  # fmt: skip
    for note in splits.notes:
        console.print(note)
    judged = part_to_judge_by(splits)
    if before := len(KeptRuns(out / FOLDER)):
        console.print(f"{printable(out)}: goes on; {counted(before, 'network')} trained before")
    outcome: Outcome | SpatialOutcome | DetectorOutcome
    if name == DETECTORS:
        outcome = _detectors(
            splits.train, judged, console, out,
            start_from=body, epochs=epochs, seeds=seeds, proposals=proposals, limit=limit,
        )  # fmt: skip
    else:
        outcome = _outcome(name, splits.train, judged, kinds, epochs, seeds or SEEDS, out, console)
    print_result(outcome, json=json)
    place = make_folder(_free(out))  # another experiment may have ended there meanwhile
    outcome.save(place / PLOT)
    write_text(place / TABLE, outcome.to_csv())
    write_text(place / RECORD, json_package.dumps(outcome.to_dict(), indent=1) + "\n")
    KeptRuns(out / FOLDER).remove()
    console.print(f"{', '.join(FILES)} written to {printable(place)}")


def _detectors(
    learned: Dataset, judged: Dataset, console: Console, out: Path, **given: Any
) -> DetectorOutcome:
    """Compare detectors, with a line for each epoch; finished ones are kept in the folder."""
    from pellucid.experiments import DetectorOutcome, run_detectors

    console.print(DetectorOutcome.question)
    return run_detectors(
        learned, judged, folder=out, progress=lambda line: console.print(f"  {printable(line)}"),
        **{name: value for name, value in given.items() if value is not None},
    )  # fmt: skip


def _outcome(
    name: str,
    learned: Dataset,
    judged: Dataset,
    kinds: list[str],
    epochs: int | None,
    seeds: int,
    out: Path,
    console: Console,
) -> Outcome | SpatialOutcome:
    """Run the experiment of that name, with a line for each training."""
    from pellucid.experiments import EXPERIMENTS, run, run_spatial
    from pellucid.experiments.distortions import KINDS
    from pellucid.experiments.spatial_networks import QUESTION

    def described(done: Run, before: str = "") -> None:
        words = "diverged" if done.diverged else f"{done.accuracy:.2%} right"
        console.print(f"  {before}{done.variant}, seed {done.seed}: {words}")

    if name == SPATIAL:
        console.print(QUESTION)
        return run_spatial(
            learned, judged, kinds=kinds or tuple(KINDS), epochs=epochs, seeds=seeds,
            progress=lambda kind, done: described(done, f"{kind}: "), folder=out,
        )  # fmt: skip
    chosen = EXPERIMENTS[name]
    console.print(chosen.question)
    return run(chosen, learned, judged, epochs=epochs, seeds=seeds, progress=described, folder=out)


def _taken(folder: Path) -> bool:
    """Whether a folder holds an experiment."""
    return any((folder / each).exists() for each in FILES)


def _free(folder: Path) -> Path:
    """That folder, or the first of ``folder-2`` and so on that holds no experiment."""
    names = (folder.name if n == 1 else f"{folder.name}-{n}" for n in count(1))
    return next(folder.parent / name for name in names if not _taken(folder.parent / name))
