"""What a command writes: checked before anything costs time."""

from __future__ import annotations

from pathlib import Path

from pellucid import checks
from pellucid.errors import OutputError
from pellucid.text import printable


def check_output(out: Path | None, endings: tuple[str, ...], *inputs: str | Path) -> None:
    """Check that a file can be written, is named as what it will be, and replaces no input.

    Args:
        out: The file; none: nothing is written.
        endings: What its name may end with: ``.png``, so that no model is replaced by a picture.
        inputs: Pictures and models that the command reads.

    Raises:
        ArgumentError: If its name ends otherwise.
        OutputError: If it is one of the inputs, or could not be written.
    """
    from pellucid.files.atomic import check_writable

    if out is None:
        return
    checks.ending(out, endings)
    if out.resolve() in {Path(path).resolve() for path in inputs}:
        raise OutputError(f"{printable(out)}: is read by this command; name another file to write")
    check_writable(out)
