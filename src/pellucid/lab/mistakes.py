"""What runs get wrong: found once for each, one run after the other."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pellucid.evaluation.find_mistakes import find_mistakes
from pellucid.explain.methods import EVIDENCE
from pellucid.files.run_model import model_path
from pellucid.lab.search import Search, is_over
from pellucid.lab.stream import stamp
from pellucid.serving.refused import RefusedError
from pellucid.show.palette import colours, limit_of
from pellucid.text import printable

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import numpy as np
    from numpy.typing import NDArray

    from pellucid.evaluation.mistake import Mistake
    from pellucid.evaluation.mistakes import Mistakes
    from pellucid.lab.opened import OpenedRuns

MOST = 5_000
"""Mistakes that are sent, those first of which a network was surest."""

NEAREST = 6
"""Training pictures beside a mistake."""

_RUNS = 4  # whose mistakes are kept


@dataclass(eq=False)
class RunMistakes(Search["Mistakes"]):
    """The mistakes of a run, which may still be looked for.

    Attributes:
        data: What the run learned from.
        near: The nearest training pictures of those that were asked about, by row.
    """

    data: str = ""
    near: dict[int, tuple[Any, ...]] = field(default_factory=dict)


class MistakesOfRuns:
    """The mistakes of the runs that were asked about last.

    Args:
        opened: The runs' networks.
        data: What the lab's pictures are, about which can be decided.
        working: Finds them, one after the other.
    """

    def __init__(self, opened: OpenedRuns, data: str | None, working: Executor) -> None:
        self._opened, self._data, self._working = opened, data, working
        self._lock = threading.Lock()
        self._kept: OrderedDict[Path, RunMistakes] = OrderedDict()
        self._number = 0

    def of(self, folder: Path, *, again: bool = False) -> RunMistakes:
        """The mistakes of a run, which are looked for if nobody has yet, or it has learned on.

        Args:
            folder: The run's.
            again: Whether to look again where nothing was found because of an error.
        """
        model = stamp(model_path(folder))
        with self._lock:
            kept = self._kept.get(folder)
            if kept is None or is_over(kept, model, again=again):
                self._number += 1
                kept = self._kept[folder] = RunMistakes(self._number, model)
                self._working.submit(self._find, folder, kept)
            self._kept.move_to_end(folder)
            while len(self._kept) > _RUNS:
                self._kept.popitem(last=False)
        return kept

    def one(self, folder: Path, identifier: str) -> tuple[RunMistakes, Mistakes, int]:
        """A mistake by what it was called in an answer: ``3-17``.

        Raises:
            RefusedError: If there is none, or they were looked for again since.
        """
        form = re.fullmatch(r"(\d{1,9})-(\d{1,9})", identifier, re.ASCII)
        with self._lock:
            kept = self._kept.get(folder)
        found = None if kept is None else kept.found
        if form is not None and kept is not None and found is not None:
            number, row = int(form[1]), int(form[2])
            if number == kept.number and row < len(found):
                return kept, found, row
        raise RefusedError(404, "there is no such mistake any more; open the view again")

    def nearest(self, folder: Path, identifier: str) -> tuple[Any, ...]:
        """The nearest training pictures of a mistake."""
        kept, found, row = self.one(folder, identifier)
        if row not in kept.near:
            (kept.near[row],) = found.neighbours_of([found.rows[row]], NEAREST)
        return kept.near[row]

    def picture(self, folder: Path, identifier: str, near: int | None) -> NDArray[np.uint8]:
        """A picture as the network gets it: of a mistake, or one of its nearest.

        Raises:
            RefusedError: If there is none.
        """
        kept, found, row = self.one(folder, identifier)
        path = found.rows[row].path
        if near is not None:
            some = kept.near.get(row, ())
            if near >= len(some):
                raise RefusedError(404, "there is no such picture; open the mistake again")
            path = some[near].name
        image = found.picture(path)
        if image is None:
            raise RefusedError(404, f"{printable(path)}: is not there any more")
        return image

    def place(self, folder: Path, identifier: str) -> tuple[str, int | None]:
        """Which picture of which part a mistake is; none where it is left out by now."""
        _, found, row = self.one(folder, identifier)
        mistake = found.rows[row]
        return mistake.part, self._opened.places(folder, mistake.part).get(mistake.path)

    def evidence(
        self,
        folder: Path,
        identifier: str,
        method: str = EVIDENCE.name,
        number: str | None = None,
    ) -> NDArray[np.uint8]:
        """Where in the picture lies what speaks for the answer rather than the label.

        Of a number, what makes it higher.

        Args:
            folder: The run's.
            identifier: The mistake's.
            method: One of :data:`pellucid.explain.methods.METHODS`.
            number: Of several numbers, which; None for the one that is farthest out.

        Returns:
            Red, green, blue and opacity, uint8 (H, W, 4): one colour for the answer, the other,
            where the method is signed, for the label.

        Raises:
            ArgumentError: If there is no such method or number, or the network does not suit it.
        """
        _, found, row = self.one(folder, identifier)
        mistake = found.rows[row]
        estimator = self._opened.estimator(folder)
        target, against = _asked(mistake, found.classes, number)
        image = self.picture(folder, identifier, None)
        made = estimator.explain(image, method, target=target, against=against)
        values = made.pixels.sum(axis=2) if method == EVIDENCE.name else made.values
        return colours(values, limit_of(values))

    def decidable(self, kept: RunMistakes) -> bool:
        """Whether the pictures are those of the lab, about which can be decided."""
        if self._data is None or not kept.data:
            return False
        return kept.data == self._data or Path(kept.data).resolve() == Path(self._data).resolve()

    def stop(self, folder: Path) -> None:
        """Look for a run's mistakes no longer; what was found stays."""
        with self._lock:
            kept = self._kept.get(folder)
        if kept is not None:
            kept.stop()

    def end(self) -> None:
        """Let what is looked for end at the next picture."""
        with self._lock:
            for kept in self._kept.values():
                kept.stop()

    def _find(self, folder: Path, kept: RunMistakes) -> None:
        def find() -> Mistakes:
            known = self._opened.read_as(folder)
            kept.data = known.data
            return find_mistakes(
                self._opened.estimator(folder),
                known.data,
                name=printable(folder.name),
                reading=known.reading,
                watching=kept.watch("features"),
                folds_watching=kept.watch("folds"),
            ).first(MOST)

        kept.run(find, "finding mistakes")


def _asked(
    mistake: Mistake, classes: tuple[str, ...], number: str | None
) -> tuple[str, str | None]:
    """The class or number in question, and the class that it is compared with."""
    if mistake.numbers:
        farthest = max(mistake.numbers, key=lambda each: each.deviations)
        return number or farthest.name, None
    if mistake.answered in classes:
        return mistake.answered, mistake.true
    return mistake.answered.split(" ", 1)[1], None  # with or without a label
