"""What is found in folders, lists and arrays, by name; and nothing where all is well."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from pellucid.data import Dataset, load
from pellucid.data.check import KINDS, Finding, inspect, inspect_datasets, inspection
from pellucid.data.check.classes import SMALL_CLASS
from pellucid.data.check.files import HUGE_PIXELS
from pellucid.data.check.fingerprint import fingerprint_file
from pellucid.errors import ArgumentError, DataError
from tests.data.made_files import encoded, noise, picture_folder, write
from tests.messages import check_line

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid.data.check import DataReport
    from pellucid.data.decoded import PictureFile

ENOUGH = SMALL_CLASS


@pytest.fixture
def divided(tmp_path: Path) -> Path:
    """Different noise in two parts of two classes: nothing to be found."""
    counts = {
        f"{part}/{name}": ENOUGH for part in ("train", "test") for name in ("cat", "고양이 <b>")
    }
    return picture_folder(tmp_path / "data", counts, shape=(16, 12, 3))


def of_kind(report: DataReport, kind: str) -> list[Finding]:
    for finding in report.findings:
        assert finding.severity == KINDS[finding.kind].severity
        assert finding.words.isprintable()
        assert finding.words
    return [finding for finding in report.findings if finding.kind == kind]


def only(report: DataReport, kind: str) -> Finding:
    """The only finding that there is, of the given kind."""
    (finding,) = report.findings
    assert finding.kind == kind
    return finding


def test_nothing_is_wrong(divided: Path) -> None:
    report = inspect(divided)
    assert report.findings == ()
    assert report.spoiling == ()
    assert report.parts == ("train", "test")
    assert report.pictures == 4 * ENOUGH
    cat, other = report.classes
    assert (cat.name, other.name) == ("cat", "고양이 <b>")
    assert cat.pictures == {"train": ENOUGH, "test": ENOUGH}
    assert cat.smallest == cat.largest == (16, 12)


def test_the_same_file_in_two_parts(divided: Path) -> None:
    shutil.copy(divided / "train/cat/003.png", divided / "test/cat/copy.png")
    finding = only(inspect(divided), "leakage")
    assert finding.severity == "stops training"
    assert set(finding.names) == {"train/cat/003.png", "test/cat/copy.png"}
    assert finding.words == "2 times the same file, in the parts train and test"


def test_the_same_pixels_in_another_format_and_orientation(divided: Path) -> None:
    """Stored as BMP, lying on its side with an EXIF orientation that turns it upright."""
    picture = Image.open(divided / "train/cat/003.png")
    exif = Image.Exif()
    exif[0x0112] = 8  # turn it by 90° against the clock to see it upright
    lying = picture.transpose(Image.Transpose.ROTATE_270)
    write(divided / "test/cat/lying.png", encoded(lying, exif=exif))
    write(divided / "test/cat/plain.bmp", encoded(picture, "BMP"))
    finding = only(inspect(divided), "leakage")
    assert len(finding.names) == 3
    assert finding.words.startswith("3 times the same pixels, in 3 different files")


def test_the_same_picture_in_two_classes_and_parts(divided: Path) -> None:
    shutil.copy(divided / "train/cat/003.png", divided / "test/고양이 <b>/copy.png")
    report = inspect(divided)
    assert [finding.kind for finding in report.findings] == ["conflicting-labels", "leakage"]
    assert report.findings[0].words.endswith("in the classes cat, 고양이 <b>")


def test_the_same_picture_twice_in_a_class(divided: Path) -> None:
    shutil.copy(divided / "train/cat/003.png", divided / "train/cat/copy.png")
    finding = only(inspect(divided), "duplicates")
    assert finding.severity == "warning"
    assert finding.words == "2 times the same file, in the class cat"


def test_one_pixel_makes_another_picture(divided: Path) -> None:
    pixels = np.array(Image.open(divided / "train/cat/003.png"))
    pixels[0, 0, 0] ^= 1
    write(divided / "test/cat/other.png", encoded(pixels))
    assert inspect(divided, near=False).findings == ()
    assert only(inspect(divided), "near-leakage").severity == "warning"


def test_a_size_is_part_of_a_picture(tmp_path: Path) -> None:
    """The same bytes in another shape are another picture."""
    picture_folder(tmp_path, {"a": ENOUGH, "b": ENOUGH}, shape=(10, 20))
    pixels = noise(77_777, 10, 20)
    write(tmp_path / "a/wide.png", encoded(pixels))
    write(tmp_path / "b/high.png", encoded(pixels.reshape(20, 10)))
    assert inspect(tmp_path).findings == ()


def test_bad_files_by_name(divided: Path) -> None:
    write(divided / "train/cat/empty.jpg", b"")
    write(divided / "train/cat/half.png", encoded(noise(1, 20, 20))[:200])
    write(divided / "test/cat/page.jpg", b"<!doctype html><title>404</title>")
    report = inspect(divided)
    found = {finding.names[0]: finding.words for finding in of_kind(report, "unusable")}
    assert len(report.findings) == 3
    assert found["train/cat/empty.jpg"].startswith("empty, 0 bytes")
    assert found["train/cat/half.png"].startswith("the picture is damaged or cut short")
    assert found["test/cat/page.jpg"].startswith("a text with markup, such as a web page")
    assert report.classes[0].unusable == 3
    assert report.pictures == 4 * ENOUGH


def test_a_file_that_vanishes_while_it_is_looked_at(
    divided: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pellucid.data import decode
    from pellucid.data.check import fingerprint

    real = decode.decode

    def decode_and_remove(image: Any, name: str, **settings: Any) -> Any:
        if name.endswith("007.png"):
            (divided / "train/cat/007.png").unlink(missing_ok=True)
        return real(image, name, **settings)

    monkeypatch.setattr(fingerprint, "decode", decode_and_remove)
    (finding,) = of_kind(inspect(divided), "unusable")
    assert finding.names == ("train/cat/007.png",)
    assert finding.words.startswith("there is no such file")


def test_too_many_pixels_are_not_decoded(divided: Path) -> None:
    report = inspect(divided, max_pixels=16 * 12 - 1)
    assert len(of_kind(report, "unusable")) == 4 * ENOUGH
    assert report.findings[0].kind == "no-pictures"
    assert report.pictures == 0


def test_contents_and_names_that_disagree(divided: Path) -> None:
    for name in ("b.png", "c.PNG"):
        write(divided / "train/cat" / name, encoded(noise(ord(name[0]), 20, 20), "JPEG"))
    write(divided / "train/cat/d.jpeg", encoded(noise(4, 20, 20), "GIF"))
    write(divided / "train/cat/e", encoded(noise(5, 20, 20), "WEBP", lossless=True))
    write(divided / "train/cat/f.JPE", encoded(noise(6, 20, 20), "JPEG"))
    report = inspect(divided, near=False)
    found = {finding.words: finding.names for finding in of_kind(report, "wrong-ending")}
    assert found == {
        "end in .png and are JPEG": ("train/cat/b.png", "train/cat/c.PNG"),
        "end in .jpeg and are GIF": ("train/cat/d.jpeg",),
    }
    assert len(report.findings) == 2


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF"])
def test_animations(divided: Path, kind: str) -> None:
    frames = [Image.fromarray(noise(i, 20, 20)) for i in range(3)]
    name = f"train/cat/moving.{kind.lower()}"
    write(divided / name, encoded(frames[0], kind, save_all=True, append_images=frames[1:]))
    write(divided / f"train/cat/still.{kind.lower()}", encoded(noise(9, 20, 20), kind))
    assert only(inspect(divided), "several-frames").names == (name,)


def test_tiny_and_huge(divided: Path) -> None:
    write(divided / "train/cat/line.png", encoded(noise(1, 1, 300)))
    write(divided / "train/cat/small.png", encoded(noise(1, 8, 8)))
    side = int(HUGE_PIXELS**0.5)
    large = Image.new("1", (side + 1, side))
    large.putpixel((5, 5), 1)
    write(divided / "train/cat/large.png", encoded(large))
    report = inspect(divided)
    assert of_kind(report, "tiny")[0].names == ("train/cat/line.png",)
    assert of_kind(report, "huge")[0].names == ("train/cat/large.png",)
    assert len(report.findings) == 2
    assert report.classes[0].smallest == (8, 8)
    assert report.classes[0].largest == (side, side + 1)


def test_one_class_only(tmp_path: Path) -> None:
    picture_folder(tmp_path, {"cat": ENOUGH}, shape=(16, 16))
    assert only(inspect(tmp_path), "one-class").names == ("cat",)


def test_classes_that_cannot_be_learned(tmp_path: Path) -> None:
    counts = {"train/cat": 120, "train/dog": ENOUGH, "train/ape": 3, "test/cat": 2, "test/ox": 1}
    root = picture_folder(tmp_path, counts, shape=(16, 16))
    write(root / "train/fox/bad.png", b"x")
    report = inspect(root)
    assert of_kind(report, "class-without-pictures")[0].names == ("fox", "ox")
    assert of_kind(report, "small-class")[0].names == ("ape",)
    assert (
        of_kind(report, "small-class")[0].words == f"3 pictures to train with, fewer than {ENOUGH}"
    )
    assert of_kind(report, "imbalance")[0].names == ("cat", "ape")
    assert "120 pictures of the largest class and 3 of the smallest" in (
        of_kind(report, "imbalance")[0].words
    )
    assert of_kind(report, "class-missing")[0].names == ("ape", "dog")
    assert len(of_kind(report, "unusable")) == 1
    assert len(report.findings) == 5


def test_no_part_to_train_with(tmp_path: Path) -> None:
    picture_folder(tmp_path, {"test/a": ENOUGH, "test/b": ENOUGH}, shape=(16, 16))
    assert only(inspect(tmp_path), "no-training-part").names == ("test",)


def test_what_was_left_out_is_reported(divided: Path) -> None:
    write(divided / "train/cat/notes.txt", b"remember")
    finding = only(inspect(divided), "left-out")
    assert "train/cat/notes.txt" in finding.words


def test_a_list_that_contradicts_itself(tmp_path: Path) -> None:
    """One file with two labels."""
    picture_folder(tmp_path, {"pictures": 2 * ENOUGH}, shape=(16, 16))
    lines = [f"pictures/{i:03}.png,{'ab'[i % 2]}" for i in range(2 * ENOUGH)]
    table = tmp_path / "labels.csv"
    table.write_text("\n".join(["path,label", *lines, "pictures/000.png,b"]))
    found = inspect(table, task="single-label").by_kind()
    assert found.keys() == {"conflicting-labels", "understood"}
    (finding,) = found["conflicting-labels"]
    assert finding.names == ("pictures/000.png", "pictures/000.png")
    assert finding.words == "2 times the same file, in the classes a, b"


def test_arrays(tmp_path: Path) -> None:
    x = noise(1, 4 * ENOUGH, 12, 12, 3)
    y = np.arange(4 * ENOUGH) % 2
    x_test, y_test = noise(2, 4, 12, 12, 3), np.array([0, 1, 0, 1])
    x_test[3] = x[6]
    arrays = {"x": x, "y": y, "x_test": x_test, "y_test": y_test}
    report = inspect(arrays)
    assert [finding.kind for finding in report.findings] == ["conflicting-labels", "leakage"]
    assert report.findings[0].names == ("train[6]", "test[3]")
    assert report.findings[0].words.startswith("2 times the same pixels")
    np.savez(tmp_path / "data.npz", x=x, y=y, x_test=x_test, y_test=y_test)
    assert inspect(tmp_path / "data.npz").findings == report.findings
    preview = report.preview("test[3]")
    assert preview is not None
    np.testing.assert_array_equal(np.array(preview), x[6])
    assert report.preview("test[4]") is None


def test_data_sets_that_were_loaded(divided: Path) -> None:
    """What training holds in memory: bad files among it, and leaks after resizing."""
    shutil.copy(divided / "train/cat/003.png", divided / "test/cat/copy.png")
    write(divided / "train/cat/empty.jpg", b"")
    splits = load(divided, image_size=(8, 8))
    assert splits.test is not None
    assert splits.validation is not None
    parts = {"train": splits.train, "validation": splits.validation, "test": splits.test}
    report = inspect_datasets(parts, name="loaded", bad=splits.quarantined)
    assert report.name == "loaded"
    assert report.parts == ("train", "validation", "test")
    assert [len(of_kind(report, kind)) for kind in ("leakage", "unusable")] == [1, 1]
    assert set(of_kind(report, "leakage")[0].names) == {"train/cat/003.png", "test/cat/copy.png"}


def test_small_digits_hold_no_surprise(digits: tuple[Dataset, Dataset]) -> None:
    train, test = digits
    report = inspect_datasets({"train": train, "test": test}, near=True)
    assert report.spoiling == ()


def test_previews_of_files(divided: Path) -> None:
    write(divided / "train/cat/empty.jpg", b"")
    report = inspect(divided)
    picture = report.preview("train/cat/003.png")
    assert picture is not None
    assert (picture.size, picture.mode) == ((12, 16), "RGB")
    assert report.preview("train/cat/empty.jpg") is None
    assert report.preview("cat") is None


def test_progress_reaches_the_end(divided: Path) -> None:
    steps: list[tuple[int, int]] = []
    inspect(divided, progress=lambda seen, total: steps.append((seen, total)))
    assert steps[-1] == (4 * ENOUGH, 4 * ENOUGH)
    assert steps == sorted(steps)


def test_the_same_report_every_time(divided: Path) -> None:
    for i in range(4):
        shutil.copy(divided / f"train/cat/00{i}.png", divided / f"test/cat/copy{i}.png")
    assert inspect(divided) == inspect(divided)


def test_as_json(divided: Path) -> None:
    shutil.copy(divided / "train/cat/003.png", divided / "test/cat/copy.png")
    values = json.loads(json.dumps(inspect(divided).to_dict()))
    assert values["schema"] == 1
    assert values["spoiled"] is True
    assert values["pictures"] == 4 * ENOUGH + 1
    assert values["parts"] == ["train", "test"]
    assert values["classes"][0] == {
        "name": "cat", "pictures": {"train": ENOUGH, "test": ENOUGH + 1}, "unusable": 0,
        "smallest": [16, 12], "largest": [16, 12],
    }  # fmt: skip
    (finding,) = values["findings"]
    assert finding["kind"] == "leakage"
    assert finding["severity"] == "stops training"
    assert sorted(finding["names"]) == ["test/cat/copy.png", "train/cat/003.png"]


def test_sources_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="neither a folder nor a built-in data set") as caught:
        inspect(tmp_path / "nothing")
    check_line(caught.value)
    with pytest.raises(ArgumentError, match="max_pixels"):
        inspect(tmp_path, max_pixels=0)


def test_a_picture_that_is_listed_often_is_looked_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture_folder(tmp_path, {"pictures": 3}, shape=(16, 16))
    lines = [f"pictures/{i % 3:03}.png,{'ab'[i % 3 == 2]}" for i in range(3000)]
    lines += ["gone.png,a", "gone.png,b"]
    table = tmp_path / "labels.csv"
    table.write_text("\n".join(["path,label", *lines]))
    looked: list[str] = []
    fingerprint = fingerprint_file

    def counting(file: PictureFile, *others: Any) -> Any:
        looked.append(file.name)
        return fingerprint(file, *others)

    monkeypatch.setattr(inspection, "fingerprint_file", counting)
    report = inspect(table, task="single-label")
    assert sorted(looked) == ["gone.png", *(f"pictures/{i:03}.png" for i in range(3))]
    assert {each.name: each.pictures["all"] for each in report.classes} == {"a": 2000, "b": 1000}
    assert [each.unusable for each in report.classes] == [1, 1]
    copies = report.by_kind()["duplicates"]
    assert sorted(len(finding.names) for finding in copies) == [1000, 1000, 1000]
