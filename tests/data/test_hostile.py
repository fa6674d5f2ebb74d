"""The hostile corpus: each file ends as documented, in bounded memory, and the rest is used."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image, ImageFile

from pellucid.data import Preprocessing, load
from pellucid.data.decode import header
from pellucid.errors import DataError
from tests.data.corpus import (
    DAMAGED,
    PIXELS,
    TOO_MANY,
    bad_files,
    good_files,
    webp_claiming,
    write_corpus,
)
from tests.data.made_files import encoded, noise, picture_folder, write

if TYPE_CHECKING:
    from pathlib import Path

BAD = bad_files()
GOOD = good_files()


@pytest.mark.parametrize("name", BAD)
def test_refused(tmp_path: Path, name: str) -> None:
    content, printed = BAD[name]
    path = write(tmp_path / name, content)
    for source in (path, content):
        with pytest.raises(DataError) as caught:
            Preprocessing(8, 8, 3).read(source)
        assert printed in str(caught.value)
        assert "\n" not in str(caught.value)
    if printed == TOO_MANY:
        with pytest.raises(DataError, match=TOO_MANY):
            header(path)


@pytest.mark.parametrize("name", GOOD)
def test_read(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / name, GOOD[name])
    height, width, *_ = header(path)
    assert Preprocessing(8, 8, 3).read(path).shape == (8, 8, 3)
    with Image.open(path) as image:
        assert (width, height) == image.size


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WebP", "BMP", "GIF", "TIFF"])
def test_cut_anywhere_it_is_refused_or_whole(kind: str) -> None:
    """Where no more than the end marker or padding is missing, all pixels are there."""
    pixels = PIXELS[:13, :9]
    content = encoded(pixels, kind)
    whole = Preprocessing(13, 9, 3).read(content)
    for length in range(1, len(content)):
        try:
            found = Preprocessing(13, 9, 3).read(content[:length])
        except DataError:
            continue
        assert length > len(content) - 24
        np.testing.assert_array_equal(found, whole)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF"])
def test_cut_files_are_refused_whatever_pillow_is_set_to(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Many programs let Pillow fill cut pictures with grey, and allow any size."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    content = encoded(PIXELS, kind)
    with pytest.raises(DataError, match=DAMAGED):
        Preprocessing(8, 8, 3).read(content[: len(content) // 2])
    with pytest.raises(DataError, match=TOO_MANY):
        Preprocessing(8, 8, 3).read(BAD[f"bomb.{kind[:3].lower().replace('jpe', 'jpg')}"][0])
    assert ImageFile.LOAD_TRUNCATED_IMAGES is True
    assert Image.MAX_IMAGE_PIXELS is None


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WebP", "BMP", "GIF", "TIFF"])
def test_the_limit_is_exact_and_can_be_moved(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path / "a", encoded(PIXELS, kind))
    assert Preprocessing(40, 30, 3).read(path, max_pixels=1200).shape == (40, 30, 3)
    for limit in (1199, 601, 600, 1):
        with pytest.raises(DataError, match=f"at most {limit} are; .* or allow more: --max-pixels"):
            Preprocessing(40, 30, 3).read(path, max_pixels=limit)


def test_more_pixels_than_pillow_allows_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    for kind in ("PNG", "GIF", "TIFF", "WebP"):
        found = Preprocessing(40, 30, 3).read(encoded(PIXELS, kind), max_pixels=1200)
        assert found.shape == (40, 30, 3)
    picture = Image.fromarray(PIXELS)
    np.testing.assert_array_equal(Preprocessing(40, 30, 3).read(picture), PIXELS)
    assert Image.MAX_IMAGE_PIXELS == 100


@pytest.mark.parametrize("lossless", [False, True])
def test_the_canvas_of_webp_is_seen_before_it_is_made(
    monkeypatch: pytest.MonkeyPatch, lossless: bool
) -> None:
    def never(*_: object, **__: object) -> None:
        raise AssertionError("opened")

    plain = encoded(PIXELS, "WebP", lossless=lossless)
    assert Preprocessing(40, 30, 3).read(plain, max_pixels=1200).shape == (40, 30, 3)
    monkeypatch.setattr(Image, "open", never)
    for content, limit in ((webp_claiming(9_000, 10_000), 89_478_485), (plain, 1199)):
        with pytest.raises(DataError, match=TOO_MANY):
            Preprocessing(8, 8, 3).read(content, max_pixels=limit)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WebP", "BMP", "GIF", "TIFF"])
def test_flipped_bytes_are_read_or_refused(kind: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    content = encoded(noise(seed, 9, 7, 3), kind)
    for _ in range(40):
        flipped = bytearray(content)
        for position in random.integers(0, len(content), random.integers(1, 4)):
            flipped[position] = random.integers(256)
        try:
            found = Preprocessing(5, 5, 3).read(bytes(flipped), max_pixels=10_000)
        except DataError as error:
            assert "\n" not in str(error)  # noqa: PT017 - either end is right
        else:
            assert found.shape == (5, 5, 3)


def test_training_goes_on_as_if_bad_files_had_never_been_there(tmp_path: Path) -> None:
    clean = picture_folder(tmp_path / "clean", {"cat": 30, "dog": 30}, shape=(16, 16, 3))
    for name, content in GOOD.items():
        write(clean / "dog" / name, content)
    mixed = picture_folder(tmp_path / "mixed", {"cat": 30, "dog": 30}, shape=(16, 16, 3))
    write_corpus(mixed / "dog")
    (mixed / "dog" / "signed.tif").unlink()  # it can be used where others give a range of values
    found, expected = load(mixed, seed=4), load(clean, seed=4)
    bad = {f"dog/{name}" for name in BAD if name != "signed.tif"}
    assert {file.name for file in found.quarantined} == bad
    for file in found.quarantined:
        assert BAD[file.name.removeprefix("dog/")][1] in file.reason
        assert not file.reason.startswith(str(tmp_path))
        assert (file.class_name, file.part) == ("dog", "all")
    assert expected.quarantined == ()
    assert found.train.fingerprint() == expected.train.fingerprint()
    for part, other in ((found.validation, expected.validation), (found.test, expected.test)):
        assert part is not None
        assert other is not None
        assert part.fingerprint() == other.fingerprint()
        assert part.names == other.names


LIMITED = """
import json, resource, sys
from pathlib import Path
from pellucid.data import Preprocessing
from pellucid.errors import DataError

folder = Path(sys.argv[1])
Preprocessing(8, 8, 3).read(folder / "one pixel.png")  # everything is imported now
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
room = 96 << 20
if sys.platform == "linux":
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + room, used + room))
ends = {}
for path in sorted(folder.iterdir()):
    try:
        ends[path.name] = Preprocessing(8, 8, 3).read(path).shape
    except DataError as error:
        ends[path.name] = str(error)
unit = 1 if sys.platform == "darwin" else 1024
grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * unit
print(json.dumps({"ends": ends, "grown": grown}))
"""


def test_memory_is_bounded(tmp_path: Path) -> None:
    """With 96 MB of room every file ends as it does with all the room there is."""
    write_corpus(tmp_path)
    run = subprocess.run(
        [sys.executable, "-c", LIMITED, str(tmp_path)], check=True, capture_output=True, text=True
    )
    result = json.loads(run.stdout)
    assert result["ends"].keys() == BAD.keys() | GOOD.keys()
    for name, (_, printed) in BAD.items():
        assert printed in result["ends"][name]
    for name in GOOD:
        assert result["ends"][name] == [8, 8, 3]
    assert result["grown"] < 64 << 20
