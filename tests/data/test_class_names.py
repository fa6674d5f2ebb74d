"""Class names that users give, as a list, a text or a file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pellucid.data.class_names import given_classes, named_places
from pellucid.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"cat\nsea lion\n", ("cat", "sea lion")),
        (b"\xef\xbb\xbfcat\r\n dog \r\n\r\n\r\n", ("cat", "dog")),
        ("Vögel\nкошка".encode(), ("Vögel", "кошка")),
        (b"a,b\nc,d", ("a,b", "c,d")),
    ],
)
def test_a_file_with_one_name_a_line(
    tmp_path: Path, content: bytes, expected: tuple[str, ...]
) -> None:
    path = tmp_path / "names.txt"
    path.write_bytes(content)
    assert given_classes(path) == given_classes(str(path)) == (expected, "text")


@pytest.mark.parametrize(
    ("given", "expected", "kind"),
    [
        ("cat,sea lion , owl", ("cat", "sea lion", "owl"), "text"),
        (["cat", "owl"], ("cat", "owl"), "text"),
        (np.array(["cat", "owl"]), ("cat", "owl"), "text"),
        ([30, 10], ("30", "10"), "int"),
    ],
)
def test_names_in_a_list(given: Any, expected: tuple[str, ...], kind: str) -> None:
    assert given_classes(given) == (expected, kind)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("cat,,owl", "name 2 is empty"),
        ("cat,owl,cat", r"'cat' is given twice \(names 1 and 3\)"),
        ("cat,owl,Cat", "'Cat' and 'cat' differ only in case"),
        (["sea lion", "sea  lion"], "differ only in case or blanks"),
        (["a ", "a"], "differ only in case or blanks"),
        (["a", 1], "mixed"),
        (["a", None], "missing"),
        ([], "no labels"),
        ("nowhere.txt", "nowhere.txt' is no file"),
        ("x" * 5000, "is no file"),
        ([True, False], "bools"),
        (3, "no sequence"),
    ],
)
def test_names_that_cannot_be(given: Any, words: str) -> None:
    with pytest.raises(DataError, match=words) as caught:
        given_classes(given)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no class names"),
        (b"\n\n", "no class names"),
        (b"a\n\nb", "name 2 is empty"),
        (b"a\nb\nA", "differ only in case"),
        (b"\xff\xfe\xc0", "UTF-8"),
        (b"a\0b", "no text file"),
        (b"a" * (1 << 20) + b"bc", "1048576 bytes"),
    ],
)
def test_files_that_cannot_be(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "n.txt").write_bytes(content)
    with pytest.raises(DataError, match=words) as caught:
        given_classes(tmp_path / "n.txt")
    assert "n.txt" in str(caught.value)


def test_integers_count_names() -> None:
    def places(labels: list[int], *names: str) -> list[int]:
        found = named_places({"all": np.array(labels)}, names, "text", "data")
        return [int(place) for place in found["all"]]

    assert places([0, 2, 0], "a", "b", "c") == [0, 2, 0]
    assert places([1, 2, 3, 1], "a", "b", "c") == [0, 1, 2, 0]  # from 1, as EMNIST's letters
    assert places([10, 30], "a", "b") == [0, 1]
    with pytest.raises(DataError, match=r"2 class names for the labels 0 to 2 \(3 different"):
        places([0, 1, 2], "a", "b")
    with pytest.raises(DataError, match="3 class names for the labels 1 to 7"):
        places([1, 7], "a", "b", "c")
