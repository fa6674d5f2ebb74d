"""Decisions about pictures: what a file of them says, and what it makes of data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.data import Preprocessing, load, load_for
from pellucid.data.check import inspect
from pellucid.data.decisions import Decision, Decisions, read_decisions
from pellucid.data.decisions.digest import file_digest, pixel_digest
from pellucid.data.load import read_splits
from pellucid.data.reading import Reading
from pellucid.data.reference import argument_of, parse_reference
from pellucid.errors import ArgumentError, DataError
from pellucid.files.decisions import write_decisions
from tests.data.made_files import encoded, noise, picture_folder, write

if TYPE_CHECKING:
    from pathlib import Path

    from pellucid import Dataset
    from pellucid.data.dataset import Splits


def table(root: Path, *lines: str, first: str = "path,decision,label,note,digest") -> Path:
    return write(root / "decisions.csv", "\n".join([first, *lines, ""]).encode())


def labelled(data: Dataset) -> dict[str, str]:
    assert data.names is not None
    return {name: data.targets.written(i) for i, name in enumerate(data.names)}


def parts(splits: Splits) -> list[Dataset]:
    assert splits.validation is not None
    assert splits.test is not None
    return [splits.train, splits.validation, splits.test]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    rows = [
        Decision("a/=1+2, \n.png", "keep", "", "hard, but right", "0123456789abcdef"),
        Decision("b/2.png", "move", "=cat", ""),
        Decision("b/-3.png", "leave-out"),
    ]
    written = write_decisions(tmp_path / "d.csv", rows)
    read = read_decisions(tmp_path / "d.csv")
    assert [(each.path, each.way, each.label, each.note, each.digest) for each in read.rows] == [
        ("a/=1+2, \\n.png", "keep", "", "hard, but right", "0123456789abcdef"),
        ("b/2.png", "move", "=cat", "", ""),
        ("b/-3.png", "leave-out", "", "", ""),
    ]
    assert read.digest == written.digest
    assert (tmp_path / "d.csv").read_text().splitlines()[2].startswith("b/2.png,move,'=cat")


def test_notes_order_and_lines_without_a_decision_do_not_count(tmp_path: Path) -> None:
    one = read_decisions(table(tmp_path, "a,keep,,why,", "b,move,x,,"))
    first = "probability;digest;PATH;Label;Decision"
    other = read_decisions(
        table(tmp_path, "0.9;;b;x;Move", "0.8;;c;y;", "0.7;;a;y;KEEP", first=first)
    )
    assert one.digest == other.digest
    assert len(one) == len(other) == 2
    assert one.digest != read_decisions(table(tmp_path, "a,keep,,,", "b,move,y,,")).digest


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("a,kep,,,",), "line 2: unknown decision 'kep'; did you mean 'keep'"),
        (("a,keep,,,", ",keep,,,"), "line 3: the path is missing"),
        (("a,move,,,",), "line 2: a is to move, and the label is missing"),
        (("a,keep,,,xyz",), "line 2: the digest 'xyz' is none"),
        (("a,keep,,,", "b,keep,,,", "a,move,x,,"), "line 4: a is decided as move to x, and as"),
    ],
)
def test_wrong_lines_are_named(tmp_path: Path, lines: tuple[str, ...], words: str) -> None:
    with pytest.raises(DataError) as raised:
        read_decisions(table(tmp_path, *lines))
    assert words in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def test_a_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no column decision; its first line is 'path,label'"):
        read_decisions(table(tmp_path, "a,b", first="path,label"))
    with pytest.raises(ArgumentError, match="decisions are 3; expected the path"):
        Reading(decisions=3)


def test_pictures_move_stay_in_their_part_or_are_left_out(tmp_path: Path) -> None:
    """Of data that are not divided, each other picture is in the part that it was in before."""
    data = picture_folder(tmp_path / "data", {"cat": 40, "dog": 60})
    before = load(data, seed=5)
    where = {name: part.name for part in parts(before) for name in labelled(part)}
    moved = [f"cat/{i:03}.png" for i in range(9)]
    gone = [f"dog/{i:03}.png" for i in range(50)]
    lines = [f"{name},move,dog,," for name in moved] + [f"{name},leave-out,,," for name in gone]
    for cache in (True, False, True):
        after = load(data, seed=5, decisions=table(tmp_path, *lines), cache=cache)
        assert sum(map(len, parts(after))) == 50
        for part, old in zip(parts(after), parts(before), strict=True):
            images = dict(zip(old.names or (), old.images, strict=True))
            for (name, label), image in zip(labelled(part).items(), part.images, strict=True):
                assert where[name] == part.name
                assert label == ("dog" if name in moved or name.startswith("dog") else "cat")
                assert np.array_equal(image, images[name])
        (note,) = (line for line in after.notes if line.startswith("decisions of"))
        assert note.endswith("decisions.csv: 0 kept, 9 moved, 50 left out")
        decided = after.train.decided
        assert decided is not None
        assert decided.before == before.train.fingerprint()
        counts = decided.to_dict()
        assert (counts["keep"], counts["move"], counts["leave-out"]) == (0, 9, 50)


def test_what_decisions_say_wrongly_of_data(tmp_path: Path) -> None:
    data = picture_folder(tmp_path / "data", {"cat": 20, "dog": 20})

    def refused(*lines: str) -> str:
        with pytest.raises(DataError) as raised:
            load(data, decisions=table(tmp_path, *lines))
        assert len(str(raised.value).splitlines()) == 1
        return str(raised.value)

    known = "cat/001.png,keep,,,"
    assert "line 3: " in (said := refused(known, "cat/0001.png,keep,,,"))
    assert "did you mean 'cat/001.png'" in said
    assert "line 2: no class 'dig'; did you mean 'dog'?" in refused("cat/001.png,move,dig,,")
    assert "decides about pictures of other data: none of its 2 paths" in refused(
        "a/1.png,keep,,,", "a/2.png,move,dog,,"
    )
    everything = [f"cat/{i:03}.png,leave-out,,," for i in range(20)]
    assert "the class cat has no pictures to train with" in refused(*everything)
    splits = load(data, decisions=table(tmp_path, known, "cat/999.png,leave-out,,,"))
    assert any("1 picture to leave out no longer there" in line for line in splits.notes)


def test_a_changed_picture_is_reported_and_left_as_it_is(tmp_path: Path) -> None:
    data = picture_folder(tmp_path / "data", {"cat": 20, "dog": 20})
    lines = [f"cat/{i:03}.png,move,dog,,{file_digest(data / f'cat/{i:03}.png')}" for i in range(2)]
    write(data / "cat" / "001.png", encoded(noise(77, 6, 5)))
    splits = load(data, decisions=table(tmp_path, *lines))
    found = {name: label for part in parts(splits) for name, label in labelled(part).items()}
    assert (found["cat/000.png"], found["cat/001.png"]) == ("dog", "cat")
    assert any("1 decision is not applied" in line for line in splits.notes)
    assert any("cat/001.png" in line for line in splits.notes)


def test_a_bad_file_that_is_left_out_is_as_if_it_had_never_been_there(tmp_path: Path) -> None:
    data = picture_folder(tmp_path / "data", {"cat": 20, "dog": 20})
    without = load(data)
    write(data / "cat" / "005x.png", b"<html>")
    odd = write(data / "dog" / "odd.png", encoded(noise(5, 9, 9, 3)))
    lines = table(tmp_path, "cat/005x.png,leave-out,,,", "dog/odd.png,leave-out,,,")
    for bad in ("error", "quarantine"):
        found = load(data, decisions=lines, bad=bad)
        assert found.quarantined == ()
        assert found.train.image_shape == (6, 5, 1)
        assert not any("cannot be used" in line for line in found.notes)
    odd.unlink()
    found = load(data, decisions=table(tmp_path, "cat/005x.png,leave-out,,,"))
    assert found.train.fingerprint() == without.train.fingerprint()
    write(data / "cat" / "006x.png", b"<html>")
    with pytest.raises(DataError, match=r"cat/006x\.png"):
        load(data, decisions=lines, bad="error")
    judged = load_for(
        data, preprocessing=Preprocessing(6, 5, 1), classes=("cat", "dog"), decisions=lines
    )
    assert [file.name for file in judged.quarantined] == ["cat/006x.png"]


def test_lists_have_labels_numbers_or_one_class(tmp_path: Path) -> None:
    picture_folder(tmp_path / "p", {"": 30})
    paths = [f"p/{i:03}.png" for i in range(30)]
    csv = tmp_path / "list.csv"
    wanted = {"cat": "dog", "a;b": "b;c", "1.5": "-2.25"}
    kinds = {"cat": ("cat", "dog"), "a;b": ("a;b", "b", "c"), "1.5": ("1.5", "2.5")}
    for old, new in wanted.items():
        labels = [kinds[old][i % len(kinds[old])] for i in range(30)]
        lines = [f"{path},{label}" for path, label in zip(paths, labels, strict=True)]
        write(csv, "\n".join(["path,label", *lines]).encode())
        splits = load(csv, decisions=table(tmp_path, f"p/000.png,move,{new},,", "p/001.png,keep"))
        found = {name: label for part in parts(splits) for name, label in labelled(part).items()}
        assert found["p/000.png"] == new
        assert {found[path] for path in paths[1:]} == set(kinds[old])
    with pytest.raises(DataError, match="line 2: the label 'one' is not 1 number"):
        load(csv, decisions=table(tmp_path, "p/000.png,move,one,,"))


def test_pictures_of_arrays_are_named_by_part_and_number(tmp_path: Path) -> None:
    images = noise(3, 50, 6, 6)
    labels = np.array(["cat", "dog"] * 25)
    arrays = {"x": images[:40], "y": labels[:40], "x_test": images[40:], "y_test": labels[40:]}
    np.savez(tmp_path / "a.npz", **arrays)  # type: ignore[arg-type]
    first = pixel_digest(images[7][..., np.newaxis])
    lines = table(
        tmp_path, f"train[7],move,cat,,{first}", "a.npz:train:9,leave-out,,,", "test[0],move,dog,,"
    )
    for source in (arrays, tmp_path / "a.npz"):
        splits = load(source, validation=0.1, seed=2, decisions=lines)
        before = load(source, validation=0.1, seed=2)
        assert splits.validation is not None
        assert before.validation is not None
        learned = {image.tobytes() for part in (splits.train, splits.validation)
                   for image in part.images}  # fmt: skip
        assert images[9].tobytes() not in learned
        assert len(learned) == 39
        for part, old in ((splits.train, before.train), (splits.validation, before.validation)):
            assert {image.tobytes() for image in part.images} <= {
                image.tobytes() for image in old.images
            }
        seven = next(
            (part, i)
            for part in (splits.train, splits.validation)
            for i, image in enumerate(part.images)
            if image.tobytes() == images[7].tobytes()
        )
        assert seven[0].targets.written(seven[1]) == "cat"
        judged = load_for(
            source, preprocessing=Preprocessing(6, 6, 1), classes=("cat", "dog"), decisions=lines
        )
        assert [judged.targets.written(i) for i in range(2)] == ["dog", "dog"]
    assert images[7].tobytes() == arrays["x"][7].tobytes()  # what was given stays as it was
    assert arrays["y"].tolist() == labels[:40].tolist()
    with pytest.raises(DataError, match="other data"):
        load(arrays, decisions=table(tmp_path, "train[40],keep,,,"))


def test_pictures_of_arrays_keep_their_numbers_where_others_are_left_out(tmp_path: Path) -> None:
    images, path = noise(4, 9, 6, 6), tmp_path / "a.npz"
    np.savez(
        path, x=noise(3, 20, 6, 6), y=np.arange(20) % 2, x_test=images, y_test=np.arange(9) % 2
    )
    lines = table(tmp_path, "test[1],leave-out,,,", "test[4],leave-out,,,", "train[0],leave-out,,,")
    test = load(path, validation=0.1, decisions=lines).test
    assert test is not None
    numbers = [0, 2, 3, 5, 6, 7, 8]
    assert [test.picture_name(i) for i in range(len(test))] == [f"test[{i}]" for i in numbers]
    for some in (test, test.subset([6, 1, 2]), test.spread(3)):
        for i in range(len(some)):
            found = parse_reference(argument_of(str(path), some, i))  # as a command reads it
            assert found is not None
            assert found.number is not None
            np.testing.assert_array_equal(some.images[i][..., 0], images[found.number])


def test_boxes_can_be_left_out_but_not_moved(tmp_path: Path) -> None:
    from tests.data.box_layouts import write_voc
    from tests.data.check.test_boxes import samples

    data = write_voc(tmp_path / "voc", samples(12))
    some = load(data, decisions=table(tmp_path, "JPEGImages/003.png,leave-out,,,"))
    everything = load(data)
    assert len(some.train) == len(everything.train) - 1
    with pytest.raises(DataError, match="whose pictures are in no class"):
        load(data, decisions=table(tmp_path, "JPEGImages/003.png,move,cell,,"))


def test_side_cameras_and_shards_take_no_decisions() -> None:
    none = Decisions("d.csv", ())
    from pellucid.data.side_cameras import SideCameras

    with pytest.raises(ArgumentError, match="side_cameras"):
        Reading(decisions=none, side_cameras=SideCameras(0.1, None))
    with pytest.raises(ArgumentError, match="shards"):
        Reading(decisions=none).check_no_decisions("data")


def test_an_empty_file_decides_nothing(tmp_path: Path) -> None:
    data = picture_folder(tmp_path / "data", {"cat": 20, "dog": 20})
    splits = read_splits(data, Reading(decisions=table(tmp_path)))
    assert splits.train.fingerprint() == load(data).train.fingerprint()


def test_check_counts_what_was_decided(tmp_path: Path) -> None:
    data = picture_folder(tmp_path / "data", {"cat": 20, "dog": 20})
    same = encoded(noise(500, 6, 5))
    write(data / "cat" / "same.png", same)
    write(data / "dog" / "same.png", same)
    write(data / "dog" / "bad.png", b"<html>")
    assert {"conflicting-labels", "unusable"} <= {f.kind for f in inspect(data).findings}
    lines = ["cat/same.png,keep,,,", "dog/same.png,keep,,,", "dog/bad.png,leave-out,,,"]
    report = inspect(data, decisions=table(tmp_path, *lines))
    assert not report.spoiling
    assert {f.kind for f in report.findings} == {"understood", "decided", "tiny"}
    assert report.to_dict()["silenced"] == 1
    half = inspect(data, decisions=table(tmp_path, *lines[1:]))
    assert [f.kind for f in half.spoiling] == ["conflicting-labels"]
    moved = inspect(data, decisions=table(tmp_path, "cat/same.png,move,dog,,"))
    assert "duplicates" in {f.kind for f in moved.findings}
    assert {each.name: each.pictures["all"] for each in moved.classes} == {"cat": 20, "dog": 22}
    arrays = {"x": np.concatenate([noise(1, 30, 6, 6)] * 2), "y": np.arange(60) % 2}
    arrays["y"][30:] = arrays["y"][:30]
    assert len(inspect(arrays).by_kind()["duplicates"]) == 30
    looked = [f"all[{i}],leave-out,,," for i in range(31, 60)]
    report = inspect(arrays, decisions=table(tmp_path, *looked, "all[0],keep", "all[30],keep"))
    assert "duplicates" not in report.by_kind()
    assert (report.pictures, report.silenced) == (31, 1)
