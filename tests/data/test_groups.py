"""Groups: how they are found, and that none is in two parts."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pellucid.data import Dataset, load, split
from pellucid.data.check import inspect
from pellucid.data.groups import GroupError, Groups, check_group, file_rule, numbered
from pellucid.data.reading import Reading
from pellucid.data.split import stratified_split
from pellucid.errors import ArgumentError, DataError, PellucidError
from tests.data.made_files import encoded, write
from tests.data.test_table import table

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def picture(seed: int) -> bytes:
    random = np.random.default_rng(seed)
    return encoded(random.integers(0, 255, (4, 5)).astype(np.uint8))


def patients(root: Path, count: int = 6, each: int = 5) -> Path:
    """Pictures ``root/<class>/<patient>/<class>_<patient>_<take>.png``; in both classes."""
    for k, name in enumerate(("ill", "well")):
        for p in range(count):
            for take in range(each):
                place = root / name / f"p{p}" / f"{name}_p{p}_{take}.png"
                write(place, picture(100 * p + 10 * take + k))
    return root


@pytest.mark.parametrize(
    ("by", "name", "group"),
    [
        ("{digit}_{group}_{take}", "a/3_jackson_12.wav", "jackson"),
        ("*_{group}_*", "3_jackson_12.wav", "jackson"),
        ("*_{group}_x", "a_b_c_x.png", "b_c"),
        ("p{group}", "p17.png", "17"),
        (r"patient(\d+)", "xpatient12-3.png", "12"),
        ("folder", "cat/p1/a.png", "p1"),
        ("folder", "cat/p1/b/a.png", "b"),
        ("folder:2", "cat/p1/b/a.png", "p1"),
    ],
)
def test_rules(by: str, name: str, group: str) -> None:
    rule = file_rule(by)
    assert rule is not None
    assert rule(PurePosixPath(name), 0) == group


@pytest.mark.parametrize(
    "by",
    ["", 3, "{a}_{b}", "(a)(b)", "(a+)+", r"(\d*\d*\d*\d*\d*)", "(", "{group}*", "{group}_{group}",
     "folder:0", "a/{group}"],
)  # fmt: skip
def test_what_is_no_rule_is_refused(by: object) -> None:
    with pytest.raises(ArgumentError, match="group"):
        check_group(by)
    with pytest.raises(ArgumentError, match="group"):
        Reading(group=by)  # type: ignore[arg-type]


def test_a_hostile_template_takes_no_time() -> None:
    rule = file_rule("a".join(["*"] * 40) + "a{group}b")
    assert rule is not None
    with pytest.raises(GroupError):
        rule(PurePosixPath("a" * 250), None)


@pytest.mark.parametrize("seed", range(8))
def test_groups_stay_whole_and_parts_come_near(seed: int) -> None:
    random = np.random.default_rng(seed)
    groups = Groups(tuple(f"g{k}" for k in random.integers(0, 40, 900)))
    labels = random.integers(0, 3, 900)
    marks = random.integers(0, 2, (900, 4))
    for strata in (labels, marks, np.zeros(900, np.int64)):
        parts = stratified_split(strata, {"validation": 0.1, "test": 0.2}, seed=seed, groups=groups)
        assert sorted(np.concatenate(list(parts.values())).tolist()) == list(range(900))
        owners: dict[str, str] = {}
        for part, positions in parts.items():
            assert (np.diff(positions) > 0).all()
            for i in positions.tolist():
                assert owners.setdefault(groups.names[i], part) == part
        assert abs(len(parts["validation"]) - 90) <= 20, seed
        assert abs(len(parts["test"]) - 180) <= 20, seed
        again = stratified_split(strata, {"validation": 0.1, "test": 0.2}, seed=seed, groups=groups)
        assert all(np.array_equal(parts[part], again[part]) for part in parts)
        other = stratified_split(strata, {"test": 0.2}, seed=seed + 100, groups=groups)
        assert not np.array_equal(parts["test"], other["test"])
    shares = np.bincount(labels[stratified_split(labels, {"t": 0.3}, groups=groups)["t"]])
    assert np.ptp(shares) <= 30


def test_groups_of_one_are_drawn_in_proportion() -> None:
    labels = np.repeat([0, 1, 2], [600, 300, 100])
    groups = Groups(tuple(map(str, range(1000))))
    drawn = stratified_split(labels, {"test": 0.1}, seed=1, groups=groups)["test"]
    assert np.bincount(labels[drawn]).tolist() == [60, 30, 10]


def test_no_class_leaves_training() -> None:
    # class 1 is in one group alone, and the group of 8 is larger than what is asked for
    labels = np.array([0] * 8 + [0, 0, 1, 1] + [0] * 8)
    groups = Groups(("a",) * 8 + ("b",) * 4 + ("c",) * 8)
    for seed in range(6):
        parts = stratified_split(labels, {"test": 0.2}, seed=seed, groups=groups)
        assert set(labels[parts["train"]].tolist()) == {0, 1}
        assert len(parts["test"]) == 8
    for names in (("a",) * 20, ("a",) * 10 + ("b",) * 10):
        classes = np.repeat([0, 1], 10)
        with pytest.raises(DataError, match="group"):
            stratified_split(classes, {"test": 0.2}, groups=Groups(names))


def test_a_folder_in_whole_patients(tmp_path: Path) -> None:
    root = patients(tmp_path)
    for by in ("folder", "folder:2", "{class}_{group}_{take}", r"_(p\d)_"):
        splits = load(root, group=by, cache=False, seed=3)
        parts = splits.train, splits.validation, splits.test
        found = []
        for part in parts:
            assert part is not None
            assert part.groups is not None
            assert part.groups.by == by
            assert part.names is not None
            assert all(f"/{g}/" in n for g, n in zip(part.groups.names, part.names, strict=True))
            found.append(set(part.groups.names))
        assert sum(map(len, found)) == len(set.union(*found)) == 6
        assert [len(part or ()) for part in parts] == [40, 10, 10]
        assert any("16.7%" in note and "10.0%" in note for note in splits.notes)
    plain = load(root, cache=False, seed=3)
    assert plain.train.groups is None
    assert not any("group" in note for note in plain.notes)


def test_the_same_parts_from_the_cache(tmp_path: Path) -> None:
    root = patients(tmp_path / "pictures")
    for _ in range(2):
        kept = load(root, group="folder", cache=tmp_path / "kept")
        plain = load(root, group="folder", cache=False)
        for one, other in ((kept.train, plain.train), (kept.test, plain.test)):
            assert one is not None
            assert other is not None
            assert one.names == other.names
            assert one.fingerprint() == other.fingerprint()


def listed(root: Path, *lines: tuple[str, ...], head: tuple[str, ...]) -> Path:
    for k, line in enumerate(lines):
        write(root / line[0], picture(k))
    return table(root / "list.csv", head, *lines)


def test_a_column_of_a_list(tmp_path: Path) -> None:
    head = ("path", "label", "patient (id)")
    lines = [(f"{k}.png", "ab"[k % 2], f"p{k // 4}") for k in range(40)]
    source = listed(tmp_path, *lines, head=head)
    splits = load(source, group="patient (id)", cache=False)
    assert splits.test is not None
    assert splits.test.groups is not None
    assert splits.test.groups.count == 1
    assert len(splits.test) == 4
    with pytest.raises(GroupError, match="doctor"):
        load(source, group="doctor", cache=False)
    contradiction = listed(tmp_path, *lines, ("3.png", "b", "p9"), head=head)
    with pytest.raises(GroupError, match=r"line 42: 3\.png"):
        load(contradiction, group="patient (id)", cache=False)
    missing = listed(tmp_path, *lines[:-1], ("39.png", "b", ""), head=head)
    with pytest.raises(GroupError, match="line 41"):
        load(missing, group="patient (id)", cache=False)


def test_a_list_of_two_columns_and_a_group(tmp_path: Path) -> None:
    lines = [(f"{k}.png", "ab"[k % 2], f"p{k // 4}") for k in range(24)]
    source = listed(tmp_path, *lines, head=("id", "breed", "owner"))
    assert load(source, group="owner", cache=False).train.classes == ("a", "b")


def test_what_has_no_groups_says_so(tmp_path: Path) -> None:
    root = patients(tmp_path, 2, 2)
    for by in ("speaker", "x_{group}", r"q(\d)", "folder:1", "folder:3"):
        with pytest.raises(GroupError, match="group") as error:
            load(root, group=by, cache=False)
        assert "\n" not in str(error.value)
    arrays = {"x": np.zeros((4, 3, 3), np.uint8), "y": np.array([0, 1, 0, 1])}
    for source in ("mnist", arrays):
        with pytest.raises(ArgumentError, match="groups"):
            load(source, group="folder")


def test_groups_in_several_given_parts_are_found(tmp_path: Path) -> None:
    for part, names in (("train", "abcd"), ("val", "de"), ("test", "cd")):
        for k, name in enumerate(names * 2):
            write(tmp_path / part / "xy"[k < len(names)] / f"{name}_{k}.png", picture(k))
    lines = load(tmp_path, group="{group}_*", cache=False).notes
    assert any("1 group of 5 is in train and test: c" in line for line in lines)
    report = inspect(tmp_path, group="{group}_*", near=False)
    overlaps = [finding.words for finding in report.findings if finding.kind == "group-overlap"]
    assert len(overlaps) == 2
    assert any("train and validation and test: d" in line for line in overlaps)
    assert not [f for f in inspect(tmp_path, near=False).findings if f.kind == "group-overlap"]


def pixels(count: int) -> NDArray[np.uint8]:
    return np.random.default_rng(0).integers(0, 255, (count, 3, 3, 1)).astype(np.uint8)


def test_a_data_set_with_groups_of_its_own() -> None:
    groups = [f"g{k // 5}" for k in range(40)]
    data = Dataset(pixels(40), labels=[0, 1] * 20, classes=("a", "b"), groups=groups)
    first, second = split(data, (0.75, 0.25))
    assert first.groups is not None
    assert second.groups is not None
    assert not set(first.groups.names) & set(second.groups.names)
    assert len(second) == 10
    assert data.subset([7, 2]).groups.names == ("g1", "g0")  # type: ignore[union-attr]
    with pytest.raises(PellucidError, match="one group per picture"):
        Dataset(pixels(3), labels=[0, 1, 1], classes=("a", "b"), groups=["a"])
    assert numbered(["b", "a", "b"]).tolist() == [1, 0, 1]
