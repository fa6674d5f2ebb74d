"""Look at all pictures of a source, and report what was found."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from pellucid.cores import available_threads
from pellucid.data.annotations.picture_boxes import image_size_for
from pellucid.data.arrays import array_pairs, datasets_from, deep_pictures
from pellucid.data.boxes import Boxes
from pellucid.data.captions import Captions
from pellucid.data.check.boxes import with_boxes
from pellucid.data.check.classes import class_counts, class_findings
from pellucid.data.check.decided import silenced
from pellucid.data.check.duplicates import duplicate_findings
from pellucid.data.check.faults import fault_findings
from pellucid.data.check.files import file_findings
from pellucid.data.check.fingerprint import (
    Fingerprint,
    SharedCounts,
    fingerprint_file,
    fingerprint_pixels,
    fingerprint_values,
    image_of,
    scaled_thumbnail,
)
from pellucid.data.check.groups import group_findings
from pellucid.data.check.recordings import (
    fingerprint_recording,
    preview_of,
    recording_findings,
)
from pellucid.data.check.report import (
    DataReport,
    Finding,
    found,
    gravest_first,
    in_words_of,
)
from pellucid.data.convert import other_kind
from pellucid.data.decisions.files import decided_files
from pellucid.data.decisions.marks import marked
from pellucid.data.decisions.matched import match_arrays, match_files
from pellucid.data.decode import decode, opened
from pellucid.data.decoded import groups_of
from pellucid.data.detect_format import locate
from pellucid.data.idx_folder import load_idx_folder
from pellucid.data.listing import is_of_pictures, scanned
from pellucid.data.mnist import load_mnist
from pellucid.data.note import Note
from pellucid.data.npz import read_npz
from pellucid.data.pillow import MAX_PIXELS
from pellucid.data.quarantine import BadFile
from pellucid.data.reading import Reading
from pellucid.data.recognise import checked_task
from pellucid.data.sound.choose import are_recordings, recording_preprocessing, sound_of
from pellucid.data.targets import NONE, ClassTargets, Numbers
from pellucid.data.transcripts import Transcripts
from pellucid.data.value_range import array_range
from pellucid.errors import DataError
from pellucid.in_threads import in_order
from pellucid.text import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray
    from PIL import Image

    from pellucid.data.check.report import Finding
    from pellucid.data.dataset import Dataset
    from pellucid.data.decoded import PictureFile
    from pellucid.data.folder import PictureFolder
    from pellucid.data.read_part import DataSource
    from pellucid.data.targets import Targets

    Progress = Callable[[int, int], None]
    """Called with the number of pictures that were looked at, and of all."""

Item = TypeVar("Item")
Seen = TypeVar("Seen")

PARTS = ("all", "train", "validation", "test")
"""The order in which parts are reported."""

_BLOCK = 64  # pictures per task of a thread


def inspect(
    source: DataSource,
    *,
    near: bool = True,
    max_pixels: int = MAX_PIXELS,
    max_bytes: int | None = None,
    progress: Progress | None = None,
    path_column: str | None = None,
    label_column: str | None = None,
    task: str | None = None,
    group: str | None = None,
    sound: object = None,
    units: str | None = None,
    decisions: object = None,
) -> DataReport:
    """Look at data before anything learns from them.

    Every picture is decoded once. What is looked for is listed in
    :data:`pellucid.data.check.finding_kinds.KINDS`.

    Args:
        source: As :func:`pellucid.data.load` takes it.
        near: Whether to look for pictures that are nearly the same, too.
        max_pixels: Picture files with more pixels cannot be used, and are never decoded.
        max_bytes: As :func:`pellucid.data.load` takes it.
        progress: Called with how many pictures were looked at, of how many.
        path_column: As :func:`pellucid.data.load` takes it.
        label_column: As :func:`pellucid.data.load` takes it.
        task: As :func:`pellucid.data.load` takes it.
        group: As :func:`pellucid.data.load` takes it; groups in several parts are then found.
        sound: As :func:`pellucid.data.load` takes it.
        units: As :func:`pellucid.data.load` takes it.
        decisions: As :func:`pellucid.data.load` takes it: the data are looked at as decisions leave
            them, and what is found about pictures that were decided on and stay is only counted.

    Returns:
        What was found. Bad files are findings, not errors.

    Raises:
        DataError: There is no such source, or its layout cannot be understood.
        ArgumentError: ``max_pixels`` or ``max_bytes`` is no integer ≥ 1.
    """
    reading = Reading(
        max_pixels=max_pixels, max_bytes=max_bytes,
        path_column=path_column, label_column=label_column, group=group,
        sound=sound,
        units=units, decisions=decisions,
    )  # fmt: skip
    task = checked_task(task)
    if isinstance(source, Mapping):
        reading.check_no_groups("arrays")
        return _inspect_arrays(source, "arrays", near, progress, task, reading)
    if source == "mnist":
        reading.check_no_groups("mnist")
        return _inspect_datasets(load_mnist(), "mnist", near, progress, reading)
    path = locate(source)
    name = printable(path)
    if not is_of_pictures(path):
        reading.check_no_groups(path)
        if path.is_file():
            arrays = read_npz(path, max_bytes=max_bytes)
            return _inspect_arrays(arrays, name, near, progress, task, reading)
        datasets = load_idx_folder(path, max_bytes=max_bytes)
        return _inspect_datasets(datasets, name, near, progress, reading)
    found_files = scanned(path, reading, task)
    matched = None
    if reading.decisions is not None:
        matched = match_files(reading.decisions, found_files, name)
        found_files = decided_files(found_files, matched)
    every = [file for of_part in found_files.parts.values() for file in of_part]
    if are_recordings(every):
        report = _inspect_recordings(found_files, every, name, near, reading, progress)
    else:
        report = _inspect_files(found_files, name, near, max_pixels, progress)
    return report if matched is None else silenced(report, matched.looked_at)


def _inspect_datasets(
    datasets: Mapping[str, Dataset],
    name: str,
    near: bool,
    progress: Progress | None,
    reading: Reading,
    **more: Any,
) -> DataReport:
    """Look at data sets as decisions leave them."""
    if reading.decisions is None:
        return inspect_datasets(datasets, name=name, near=near, progress=progress, **more)
    matched = match_arrays(reading.decisions, datasets, name)
    datasets = {part: marked(data, matched, part) for part, data in datasets.items()}
    more["notes"] = (*more.get("notes", ()), *map(_remark, matched.notes))
    report = inspect_datasets(datasets, name=name, near=near, progress=progress, **more)
    return silenced(report, matched.looked_at)


def inspect_datasets(
    datasets: Mapping[str, Dataset],
    *,
    name: str = "data",
    bad: Sequence[BadFile] | None = None,
    near: bool = False,
    progress: Progress | None = None,
    originals: Mapping[str, NDArray[Any]] | None = None,
    notes: Sequence[Finding] = (),
) -> DataReport:
    """Look at data sets that are in memory, such as those that :func:`pellucid.data.load` returned.

    Args:
        datasets: The pictures of each part; all with the same classes.
        name: What the data are called.
        bad: The files that were left out when the data were read; None for those that the data
            sets themselves list.
        near: Whether to look for pictures that are nearly the same, too.
        progress: Called with how many pictures were looked at, of how many.
        originals: By part, the values of pictures of more than 8 bits, (N, H, W) or (N, H, W, C),
            before they were scaled: what is compared.
        notes: What was found before.

    Returns:
        What was found.
    """
    places = [
        (part, i)
        for part, dataset in datasets.items()
        for i in range(len(dataset))
        if dataset.marks is None or not dataset.marks.left_out[i]
    ]

    def picture(place: tuple[str, int]) -> Fingerprint:
        part, i = place
        dataset = datasets[part]
        moved_to = None if dataset.marks is None else dataset.marks.labels[i]
        class_name = dataset.targets.written(i) if moved_to is None else moved_to
        called = _name(dataset, part, i)
        if originals is not None and part in originals:
            full = fingerprint_values(originals[part][i], called, class_name, part)
            return scaled_thumbnail(full, dataset.value_range)
        return fingerprint_pixels(dataset.images[i], called, class_name, part)

    fingerprints = list(_mapped(picture, places, progress))
    if bad is None:
        bad = [file for dataset in datasets.values() for file in dataset.quarantined]
    where = {picture.name: place for picture, place in zip(fingerprints, places, strict=True)}

    def preview(wanted: str) -> Image.Image | None:
        if wanted not in where:
            return None
        part, i = where[wanted]
        return image_of(datasets[part].images[i])

    targets = next(iter(datasets.values())).targets if datasets else ClassTargets(NONE, ())
    return _report(name, tuple(datasets), targets, fingerprints, bad, notes, near, preview)


def _inspect_arrays(
    arrays: Mapping[str, Any],
    name: str,
    near: bool,
    progress: Progress | None,
    task: str | None,
    reading: Reading,
) -> DataReport:
    """Look at arrays; those of more than 8 bits are compared before they are scaled."""
    deep = deep_pictures(arrays)
    values = array_range(deep.values())
    ends = None if values is None else values.ends
    return _inspect_datasets(
        datasets_from(arrays, name, value_range=ends, task=task),
        name,
        near,
        progress,
        reading,
        originals={
            part: deep[picture]
            for part, (picture, _) in array_pairs(arrays, name).items()
            if picture in deep
        },
        notes=() if values is None else (_deep(values.note()),),
    )


def _inspect_files(
    folder: PictureFolder, name: str, near: bool, max_pixels: int, progress: Progress | None
) -> DataReport:
    files = [file for of_part in folder.parts.values() for file in of_part]
    fingerprints: list[Fingerprint] = []
    bad = list(folder.bad)
    values = SharedCounts()
    once = list({file.name: file for file in reversed(files)}.values())[::-1]
    met = _mapped(lambda file: fingerprint_file(file, max_pixels, values), once, progress)
    seen_of = {file.name: seen for file, seen in zip(once, met, strict=True)}
    for file in files:  # a list may name a picture many times
        seen = seen_of[file.name]
        if seen.class_name != file.class_name or seen.part != file.part:
            seen = replace(seen, class_name=file.class_name, part=file.part)
        if isinstance(seen, Fingerprint):
            fingerprints.append(seen)
        else:
            bad.append(seen)
    paths = {file.name: file.path for file in once}
    found_range = values.range()
    ends, notes = None, []
    if found_range is not None:
        ends = found_range.ends
        bad += [
            _of_other_kind(picture)
            for picture in fingerprints
            if picture.fractions is (not ends.fractions)
        ]
        fingerprints = [
            scaled_thumbnail(picture, ends)
            for picture in fingerprints
            if picture.fractions is not (not ends.fractions)
        ]
        others = sum(picture.fractions is None for picture in fingerprints)
        notes = [_deep(found_range.note(others))]
    notes += map(_remark, (*folder.notes, *([folder.meant] if folder.meant else [])))
    notes += fault_findings(folder.faults)
    notes += group_findings({part: groups_of(of) for part, of in folder.parts.items()})

    def preview(wanted: str) -> Image.Image | None:
        if wanted not in paths:
            return None
        try:
            with opened(paths[wanted], max_pixels) as image:
                return decode(
                    image, printable(wanted), channels=3, background=255, value_range=ends
                )
        except DataError:
            return None

    parts = tuple(folder.parts)
    size = None
    if folder.targets.located and fingerprints:
        size = image_size_for([(picture.width, picture.height) for picture in fingerprints])
    return _report(name, parts, folder.targets, fingerprints, bad, notes, near, preview, size)


def _inspect_recordings(
    folder: PictureFolder,
    files: Sequence[PictureFile],
    name: str,
    near: bool,
    reading: Reading,
    progress: Progress | None,
) -> DataReport:
    once = list({file.name: file for file in files}.values())
    preprocessing, notes = recording_preprocessing(
        once, sound_of(folder.targets, reading.sound), name=name, bad="quarantine"
    )
    sound = preprocessing.sound
    assert sound is not None
    met = _mapped(lambda file: fingerprint_recording(file, sound), once, progress)
    seen_of = {file.name: seen for file, seen in zip(once, met, strict=True)}
    every = [
        replace(seen_of[file.name], class_name=file.class_name, part=file.part) for file in files
    ]
    fingerprints = [seen for seen in every if isinstance(seen, Fingerprint)]
    bad = [*folder.bad, *(seen for seen in every if isinstance(seen, BadFile))]
    remarked = [*folder.notes, *notes, *([folder.meant] if folder.meant else [])]
    findings = [
        *map(_remark, remarked),
        *group_findings({part: groups_of(of) for part, of in folder.parts.items()}),
        *recording_findings(fingerprints, sound),
    ]
    files_of = {file.name: file for file in once}

    def preview(wanted: str) -> Image.Image | None:
        return preview_of(files_of[wanted], sound) if wanted in files_of else None

    parts = tuple(folder.parts)
    report = _report(name, parts, folder.targets, fingerprints, bad, findings, near, preview)
    noun, named = preprocessing.noun, [file.class_name for file in every]
    return replace(report, noun=noun, findings=in_words_of(noun, report, named))


def _of_other_kind(picture: Fingerprint) -> BadFile:
    reason = f"{other_kind(fractions=bool(picture.fractions))}; convert it, or remove it"
    return BadFile(picture.name, reason, picture.class_name, picture.part)


def _mapped(
    picture: Callable[[Item], Seen], items: Sequence[Item], progress: Progress | None
) -> Iterable[Seen]:
    """Look at all items in their order, by :func:`pellucid.cores.available_threads` threads."""

    def some(start: int) -> list[Seen]:
        return [picture(item) for item in items[start : start + _BLOCK]]

    seen = 0
    starts = range(0, len(items), _BLOCK)
    with closing(in_order(some, starts, threads=available_threads())) as blocks:
        for block in blocks:
            seen += len(block)
            if progress is not None:
                progress(seen, len(items))
            yield from block


def _report(
    name: str,
    parts: tuple[str, ...],
    targets: Targets,
    fingerprints: Sequence[Fingerprint],
    bad: Sequence[BadFile],
    notes: Sequence[Finding],
    near: bool,
    preview: Callable[[str], Image.Image | None],
    size: tuple[int, int] | None = None,
) -> DataReport:
    """The report of what was found; boxes are judged in pictures of a size, if it is given."""
    parts = tuple(sorted(parts, key=PARTS.index))
    counts = class_counts(targets, parts, fingerprints, bad)
    findings = [
        *class_findings(targets, counts, parts, fingerprints),
        *_duplicates(targets, fingerprints, near),
        *file_findings(fingerprints, bad),
        *notes,
    ]
    found_targets = targets.read([picture.class_name for picture in fingerprints])
    report = DataReport(
        name, parts, counts, gravest_first(findings), preview,
        targets.title, found_targets.lines() if fingerprints else (), len(fingerprints),
    )  # fmt: skip
    if not isinstance(found_targets, Boxes) or not fingerprints:
        return report
    return with_boxes(report, found_targets, fingerprints, size)


def _duplicates(targets: Targets, fingerprints: Sequence[Fingerprint], near: bool) -> list[Finding]:
    if isinstance(targets, Boxes | Captions | Transcripts):  # which can be written in several ways
        read = targets.read([picture.class_name for picture in fingerprints])
        fingerprints = [
            replace(picture, class_name=read.text(i)) for i, picture in enumerate(fingerprints)
        ]
    amounts = isinstance(targets, Numbers | Boxes | Captions)
    return duplicate_findings(fingerprints, near=near, amounts=amounts)


def _remark(note: str) -> Finding:
    what = note.removeprefix("left out, ")
    about = {"about": note.about, **note.values} if isinstance(note, Note) else {}
    return found("understood" if what == note else "left-out", (), what, **about)


def _deep(note: Note) -> Finding:
    return found("deep-values", (), note, **note.values)


def _name(dataset: Dataset, part: str, index: int) -> str:
    return f"{part}[{index}]" if dataset.names is None else dataset.names[index]
