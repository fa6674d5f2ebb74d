"""Options that several commands share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

import typer

from pellucid.architectures import ARCHITECTURES
from pellucid.cli import option_values
from pellucid.data.augment import PRESETS
from pellucid.data.quarantine import Bad
from pellucid.data.sound.settings import get_sound
from pellucid.data.targets import TARGETS
from pellucid.data.transcripts import UNITS
from pellucid.engines import ENGINES
from pellucid.errors import ArgumentError
from pellucid.known_names import find_name
from pellucid.ops.find_boxes import SIDES
from pellucid.ops.region_loss import NUMBERS
from pellucid.optimizers import OPTIMIZERS
from pellucid.training.schedules import SCHEDULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LAYOUTS = (
    "ROOT/CLASS/…, ROOT/{train,val,test}/CLASS/…, a CSV file of path,label, boxes (Pascal "
    "VOC, COCO, YOLO or CSV), IDX files, an .npz file of x and y, or mnist."
)
"""Data as commands take them, in a line of help."""

AUGMENTATIONS = f"{', '.join(PRESETS)}; or settings, e.g. photos,rotation=10,cutout=0.25,mixup=0.2"
"""Augmentations as commands take them, in a line of help."""


def completed(known: Iterable[str]) -> Callable[[str], list[str]]:
    """Tab completion of a few names."""
    names = list(known)
    return lambda incomplete: [name for name in names if name.startswith(incomplete.lower())]


def named(what: str, known: Iterable[str]) -> dict[str, Any]:
    """Settings of an option whose value is a name, see :func:`pellucid.known_names.find_name`."""
    names = list(known)

    def found(value: str | None) -> str | None:
        return None if value is None else find_name(what, value, names)

    return {"callback": found, "autocompletion": completed(names), "metavar": "NAME"}


def chosen(what: str, kind: Any) -> dict[str, Any]:
    """Settings of an option whose type is a ``Literal`` of a few names: found as others are."""
    names = get_args(kind)

    def found(value: str | None) -> str | None:
        return None if value is None else one_of(what, value, names)

    return {
        "callback": found,
        "autocompletion": completed(names),
        "metavar": "|".join(names),
        "parser": str,
    }


def one_of(what: str, given: str, known: Iterable[str], option: str | None = None) -> str:
    """The one of a few names that is meant; another is wrong use of the command."""
    try:
        return find_name(what, given, known)
    except ArgumentError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error


def allow(findings: Iterable[str]) -> Any:
    """The option that lets findings of these kinds pass."""
    return typer.Option(
        help=f"What would stop training, since it spoils the result: {', '.join(findings)} "
        "(the same picture in several parts). Can be given several times.",
        show_default="nothing",
    )


def _engine(value: str) -> str:
    name, mark, options = value, "", ""
    if found := re.search("[:,]", value):
        name, mark, options = value[: found.start()], found.group(), value[found.end() :]
    return find_name("engine", name, ENGINES) + mark + options


def _sound(value: str | None) -> str | None:
    if value is not None:
        get_sound(value)
    return value


Architecture = Annotated[
    str | None,
    typer.Option(
        "--architecture", "--arch", "-a", help=f"{', '.join(ARCHITECTURES)}.",
        show_default="lecture; for boxes resnet20; for transcripts a network of its own",
        **named("architecture", ARCHITECTURES),
    ),
]  # fmt: skip
NetworkName = Annotated[
    str, typer.Argument(help=f"{', '.join(ARCHITECTURES)}; or a model file or a run's folder.")
]
InputShape = Annotated[
    str | None,
    typer.Option(
        help="HEIGHTxWIDTHxCHANNELS, for an architecture.",
        show_default="as it was published, or 28x28x1",
    ),
]
ClassCount = Annotated[
    int | None,
    typer.Option(
        min=2,
        help="Classes, for an architecture.",
        show_default="as it was published, or 10",
    ),
]
Optimizer = Annotated[
    str | None,
    typer.Option(
        help=f"{', '.join(OPTIMIZERS)}.",
        show_default="sgd; adam for numbers",
        **named("optimizer", OPTIMIZERS),
    ),
]
Schedule = Annotated[
    str, typer.Option(help=f"{', '.join(SCHEDULES)}.", **named("schedule", SCHEDULES))
]
OF_ARCHITECTURE = "the architecture's default"
"""How the help calls what an architecture brings."""

Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Seed of everything random.")]
BatchSize = Annotated[
    int | None,
    typer.Option(
        "--batch-size", "-b", min=1, help="Pictures a step.",
        show_default="16 to 128, as suits the pictures",
    ),
]  # fmt: skip
WeightDecay = Annotated[
    float | None, typer.Option(help="On kernels, 0 to 1.", show_default=OF_ARCHITECTURE)
]
LabelSmoothing = Annotated[
    float | None, typer.Option(help="0 to below 1.", show_default=OF_ARCHITECTURE)
]
Augment = Annotated[
    str | None,
    typer.Option(
        help=f"How training pictures are changed: {AUGMENTATIONS}.", show_default=OF_ARCHITECTURE
    ),
]
ImageSize = Annotated[
    str | None,
    typer.Option(
        help="Side in pixels, or HEIGHTxWIDTH, that pictures are resized to.",
        show_default="their own, or 64x64",
    ),
]
ClassWeights = Annotated[
    str,
    typer.Option(
        help="balanced: small classes count as much as large ones; or none.",
        **named("class weights", ("none", "balanced")),
    ),
]
EngineName = Annotated[
    str,
    typer.Option(
        help=f"The engine that computes: {', '.join(ENGINES)}; torch:cuda on its GPU.",
        callback=_engine, autocompletion=completed(ENGINES), metavar="NAME",
    ),
]  # fmt: skip
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for a program to read.")]
BadFiles = Annotated[
    Bad,
    typer.Option(
        help="Files that cannot be used: leave them out and list them, or stop.",
        **chosen("choice", Bad),
    ),
]
MaxPixels = Annotated[int, typer.Option(min=1, help="Pictures with more pixels cannot be used.")]
Box = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Of a detector: which of the boxes that it finds, the most probable being 1.",
        show_default=False,
    ),
]
BoxPlace = Annotated[
    str | None,
    typer.Option(
        "--place",
        metavar="X,Y",
        help="Of a detector: a place instead of a box, in pixels of the picture: what may be "
        "there, and why it is found, or not.",
        show_default=False,
    ),
]
BoxNumber = Annotated[
    str | None,
    typer.Option(
        help="Of a detector: a number of the box instead of its class: the distance of an edge, "
        f"{', '.join(SIDES)}; with faster-rcnn {', '.join(NUMBERS)}.",
        **named("number", (*SIDES, *NUMBERS)),
    ),
]
MaxBytes = Annotated[
    int | None,
    typer.Option(
        min=1,
        help="Bytes that an .npz or compressed IDX file may unpack to.",
        show_default="1 GiB, or 20 times the file",
    ),
]
MaxPixelsAsTrained = Annotated[
    int | None,
    typer.Option(
        min=1, help="Pictures with more pixels are left out.", show_default="as in training"
    ),
]
Dtype = Literal["uint8", "float32"]
PixelType = Annotated[
    Dtype,
    typer.Option("--dtype", help="How grey levels 0 .. 255 are given.", **chosen("dtype", Dtype)),
]
PathColumn = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The column of a CSV file that holds the paths.",
        show_default="path, filename, image … or id",
    ),
]
LabelColumn = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="The column of a CSV file that holds the labels; of numbers several: x,y.",
        show_default="label, class, target …",
    ),
]
Group = Annotated[
    str | None,
    typer.Option(
        metavar="COLUMN|folder|rows:N|TEMPLATE|REGEX",
        help="What keeps pictures together in one part when parts are drawn, e.g. those of a "
        "patient or speaker: a CSV file's column; folder, that below the class; a template of "
        "file names, *_{group}_*; a regular expression, patient(\\d+); or rows:100, blocks of a "
        "hundred in the order of the data, as of a film.",
        show_default="nothing",
    ),
]
DecisionsFile = Annotated[
    Path | None,
    typer.Option(
        "--decisions",
        metavar="FILE",
        help="A CSV file of path,decision,label about pictures of the data: keep, move (to the "
        "label), leave-out. As pellucid mistakes --csv writes it, filled in.",
        show_default="nothing is decided",
    ),
]
SideCorrection = Annotated[
    float | None,
    typer.Option(
        "--side-cameras",
        metavar="NUMBER",
        help="Of numbers: learn from the columns left and right of a CSV file, too, with the "
        "number plus this correction on the left, minus it on the right. They never judge.",
        show_default="only the middle pictures",
    ),
]
SideColumns = Annotated[
    str | None,
    typer.Option(
        metavar="LEFT,RIGHT",
        help="With --side-cameras: the columns of their pictures.",
        show_default="left,right",
    ),
]
TestFold = Annotated[
    str | None,
    typer.Option(
        metavar="K/N",
        help="With --group: the test part is the K-th of N folds of the groups, 2/5, so that N "
        "runs judge every picture once.",
        show_default="a tenth, drawn",
    ),
]
SoundSettings = Annotated[
    str | None,
    typer.Option(
        "--sound",
        metavar="SETTINGS",
        help="How recordings become pictures, e.g. rate=16000,seconds=2,mels=64,hop=0.016.",
        show_default="as suits the recordings",
        callback=_sound,
    ),
]
TaskName = Annotated[
    str | None,
    typer.Option(
        "--task",
        help=f"What the labels are for: {', '.join(TARGETS)}.",
        show_default="by the data: numbers that are not whole are regression; a;b several labels; "
        "texts of recordings transcripts",
        **named("task", TARGETS),
    ),
]
Units = Annotated[
    str | None,
    typer.Option(
        help="Of transcripts: what is written, words or characters.",
        show_default="words where they are few and occur often",
        **named("units", UNITS),
    ),
]
LossName = Annotated[
    str | None,
    typer.Option(
        "--loss",
        help="Of numbers: huber, which outliers influence less; or squared.",
        show_default="huber, for numbers",
        **named("loss", ("squared", "huber")),
    ),
]
DetectorName = Annotated[
    str | None,
    typer.Option(
        "--detector",
        help="Of boxes: centre, in one stage, which is faster; or faster-rcnn, in two.",
        show_default="centre, or that of the detector to start from",
        **named("detector", ("centre", "faster-rcnn")),
    ),
]
Body = Annotated[
    str | None,
    typer.Option(
        "--from",
        metavar="NAME|FILE|RUN",
        help="A network with trained weights, of which all but the last layer is kept as it is: "
        "efficientnet-lite0, a model file, or a run's folder. Learns in seconds.",
        show_default="from scratch",
    ),
]
FineTune = Annotated[
    str | None,
    typer.Option(
        metavar="BLOCKS|LAYER|all",
        help="With --from: what learns afterwards, at a low rate: this many last blocks, all "
        "from a layer on, or all. Kept only if it does better on validation.",
        show_default="nothing",
    ),
]
Folds = Annotated[
    int | None,
    typer.Option(
        min=2,
        max=100,
        help="With --from: also judge by cross-validation in this many parts of the training and "
        "validation pictures, for sets so small that a validation part says little.",
        show_default="no cross-validation",
    ),
]
Cache = Annotated[
    bool, typer.Option(help="Keep decoded pictures on disk, so that the next run reads them fast.")
]
ClassNames = Annotated[
    str | None,
    typer.Option(
        "--classes",
        metavar="NAMES|FILE",
        help="Names for the classes, in their order: cat,dog; or a file with one a line.",
        show_default="the data's or the model's",
    ),
]
Invert = Annotated[
    bool,
    typer.Option("--invert", help="Exchange black and white before the network sees the picture."),
]
MODELS = "A model file, a run's folder, an ONNX file, or trained weights: efficientnet-lite0"
ModelName = Annotated[str, typer.Argument(help=f"{MODELS}.")]
Part = Annotated[
    str | None,
    typer.Option(
        callback=option_values.part,
        metavar="test|val",
        help="Which pictures to judge by.",
        show_default="test, or else val",
    ),
]
