"""Gates, cells and states behind the words of the captions of tests' pages, as JSON.

python -m tests.page.caption_gates
"""

from __future__ import annotations

import json
import sys
from typing import Any

import numpy as np

from pellucid.architectures.captioner import EMBEDDING, READS, WORDS_GRAPH
from pellucid.page.captions import PagedCaptioner
from pellucid.tasks.captioning import END
from tests.estimators.test_captioner import pictures
from tests.interop.test_onnx_captions import captioner_model


def opened(cell: str) -> list[dict[str, Any]]:
    """What the layer makes of each word of the first sample's caption, by name."""
    model = captioner_model(cell)
    network, layer = model.network, model.network.graphs[WORDS_GRAPH][READS]
    expected = PagedCaptioner.of(model, pictures(3)[0]).data["expected"]
    words = [END, *expected[0]["words"][:-1]]
    own = {
        name.partition(".")[2]: array.astype(np.float64)
        for name, array in network.weights.items()
        if name.startswith(f"{READS}.")
    }
    x = network.weights[f"{EMBEDDING}.table"][words].astype(np.float64)
    states, (_, steps) = layer.operation.forward([x[None]], own)
    found = []
    for step, state in zip(steps, states[0], strict=True):
        if cell == "gru":
            before, reset, update, candidate, _ = step
            gates, cells = [reset, update, candidate], None
        else:
            before, _, enters, forget, candidate, out, after = step
            gates, cells = [enters, forget, candidate, out], after[0].tolist()
        found.append(
            {
                "before": np.broadcast_to(before, (1, len(state)))[0].tolist(),
                "gates": [gate[0].tolist() for gate in gates],
                "cell": cells,
                "state": state.tolist(),
            }
        )
    return found


if __name__ == "__main__":
    json.dump({cell: opened(cell) for cell in ("gru", "lstm")}, sys.stdout)
