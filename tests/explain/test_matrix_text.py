"""Matrices as people write them, and those whose rows are not clear."""

from __future__ import annotations

import json
import re
from typing import Any

import numpy as np
import pytest

from pellucid.errors import ArgumentError
from pellucid.explain.gallery import own_kernel
from pellucid.explain.matrix_text import parse_matrix
from tests.messages import check_line

SOBEL = [[1.0, 0.0, -1.0], [2.0, 0.0, -2.0], [1.0, 0.0, -1.0]]
NINE = "1 0 -1 2 0 -2 1 0 -1"


@pytest.mark.parametrize(
    "text",
    [
        "1 0 -1; 2 0 -2; 1 0 -1",
        "1 0 -1;2 0 -2;1 0 -1;",
        "1, 0, -1; 2, 0, -2; 1, 0, -1",
        "1,0,-1;2,0,-2;1,0,-1",
        "1 0 -1, 2 0 -2, 1 0 -1",
        "1 0 -1\n2 0 -2\n1 0 -1",
        "\n1 0 -1;\n2 0 -2;\n\n1 0 -1\n",
        "1,0,-1\r\n2,0,-2\r\n1,0,-1\r\n",
        "1\t0\t-1\n2\t0\t-2\n1\t0\t-1",
        "[1 0 -1; 2 0 -2; 1 0 -1]",
        "[1, 0, -1; 2, 0, -2; 1, 0, -1];",
        "[1 0 -1\n 2 0 -2\n 1 0 -1]",
        json.dumps(SOBEL),
        json.dumps(SOBEL, indent=2),
        str(np.array(SOBEL)),
        repr(np.array(SOBEL)),
        f"np.{np.array(SOBEL)!r}",
        str(tuple(map(tuple, SOBEL))),
        "[1 0 -1], [2 0 -2], [1 0 -1]",
        "1 0 \N{MINUS SIGN}1; 2 0 \N{MINUS SIGN}2; 1 0 \N{MINUS SIGN}1",
        "+1.0 .0 -1e0; 2. 0e3 -2; 10e-1 0 -1.",
    ],
)
def test_a_matrix_in_every_spelling(text: str) -> None:
    assert parse_matrix(text).tolist() == SOBEL


def test_what_numpy_and_matlab_read_is_read_alike() -> None:
    for seed in range(20):
        random = np.random.default_rng(seed)
        matrix = random.normal(size=random.integers(1, 8, 2)).round(3)
        rows = [" ".join(map(str, row)) for row in matrix.tolist()]
        for text in (json.dumps(matrix.tolist()), f"{matrix.tolist()}", repr(matrix)):
            np.testing.assert_array_equal(parse_matrix(text), matrix)
        if len(rows) > 1:
            np.testing.assert_array_equal(parse_matrix(f"[{'; '.join(rows)}]"), np.array(matrix))
            np.testing.assert_array_equal(parse_matrix("\n".join(rows)), matrix)


@pytest.mark.parametrize("text", [NINE, NINE.replace(" ", ","), f"[{NINE}]", f"{NINE};", "1 2 3 4"])
def test_a_row_that_may_be_a_square_is_refused(text: str) -> None:
    with pytest.raises(ArgumentError, match="semicolons") as caught:
        parse_matrix(text)
    check_line(caught.value, 400)
    rows, columns = ("1 2; 3 4", "1×4") if text == "1 2 3 4" else ("1 2 3; 4 5 6; 7 8 9", "1×9")
    assert rows in str(caught.value)
    assert columns in str(caught.value)
    assert parse_matrix(rows).shape[0] == parse_matrix(rows).shape[1]


def test_one_row_is_written_with_two_brackets_or_where_it_is_no_square() -> None:
    assert parse_matrix(f"[[{NINE}]]").shape == (1, 9)
    assert parse_matrix("1 2 1").shape == parse_matrix("[1, 2, 1]").shape == (1, 3)
    assert parse_matrix("1; 2; 1").shape == (3, 1)
    assert parse_matrix("7").tolist() == [[7.0]]
    assert own_kernel(np.ones((1, 9))).matrix.shape == (1, 9)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "no numbers"),
        (" ;\n", "no numbers"),
        ("[]", "no numbers"),
        ("[[]]", "no numbers"),
        ("1 2;;3 4", "empty row"),
        ("[[1, 2], []]", "empty row"),
        ("1 2; 3", "(2, 1)"),
        ("[[1, 2], [3]]", "(2, 1)"),
        ("0,5 1 0,5", "(1, 3, 1)"),
        ("0,5 1; 1 0,5", "point"),
        ("1 b", "'b'"),
        ("1 nan; 2 3", "'nan'"),
        ("inf", "'inf'"),
        ("1e400 1", "inf"),
        ("1e10 1", "1e+10"),
        ("1/9 1/9; 1/9 1/9", "--divisor"),
        ("1_0 2; 3 4", "'1_0'"),
        ("0x10", "'0x10'"),
        ("[[1, 2], [3, 4]", "brackets"),
        ("[1, 2", "brackets"),
        ("[[[1]]]", "brackets"),
        ("; ".join(["1 " * 32] * 2), "31×31"),
        ("1\n" * 32, "31×31"),
        ("1 " * 100_000, "characters"),
    ],
)
def test_what_is_no_matrix(text: str, part: str) -> None:
    with pytest.raises(ArgumentError, match=re.escape(part)) as caught:
        parse_matrix(text)
    check_line(caught.value, 400)


@pytest.mark.parametrize(
    "matrix",
    [
        [1, 0, -1, 2, 0, -2, 1, 0, -1], np.ones(9), np.ones((2, 2, 2)), [[1, 2], [3]], [], [[]],
        [["1", "2"]], ["1 2", "3 4"], [[None]], [[np.nan]], [[np.inf]], [[1 + 2j]], [[10**400]],
        [[1e300]], None, 5, {1: 2}, np.array(["a"]), np.ones((32, 2)), [[{}]],
    ],
    ids=repr,
)  # fmt: skip
def test_numbers_that_are_no_matrix(matrix: Any) -> None:
    with pytest.raises(ArgumentError) as caught:
        own_kernel(matrix)
    check_line(caught.value, 400)


@pytest.mark.parametrize("divisor", [0, np.nan, np.inf, None, "2", True, 1e-300, [1]])
def test_divisors_that_are_none(divisor: Any) -> None:
    with pytest.raises(ArgumentError, match="divi"):
        own_kernel("1 2 1", divisor)


@pytest.mark.parametrize("matrix", [SOBEL, np.array(SOBEL, np.float32), tuple(map(tuple, SOBEL))])
def test_numbers_that_are_one(matrix: Any) -> None:
    kernel = own_kernel(matrix, 2)
    assert kernel.matrix.tolist() == SOBEL
    assert kernel.weights[1, 0] == 1.0
