"""What was found in data: one value, for people, programs and pages."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from pellucid.data.check.finding_kinds import KINDS, SEVERITIES, Severity
from pellucid.data.targets import ClassTargets
from pellucid.record import Record
from pellucid.short_repr import short_repr
from pellucid.text import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PIL import Image

    from pellucid.data.boxes import BoxRow

SCHEMA = 1
"""Version of :meth:`DataReport.to_dict`: raised when a key changes its meaning or goes; new keys
may come without."""

_PICTURE = re.compile(r"\bpicture(s?)\b")

MOST_NAMES = 4
"""Names of a finding that its line gives."""


@short_repr
@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Attributes:
        kind: A key of :data:`pellucid.data.check.finding_kinds.KINDS`.
        severity: ``"stops training"``, ``"warning"`` or ``"note"``.
        names: The files, pictures or classes that it is about.
        words: What is the matter, in one line without the names.
        correlation: Of pictures that are nearly the same, that of the small grey copies of the two
            least alike, 0.95..1 (1: the same up to brightness and contrast); of withheld pairs that
            of the two most alike; else None.
        withheld: How many pairs are alike but withheld, because chance explains it.
        values: What the words say, by name, as JSON values: a kind and its values make the same
            sentence in another language. What is quoted (a reason, a remark on how the data were
            understood) may be in the words alone.
    """

    kind: str
    severity: Severity
    names: tuple[str, ...]
    words: str
    correlation: float | None = None
    withheld: int = 0
    values: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def line(self) -> str:
        """Names, as far as they fit, and words in one line."""
        names = listed(self.names, MOST_NAMES)
        return f"{names}: {self.words}" if names else self.words


@dataclass(frozen=True)
class ClassCount:
    """The pictures of one class.

    Attributes:
        name: The class.
        pictures: How many can be used, by part.
        unusable: How many files cannot.
        smallest: Height and width of the picture with the fewest pixels; of recordings 1 and the
            length of the shortest in milliseconds; None without pictures.
        largest: Height and width of that with the most.
    """

    name: str
    pictures: dict[str, int]
    unusable: int
    smallest: tuple[int, int] | None
    largest: tuple[int, int] | None


@dataclass(frozen=True)
class BoxCount:
    """The boxes of one class that are not ignored.

    Attributes:
        name: The class.
        boxes: How many there are, by part.
        ignored: How many more are ignored.
        smallest: Height and width of the box with the least area, in the network's pixels; None
            without boxes.
        median: The same of the one in the middle.
        largest: The same of that with the most.
    """

    name: str
    boxes: dict[str, int]
    ignored: int
    smallest: tuple[float, float] | None
    median: tuple[float, float] | None
    largest: tuple[float, float] | None


def _no_boxes(_name: str) -> list[BoxRow]:
    return []


def _no_preview(_name: str) -> Image.Image | None:
    return None


@short_repr
@dataclass(frozen=True)
class DataReport(Record):
    """What data consist of, and what was found in them.

    Attributes:
        name: What the data are called.
        parts: The parts: ``train``, ``validation``, ``test`` as far as they are there, or ``all``.
        classes: The pictures of each class, by name.
        findings: What was found, the gravest first.
        preview: Returns a picture by its name, for pages; None where there is none.
        task: What the data are for, in words: ``regression``.
        targets: What their targets are, a line each; empty where the classes say it.
        usable: How many pictures can be used.
        boxes: The boxes of each class, of data for detection; else empty.
        network_size: Height and width of the pictures whose pixels their sizes count; else None.
        boxes_of: Returns the boxes of a picture by its name, in pixels of its preview.
        examples: Names of pictures that are shown with their boxes.
        noun: What they are called: ``picture`` or ``recording``.
        silenced: How many findings are not listed, since their pictures were decided on.
        decided: Names of pictures, as they are printed, that were decided on.
    """

    record_kind: ClassVar[str] = "data report"
    name: str
    parts: tuple[str, ...]
    classes: tuple[ClassCount, ...]
    findings: tuple[Finding, ...]
    preview: Callable[[str], Image.Image | None] = field(
        default=_no_preview, repr=False, compare=False
    )
    task: str = ClassTargets.title
    targets: tuple[str, ...] = ()
    usable: int | None = None
    boxes: tuple[BoxCount, ...] = ()
    network_size: tuple[int, int] | None = None
    boxes_of: Callable[[str], Sequence[BoxRow]] = field(
        default=_no_boxes, repr=False, compare=False
    )
    examples: tuple[str, ...] = ()
    noun: str = "picture"
    silenced: int = 0
    decided: frozenset[str] = field(default=frozenset(), repr=False, compare=False)

    @property
    def pictures(self) -> int:
        """How many pictures can be used."""
        if self.usable is not None:
            return self.usable
        return sum(sum(each.pictures.values()) for each in self.classes)

    @property
    def spoiling(self) -> tuple[Finding, ...]:
        """The findings that stop training."""
        return tuple(f for f in self.findings if f.severity == "stops training")

    def by_kind(self) -> dict[str, list[Finding]]:
        """Return the findings of each kind that occurs, the gravest kinds first."""
        found: dict[str, list[Finding]] = {}
        for finding in self.findings:
            found.setdefault(finding.kind, []).append(finding)
        return found

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values.

        The keys are the attributes above without ``preview``, ``boxes_of``, ``examples`` and
        ``decided``; of data without boxes also without those on boxes. ``schema`` (see
        :data:`SCHEMA`) and ``spoiled``, which says whether anything stops training. Sizes are
        [height, width].
        """
        return {
            "schema": SCHEMA,
            "name": self.name,
            "spoiled": bool(self.spoiling),
            "pictures": self.pictures,
            "noun": self.noun,
            "silenced": self.silenced,
            "task": self.task,
            "targets": list(self.targets),
            "parts": list(self.parts),
            "classes": [
                {
                    **asdict(each),
                    "smallest": each.smallest and list(each.smallest),
                    "largest": each.largest and list(each.largest),
                }
                for each in self.classes
            ],
            "findings": [
                {**asdict(finding), "names": list(finding.names)} for finding in self.findings
            ],
            **(self._boxes() if self.boxes else {}),
        }

    def _boxes(self) -> dict[str, Any]:
        sizes = ("smallest", "median", "largest")
        return {
            "network_size": self.network_size and list(self.network_size),
            "boxes": [
                {**asdict(each), **{key: _listed(getattr(each, key)) for key in sizes}}
                for each in self.boxes
            ],
        }


def _listed(size: tuple[float, float] | None) -> list[float] | None:
    return None if size is None else list(size)


def found(
    kind: str,
    names: tuple[str, ...],
    words: str,
    correlation: float | None = None,
    withheld: int = 0,
    **values: Any,
) -> Finding:
    """Return a finding with the severity of its kind; ``values`` as :class:`Finding` has them."""
    return Finding(kind, KINDS[kind].severity, names, words, correlation, withheld, values)


def gravest_first(findings: list[Finding]) -> tuple[Finding, ...]:
    """Return findings by severity, then in the order of the kinds, then as they came."""
    kinds = list(KINDS)
    return tuple(
        sorted(findings, key=lambda f: (SEVERITIES.index(f.severity), kinds.index(f.kind)))
    )


def of_noun(words: str, noun: str) -> str:
    """Words about pictures as those about what data consist of: recordings."""
    if noun == "picture":
        return words
    return _PICTURE.sub(rf"{noun}\1", words).replace("the same pixels", "the same sound")


def in_words_of(noun: str, report: DataReport, names: Sequence[str]) -> tuple[Finding, ...]:
    """The findings of a report in words about what its data consist of.

    Args:
        noun: What they are called.
        report: The report.
        names: Classes or texts, which findings name: these stay as they are.
    """
    named = any(_PICTURE.search(name) for name in names)
    return tuple(
        each
        if named
        or each.kind in ("understood", "left-out", "group-overlap")  # which name files or groups
        else replace(each, words=of_noun(each.words, noun))
        for each in report.findings
    )
