"""Pellucid: its own pictures, the native engine."""

from __future__ import annotations

import json
import sys

import pellucid as pl
from benchmarks.digits import ARCHITECTURE, BATCH, SMOOTHING


def main() -> None:
    """Learn, save, judge; see :mod:`benchmarks.digits`."""
    epochs, seed, out, _, rate, _ = sys.argv[1:]
    data = pl.data.load("mnist", validation=0)
    model = pl.ImageClassifier(
        ARCHITECTURE,
        epochs=int(epochs),
        seed=int(seed),
        learning_rate=float(rate),
        batch_size=BATCH,
        label_smoothing=SMOOTHING,
        engine="native",
    )
    assert data.test is not None
    model.fit(data.train)
    model.save(out)
    print(json.dumps({"saved": out}), flush=True)
    print(json.dumps({"accuracy": model.evaluate(data.test).accuracy}), flush=True)


if __name__ == "__main__":
    main()
