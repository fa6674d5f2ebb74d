"""Pictures and what a network takes of them, as JSON: ``python -m tests.page.fitted`` prints it."""

from __future__ import annotations

import base64
import io
import itertools
import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, ImageDraw, PngImagePlugin

from pellucid.data.preprocessing import Preprocessing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

SIZES = ((41, 23), (5, 90), (28, 28), (64, 48), (1, 1), (33, 200), (150, 150))
"""Heights and widths of pictures; smaller and larger than what is wanted."""

WAYS: tuple[dict[str, Any], ...] = (
    {"resize": "pad", "border": 7},
    {"resize": "pad", "invert": True, "filter": "bicubic"},
    {"resize": "crop"},
    {"resize": "crop", "margin": 5, "filter": "bicubic"},
    {"resize": "stretch", "filter": "bicubic"},
)

NETWORKS = {
    "grey": Preprocessing(28, 28, 1, decoding="whole"),
    "inverted": Preprocessing(28, 28, 1, decoding="whole", invert=True),
    "small": Preprocessing(9, 8, 3, decoding="whole"),
}
"""What the networks of :mod:`tests.page.pages` take, one also with black and white exchanged."""

ORIENTATION = 0x0112


def random_pictures() -> list[dict[str, Any]]:
    """Pictures of random colours, each in every way that a network takes it."""
    random = np.random.default_rng(13)
    found = []
    for (height, width), way, channels in itertools.product(SIZES, WAYS, (1, 3)):
        picture = random.integers(0, 256, (height, width, 3), np.uint8)
        if height % 2:  # edges, where filters overshoot
            picture = np.where(picture > 127, 255, 0).astype(np.uint8)
        wanted = Preprocessing(28, 21, channels, **way)
        opaque = np.dstack([picture, np.full((height, width), 255, np.uint8)])
        found.append(
            {
                "preprocessing": wanted.to_dict(),
                "size": [width, height],
                "rgba": _text(opaque.tobytes()),
                "pixels": _pixels(wanted.read(Image.fromarray(picture))),
            }
        )
    return found


def files() -> list[dict[str, Any]]:
    """Files as browsers decode them too, and what each network takes of them."""
    return [
        {
            "name": name,
            "content": _text(content),
            "pixels": {page: _pixels(rule.read(content)) for page, rule in NETWORKS.items()},
        }
        for name, content in _files()
    ]


def _files() -> Iterator[tuple[str, bytes]]:
    scene = _scene()
    yield "colour.png", _saved(scene, "PNG")
    yield "grey.png", _saved(scene.convert("L"), "PNG")
    yield "palette.gif", _saved(scene.quantize(64), "GIF")
    yield "lossless.webp", _saved(scene, "WEBP", lossless=True)
    yield "photo.jpg", _saved(scene, "JPEG", quality=92)
    yield "grey.jpg", _saved(scene.convert("L"), "JPEG", quality=80)
    yield "progressive.jpg", _saved(scene, "JPEG", quality=70, progressive=True)
    for orientation in (2, 3, 6, 8):
        exif = Image.Exif()
        exif[ORIENTATION] = orientation
        yield f"turned {orientation}.jpg", _saved(scene, "JPEG", quality=95, exif=exif)
    clear = scene.copy()
    clear.putalpha(Image.linear_gradient("L").resize(scene.size))
    yield "transparent.png", _saved(clear, "PNG")
    yield "transparent grey.png", _saved(clear.convert("LA"), "PNG")
    clear.putalpha(clear.getchannel("A").point(lambda alpha: 255 if alpha > 90 else 0))
    yield "clear palette.png", _saved(clear.quantize(32, Image.Quantize.FASTOCTREE), "PNG")
    yield "clear.webp", _saved(clear, "WEBP", lossless=True)
    yield "bits.png", _saved(scene.convert("1"), "PNG")
    yield "inks.jpg", _saved(scene.convert("CMYK"), "JPEG", quality=95)
    yield "bitmap.bmp", _saved(scene, "BMP")
    chunks = PngImagePlugin.PngInfo()
    chunks.add(b"gAMA", (100000).to_bytes(4, "big"))  # linear, which nobody is to apply
    yield "gamma.png", _saved(scene, "PNG", pnginfo=chunks)
    yield (
        "deep.png",
        _saved(Image.fromarray(np.asarray(scene.convert("L"), np.uint16) * 257), "PNG"),
    )


def _scene() -> Image.Image:
    """Colours that run into each other, with shapes of sharp edges on them."""
    rows, columns = np.mgrid[:170, :230]
    colours = np.dstack([columns * 255 // 229, rows * 255 // 169, (rows + columns) % 256])
    scene = Image.fromarray(colours.astype(np.uint8))
    draw = ImageDraw.Draw(scene)
    draw.ellipse((20, 15, 90, 100), fill=(250, 240, 20))
    draw.line((10, 160, 220, 20), fill=(0, 0, 0), width=9)
    return scene


def _saved(picture: Image.Image, kind: str, **settings: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **settings)
    return stream.getvalue()


def _pixels(pixels: NDArray[np.uint8]) -> str:
    return _text(pixels.tobytes())


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


if __name__ == "__main__":
    json.dump({"random": random_pictures(), "files": files()}, sys.stdout)
