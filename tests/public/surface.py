"""What users of the package and of the command line can name, one line each.

A line is a path and, where it can be called, its parameters with their defaults; for a command it
is an option with what it takes. Annotations are left out: types are written in many ways that mean
the same.
"""

from __future__ import annotations

import inspect
import warnings
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from types import ModuleType, UnionType
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE = Path(__file__).with_name("names.txt")

MODULES = (
    "pellucid",
    "pellucid.architectures",
    "pellucid.data",
    "pellucid.data.augment",
    "pellucid.engines",
    "pellucid.errors",
    "pellucid.evaluation",
    "pellucid.experiments",
    "pellucid.files",
    "pellucid.graph",
    "pellucid.layers",
    "pellucid.ops",
    "pellucid.optimizers",
    "pellucid.training",
)
"""Modules all of whose public names are recorded."""

NAMES = (
    "pellucid.evaluation.edit_effect.data_effect",
    "pellucid.evaluation.edit_effect.picture_effect",
    "pellucid.evaluation.model_comparison.ModelComparison",
    "pellucid.evaluation.verification.Verification",
    "pellucid.explain.activations.Activations",
    "pellucid.explain.backward.Backward",
    "pellucid.explain.evidence.Evidence",
    "pellucid.explain.filtering.filter_picture",
    "pellucid.explain.filtering.read_picture",
    "pellucid.explain.gallery.gallery_kernel",
    "pellucid.explain.gallery.own_kernel",
    "pellucid.explain.heatmap.Heatmap",
    "pellucid.explain.kernels.learned_kernels",
    "pellucid.explain.maximisation.maximise",
    "pellucid.explain.patches.exciting_patches",
    "pellucid.explain.projections.projections",
    "pellucid.explain.randomisation_test.randomisation_test",
    "pellucid.explain.score.choose_score",
    "pellucid.explain.story.story",
    "pellucid.explain.surgery.Mute",
    "pellucid.explain.surgery.SwapPooling",
    "pellucid.explain.trace.Trace",
    "pellucid.explain.unit.receptive_field",
    "pellucid.graph.summary.Summary",
    "pellucid.training.diagnosis.Diagnosis",
    "pellucid.training.rate_curve.RateCurve",
)
"""Names elsewhere: those in the documentation's examples, and classes of what methods answer."""


def current() -> list[str]:
    """All lines as the code is now."""
    found: dict[str, None] = {}
    for module in MODULES:
        for name in _names_of(import_module(module)):
            found.update(dict.fromkeys(lines(f"{module}.{name}")))
    for path in NAMES:
        found.update(dict.fromkeys(lines(path)))
    return sorted([*found, *commands()])


def recorded() -> list[str]:
    """The lines of the file."""
    return FILE.read_text(encoding="utf-8").splitlines()


def line_now(line: str) -> str | None:
    """What a recorded line is now; none where there is no such name, or option, any more.

    Names that have been replaced are looked up as well: they go on working.
    """
    start = _start(line)
    if line.startswith("$"):
        return next((each for each in commands() if _start(each) == start), None)
    try:
        return _line(start, resolve(start))
    except AttributeError:
        return None


def resolve(path: str) -> Any:
    """What a path leads to; a property for any value of an instance.

    Raises:
        AttributeError: If it leads nowhere.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        first, *parts = path.split(".")
        found: Any = import_module(first)
        at = first
        for part in parts:
            at = f"{at}.{part}"
            try:
                found = _attribute(found, part)
            except AttributeError:
                if not isinstance(found, ModuleType):
                    raise
                found = _module(at)
        return found


def _module(path: str) -> ModuleType:
    try:
        return import_module(path)
    except ModuleNotFoundError as error:
        raise AttributeError(path) from error


def _attribute(holder: Any, name: str) -> Any:
    if isinstance(holder, type):
        static = inspect.getattr_static(holder, name, None)
        if isinstance(static, (property, cached_property)) or name in _fields(holder):
            return property()
        if type(static).__name__ == "OldAttribute":
            return _attribute(holder, static._new)
    return getattr(holder, name)


def lines(path: str) -> Iterator[str]:
    """A name's line, and for a class those of its public members."""
    found = resolve(path)
    yield _line(path, found)
    if isinstance(found, type) and found.__module__.startswith("pellucid"):
        for name in sorted({*dir(found), *_fields(found)}):
            if not name.startswith("_") and _is_ours(found, name):
                yield _line(f"{path}.{name}", resolve(f"{path}.{name}"))


def _names_of(module: ModuleType) -> list[str]:
    listed = getattr(module, "__all__", None)
    if listed is not None:
        return sorted(listed)
    return sorted(
        name
        for name, each in vars(module).items()
        if not name.startswith("_")
        and (getattr(each, "__module__", None) or "").startswith(module.__name__)
    )


def _fields(holder: type) -> set[str]:
    return set(getattr(holder, "__dataclass_fields__", {}))


def _is_ours(holder: type, name: str) -> bool:
    """Whether a member is made by the package, and not by what its class derives from."""
    if name in _fields(holder):
        return True
    home = next((base for base in holder.__mro__ if name in vars(base)), None)
    return home is not None and home.__module__.startswith("pellucid")


def _line(path: str, found: Any) -> str:
    if isinstance(found, ModuleType):
        return f"{path} module"
    if isinstance(found, type) and issubclass(found, Exception):
        return f"{path} error"
    if isinstance(found, type) or inspect.isroutine(found):
        return path + _parameters(inspect.signature(found))
    return f"{path} value"


def _parameters(signature: inspect.Signature) -> str:
    bare = [
        each.replace(annotation=inspect.Parameter.empty, default=_Default(each.default))
        if each.default is not each.empty
        else each.replace(annotation=inspect.Parameter.empty)
        for each in signature.parameters.values()
        if each.name not in ("self", "cls")
    ]
    return str(inspect.Signature(bare))


class _Default:
    """A default that prints the same in every process."""

    def __init__(self, value: object) -> None:
        self.plain = isinstance(value, (str, int, float, tuple, bool, type(None)))
        self.value = value

    def __repr__(self) -> str:
        return repr(self.value) if self.plain else "..."


@cache
def commands() -> list[str]:
    """A line for each command's argument and option."""
    import typer.main

    from pellucid.cli.app import app

    group: Any = typer.main.get_command(app)
    found = []
    for name, command in {"": group, **group.commands}.items():
        start = f"$ pellucid {name}".strip()
        takes = get_type_hints(inspect.unwrap(command.callback))
        found.append(f"{start}:")
        own = [each for each in command.params if "-completion" not in each.opts[0]]
        for each in sorted(own, key=lambda each: str(each.name)):
            about = [_type(takes[each.name])] if each.name in takes else []
            about += ["required"] if each.required else []
            if isinstance(each.default, (str, int, float)) and not isinstance(each.default, bool):
                about.append(f"default {each.default}")
            names = " ".join([*each.opts, *each.secondary_opts])
            found.append(f"{start} {names}: {', '.join(about)}")
    return found


def _type(annotation: Any) -> str:
    """An annotation in one way of writing: ``int | None``, ``list[Path]``, ``'one' | 'other'``."""
    if isinstance(annotation, type) and not get_args(annotation):
        return "None" if annotation is type(None) else annotation.__name__
    origin, inner = get_origin(annotation), [_type(each) for each in get_args(annotation)]
    if origin is Literal:
        return " | ".join(map(repr, get_args(annotation)))
    if origin in (Union, UnionType):
        return " | ".join(sorted(inner))
    return f"{getattr(origin, '__name__', annotation)}[{', '.join(inner)}]"


def differences() -> tuple[list[str], list[str], list[str]]:
    """Recorded lines that are gone; those that changed, as they are now; and what is new."""
    before = recorded()
    now = {line: line_now(line) for line in before}
    gone = [line for line, found in now.items() if found is None]
    changed = [
        f"{found}   (was: {line})" for line, found in now.items() if found not in (None, line)
    ]
    starts = {_start(line) for line in before}
    new = [line for line in current() if _start(line) not in starts]
    return gone, changed, new


def write() -> None:
    """Record what there is now, and the old names that go on working."""
    old = [found for line in recorded() if (found := line_now(line)) is not None]
    lines = {*old, *current()}
    FILE.write_text("".join(f"{line}\n" for line in sorted(lines)), encoding="utf-8")


def _start(line: str) -> str:
    """The part of a line that says whose it is."""
    if line.startswith("$"):
        return line.partition(":")[0]
    return line.partition("(")[0].partition(" ")[0]
