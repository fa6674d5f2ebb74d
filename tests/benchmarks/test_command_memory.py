"""What commands hold at most: each is asked in a process of its own, and measured at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from benchmarks.command_memory import COMMANDS, MB, peak, table

if TYPE_CHECKING:
    from pathlib import Path


def test_a_process_for_each(tmp_path: Path) -> None:
    held = peak(["summary", "lenet5"], 1, tmp_path)
    assert 20 * MB < held < 1000 * MB
    with pytest.raises(RuntimeError, match=r"summary no-such-network: exit code 1\n.*no-such"):
        peak(["summary", "no-such-network"], 1, tmp_path)


def test_a_row_for_each_command() -> None:
    first, second, *_ = COMMANDS
    found = {"128": {first: 3 * MB, second: 2000 * MB}, "512": {second: 4 * MB}}
    head, _, *rows = table(found).splitlines()
    assert [cell.strip() for cell in head.split("|")[1:-1]] == ["command", "128×128", "512×512"]
    cells = [[cell.strip() for cell in row.split("|")[1:-1]] for row in rows]
    assert cells[:2] == [[first, "3", "–"], [second, "2,000", "4"]]
    assert [row[0] for row in cells] == [*COMMANDS]
