"""PBM, PGM and PPM by hand, AVIF as Pillow reads it, and HEIC, which is named and not read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, features

from pellucid.data import Preprocessing, load
from pellucid.data.check import inspect
from pellucid.data.decode import header
from pellucid.errors import DataError
from tests.data.made_files import encoded, noise, picture_folder, write

if TYPE_CHECKING:
    from pathlib import Path

GREY, COLOUR = noise(0, 5, 4), noise(1, 5, 4, 3)
BITS = GREY > 99


def plain(values: np.ndarray) -> bytes:
    return b"\n".join(b" ".join(b"%d" % value for value in row.ravel()) for row in values)


NETPBM = {
    "P1": (b"P1\n# bits\n4 5\n" + plain((~BITS).astype(int)), np.where(BITS, 255, 0)),
    "P2": (b"P2 4 5 255\n" + plain(GREY), GREY),
    "P3": (b"P3\n4 5\n255\n" + plain(COLOUR), COLOUR),
    "P4": (b"P4\n4 5\n" + np.packbits(~BITS, axis=1).tobytes(), np.where(BITS, 255, 0)),
    "P5": (b"P5\n4 5\n255\n" + GREY.tobytes(), GREY),
    "P6": (b"P6\n# a remark\n4 5\n255\n" + COLOUR.tobytes(), COLOUR),
}


@pytest.mark.parametrize("kind", NETPBM)
def test_every_kind_of_netpbm(tmp_path: Path, kind: str) -> None:
    content, expected = NETPBM[kind]
    channels = 3 if expected.ndim == 3 else 1
    path = write(tmp_path / "named.jpg", content)
    found = Preprocessing(5, 4, channels).read(path)
    np.testing.assert_array_equal(found, expected.reshape(5, 4, channels))
    assert header(path)[:3] == (5, 4, channels == 1)


@pytest.mark.parametrize("kind", NETPBM)
def test_netpbm_that_is_cut_short(kind: str) -> None:
    content, _ = NETPBM[kind]
    for length in (3, len(content) // 2, len(content) - 2):
        with pytest.raises(DataError) as caught:
            Preprocessing(5, 4, 1).read(content[:length])
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", [b"P1", b"P2", b"P3", b"P4", b"P5", b"P6"])
def test_netpbm_that_claims_too_much(kind: bytes) -> None:
    with pytest.raises(DataError, match="too many pixels"):
        Preprocessing(5, 4, 1).read(kind + b"\n60000 60000\n255\n" + bytes(50))


@pytest.mark.parametrize("start", [b"Pf\n4 5\n-1.0\n", b"PyP\n4 5\n255\n", b"P7\nWIDTH 4\n", b"P0"])
def test_relatives_of_netpbm_are_not_read(start: bytes) -> None:
    with pytest.raises(DataError, match="no picture"):
        Preprocessing(5, 4, 1).read(start + bytes(400))


def test_a_folder_of_ppm(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        for i in range(10):
            write(tmp_path / name / f"{i}.PPM", encoded(noise(i, 6, 5, 3), "PPM"))
    splits = load(tmp_path)
    assert splits.train.images.shape == (16, 6, 5, 3)
    assert splits.quarantined == ()


def test_avif_as_pillow_reads_it(tmp_path: Path) -> None:
    if not features.check("avif"):
        content = b"\0\0\0\x1cftypavif" + bytes(60)
        with pytest.raises(DataError, match="an AVIF picture"):
            Preprocessing(40, 30, 3).read(content)
        return
    path = write(tmp_path / "a.heic", encoded(noise(0, 40, 30, 3), "AVIF", quality=90))
    with Image.open(path) as image:
        expected = np.asarray(image.convert("RGB"))
    np.testing.assert_array_equal(Preprocessing(40, 30, 3).read(path), expected)
    with pytest.raises(DataError, match="too many pixels"):
        Preprocessing(40, 30, 3).read(path, max_pixels=1199)
    with pytest.raises(DataError):
        Preprocessing(40, 30, 3).read(path.read_bytes()[:-300])


@pytest.mark.parametrize("brand", [b"heic", b"heix", b"mif1", b"hevc", b"msf1"])
def test_heic_by_its_content_with_what_to_do(tmp_path: Path, brand: bytes) -> None:
    content = b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1heic" + bytes(60)
    path = write(tmp_path / "IMG_1.jpg", content)
    with pytest.raises(DataError, match=r"IMG_1\.jpg: a HEIC picture.*convert it to JPEG.*sips"):
        Preprocessing(8, 8, 3).read(path)


def test_heic_beside_jpeg(tmp_path: Path) -> None:
    """They are found as pictures, whatever their names end with, and left out with advice."""
    picture_folder(tmp_path, {"cat": 20, "dog": 20}, shape=(16, 16))
    content = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(60)
    for name in ("IMG_1.HEIC", "IMG_2.heif", "IMG_3.jpg"):
        write(tmp_path / "dog" / name, content)
    quarantined = load(tmp_path).quarantined
    assert [file.name for file in quarantined] == [
        "dog/IMG_1.HEIC", "dog/IMG_2.heif", "dog/IMG_3.jpg",
    ]  # fmt: skip
    assert all("convert it to JPEG" in file.reason for file in quarantined)
    assert len(inspect(tmp_path, near=False).by_kind()["unusable"]) == 3
    for path in (tmp_path / "cat").iterdir():
        path.unlink()
    write(tmp_path / "cat" / "IMG_4.HEIC", content)
    with pytest.raises(DataError, match="of the class cat no picture can be used, 1 file left out"):
        load(tmp_path)
