"""Whether something can be learned from the classes, labels or numbers of training pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.errors import DataError
from pellucid.text import counted, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.data.quarantine import BadFile
    from pellucid.data.targets import Targets


def check_learnable(
    name: str,
    targets: Targets,
    *,
    bad: Sequence[BadFile] = (),
    allow_one_class: bool = False,
    advice: str = "",
) -> None:
    """Raise DataError unless something can be learned from the targets of training pictures.

    Args:
        name: What the data are called in messages.
        targets: Of the pictures to learn from.
        bad: The files that cannot be used.
        allow_one_class: Whether one class is enough.
        advice: What may have been meant, and what was left out; for the end of the error.
    """
    used = targets.used
    if used is None:
        return  # what cannot be learned of them is said by the task
    check_classes(
        name, targets.names, {targets.names[k] for k in used.tolist()},
        bad=bad, allow_one_class=allow_one_class or not targets.needs_two, advice=advice,
    )  # fmt: skip


def check_classes(
    name: str,
    classes: tuple[str, ...],
    learnable: set[str],
    *,
    bad: Sequence[BadFile] = (),
    allow_one_class: bool = False,
    advice: str = "",
) -> None:
    """Raise DataError unless there are two classes or more, all of them among the learnable.

    Args:
        name: What the data are called in messages.
        classes: The class names.
        learnable: Names of the classes that have pictures to train with.
        bad: The files that cannot be used.
        allow_one_class: Whether one class is enough.
        advice: What may have been meant, and what was left out; for the end of the error.
    """
    end = f"; {advice}" if advice else ""
    if len(classes) < 2 and not allow_one_class:
        raise DataError(
            f"{name}: one class only, {printable(classes[0])}; expected at least two classes, each "
            f"with pictures of its own (to train anyway: --allow one-class){end}"
        )
    empty = [entry for entry in classes if entry not in learnable]
    if empty:
        others = f" (and {counted(len(empty) - 1, 'other class')})" if len(empty) > 1 else ""
        lost = [file for file in bad if file.class_name == empty[0]]
        if lost:
            raise DataError(
                f"{name}: of the class {printable(empty[0])}{others} no picture can be used, "
                f"{counted(len(lost), 'file')} left out; "
                f"{printable(lost[0].name)}: {lost[0].reason}{end}"
            )
        raise DataError(
            f"{name}: the class {printable(empty[0])}{others} has no pictures to train with; add "
            f"some to the folder of the class, or remove the class{end}"
        )
