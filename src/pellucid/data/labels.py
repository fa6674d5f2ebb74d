"""Labels of pictures: integers, texts or bools, the values of the classes that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from pellucid.data.names import shown
from pellucid.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LabelKind = Literal["int", "text", "bool"]
"""What labels are: integers, texts or bools."""

KINDS = ("int", "text", "bool")


def class_values(classes: Sequence[str], kind: LabelKind, name: str) -> NDArray[Any]:
    """Return what the classes are as labels, in their order.

    Args:
        classes: The K class names.
        kind: What labels are.
        name: What the data or the model is called in messages.

    Returns:
        An array (K,): int64, text or bool.

    Raises:
        DataError: There is no such kind, or a class name spells no integer (or bool).
    """
    if kind == "text":
        return np.array(classes)
    if kind == "bool":
        wrong = [entry for entry in classes if entry not in ("False", "True")]
        values = np.array([entry == "True" for entry in classes])
    elif kind == "int":
        wrong = [entry for entry in classes if not _is_integer(entry)]
        values = np.array([] if wrong else [int(entry) for entry in classes], np.int64)
    else:
        raise DataError(f"{name}: label kind {kind!r:.80}; expected one of {', '.join(KINDS)}")
    if wrong:
        raise DataError(
            f"{name}: the class {shown(wrong[0])!r:.80} is no {kind}; give classes that are, or "
            f"the label kind 'text'"
        )
    return values


def _is_integer(text: str) -> bool:
    """Whether a text is an int64 as Python writes it: no sign +, no blanks, no leading zeros."""
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 19:
        return False
    return str(int(text)) == text and -(2**63) <= int(text) < 2**63
