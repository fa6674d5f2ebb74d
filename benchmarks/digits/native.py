"""Pellucid: its own pictures, its usual recipe, the native engine."""

from __future__ import annotations

import json
import sys

import pellucid as pl


def main() -> None:
    """Learn, save, judge; see :mod:`benchmarks.digits`."""
    epochs, seed, out, _, rate, _ = sys.argv[1:]
    data = pl.data.load("mnist", validation=0)
    model = pl.ImageClassifier(
        "lecture", epochs=int(epochs), seed=int(seed), learning_rate=float(rate), engine="native"
    )
    assert data.test is not None
    model.fit(data.train)
    model.save(out)
    print(json.dumps({"saved": out}), flush=True)
    print(json.dumps({"accuracy": model.evaluate(data.test).accuracy}), flush=True)


if __name__ == "__main__":
    main()
