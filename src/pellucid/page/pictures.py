"""Which pictures a page brings along, from whatever was named, and what can be learned of them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pellucid.data.asked import find_pictures
from pellucid.data.dataset import Dataset, Splits
from pellucid.data.decisions.marks import decided
from pellucid.data.detect_format import BUILTIN
from pellucid.data.idx_folder import find_idx_files
from pellucid.data.listing import scanned
from pellucid.data.load import read_splits
from pellucid.data.npz import ARRAYS_SUFFIX
from pellucid.data.read_part import part_names
from pellucid.data.reading import Reading
from pellucid.data.reference import ALL, PARTS
from pellucid.data.table import TABLE_SUFFIXES
from pellucid.errors import ArgumentError, DataError
from pellucid.files.held_out import held_out, read_as_learned
from pellucid.files.provenance import source_classes, unseen
from pellucid.files.referenced import ReferencedPictures
from pellucid.files.self_test import sample_images
from pellucid.page.samples import Samples, samples_of_pictures
from pellucid.text import counted, printable
from pellucid.training.arguments import evaluation_data

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.data.decisions import Decisions
    from pellucid.data.read_part import DataSource
    from pellucid.files import Model

    Pictures = DataSource | Dataset | Splits | Sequence[str | os.PathLike[str]]


@dataclass(frozen=True, eq=False)
class PagePictures:
    """What a page brings along.

    Attributes:
        samples: The pictures that it shows.
        notes: What they are, and what users should know of them, a line each.
        train: Pictures that can be learned; none if there are none.
        judge: Others of the same classes to judge by.
        unlearnable: Why nothing can be learned; empty if something can.
    """

    samples: Samples
    notes: tuple[str, ...] = ()
    train: Dataset | None = None
    judge: Dataset | None = None
    unlearnable: str = ""


@dataclass(frozen=True, eq=False)
class Finder:
    """Finds the pictures of a page.

    Attributes:
        model: Whose page it is.
        count: Pictures that are shown, at most.
        max_pixels: Picture files with more pixels are left out.
        seed: Decides which pictures are set aside of data that the model has not learned.
        learn: Whether pictures to learn from are wanted, too.
        decisions: What is decided about the pictures of data, as :func:`pellucid.data.load` takes
            it; None: nothing.
    """

    model: Model
    count: int
    max_pixels: int
    seed: int
    learn: bool
    decisions: Decisions | str | os.PathLike[str] | None = None

    @property
    def _noun(self) -> str:
        return "picture" if self.model.preprocessing.sound is None else "recording"

    @property
    def _reading(self) -> Reading:
        return Reading(max_pixels=self.max_pixels, decisions=self.decisions)

    def find(self, source: Pictures) -> PagePictures:
        """The pictures that were named: data, of which none that was learned is shown; or pictures.

        Raises:
            DataError: There are none, or they do not suit the model.
            ArgumentError: It is nothing of the kind, or there are decisions, and no data are read.
        """
        if self.decisions is not None and not _is_read(source):
            raise ArgumentError(
                "decisions are given, and no data are read here: give their path, or decisions "
                "where they are loaded, load(…, decisions=…)"
            )
        if isinstance(source, Splits):
            return self._of_splits(source)
        if isinstance(source, Dataset):
            held, notes = evaluation_data(source, None, self.model)
            return self._of(held, notes, unlearnable="there are no other pictures to learn from")
        if isinstance(source, Mapping):
            return self._of_splits(self._splits(source))
        if isinstance(source, str | os.PathLike):
            return self._of_data(os.fspath(source)) if _is_data(source) else self._named([source])
        if isinstance(source, list | tuple) and all(
            isinstance(each, str | os.PathLike) for each in source
        ):
            return self._named(source)
        raise ArgumentError(
            f"pictures are {type(source).__name__}; expected a path or the name of data, pictures' "
            "paths, a Dataset or Splits"
        )

    def _of_data(self, source: str) -> PagePictures:
        model, reading = self.model, self._reading
        held, notes = held_out(source, model, max_pixels=self.max_pixels, reading=reading)
        if not self.learn:
            return self._of(held, notes, source=source)
        undivided = ALL in part_names(
            source, path_column=reading.path_column, label_column=reading.label_column
        )
        everything = read_as_learned(
            source, model, reading, source_classes=source_classes(model), split="train"
        )
        train = unseen(model.provenance, everything, part="train", undivided=undivided)
        if train is None and undivided:
            # the model learned from others: what the page judges by is drawn here
            return self._of_splits(self._splits(source))
        return self._of(held, notes, decided(everything if train is None else train), source=source)

    def _splits(self, source: DataSource) -> Splits:
        """Data in parts, drawn with the seed, as the network takes them."""
        return read_splits(
            source,
            self._reading,
            seed=self.seed,
            allow_one_class=True,
            like=self.model.preprocessing,
        )

    def _of_splits(self, splits: Splits) -> PagePictures:
        others = splits.test or splits.validation
        if others is None:
            held, notes = evaluation_data(splits.train, None, self.model)
            return self._of(held, notes, unlearnable="there are no other pictures to judge by")
        held, notes = evaluation_data(others, None, self.model)
        train, _ = evaluation_data(splits.train, None, self.model)
        return self._of(held, notes, train)

    def _of(
        self,
        held: Dataset,
        notes: Sequence[str],
        train: Dataset | None = None,
        unlearnable: str = "",
        source: str = "",
    ) -> PagePictures:
        part = held.name if held.name in PARTS else ALL
        samples = Samples.of(held, self.count, f"{source}:{part}" if source else "")
        line = f"the page shows {len(samples)} of {counted(len(held), self._noun)}"
        if held.name != ALL:
            line += f" ({printable(held.name)})"
        if held.kind == "single-label" and len(held.classes) > 1:
            line += ": the first of every class, then the second, and so on"
        judge = None if train is None else held
        return PagePictures(samples, (*notes, line), train, judge, unlearnable)

    def _named(self, source: Sequence[str | os.PathLike[str]]) -> PagePictures:
        """Pictures as ``pellucid predict`` takes them, with or without labels."""
        found = ReferencedPictures(self.model, max_pixels=self.max_pixels)
        asked = find_pictures(source, found.part)
        samples, problems = samples_of_pictures(
            self.model, asked.pictures, self.count, max_pixels=self.max_pixels
        )
        problems = [*asked.problems, *problems]
        if samples is None:
            more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
            raise DataError(f"{problems[0]}{more}" if problems else f"no {self._noun}s were given")
        line = f"the page shows {len(samples)} of {counted(len(asked.pictures), self._noun)}"
        why = "there are no data with a class a picture to learn from"
        left_out = [f"left out: {printable(problem)}" for problem in problems]
        return PagePictures(samples, (*asked.notes, *left_out, line), unlearnable=why)


def noise(model: Model) -> PagePictures:
    """Where there are no pictures: what the self-test of a model file computes."""
    images = sample_images(model.network.graph.input_shape)
    samples = Samples(images, ("noise", "grey"), (None, None), made=True)
    note = "no pictures were given: the page shows noise and a grey picture, and takes others"
    if model.preprocessing.sound is not None:
        note = (
            "no recordings were given: the page shows noise and a grey picture, and takes no others"
        )
    return PagePictures(samples, (note,), unlearnable="there are no pictures to learn from")


def _is_read(source: object) -> bool:
    """Whether a source is data that are read here."""
    if isinstance(source, str | os.PathLike):
        return _is_data(source)
    return isinstance(source, Mapping)


def _is_data(source: str | os.PathLike[str]) -> bool:
    """Whether labelled data are named, and not pictures alone."""
    if source in BUILTIN:
        return True
    path = Path(source)
    try:
        if path.is_file():
            suffix = path.suffix.lower()
            return suffix == ARRAYS_SUFFIX or (suffix in TABLE_SUFFIXES and _is_listed(path))
        return path.is_dir() and (bool(find_idx_files(path)) or _is_listed(path))
    except (OSError, ValueError):  # too long a name, a zero byte: said where pictures are sought
        return False


def _is_listed(path: Path) -> bool:
    """Whether a folder or a list says of which class its pictures are."""
    try:
        return bool(scanned(path).parts)
    except DataError:
        return False
