"""The history as CSV, written and read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pellucid.errors import FileFormatError
from pellucid.tasks import TASKS
from pellucid.training.history import Epoch, from_csv, to_csv
from tests.messages import check_line
from tests.training.scripted import epoch

ROWS = [
    epoch(1),
    replace(epoch(2, 0.1 + 0.2, 1e-300), skipped_batches=3, roll_backs=1, waited=0.125),
    epoch(3, 1.0, 0.0),
]


def test_what_was_written_is_read() -> None:
    assert from_csv(to_csv(ROWS)) == ROWS
    assert from_csv(to_csv([])) == []
    assert from_csv("") == []


def test_columns_that_came_later_may_be_missing() -> None:
    lines = to_csv(ROWS).splitlines()
    assert lines[0].endswith(",seconds,skipped_batches,roll_backs,waited")
    older = "\n".join(line.rsplit(",", 1)[0] for line in lines)
    assert from_csv(older) == [replace(row, waited=0.0) for row in ROWS]
    oldest = "\n".join(line.rsplit(",", 3)[0] for line in lines)
    assert from_csv(oldest) == [
        replace(row, skipped_batches=0, roll_backs=0, waited=0.0) for row in ROWS
    ]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("1.0,0.5", "one,0.5"),
        lambda text: text.replace("1.0,0.5", ",0.5"),
        lambda text: text.replace("1.0,0.5", "nan,0.5"),
        lambda text: text.replace("\n1,", "\n1.5,"),
        lambda text: text.replace("epoch,", "turn,"),
        lambda text: text[: text.index("\n") + 4],
        lambda text: text.replace(",0.25", ""),
    ],
)
def test_what_is_no_history(change: object) -> None:
    text = change(to_csv(ROWS))  # type: ignore[operator]
    assert text != to_csv(ROWS)
    with pytest.raises(
        FileFormatError, match=r"run/history\.csv: line 2 is not an epoch"
    ) as caught:
        from_csv(text, "run/history.csv")
    check_line(caught.value)


def test_measures_keep_their_order_so_that_the_first_ranks() -> None:
    """State files sort names, and a run that goes on ranks its earlier epochs as before."""
    for task in TASKS.values():
        found = {name: 0.5 for name in task.measures if name != "accuracy"}
        row = replace(epoch(1), measures=found)
        values = dict(sorted(row.to_dict().items()))
        assert list(Epoch.from_dict(values).measures) == list(found)
