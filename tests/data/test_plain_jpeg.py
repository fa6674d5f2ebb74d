"""JPEG files decoded in few steps: the same pixels and the same refusals as by opening them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from pellucid.data import Preprocessing, decode, preprocessing
from pellucid.data.plain_jpeg import MOST_BYTES, decoded_jpeg, plain_jpeg, small_file
from pellucid.errors import DataError
from tests.data.made_files import encoded, noise, write

if TYPE_CHECKING:
    from pathlib import Path

PLAIN: dict[str, tuple[bytes, tuple[int, int, str]]] = {
    "colour": (encoded(noise(0, 32, 31, 3), "JPEG"), (31, 32, "RGB")),
    "grey": (encoded(noise(1, 9, 40), "JPEG"), (40, 9, "L")),
    "one pixel": (encoded(noise(2, 1, 1, 3), "JPEG"), (1, 1, "RGB")),
    "progressive": (encoded(noise(3, 33, 20, 3), "JPEG", progressive=True), (20, 33, "RGB")),
    "not subsampled": (encoded(noise(4, 8, 8, 3), "JPEG", subsampling=0), (8, 8, "RGB")),
    "own tables": (encoded(noise(5, 30, 17, 3), "JPEG", optimize=True), (17, 30, "RGB")),
    "restarts": (encoded(noise(6, 40, 40, 3), "JPEG", restart_marker_rows=1), (40, 40, "RGB")),
    "comment": (encoded(noise(7, 12, 8, 3), "JPEG", comment=b"by hand"), (8, 12, "RGB")),
    "something behind": (encoded(noise(8, 12, 8, 3), "JPEG") + b"more", (8, 12, "RGB")),
}


def _exif() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif.tobytes()


OTHERS: dict[str, bytes] = {
    "turned": encoded(noise(0, 9, 7, 3), "JPEG", exif=_exif()),
    "profile": encoded(noise(0, 9, 7, 3), "JPEG", icc_profile=b"x" * 200),
    "inks": encoded(Image.fromarray(noise(0, 9, 7, 3)).convert("CMYK"), "JPEG"),
    "left as they are": encoded(noise(0, 9, 7, 3), "JPEG", keep_rgb=True, comment=b"", quality=99)
    .replace(b"\xff\xe0", b"\xff\xee", 1),
    "large": encoded(noise(0, 300, 300, 3), "JPEG", quality=95),
    "png": encoded(noise(0, 9, 7, 3)),
    "nothing": b"",
    "start": b"\xff\xd8",
}  # fmt: skip


def outcome(settings: Preprocessing, path: Path, **limits: int) -> bytes | str:
    try:
        return settings.read(path, **limits).tobytes()
    except DataError as error:
        return str(error)


def slowly(monkeypatch: pytest.MonkeyPatch, call: Any) -> Any:
    """What comes out where no file counts as plain."""
    with monkeypatch.context() as patched:
        patched.setattr(preprocessing, "plain_jpeg", lambda content: None)
        patched.setattr(decode, "plain_jpeg", lambda content: None)
        return call()


SETTINGS = [
    Preprocessing(32, 31, 3),
    Preprocessing(24, 24, 1, resize="crop", decoding="whole"),
    Preprocessing(3, 5, 3, resize="stretch"),
    Preprocessing(40, 9, 1, border=77),
]


@pytest.mark.parametrize("name", PLAIN)
def test_plain_ones(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content, expected = PLAIN[name]
    assert plain_jpeg(content) == expected
    path = write(tmp_path / name, content)
    assert small_file(path) == content
    width, height, mode = expected
    picture = decoded_jpeg(content, mode, (width, height))
    assert picture is not None
    with Image.open(path) as image:
        assert (image.size, image.mode) == ((width, height), mode)
        np.testing.assert_array_equal(np.asarray(picture), np.asarray(image))
    for settings in SETTINGS:
        pixels = settings.read(path)
        assert pixels.flags.writeable
        assert pixels.dtype == np.uint8
        assert pixels.tobytes() == slowly(monkeypatch, lambda s=settings: outcome(s, path))
        assert settings.read(content).tobytes() == pixels.tobytes()
    assert decode.header(path) == slowly(monkeypatch, lambda: decode.header(path))


@pytest.mark.parametrize("name", OTHERS)
def test_all_others_are_opened_as_ever(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = OTHERS[name]
    assert plain_jpeg(content) is None
    path = write(tmp_path / name, content)
    assert small_file(path) == (content if len(content) <= MOST_BYTES else None)
    for settings in SETTINGS:
        assert outcome(settings, path) == slowly(monkeypatch, lambda s=settings: outcome(s, path))


def test_plain_ones_are_not_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "1.jpg", PLAIN["colour"][0])
    expected = SETTINGS[0].read(path)

    def opening(*_: object, **__: object) -> None:
        raise AssertionError("opened")

    monkeypatch.setattr(Image, "open", opening)
    np.testing.assert_array_equal(SETTINGS[0].read(path), expected)
    assert decode.header(path)[:3] == (32, 31, False)
    with pytest.raises(AssertionError, match="opened"):  # it can be decoded reduced
        Preprocessing(8, 8, 3).read(path)


def test_the_limit_holds(tmp_path: Path) -> None:
    path = write(tmp_path / "1.jpg", PLAIN["colour"][0])
    assert SETTINGS[0].read(path, max_pixels=32 * 31).shape == (32, 31, 3)
    for call in (
        lambda: SETTINGS[0].read(path, max_pixels=32 * 31 - 1),
        lambda: decode.header(path, 32 * 31 - 1),
    ):
        with pytest.raises(DataError, match="too many pixels"):
            call()


@pytest.mark.parametrize("name", ["colour", "grey", "progressive", "restarts"])
def test_damaged_ones(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut anywhere, or with bytes changed anywhere: the same as without the short way."""
    content, _ = PLAIN[name]
    random = np.random.default_rng(len(name))
    start = content.index(b"\xff\xda") + 20
    outcomes = set()
    for trial in range(400):
        changed = bytearray(content)
        if trial % 4 == 0:
            del changed[int(random.integers(0, len(content))) :]
        for _ in range(random.integers(0 if trial % 4 == 0 else 1, 4)):
            if changed:
                within = start if trial % 2 else len(content)
                changed[int(random.integers(0, min(len(changed), within)))] = random.integers(256)
        path = write(tmp_path / "changed.jpg", bytes(changed))
        for settings in SETTINGS[:2]:
            found = outcome(settings, path, max_pixels=20_000)
            assert found == slowly(
                monkeypatch, lambda s=settings, p=path: outcome(s, p, max_pixels=20_000)
            )
            outcomes.add(type(found))
    assert outcomes == {bytes, str}


@pytest.mark.parametrize("kind", ["missing", "folder", "zero byte"])
def test_what_is_no_file(kind: str, tmp_path: Path) -> None:
    paths = {"missing": tmp_path / "x", "folder": tmp_path, "zero byte": tmp_path / "a\0b"}
    assert small_file(paths[kind]) is None
