"""Where the models of a service come from, and what they are called."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.errors import ArgumentError, PellucidError
from pellucid.files.run_model import model_path
from pellucid.interop.models import place_of
from pellucid.text import folder_name, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""What a model may be called: it is a part of addresses."""


@dataclass(frozen=True)
class Source:
    """Where a model comes from.

    Attributes:
        name: What the service calls it.
        place: A model file, a run's folder, or the name of a network with trained weights.
    """

    name: str
    place: str

    @property
    def stamp(self) -> tuple[int, ...] | None:
        """What changes with the file: time, size and number; None where there is no file."""
        place = place_of(self.place)
        if place is None:
            return None
        try:
            status = model_path(place).stat()
        except (OSError, PellucidError):  # it has vanished; loading it says so
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino


def sources(given: Sequence[str]) -> list[Source]:
    """Models as the command takes them, ``PLACE`` or ``NAME=PLACE``; the same name: versions.

    Raises:
        ArgumentError: If a name cannot be part of an address, or two models that are not named
            would be called the same.
    """
    found = [_source(text) for text in given]
    unnamed = [source.name for source, named in found if not named]
    names = [source.name for source, _ in found]
    for name in unnamed:
        if names.count(name) > 1:
            raise ArgumentError(
                f"two models would be called {name!r}; name them: NAME={_of(found, name)}"
            )
    return [source for source, _ in found]


def _of(found: list[tuple[Source, bool]], name: str) -> str:
    return printable(next(source.place for source, _ in found if source.name == name))


def _source(text: str) -> tuple[Source, bool]:
    """A model, and whether it was named."""
    name, equals, place = text.partition("=")
    if equals and not Path(text).exists():
        if not NAME.fullmatch(name):
            raise ArgumentError(
                f"{printable(name)!r:.100} cannot be a model's name in an address; expected "
                "letters, digits, '.', '_' and '-'"
            )
        return Source(name, place), True
    path = place_of(text)
    stem = text if path is None else folder_name(path)
    if path is not None and not path.is_dir():
        stem = Path(stem).stem
    own = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")[:100]
    return Source(own or "model", text), False
