"""Pascal VOC: an XML file a picture, and lists of names that divide them.

Everingham et al. 2010, *The PASCAL Visual Object Classes Challenge*. ``Annotations/*.xml`` beside
``JPEGImages``, divided by ``ImageSets/Main/*.txt`` or ``splits/*.txt``; or XML files beside their
pictures, in folders of parts or in one. Pixels are counted from 1 and both ends belong to a box,
so that x0 = xmin − 1 and x1 = xmax in continuous coordinates.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from pellucid.data.annotations.annotated import (
    Annotated,
    Annotations,
    RawBox,
    checked_class,
    checked_number,
)
from pellucid.data.annotations.files import (
    PICTURE_FOLDERS,
    begins,
    folder_called,
    folders_in,
    inner_note,
    part_called,
    pictures_by_stem,
    read_text,
    relative,
)
from pellucid.data.walk import visible_files
from pellucid.errors import DataError
from pellucid.text import brief_repr, counted, printable

if TYPE_CHECKING:
    from pathlib import Path
    from xml.etree.ElementTree import Element

FORM = "Pascal VOC"

_LARGEST = 16 << 20  # bytes of an XML file
_LISTS = (("imagesets", "main"), ("splits",), ("imagesets",))


def is_voc(root: Path) -> bool:
    """Whether a folder holds XML files of annotations."""
    return bool(_folders(root))


def read_voc(root: Path) -> Annotations:
    """Read the annotations of a folder.

    Raises:
        DataError: A file cannot be read, or does not say what is expected; file and object are
            named.
    """
    found = Annotations(root, FORM)
    parts = _lists(root)
    listed: set[str] = set()
    for part, folder, pictures in _folders(root):
        by_stem = pictures_by_stem(pictures)
        if pictures != root:
            found.notes += inner_note(pictures, (folder,), root)
        annotated: dict[str, Annotated] = {}
        for file in visible_files(folder):
            if file.suffix.lower() == ".xml":
                annotated[file.stem] = _read(file, root, pictures, by_stem, part)
        found.unlabelled += [
            relative(path, root) for stem, path in by_stem.items() if stem not in annotated
        ]
        if not parts or part != "all":
            found.pictures += annotated.values()
            continue
        for name, stems in parts.items():
            for stem in stems:
                if stem in annotated:
                    listed.add(stem)
                    found.pictures.append(replace(annotated[stem], part=name))
        without = [stem for stems in parts.values() for stem in stems if stem not in annotated]
        if without:
            found.notes.append(
                f"left out, {counted(len(without), 'name')} in lists of parts without annotations: "
                f"{printable(without[0])}"
            )
        unlisted = [stem for stem in annotated if stem not in listed]
        if unlisted:
            found.notes.append(
                f"left out, {counted(len(unlisted), 'picture')} in no list of a part: "
                f"{annotated[unlisted[0]].name}"
            )
    return found


def _folders(root: Path) -> list[tuple[str, Path, Path]]:
    """Part, folder of the XML files and folder of the pictures; none where it is another format."""
    folder = folder_called(root, ("annotations", "annotation", "xml", "labels"))
    if folder is not None and _has_annotations(folder):
        return [("all", folder, folder_called(root, PICTURE_FOLDERS) or folder)]
    if _has_annotations(root):
        return [("all", root, root)]
    found = []
    for each in folders_in(root):
        part = part_called(each.name)
        if part is None:
            continue
        inner = folder_called(each, ("annotations", "annotation", "xml", "labels"))
        if inner is not None and _has_annotations(inner):
            found.append((part, inner, folder_called(each, PICTURE_FOLDERS) or inner))
        elif _has_annotations(each):
            found.append((part, each, each))
    return found


def _has_annotations(folder: Path) -> bool:
    """Whether the first XML file of a folder is one of annotations."""
    first = next((file for file in visible_files(folder) if file.suffix.lower() == ".xml"), None)
    return first is not None and b"<annotation" in begins(first)


def _read(file: Path, root: Path, pictures: Path, by_stem: dict[str, Path], part: str) -> Annotated:
    place = relative(file, root)
    tree = _parsed(file)
    if tree.tag != "annotation":
        raise DataError(
            f"{printable(file)}: begins with <{printable(tree.tag[:50])}>; expected <annotation> "
            "as Pascal VOC has it"
        )
    path = by_stem.get(file.stem)
    if path is None:
        named = (tree.findtext("filename") or "").strip().replace("\\", "/").rpartition("/")[2]
        path = pictures / (named or f"{file.stem}.jpg")
    sides = [tree.findtext(f"size/{side}") for side in ("width", "height")]
    picture = Annotated(path, relative(path, root), part, place)
    if all(sides):
        width, height = (checked_number(side, "the size", printable(file)) for side in sides)
        picture.size = int(width), int(height)
    for number, thing in enumerate(tree.iter("object"), 1):
        picture.add(_box(thing, f"{printable(file)}, object {number}"))
    return picture


def _box(thing: Element, place: str) -> RawBox:
    name = checked_class(thing.findtext("name"), place)
    ends = {}
    for end in ("xmin", "ymin", "xmax", "ymax"):
        text = thing.findtext(f"bndbox/{end}")
        if text is None:
            raise DataError(f"{place}: no bndbox with {end}; expected xmin, ymin, xmax and ymax")
        ends[end] = checked_number(text, end, place)
    difficult = (thing.findtext("difficult") or "0").strip()
    if difficult not in ("0", "1"):
        raise DataError(f"{place}: difficult is {brief_repr(difficult)}; expected 0 or 1")
    (x0, x1), (y0, y1) = _edges(ends["xmin"], ends["xmax"]), _edges(ends["ymin"], ends["ymax"])
    return RawBox(name, (x0, y0, x1, y1), difficult == "1")


def _edges(first: float, last: float) -> tuple[float, float]:
    """The edges of pixels that are counted from 1; of one pixel and less none, as in the data."""
    if first == last:
        return first, last
    return (first - 1, last) if first < last else (first, last - 1)


class _NoDocumentType(ET.TreeBuilder):
    """Refuses document types: entities that grow without end, or read other files, need one."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise DataError("it declares a document type (<!DOCTYPE>); expected annotations without")


def _parsed(file: Path) -> Element:
    content = read_text(file, _LARGEST)
    parser = ET.XMLParser(target=_NoDocumentType())  # noqa: S314 - no document type
    try:
        parser.feed(content)
        tree: Element = parser.close()
    except DataError as error:
        raise DataError(f"{printable(file)}: {error}") from error
    except (ET.ParseError, ValueError, LookupError, AttributeError) as error:
        raise DataError(
            f"{printable(file)}: no XML that can be read ({printable(str(error))[:80]}); annotate "
            "the picture again, or remove the file"
        ) from error
    return tree


def _lists(root: Path) -> dict[str, list[str]]:
    """The names of the pictures of each part; empty where there are no such lists."""
    for names in _LISTS:
        folder: Path | None = root
        for name in names:
            folder = None if folder is None else folder_called(folder, (name,))
        files = (
            []
            if folder is None
            else [file for file in visible_files(folder) if file.suffix.lower() == ".txt"]
        )
        parts: dict[str, list[str]] = {}
        for file in files:
            part = part_called(file.stem)
            if part is not None:
                stems = [_stem(line) for line in _lines(file)]
                parts.setdefault(part, []).extend(stem for stem in stems if stem)
        both = [file for file in files if file.stem.casefold() == "trainval"]
        if both and "train" not in parts:
            parts["train"] = [stem for line in _lines(both[0]) if (stem := _stem(line))]
        if parts:
            return {part: list(dict.fromkeys(stems)) for part, stems in parts.items()}
    return {}


def _lines(file: Path) -> list[str]:
    content = read_text(file, _LARGEST)
    try:
        return content.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(f"{printable(file)}: the text is not UTF-8; save it so") from error


def _stem(line: str) -> str:
    """A picture's name without folder and ending: of ``JPEGImages/1.jpg`` or ``1`` it is ``1``."""
    name = line.strip().replace("\\", "/").rpartition("/")[2]
    stem, dot, ending = name.rpartition(".")
    return stem if dot and ending.isalnum() and len(ending) <= 4 and not ending.isdigit() else name
