"""Recordings with what is said in them: a column of a CSV file, or a text beside each recording."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pellucid.data.csv_rows import check_row_width, column_names, csv_rows
from pellucid.data.decode import unreadable
from pellucid.data.decoded import PictureFile, reason_of
from pellucid.data.folder import PictureFolder
from pellucid.data.layout import PARTS
from pellucid.data.left_out import left_out_notes
from pellucid.data.picture_files import is_hidden, is_picture, is_recording
from pellucid.data.quarantine import BadFile
from pellucid.data.sound.choose import are_recordings
from pellucid.data.table_columns import TRANSCRIPT_NAMES, find_columns
from pellucid.data.transcripts import Transcripts, normalised
from pellucid.data.walk import files_below
from pellucid.errors import DataError, PellucidError
from pellucid.text import counted, listed, printable, quoted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pellucid.data.reading import Reading

SIDECAR = ".txt"
"""What the name of a text beside a recording ends with."""

_LOOKED_INTO = 200  # folders in which a recording is looked for
_LONGEST = 1 << 20  # bytes of a text: no recording that is heard at once has more words


def are_transcripts(column: str, files: Sequence[PictureFile]) -> bool:
    """Whether a list's labels are taken for transcripts where no task is asked for.

    They are where the column is called so, it lists recordings, and one has several words.

    Args:
        column: What the column of labels is called.
        files: With their labels as they are written.
    """
    return (
        column.casefold() in TRANSCRIPT_NAMES
        and any(len(file.class_name.split()) > 1 for file in files)
        and are_recordings(files)
    )


def transcripts_of(
    place: str,
    files: Sequence[PictureFile],
    units: str | None = None,
) -> Transcripts:
    """How the texts of some recordings are read: their words or characters, without any text.

    Args:
        place: The data, for messages.
        files: With their texts as they are written, at least one.
        units: ``"words"`` or ``"characters"``; None to choose by the texts.

    Raises:
        DataError: A text has no word, a recording is listed with two, or they are no recordings.
    """
    first: dict[tuple[str, str], str] = {}
    for file in files:
        text = normalised(file.class_name)
        at = f" ({file.place})" if file.place else ""
        if not text:
            raise DataError(
                f"{place}: the text of {printable(file.name)}{at} is "
                f"{quoted(file.class_name, 60)}, which has no words; write what is said, or "
                "remove the recording"
            )
        if first.setdefault((file.part, file.name), text) != text:
            raise DataError(
                f"{place}: {printable(file.name)}{at} is listed with different texts "
                f"({quoted(first[file.part, file.name], 60)} and {quoted(text, 60)}); "
                "keep one line a recording"
            )
    if not are_recordings(files):
        raise DataError(
            f"{place}: transcripts are of recordings (WAV, FLAC, Ogg), and it lists pictures, such "
            f"as {printable(files[0].name)}; for one class a picture: --task single-label"
        )
    targets = Transcripts.of([file.class_name for file in files], units)
    return Transcripts((), targets.vocabulary, targets.units)


def check_row_widths(place: str, text: str, separator: str) -> None:
    """Check that no row of a list has more values than its first line: part of a text cut off.

    Args:
        place: The list, for messages.
        text: Its content.
        separator: Between two values.

    Raises:
        DataError: Naming the first such line.
    """
    width = len(column_names(place, next(iter(text.splitlines()), ""), separator))
    for line, values in csv_rows(place, text, separator, width):
        check_row_width(f"{place}, line {line}", values, width, separator)


def transcript_column(place: str, first: str, path_column: str | None = None) -> str | None:
    """The column of a CSV file that is called as transcripts are; None where there is none.

    Args:
        place: The file, for messages.
        first: Its first line.
        path_column: The name of the column of paths, where it is none that is recognised.
    """
    for name in TRANSCRIPT_NAMES:
        try:
            columns = find_columns(place, first, path_column, name)
        except PellucidError:
            continue
        if columns.labels[0].casefold() == name:
            return columns.labels[0]
    return None


def scan_sidecars(path: Path, reading: Reading, task: str | None = None) -> PictureFolder | None:
    """List the recordings of a folder that each have a text beside them, ``1.wav`` and ``1.txt``.

    Folders below it named ``train``, ``val``, ``test`` are parts.

    Args:
        path: A folder that is there.
        reading: How data are read; its units count.
        task: What the data are wanted for; None to recognise it.

    Returns:
        The files by part; None where they have no texts and none are asked for.

    Raises:
        DataError: A recording has no text, or a text cannot be read or has no words.
    """
    wanted = task == Transcripts.kind
    if not wanted and (task is not None or not has_sidecars(path)):
        return None
    below = files_below(path, path)
    names = set(below.files)
    recordings = [file for file in below.files if is_recording(file)]
    without = [file for file in recordings if file.with_suffix(SIDECAR) not in names]
    if not wanted and without:
        return None
    if not recordings or without:
        which = listed([file.relative_to(path).as_posix() for file in without], 3)
        raise DataError(
            f"{printable(path)}: "
            + (f"{len(without)} of {counted(len(recordings), 'recording')} have no text beside "
               f"them: {which}" if recordings else "no recordings")
            + f"; expected a text beside each (1.wav, 1{SIDECAR}), or a CSV file of path,text"
        )  # fmt: skip
    files = [
        PictureFile(each, name, _read_text(each.with_suffix(SIDECAR)), _part(name))
        for each in recordings
        for name in [each.relative_to(path).as_posix()]
    ]
    if {file.part for file in files} != {"all"} and any(file.part == "all" for file in files):
        odd = next(file for file in files if file.part == "all")
        raise DataError(
            f"{printable(path)}: {printable(odd.name)} lies beside parts (train, validation, "
            "test); move it into one"
        )
    parts: dict[str, list[PictureFile]] = {}
    for file in files:
        parts.setdefault(file.part, []).append(file)
    foreign = names - set(recordings) - {file.with_suffix(SIDECAR) for file in recordings}
    why = (
        "texts beside the recordings: taken for transcripts (the folders as classes: --task "
        "single-label)"
    )
    notes = () if wanted else (why,)
    bad = tuple(
        BadFile(f"{folder.relative_to(path).as_posix()}/", reason_of(folder, error), "", "all")
        for folder, error in below.unlisted
    )
    targets = transcripts_of(printable(path), files, reading.units)
    return PictureFolder(
        path,
        targets,
        {part: tuple(of_part) for part, of_part in parts.items()},
        (*left_out_notes(path, [], sorted(foreign), below.passed), *notes),
        bad,
    )


def has_sidecars(path: Path) -> bool:
    """Whether the first picture or recording that is met in a folder has a text beside it."""
    waiting = [path]
    for _ in range(_LOOKED_INTO):
        if not waiting:
            return False
        folder = waiting.pop(0)
        try:
            entries = sorted(folder.iterdir())
        except OSError:  # reading it says so
            return False
        for entry in entries:
            if is_hidden(entry.name):
                continue
            if entry.is_dir():
                waiting.append(entry)
            elif is_picture(entry):
                return is_recording(entry) and entry.with_suffix(SIDECAR) in entries
    return False


def _part(name: str) -> str:
    """The part that a file lies in, by the folder that its name begins with."""
    folder, slash, _ = name.partition("/")
    return PARTS.get(folder.casefold(), "all") if slash else "all"


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            content = stream.read(_LONGEST + 1)
    except OSError as error:
        raise unreadable(path, error) from error
    if len(content) > _LONGEST:
        raise DataError(
            f"{printable(path)}: more than {_LONGEST >> 20} MiB; expected what is said in one "
            "recording"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(
            f"{printable(path)}, line {line}: the text is not UTF-8; save it with the encoding "
            "UTF-8"
        ) from error
    if not normalised(text):
        raise DataError(
            f"{printable(path)}: has no words; write what is said, or remove it and its recording"
        )
    return text
