"""Numbers as students write them: 0.5, 0,5, −1/3, 95 %, 1.2·10⁻³."""

from __future__ import annotations

import math
import re
import unicodedata

_SIGNS = str.maketrans(dict.fromkeys("−–—‐‑‒﹣－", "-") | dict.fromkeys("＋", "+"))
_BLANKS = re.compile(r"[\s\u00a0\u202f\u2009'’_]+")
_POWER = re.compile(r"(.+?)(?:[x×*·∙⋅]10(?:\^|\*\*)?)([+-]?\d{1,3})")
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?")
_MIXED = re.compile(r"\s*([+-]?)\s*(\d+)\s+(\d+)\s*/\s*(\d+)\s*")
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3}){2,}")


class NotANumberError(ValueError):
    """What was written is no number."""


def number_of(text: str) -> float:
    """Read a number.

    Decimals are behind a point or a comma; of both, the last one counts, and the others group
    digits. Minus signs of any kind, fractions, percent, powers of ten, blanks and a leading ``=``
    or ``≈`` are read; ``1 1/3`` is four thirds.

    Args:
        text: What stands in a cell.

    Raises:
        NotANumberError: If it is no finite number.
    """
    plain = unicodedata.normalize("NFKC", text).translate(_SIGNS).lower()  # ⁻³ becomes -3
    if (mixed := _MIXED.fullmatch(plain)) and int(mixed[4]):
        size = int(mixed[2]) + int(mixed[3]) / int(mixed[4])
        return -size if mixed[1] == "-" else size
    plain = _BLANKS.sub("", plain).lstrip("=≈~")
    percent = plain.endswith("%")
    first, slash, second = plain.removesuffix("%").partition("/")
    found = _decimal(first, text)
    if slash:
        divisor = _decimal(second, text)
        if divisor == 0:
            raise NotANumberError(text)
        found /= divisor
    found = found / 100 if percent else found
    if not math.isfinite(found):
        raise NotANumberError(text)
    return found


def _decimal(text: str, whole: str) -> float:
    """One number without a fraction bar."""
    power = 0
    if found := _POWER.fullmatch(text):
        text, power = found[1], int(found[2])
    if _GROUPED.fullmatch(text):
        text = text.replace(",", "")
    elif "," in text and "." in text:
        decimal = "," if text.rindex(",") > text.rindex(".") else "."
        other = "." if decimal == "," else ","
        text = text.replace(other, "").replace(decimal, ".")
    else:
        text = text.replace(",", ".")
    if not _PLAIN.fullmatch(text):
        raise NotANumberError(whole)
    return float(text) * 10.0**power
