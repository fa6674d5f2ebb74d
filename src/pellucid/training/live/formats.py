"""The files by which a training in progress is watched and steered, and what they hold.

A training and whoever watches it share nothing but ``RUN/live/``, so that a run in another
terminal, in a container or on a cluster with a shared disk is a run like any other. The training
writes ``progress.json``, ``steps.csv``, ``network.json`` and ``weights.safetensors``; who watches
writes ``control.json`` and ``wanted.json``. Every JSON file is replaced whole, and has ``format``.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self

from pellucid.errors import FileFormatError
from pellucid.files import strict_json
from pellucid.text import truncated

if TYPE_CHECKING:
    from collections.abc import Mapping

LIVE = "live"
"""The folder, in a run's."""

PROGRESS, STEPS, WEIGHTS = "progress.json", "steps.csv", "weights.safetensors"
NETWORK = "network.json"
"""What the training writes there."""

CONTROL, WANTED = "control.json", "wanted.json"
"""What it reads there."""

FORMAT = 1
"""The version of all JSON files there that is written, and the newest that is read."""

LOWEST_FACTOR, HIGHEST_FACTOR = 0.01, 100.0
"""What a schedule's learning rate may be multiplied with."""

_LARGEST = 1 << 53
_KINDS = {"int": int, "float": float, "bool": bool, "str": str}
_EXPECTED = {
    "int": "a whole number, at least 0", "float": "a number", "bool": "true or false",
    "str": "a text",
}  # fmt: skip


class _Message:
    """What a JSON file holds. Subclasses are frozen dataclasses of plain values."""

    file: ClassVar[str]

    def to_bytes(self) -> bytes:
        """As the file's content."""
        values = {"format": FORMAT, **asdict(self)}  # type: ignore[call-overload]
        return json.dumps(values, allow_nan=False).encode("ascii")

    @classmethod
    def from_bytes(cls, content: bytes, name: str) -> Self:
        """What a file holds; fields that this version does not know are passed over.

        Args:
            content: The file's.
            name: What it is called in messages.

        Raises:
            FileFormatError: If it is damaged, another program's, or of a newer version.
        """
        try:
            values = strict_json.parse(content)
            if not isinstance(values, dict):
                raise ValueError("it is no object")  # noqa: TRY301, TRY004 - one way out
            version = values.get("format")
            if type(version) is not int or version < 1:
                raise ValueError("it has no format")  # noqa: TRY301
        except ValueError as error:
            raise FileFormatError(
                f"{name}: is damaged, or another program's ({truncated(str(error))}); remove it"
            ) from error
        if version > FORMAT:
            raise FileFormatError(
                f"{name}: written by a newer Pellucid (format {version}, this one reads {FORMAT}): "
                "upgrade Pellucid"
            )
        return cls(**{each.name: _checked(each, values, name) for each in fields(cls)})  # type: ignore[arg-type]


def _checked(field: Any, values: Mapping[str, Any], name: str) -> Any:
    """A field's value, of the type that it must have."""
    if field.name not in values:
        raise FileFormatError(f"{name}: lacks {field.name!r}; remove it")
    value = values[field.name]
    kind, _, optional = field.type.partition(" | ")
    if optional and value is None:
        return None
    if kind == "float" and type(value) is int:
        value = float(value)
    fits = type(value) is _KINDS[kind]
    if fits and kind == "int":
        fits = 0 <= value <= _LARGEST
    least, most = field.metadata.get("range", (-math.inf, math.inf))
    if not fits or (kind == "float" and not least <= value <= most):
        expected = f"a number from {least:g} to {most:g}" if least > -math.inf else _EXPECTED[kind]
        raise FileFormatError(
            f"{name}: {field.name} is {truncated(repr(value), 60)}, expected {expected}; remove it"
        )
    return value


@dataclass(frozen=True)
class LiveProgress(_Message):
    """How far a training is.

    Attributes:
        epoch: The current epoch, from 1.
        epochs: How many there will be at most.
        images: Pictures seen in this epoch; where ``doing`` says what, those that are done.
        of: Pictures in an epoch.
        loss: Mean over those seen in this epoch; 0 before the first.
        accuracy: Of those, 0 to 1; none where there is no one class a picture.
        images_per_second: In this epoch so far.
        rate: The last step's learning rate; 0 before the first step.
        rate_factor: What the schedule's learning rate is multiplied with, as was asked for.
        paused: Whether the training waits.
        doing: What is done instead of steps, in a word; empty in an epoch of steps.
        step: Steps of the whole training that are done.
        number: Grows by one each time.
        pid: Of the process.
        host: The machine that it runs on.
        control: The number of the last ``control.json`` that was obeyed; 0 if none was.
        ended: ``finished``, ``stopped`` (it can be taken up again) or ``failed``; empty before.
    """

    file: ClassVar[str] = PROGRESS
    epoch: int
    epochs: int
    images: int
    of: int
    loss: float
    accuracy: float | None
    images_per_second: float
    rate: float
    rate_factor: float
    paused: bool
    doing: str
    step: int
    number: int
    pid: int
    host: str
    control: int
    ended: str


Ended = Literal["finished", "stopped", "failed"]
"""How a training ended."""


@dataclass(frozen=True)
class Control(_Message):
    """What a training is asked to do; it obeys each once, before its next step.

    Attributes:
        number: Larger than that of the one before, else it is not obeyed.
        paused: Whether to wait.
        rate_factor: What the schedule's learning rate is multiplied with, 0.01 to 100.
        stop: Whether to end, as at Ctrl-C: with everything kept, so that the run can go on.
    """

    file: ClassVar[str] = CONTROL
    number: int
    paused: bool
    rate_factor: float = field(metadata={"range": (LOWEST_FACTOR, HIGHEST_FACTOR)})
    stop: bool


@dataclass(frozen=True)
class Wanted(_Message):
    """Says that somebody watches; renewed every few seconds while that is so.

    Attributes:
        number: Another each time. The training takes it for alive for some seconds after it has
            seen it change, so that clocks of two machines are never compared.
    """

    file: ClassVar[str] = WANTED
    number: int
