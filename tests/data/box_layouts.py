"""The same pictures with boxes, written as Pascal VOC, COCO, YOLO and CSV."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Row = tuple[str, float, float, float, float, bool]
"""Class, x0, y0, x1, y1, whether it is ignored."""


@dataclass(frozen=True)
class Sample:
    """A picture: its part, its name without ending, the bytes of a JPEG or PNG file, its boxes."""

    part: str
    name: str
    content: bytes
    size: tuple[int, int]
    rows: Sequence[Row]
    ending: str = ".png"


def write_voc(root: Path, samples: Sequence[Sample]) -> Path:
    for folder in ("JPEGImages", "Annotations", "ImageSets/Main"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    lists: dict[str, list[str]] = {}
    for each in samples:
        (root / "JPEGImages" / f"{each.name}{each.ending}").write_bytes(each.content)
        things = "".join(
            f"<object><name>{escape(name)}</name><difficult>{int(skip)}</difficult><bndbox>"
            f"<xmin>{x0 + 1:g}</xmin><ymin>{y0 + 1:g}</ymin><xmax>{x1:g}</xmax><ymax>{y1:g}</ymax>"
            "</bndbox></object>"
            for name, x0, y0, x1, y1, skip in each.rows
        )
        width, height = each.size
        (root / "Annotations" / f"{each.name}.xml").write_text(
            f"<annotation><filename>{each.name}{each.ending}</filename><size><width>{width}"
            f"</width><height>{height}</height><depth>3</depth></size>{things}</annotation>",
            encoding="utf-8",
        )
        lists.setdefault(each.part, []).append(each.name)
    for part, names in lists.items():
        (root / "ImageSets/Main" / f"{part}.txt").write_text("\n".join(names) + "\n")
    return root


def write_coco(root: Path, samples: Sequence[Sample]) -> Path:
    (root / "annotations").mkdir(parents=True, exist_ok=True)
    names = sorted({row[0] for each in samples for row in each.rows}, reverse=True)
    for part in dict.fromkeys(each.part for each in samples):
        folder = root / f"{part}2017"
        folder.mkdir()
        images: list[dict[str, object]] = []
        annotations: list[dict[str, object]] = []
        for number, each in enumerate(sample for sample in samples if sample.part == part):
            (folder / f"{each.name}{each.ending}").write_bytes(each.content)
            width, height = each.size
            images.append(
                {"id": 7 * number, "file_name": f"{each.name}{each.ending}", "width": width,
                 "height": height}
            )  # fmt: skip
            annotations += [
                {"id": len(annotations), "image_id": 7 * number, "iscrowd": int(skip),
                 "category_id": 1 + names.index(name), "bbox": [x0, y0, x1 - x0, y1 - y0],
                 "area": (x1 - x0) * (y1 - y0)}
                for name, x0, y0, x1, y1, skip in each.rows
            ]  # fmt: skip
        categories = [{"id": 1 + k, "name": name} for k, name in enumerate(names)]
        values = {"images": images, "annotations": annotations, "categories": categories}
        (root / "annotations" / f"instances_{part}2017.json").write_text(json.dumps(values))
    return root


def write_yolo(root: Path, samples: Sequence[Sample]) -> Path:
    names = sorted({row[0] for each in samples for row in each.rows}, reverse=True)
    for each in samples:
        for folder in ("images", "labels"):
            (root / folder / each.part).mkdir(parents=True, exist_ok=True)
        (root / "images" / each.part / f"{each.name}{each.ending}").write_bytes(each.content)
        width, height = each.size
        lines = [
            f"{names.index(name)} {(x0 + x1) / 2 / width!r} {(y0 + y1) / 2 / height!r} "
            f"{(x1 - x0) / width!r} {(y1 - y0) / height!r}\n"
            for name, x0, y0, x1, y1, _ in each.rows
        ]
        (root / "labels" / each.part / f"{each.name}.txt").write_text("".join(lines))
    quoted = ", ".join(f"'{name}'" for name in names)
    (root / "data.yaml").write_text(f"train: images/train\nval: images/val\nnames: [{quoted}]\n")
    return root


def write_table(root: Path, samples: Sequence[Sample]) -> Path:
    (root / "pictures").mkdir(parents=True, exist_ok=True)
    lines = ["image,xmin,ymin,xmax,ymax,class,split,difficult"]
    for each in samples:
        path = f"pictures/{each.name}{each.ending}"
        (root / path).write_bytes(each.content)
        lines += [
            f'{path},{x0!r},{y0!r},{x1!r},{y1!r},"{name}",{each.part},{int(skip)}'
            for name, x0, y0, x1, y1, skip in each.rows
        ] or [f"{path},,,,,,{each.part},"]
    (root / "boxes.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return root / "boxes.csv"


LAYOUTS = {"voc": write_voc, "coco": write_coco, "yolo": write_yolo, "csv": write_table}
