"""The range of values that pictures of more than 8 bits have, by which they are scaled to 0..255.

One range holds for all pictures of a data set, over all parts that are read together: the smallest
and the largest value that occur. Where a few values lie far outside (a hot pixel, a burnt-in mark)
they would squeeze all others into few levels: if the range without the :data:`MOST_OUTSIDE` of
the values at each end is less than 1/:data:`MUCH_WIDER` of the whole, it is taken instead, and the
share of the values that are clipped is reported.

Values are counted by the 20 highest bits of their float32, which keep their order: exact for
integers up to 4096, within 0.05 % otherwise. Only a range without outliers depends on it.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from pellucid.cores import available_threads
from pellucid.data.convert import NoRuleError, Range
from pellucid.data.decode import opened
from pellucid.data.deep import bands, deep_rows
from pellucid.data.note import Note
from pellucid.data.pillow import DECODING_ERRORS, bounded
from pellucid.errors import DataError
from pellucid.in_threads import in_order
from pellucid.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray
    from PIL import Image

    from pellucid.data.decoded import PictureFile

MOST_OUTSIDE = 1e-4
"""Share of the values at each end that may count as outliers."""

FEW = 4
"""Values at each end that may be outliers at least, of 1 000 values and more."""

MUCH_WIDER = 4
"""How many times as wide outliers must make the range to be clipped: it costs 2 of 8 bits."""

_SHIFT = 12  # 20 of the 32 bits of a float are counted
_CODES = 1 << (32 - _SHIFT)
_SIGN = np.uint32(1 << 31)
_BLOCK = 16  # pictures per task of a thread
_VALUES_AT_ONCE = 1 << 22


@dataclass(frozen=True)
class ValueRange:
    """The range of values of some pictures, and what is known of it.

    Attributes:
        low: The value that becomes 0.
        high: The value that becomes 255; higher than ``low``.
        fractions: Whether the values have a fraction; else they are integers.
        lowest: The smallest value that occurs.
        highest: The largest.
        outside: The share of the values below ``low`` or above ``high``, 0..1: they are clipped.
        bits: How many bits the values have: 16 or 32.
        pictures: How many pictures have such values.
    """

    low: float
    high: float
    fractions: bool
    lowest: float
    highest: float
    outside: float
    bits: int
    pictures: int

    @property
    def ends(self) -> Range:
        """The values that become 0 and 255."""
        return Range(self.low, self.high, self.fractions)

    def note(self, others: int = 0) -> Note:
        """Return one line for the user.

        Args:
            others: How many pictures of 8 bits are among the same data.
        """
        bits = self.bits
        if self.lowest >= -(1 << 15) and self.highest < 1 << 16:
            bits = 16  # whatever they are stored in
        kind = "pictures of fractions" if self.fractions else f"{bits}-bit pictures"
        ends = f"{plain_number(self.low)}..{plain_number(self.high)}"
        note = f"{kind}: values {ends} are scaled to 0..255"
        if self.outside:
            note += (
                f"; {100 * self.outside:.2g} % of them lie outside, in "
                f"{plain_number(self.lowest)}..{plain_number(self.highest)}, and are clipped"
            )
        if others:
            verb = "keeps its" if others == 1 else "keep their"
            note += f"; {counted(others, 'picture')} of 8 bits {verb} values"
        return Note(
            note, "deep-values",
            fractions=self.fractions, bits=bits, ends=ends, others=others,
            outside=f"{100 * self.outside:.2g} %" if self.outside else "",
            range=f"{plain_number(self.lowest)}..{plain_number(self.highest)}",
        )  # fmt: skip


class ValueCounts:
    """How often values occur in pictures, of integers and of numbers with a fraction."""

    def __init__(self) -> None:
        self._of: dict[bool, _Counts] = {}

    def add(self, values: NDArray[Any], pictures: int = 0) -> None:
        """Count values that are finite.

        Args:
            values: Integers or floats, of any shape.
            pictures: How many pictures they complete; 0 for some rows of one.
        """
        self._of.setdefault(values.dtype.kind == "f", _Counts()).add(values, pictures)

    def merge(self, other: ValueCounts) -> None:
        """Add what was counted elsewhere."""
        for fractions, counts in other._of.items():
            self._of.setdefault(fractions, _Counts()).merge(counts)

    def range(self) -> ValueRange | None:
        """Return the range of integers or of numbers with a fraction, which more pictures have.

        Returns:
            None if nothing was counted.
        """
        found = [(of.pictures, not fractions) for fractions, of in self._of.items() if of.total]
        if not found:
            return None
        _, integers = max(found)
        return self._of[not integers].range(fractions=not integers)


class _Counts:
    """How often values of one kind occur."""

    def __init__(self) -> None:
        self.pictures = 0
        self._counts = np.zeros(_CODES, np.int64)
        self._lowest, self._highest = np.inf, -np.inf
        self._bits = 16

    @property
    def total(self) -> int:
        return int(self._counts.sum())

    def add(self, values: NDArray[Any], pictures: int) -> None:
        self.pictures += pictures
        self._bits = max(self._bits, 8 * values.dtype.itemsize)
        if values.dtype.kind == "f":
            values = values[np.isfinite(values)]
        if not values.size:
            return
        self._lowest = min(self._lowest, float(values.min()))
        self._highest = max(self._highest, float(values.max()))
        codes = _codes(values)
        first = int(codes.min())
        occurring = np.bincount(codes - first)
        self._counts[first : first + len(occurring)] += occurring

    def merge(self, other: _Counts) -> None:
        self.pictures += other.pictures
        self._counts += other._counts
        self._lowest = min(self._lowest, other._lowest)
        self._highest = max(self._highest, other._highest)
        self._bits = max(self._bits, other._bits)

    def range(self, *, fractions: bool) -> ValueRange:
        total = self.total
        low, high, outside = self._lowest, self._highest, 0.0
        most = max(int(MOST_OUTSIDE * total), min(FEW, total // 1000))
        below = np.cumsum(self._counts)
        first = int(np.searchsorted(below, most, side="right"))
        last = int(np.searchsorted(below, total - most))
        inner_low, inner_high = max(low, _smallest_of(first)), min(high, _smallest_of(last + 1))
        if not fractions:
            inner_low, inner_high = np.ceil(inner_low), min(high, np.ceil(inner_high) - 1)
        if inner_low < inner_high and (inner_high - inner_low) * MUCH_WIDER < high - low:
            inside = int(self._counts[first : last + 1].sum())
            low, high, outside = float(inner_low), float(inner_high), 1 - inside / total
        if low == high:  # nothing to see; any range will do
            high = low + 1
        return ValueRange(
            low, high, fractions, self._lowest, self._highest, outside, self._bits, self.pictures
        )


def value_range(
    files: Sequence[PictureFile], max_pixels: int, *, threads: int | None = None
) -> ValueRange | None:
    """Decode pictures of more than 8 bits, and return the range of their values.

    Files that cannot be decoded are passed over.

    Args:
        files: The pictures.
        max_pixels: Pictures with more pixels are passed over.
        threads: How many decode; None for :func:`pellucid.cores.available_threads`.

    Returns:
        That of integers or of numbers with a fraction, which more files have: the others cannot be
        used beside them. None if no file has more than 8 bits a value and can be decoded.
    """

    def some(start: int) -> ValueCounts:
        counts = ValueCounts()
        for file in files[start : start + _BLOCK]:
            try:
                with opened(file.path, max_pixels) as image, bounded(max_pixels):
                    count_values(image, counts)
            except (DataError, NoRuleError, *DECODING_ERRORS):
                continue  # reading it says what is wrong
        return counts

    total = ValueCounts()
    starts = range(0, len(files), _BLOCK)
    with closing(in_order(some, starts, threads=threads or available_threads())) as found:
        for counts in found:
            total.merge(counts)
    return total.range()


def count_values(image: Image.Image, counts: ValueCounts) -> None:
    """Count the values of an opened picture, if it has more than 8 bits a value."""
    rows_at = deep_rows(image)
    if rows_at is None:
        return
    key = image.info.get("transparency")
    first = True
    for rows in bands(image):
        values = rows_at(rows)
        if values.ndim == 3:
            values = values[..., :3]  # without opacity
        counts.add(values[values != key] if isinstance(key, int) else values, pictures=first)
        first = False


def array_range(arrays: Iterable[NDArray[Any]]) -> ValueRange | None:
    """Return the range of the values of arrays of pictures, (N, …); None without any."""
    counts = ValueCounts()
    for array in arrays:
        step = max(1, _VALUES_AT_ONCE * len(array) // max(1, array.size))
        for first in range(0, len(array), step):
            counts.add(array[first : first + step], pictures=len(array[first : first + step]))
    return counts.range()


def plain_number(value: float) -> str:
    """A value as people write it: ``1502``, ``0.25``."""
    return f"{int(value)}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:.6g}"


def _codes(values: NDArray[Any]) -> NDArray[np.int64]:
    """Return integers 0.._CODES-1 in the order of the values."""
    plain = np.ascontiguousarray(values, np.float32).reshape(-1) + np.float32(0)  # no negative zero
    bits = plain.view(np.uint32)
    ordered = np.where(bits & _SIGN, ~bits, bits | _SIGN)
    return (ordered >> _SHIFT).astype(np.int64)


def _smallest_of(code: int) -> float:
    """Return the smallest value that has a code."""
    ordered = np.uint32(min(code, _CODES - 1) << _SHIFT)
    bits = ordered ^ _SIGN if ordered & _SIGN else ~ordered
    return float(np.array(bits, np.uint32).view(np.float32))


def clipping_remark(value_range: Range, found: ValueRange | None) -> tuple[str, ...]:
    """Return a line for the user if pictures have values beyond a model's range; else none."""
    if found is None or (found.lowest >= value_range.low and found.highest <= value_range.high):
        return ()
    occurring = f"{plain_number(found.lowest)}..{plain_number(found.highest)}"
    learned = f"{plain_number(value_range.low)}..{plain_number(value_range.high)}"
    return (f"values {occurring} occur, beyond the learned ones, {learned}: they are clipped",)
