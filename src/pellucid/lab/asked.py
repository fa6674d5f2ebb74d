"""What a request asks of two networks: two runs, the second of them with changes, and a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pellucid import checks
from pellucid.errors import ArgumentError
from pellucid.explain.edit_records import edit_of
from pellucid.files.learned_parts import PARTS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pellucid.explain.surgery import Edit
    from pellucid.lab.runs import Runs

PAIR = ("first", "second", "edits")
"""The names of a pair in a request."""

MOST_EDITS = 200


@dataclass(frozen=True)
class Pair:
    """Two networks.

    Attributes:
        first: The folder of the first run.
        second: That of the second.
        edits: Changes of the second.
    """

    first: Path
    second: Path
    edits: tuple[Edit, ...]

    @classmethod
    def of(cls, asked: Mapping[str, Any], runs: Runs) -> Pair:
        """The pair that a request names; without a second run, the first one changed.

        Raises:
            ArgumentError: If it names none.
            RefusedError: If a run is not there.
        """
        first = _run_of(asked.get("first"), runs)
        second = asked.get("second")
        other = first if second is None else _run_of(second, runs)
        return cls(first, other, edits_of(asked.get("edits")))


def _run_of(value: object, runs: Runs) -> Path:
    if not isinstance(value, str):
        raise ArgumentError(f"a run is named by its identifier, got {checks.brief(value)}")
    return runs.find(value).path


def edits_of(value: object) -> tuple[Edit, ...]:
    """The changes in a request; none where it has none.

    Raises:
        ArgumentError: If one is none.
    """
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) > MOST_EDITS:
        raise ArgumentError(
            f"edits are a list of at most {MOST_EDITS} edits, got {checks.brief(value)}"
        )
    return tuple(edit_of(each) for each in value)


def part_asked(asked: Mapping[str, Any]) -> str | None:
    """The part of the data that a request names; none for that which judges.

    Raises:
        ArgumentError: If it names none.
    """
    name = asked.get("part")
    if name is None:
        return None
    checks.choice("part", name, PARTS)
    return str(name)
