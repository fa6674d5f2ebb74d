"""Picture files that are valid but hold what is not read: what it is, and how to convert it.

Only what the file's header says is looked at. What is not found here is left to Pillow.
"""

from __future__ import annotations

import struct
from typing import IO

from pellucid.text import counted

_TAGS_AT_MOST = 4096
_JPEG_AT_MOST = 1 << 20  # bytes of a JPEG file in which its frame header is looked for

# tags of a TIFF file, with what they are where they are left out
_BITS, _COMPRESSION, _PHOTOMETRIC, _BANDS, _SAMPLE_FORMAT = 258, 259, 262, 277, 339
_DEFAULTS = {
    _BITS: (1,),
    _COMPRESSION: (1,),
    _PHOTOMETRIC: (1,),
    _BANDS: (1,),
    _SAMPLE_FORMAT: (1,),
}
_SIZES = {1: ("B", 1), 3: ("H", 2), 4: ("I", 4)}

# what Pillow and libtiff know, and what else is met
_COMPRESSIONS = {
    1,
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    32771,
    32773,
    32809,
    32946,
    34676,
    34677,
    34925,
    50000,
    50001,
}
_COMPRESSION_NAMES = {
    33003: "JPEG 2000",
    33004: "JPEG 2000",
    33005: "JPEG 2000",
    34712: "JPEG 2000",
    34887: "LERC",
    34933: "PNG",
    34934: "JPEG XR",
    50002: "JPEG XL",
    52546: "JPEG XL",
}
_COLOURS = {
    8: "LAB",
    9: "LAB",
    10: "LAB",
    32803: "raw values of a camera's sensor",
    32844: "LogLuv",
    32845: "LogLuv",
    34892: "raw values of a camera's sensor",
}
_KINDS = {1: "unsigned integers", 2: "signed integers", 3: "floats", 5: "complex integers",
          6: "complex numbers"}  # fmt: skip

_RGB_ADVICE = "convert it to RGB (ImageMagick: magick FILE -colorspace sRGB FILE.png)"
_FRAMES = {0xC3: "lossless", 0xC5: "hierarchical", 0xC6: "hierarchical", 0xC7: "hierarchical",
           0xCB: "lossless", 0xCD: "hierarchical", 0xCE: "hierarchical",
           0xCF: "hierarchical"}  # fmt: skip


def lab_advice() -> str:
    """Return what is to be done about a picture in LAB."""
    return _RGB_ADVICE


def unsupported(stream: IO[bytes], start: bytes) -> str:
    """Return what a picture file holds that is not read, and how to convert it; empty if nothing.

    Args:
        stream: The file, at its beginning; it is put back there.
        start: Its first bytes.
    """
    try:
        if start[:2] in (b"II", b"MM"):
            return _of_tiff(stream)
        if start[:2] == b"\xff\xd8":
            return _of_jpeg(stream.read(_JPEG_AT_MOST))
    except (struct.error, IndexError, OSError):  # cut short: Pillow says so
        return ""
    finally:
        stream.seek(0)
    return ""


def _of_tiff(stream: IO[bytes]) -> str:
    tags = _tiff_tags(stream)
    if tags is None:
        return ""
    (compression, *_), (colours, *_) = tags[_COMPRESSION], tags[_PHOTOMETRIC]
    (bands, *_), (kind, *_), bits = tags[_BANDS], tags[_SAMPLE_FORMAT], max(tags[_BITS])
    if compression not in _COMPRESSIONS:
        called = _COMPRESSION_NAMES.get(compression, f"number {compression}")
        return (
            f"a TIFF picture with the compression {called}, which is not read; store it with "
            "another (ImageMagick: magick FILE -compress LZW OUT.tif; libtiff: tiffcp -c lzw FILE "
            "OUT.tif)"
        )
    if colours in _COLOURS:
        return (
            f"a TIFF picture with colours in {_COLOURS[colours]}, which are not read; {_RGB_ADVICE}"
        )
    values = f"{_KINDS.get(kind, f'values of kind {kind}')} of {counted(bits, 'bit')}"
    if bands > 4 or (bands == 2 and bits > 8):
        return (
            f"a TIFF picture of {bands} bands, which is not read; keep 1 or 3 of them (GDAL: "
            "gdal_translate -b 1 -b 2 -b 3 FILE OUT.tif)"
        )
    if kind in (5, 6) or bits > 32 or (kind == 3 and (bits != 32 or bands > 1)):
        of = f" in {bands} bands" if bands > 1 else ""
        return (
            f"a TIFF picture of {values}{of}, which are not read; store 32-bit floats of one band, "
            "or integers of 8 or 16 bits (Python: tifffile.imwrite(OUT, array.astype('float32')))"
        )
    if kind == 2 and (bits == 8 or bands > 1):
        return (
            f"a TIFF picture of {values}, which are not read; store unsigned integers, or signed "
            "ones of 16 bits (Python: tifffile.imwrite(OUT, array.astype('int16')))"
        )
    if bits not in (1, 2, 4, 8, 12, 16, 32) or len(set(tags[_BITS])) > 1:
        return f"a TIFF picture of {values}, which are not read; convert it to 8 or 16 bits"
    return ""


def _tiff_tags(stream: IO[bytes]) -> dict[int, tuple[int, ...]] | None:
    """Return the tags of the first picture that matter here; None of BigTIFF."""
    head = stream.read(8)
    order = "<" if head[:2] == b"II" else ">"
    magic, at = struct.unpack(f"{order}HI", head[2:8])
    if magic != 42:
        return None
    stream.seek(at)
    (count,) = struct.unpack(f"{order}H", stream.read(2))
    entries = stream.read(12 * min(count, _TAGS_AT_MOST))
    tags: dict[int, tuple[int, ...]] = dict(_DEFAULTS)
    for place in range(0, 12 * count, 12):
        tag, kind, number = struct.unpack(f"{order}HHI", entries[place : place + 8])
        if tag not in tags or kind not in _SIZES or not 1 <= number <= 64:
            continue
        letter, size = _SIZES[kind]
        content = entries[place + 8 : place + 12]
        if number * size > 4:
            stream.seek(struct.unpack(f"{order}I", content)[0])
            content = stream.read(number * size)
        tags[tag] = struct.unpack(f"{order}{number}{letter}", content[: number * size])
    return tags


def _of_jpeg(content: bytes) -> str:
    """Return what is not read of a JPEG file: more than 8 bits, or frames of rare kinds."""
    at = 2
    while content[at] == 0xFF:
        marker = content[at + 1]
        if marker in (0xC0, 0xC1, 0xC2, 0xC9, 0xCA, *_FRAMES):
            kind, bits = _FRAMES.get(marker, ""), content[at + 4]
            if not kind and bits == 8:
                return ""
            what = f"{kind} JPEG" if kind else f"JPEG of {counted(bits, 'bit')}"
            return (
                f"a picture in {what}, which is not read; convert it (ImageMagick: magick FILE "
                "OUT.png; DICOM: dcmdjpeg)"
            )
        if marker == 0xDA:
            return ""
        if marker == 0xFF:  # filling
            at += 1
            continue
        at += 2 + (content[at + 2] << 8 | content[at + 3])
    return ""
