"""Figures as Markdown tables."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

from benchmarks.contenders import entry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.figures import Cold, Figures, Learned

NOTHING = "–"


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]], texts: int = 2) -> str:
    """A table; columns but the first, as many as are texts, are numbers, aligned to the right."""
    rule = ["---" if column < texts else "---:" for column in range(len(head))]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, rule, *rows))


def legend(contenders: Sequence[str]) -> str:
    """What is measured of each contender, a line each, and what it is compared with."""
    lines = [f"- `{name}`: {includes}" for name in contenders if (includes := entry(name).includes)]
    if any(entry(name).peer for name in contenders):
        lines.append("- best peer: the fastest of all modes of all others, workload by workload")
    return "\n".join(lines)


def best_peer(figures: Sequence[Figures]) -> Figures | None:
    """The fastest that is somebody else's."""
    peers = [one for one in figures if entry(one.contender).peer]
    return max(peers, key=lambda one: one.median, default=None)


def training_rows(
    workload: str, figures: Sequence[Figures], flops: int, peak: float
) -> list[list[str]]:
    """A row for each contender.

    Args:
        workload: Its name.
        figures: What was measured.
        flops: Of a training step, for each picture.
        peak: Of the machine, in GFLOP/s.
    """
    best = best_peer(figures)
    peers = [one.peak_memory for one in figures if entry(one.contender).peer]
    return [
        [
            *speed(workload, one, best),
            f"{one.median * flops / 1e9:.0f}",
            f"{one.median * flops / 1e9 / peak:.0%}",
            f"{one.peak_memory / 2**20:,.0f}",
            f"{one.peak_memory / min(peers):.2f}" if peers else NOTHING,
        ]
        for one in figures
    ]


TRAINING_HEAD = [
    "workload", "contender", "images/s", "spread", "÷ best peer", "GFLOP/s", "of FMA peak",
    "memory, MB", "÷ least peer's",
]  # fmt: skip


def twin_rows(what: str, figures: Sequence[Figures]) -> list[list[str]]:
    """A row for each that learned a task.

    Args:
        what: The network and its input, in words.
        figures: What was measured.
    """
    best = _best_twin(figures)
    return [[*speed(what, one, best), f"{one.peak_memory / 2**20:,.0f}"] for one in figures]


def twin_ratio(figures: Sequence[Figures]) -> list[float]:
    """How many times as fast as the best twin the package is; nothing where one is missing."""
    best, own = _best_twin(figures), [one for one in figures if one.contender == "native"]
    return [] if best is None else [one.times(best) for one in own]


def _best_twin(figures: Sequence[Figures]) -> Figures | None:
    twins = [one for one in figures if one.contender != "native"]
    return max(twins, key=lambda one: one.median, default=None)


TWINS_HEAD = ["network", "contender", "examples/s", "spread", "÷ best of PyTorch", "memory, MB"]


def forward_rows(
    workload: str, figures: Sequence[Figures], flops: int, peak: float
) -> list[list[str]]:
    """A row for each contender; arguments as of :func:`training_rows`, for a forward pass."""
    best = best_peer(figures)
    return [
        [
            *speed(workload, one, best),
            f"{one.median * flops / 1e9:.0f}",
            f"{one.median * flops / 1e9 / peak:.0%}",
        ]
        for one in figures
    ]


FORWARD_HEAD = TRAINING_HEAD[:7]


def latency_rows(workload: str, figures: Sequence[Figures]) -> list[list[str]]:
    """A row for each contender: microseconds a picture."""
    best = best_peer(figures)
    return [
        [
            workload,
            one.contender,
            f"{1e6 / one.median:,.0f}",
            f"{one.spread:.0%}",
            NOTHING if best is None else f"{1 / one.times(best):.2f}",
        ]
        for one in figures
    ]


LATENCY_HEAD = ["workload", "contender", "µs", "spread", "÷ best peer"]


def cold_rows(workload: str, starts: Sequence[Cold]) -> list[list[str]]:
    """A row for each contender: seconds from the start of the process."""
    peers = [one.median for one in starts if entry(one.contender).peer]
    return [
        [
            workload,
            one.contender,
            f"{one.median:.2f}",
            f"{one.spread:.0%}",
            f"{statistics.median(one.preparing):.2f}",
            f"{one.median / min(peers):.2f}" if peers else NOTHING,
        ]
        for one in starts
    ]


COLD_HEAD = [
    "workload", "contender", "s to first result", "spread", "after importing", "÷ best peer",
]  # fmt: skip


def learned_rows(learned: Sequence[Learned], goal: float) -> list[list[str]]:
    """A row for each contender that went for the goal, an accuracy on the test set."""
    peers = [o.median for o in learned if entry(o.contender).peer and o.accuracy >= goal]
    return [
        [
            "lenet5 on MNIST",
            one.contender,
            str(one.epochs),
            f"{one.accuracy:.2%}",
            f"{one.median:.1f}" if one.accuracy >= goal else "missed",
            f"{one.median / min(peers):.2f}" if peers else NOTHING,
            f"{one.peak_memory / 2**20:,.0f}",
        ]
        for one in learned
    ]


LEARNED_HEAD = [
    "workload", "contender", "epochs", "accuracy", "s until saved", "÷ best peer", "memory, MB",
]  # fmt: skip


def speed(workload: str, one: Figures, best: Figures | None) -> list[str]:
    """The first cells of a row: who, how fast, and beside the best peer."""
    return [
        workload,
        one.contender,
        f"{one.median:,.0f}",
        f"{one.spread:.0%}",
        NOTHING if best is None else f"{one.times(best):.2f}",
    ]
