"""Recognise the format of a picture file by its first bytes."""

from __future__ import annotations

from pellucid.data.sound.formats import is_sound, unread_sound

START_BYTES = 64
"""How much of a file is looked at."""

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "PPM", "AVIF")
"""Formats that are read, by Pillow's names; AVIF where Pillow was built with it."""

READABLE = "PNG, JPEG, WebP, BMP, GIF, TIFF, PPM or AVIF"
"""The same in words, for messages."""

# PNG, JPEG, GIF, TIFF and BigTIFF in both byte orders
_SIGNATURES = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"GIF87a",
    b"GIF89a",
    b"II*\0",
    b"MM\0*",
    b"II+\0",
    b"MM\0+",
)

# brands of ISO's container of pictures and films; HEIC comes with mif1, as AVIF may
_AVIF = (b"avif", b"avis")
_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1")

# how files begin that are often met where a picture should be
_FOREIGN = (
    (b"%PDF", "a PDF document"),
    (b"PK\3\4", "a ZIP archive"),
    (b"8BPS", "a Photoshop document"),
    (b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (b"\xff\x0a", "a JPEG XL picture"),
    (b"<svg", "an SVG drawing"),
    (b"<", "a text with markup, such as a web page"),
    (b"version https://git-lfs", "a pointer of Git LFS (git lfs pull gets the file itself)"),
)

_HEIC_ADVICE = (
    "a HEIC picture, as telephones save them, which is not read; convert it to JPEG (macOS: sips "
    "-s format jpeg FILE --out FILE.jpg; ImageMagick: magick FILE FILE.jpg), or have the telephone "
    "save JPEG"
)


def is_read(start: bytes) -> bool:
    """Return whether a file that begins so is of a format that is read."""
    return (
        start.startswith(_SIGNATURES)
        or (start[:4] == b"RIFF" and start[8:12] == b"WEBP")
        or (start[:2] == b"BM" and start[6:10] == bytes(4))  # reserved, always zero
        or is_netpbm(start)
        or (_container(start) == "AVIF" and avif_is_read())
    )


def is_netpbm(start: bytes) -> bool:
    """Return whether a file begins as PBM, PGM or PPM: P1 to P6 and a blank."""
    return start[:1] == b"P" and start[1:2] in b"123456" and start[2:3].isspace()


def avif_is_read() -> bool:
    """Return whether Pillow was built with AVIF."""
    from PIL import features

    return bool(features.check("avif"))


def webp_canvas(start: bytes) -> tuple[int, int]:
    """Return the width and height that a WebP file claims, (0, 0) for anything else.

    Versions of Pillow differ in whether they ask for the canvas's memory before they look at it.
    """
    if start[:4] != b"RIFF" or start[8:12] != b"WEBP" or len(start) < 30:
        return 0, 0
    if start[12:16] == b"VP8X":
        width, height = start[24:27], start[27:30]
        return int.from_bytes(width, "little") + 1, int.from_bytes(height, "little") + 1
    if start[12:16] == b"VP8L":
        bits = int.from_bytes(start[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = start[26:28], start[28:30]
    return int.from_bytes(width, "little") & 0x3FFF, int.from_bytes(height, "little") & 0x3FFF


def described(start: bytes) -> str:
    """Say what a file is that is no picture of a format that is read, and what to do."""
    kind = _container(start)
    if kind == "HEIC":
        return _HEIC_ADVICE
    if kind == "AVIF":
        return (
            "an AVIF picture, and Pillow was built without it here; convert it to JPEG, or install "
            "a newer Pillow"
        )
    what = "a film or sound (an ISO container)" if kind else ""
    if is_sound(start) or unread_sound(start):
        what = unread_sound(start) or "a recording"
    for signature, name in _FOREIGN:
        if not what and (start.startswith(signature) or start.lstrip().startswith(signature)):
            what = name
    return (
        f"{what or f'no picture (it begins with {start[:8]!r})'}; expected a {READABLE} picture "
        f"(whatever its name ends with); convert, replace or remove it"
    )


def _container(start: bytes) -> str:
    """``AVIF``, ``HEIC`` or another kind of ISO container; empty if it is none."""
    if start[4:8] != b"ftyp":
        return ""
    brands = [start[i : i + 4] for i in (8, *range(16, len(start) - 3, 4))]
    length = int.from_bytes(start[:4], "big")
    if 16 <= length < len(start):
        brands = [start[i : i + 4] for i in (8, *range(16, length, 4))]
    if any(brand in _AVIF for brand in brands):
        return "AVIF"
    return "HEIC" if any(brand in _HEIC for brand in brands) else "other"
