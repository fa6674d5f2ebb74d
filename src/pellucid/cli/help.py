"""Help that fits 80 columns: options in groups, one example a command."""

from __future__ import annotations

import re
import sys
from typing import Any

from typer.core import TyperCommand, TyperGroup

from pellucid.known_names import key

BASICS, DATA, LEARNING, FILES = "Basics", "Data", "Learning", "Files and output"

OPTION_GROUPS = {
    DATA: (
        "allow", "augment", "bad", "cache", "classes", "data", "decisions", "image_size", "invert",
        "label_column", "max_bytes", "max_pixels", "near", "part", "path_column", "validation",
    ),
    LEARNING: (
        "class_weights", "ema", "fine_tune", "label_smoothing", "learning_rate", "optimizer",
        "patience", "schedule", "weight_decay",
    ),
    FILES: (
        "cache_folder", "html", "json", "out", "overwrite", "plot", "report", "save_every",
        "show_batch",
    ),
}  # fmt: skip
"""Parameters by the heading below which they are listed; all others are basics."""

COMMAND_GROUPS = {
    "Learn from pictures": ("check", "find-rate", "train", "lab", "shard"),
    "Use and judge a model": (
        "predict", "evaluate", "mistakes", "compare", "runs", "generate", "serve",
    ),
    "See how it works": (
        "trace", "backward", "explain", "kernels", "surgery", "lecture", "page", "summary",
        "explain-plan",
    ),
    "Stand on trained networks": ("features", "add-class"),
    "Networks of others": ("export", "import", "verify", "compile", "quantise"),
    "Teach a class": ("worksheet", "grade"),
    "Try things": ("experiment", "filter"),
    "This machine": ("time", "doctor"),
}  # fmt: skip
"""Commands by the heading below which they are listed; others come last."""

EXAMPLES = {
    "check": "pellucid check my-photos --html findings.html",
    "find-rate": "pellucid find-rate my-photos -a vgg-small",
    "train": "pellucid train my-photos -a vgg-small -o runs/photos",
    "lab": "pellucid lab runs my-photos",
    "shard": "pellucid shard my-photos -o shards",
    "predict": "pellucid predict runs/photos new-photos -o predictions.csv",
    "serve": "pellucid serve runs/photos --port 8000",
    "generate": "pellucid generate runs/digits --count 100 -o sheet.png",
    "evaluate": "pellucid evaluate runs/photos my-photos -o report",
    "mistakes": "pellucid mistakes runs/photos --html mistakes.html",
    "compare": "pellucid compare runs/one runs/other my-photos -o comparison",
    "trace": "pellucid trace runs/photos cat.jpg -o trace.html",
    "backward": "pellucid backward runs/photos cat.jpg --label cat -o backward.html",
    "explain": "pellucid explain runs/photos cat.jpg --method grad-cam -o map.png",
    "kernels": "pellucid kernels runs/photos -o kernels.png",
    "surgery": "pellucid surgery runs/photos cat.jpg --mute conv1:3",
    "lecture": "pellucid lecture runs/photos cat.jpg",
    "worksheet": "pellucid worksheet runs/digits -o sheet.html --key key.html",
    "grade": "pellucid grade answers.csv --key key.csv",
    "page": "pellucid page runs/digits mnist -o digits.html",
    "summary": "pellucid summary resnet18 --out resnet18.svg",
    "explain-plan": "pellucid explain-plan lecture --time",
    "features": "pellucid features my-photos --from efficientnet-lite0 -o features.npz",
    "add-class": "pellucid add-class runs/photos new-photos/wasps",
    "export": "pellucid export runs/photos -o photos.onnx",
    "import": "pellucid import resnet50.onnx -o resnet50.safetensors",
    "verify": "pellucid verify runs/photos photos.onnx",
    "compile": "pellucid compile runs/photos --target aarch64 -o c",
    "quantise": "pellucid quantise runs/photos my-photos -o small.safetensors",
    "time": "pellucid time runs/photos --batch 1 --batch 32",
    "doctor": "pellucid doctor",
    "experiment": "pellucid experiment pooling",
    "filter": "pellucid filter cat.jpg --kernel sobel-x -o edges.png",
    "runs": "pellucid runs",
}
"""A command line for every command."""

_METAVARS = (
    (r"<int range>|<int>|INTEGER RANGE|INTEGER", "N"),
    (r"<float range>|<float>|FLOAT RANGE|FLOAT", "X"),
    (r"<path>", "PATH"),
    (r"<str>|<list\[str\]>", "TEXT"),
    (r"<bool>", ""),
    (r"<([\w|-]+)>|\[([\w|-]+)\]$", r"\1\2"),
)


def folded(name: str) -> str:
    """An option's or a command's name as it is looked up: ``Batch_Size`` as ``batch-size``."""
    return name if len(name) == 1 else name.lower().replace("_", "-")


class Command(TyperCommand):
    """A command whose help groups its options and ends with an example."""

    def get_help(self, ctx: Any) -> str:
        """The help, in letters that standard output has."""
        return _in_letters(super().get_help(ctx))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments, then options by group."""
        sections: dict[str, list[tuple[str, str]]] = {
            name: [] for name in ("Arguments", BASICS, DATA, LEARNING, FILES)
        }
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                sections[_group(param)].append((_short(record[0]), _plain(record[1])))
        for title, rows in sections.items():
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows, col_max=26)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the example."""
        example = EXAMPLES.get(str(ctx.info_name))
        if example:
            with formatter.section("Example"):
                formatter.write_text(example)


class CommandGroup(TyperGroup):
    """All commands: found also by names in another case or with underscores."""

    command_class = Command

    def get_help(self, ctx: Any) -> str:
        """The help, in letters that standard output has."""
        return _in_letters(super().get_help(ctx))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command of that name."""
        by_key = {key(name): name for name in self.commands}
        return self.commands.get(by_key.get(key(cmd_name), cmd_name))

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands by group, with the first sentence of what they do."""
        left = dict(self.commands)
        groups = {
            title: [(name, left.pop(name)) for name in names if name in left]
            for title, names in COMMAND_GROUPS.items()
        }
        for title, found in {**groups, "More": list(left.items())}.items():
            if found:
                with formatter.section(title):
                    formatter.write_dl(
                        [(f"{name:12}", each.get_short_help_str(1000)) for name, each in found]
                    )

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write how to begin."""
        with formatter.section("Begin with"):
            formatter.write_text("pellucid train mnist --epochs 2 -o runs/digits")
            formatter.write_text("pellucid COMMAND --help")


def _in_letters(text: str) -> str:
    """A text with escapes for what the encoding of standard output lacks.

    Typer's own way out is UTF-8, which such a terminal shows as other letters.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, errors="backslashreplace").decode(encoding)


def _group(param: Any) -> str:
    if param.param_type_name == "argument":
        return "Arguments"
    return next((group for group, names in OPTION_GROUPS.items() if param.name in names), BASICS)


def _short(names: str) -> str:
    """Names of an option with a short word for what it takes: ``-e, --epochs N``."""
    for pattern, word in _METAVARS:
        names = re.sub(pattern, word, names)
    return names.strip()


def _plain(text: str) -> str:
    """What an option does, without brackets in brackets and ranges that go without saying."""
    text = re.sub(r"; (\d+<=)?x[<>]=\d+\]$", "]", text)
    text = re.sub(r"  \[(\d+<=)?x[<>]=\d+\]$", "", text)
    return re.sub(r"\[default: \((.*)\)(; .*)?\]$", r"[default: \1\2]", text)
