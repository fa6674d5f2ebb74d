"""The randomisation test: does a heatmap depend on what the network has learned?

Layers' weights are replaced by fresh random ones, from the answer down, one layer more each time;
the heatmap is made again and compared with the first by the rank correlation of its absolute
values. Where it stays high, the method shows the image and not the network. Adebayo et al. 2018,
*RandomisationTest checks for saliency maps* (cascading randomisation).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from pellucid.engines import get_engine
from pellucid.explain.evidence import Evidence
from pellucid.explain.methods import METHODS
from pellucid.explain.records import record
from pellucid.graph import Network, initial_weights
from pellucid.record import Record
from pellucid.renamed import old_names
from pellucid.short_repr import short_repr

if TYPE_CHECKING:
    from pellucid.explain.emptiness import Emptiness
    from pellucid.explain.heatmap import Heatmap
    from pellucid.explain.score import Score
    from pellucid.ops.operation import Array

FIRST_SEED = 1 << 31
"""Seeds of random weights begin here, so that they are not those that a network's training began
with."""


@dataclass(frozen=True)
class Randomised:
    """One step of the test.

    Attributes:
        layer: The layer whose weights became random too.
        similarity: The rank correlation of the heatmap's absolute values with the first one's, −1
            to 1; none if either has a single value everywhere.
        signed: The same with signs: low where places stay and what they speak for does not.
    """

    layer: str
    similarity: float | None
    signed: float | None


@short_repr
@dataclass(frozen=True)
class RandomisationTest(Record):
    """What the test found.

    Attributes:
        method: The method that was tested.
        steps: From the last layer alone to all layers.
        empty: Why the heatmap of the trained network says nothing, so that there is nothing to
            compare with; none if it says something.
        engine: Who computed the random networks, and in what precision.
    """

    record_kind: ClassVar[str] = "randomisation"
    method: str
    steps: tuple[Randomised, ...]
    empty: Emptiness | None = None
    engine: str = ""

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return record(
            "randomisation",
            method=self.method,
            engine=self.engine,
            steps=[
                {"layer": step.layer, "similarity": step.similarity, "signed": step.signed}
                for step in self.steps
            ],
            empty=None if self.empty is None else self.empty.to_dict(),
        )


def randomisation_test(scored: Score, method: str, *, seed: int = 0) -> RandomisationTest:
    """Put a method to the test.

    Args:
        scored: What is asked; its target stays, whatever the random networks answer.
        method: A name of :data:`~pellucid.explain.methods.METHODS`.
        seed: Of the random weights.

    Raises:
        ArgumentError: If the method does not suit the network.
    """
    graph = scored.graph
    made = METHODS[method].function(scored)
    first = _values(made)
    fresh = initial_weights(graph, (FIRST_SEED + seed) % (1 << 32))
    weights = dict(scored.network.weights)
    learned = scored.activations.model.network.weights  # a region that is held is not
    steps, engine = [], ""
    for node in reversed(graph.nodes):
        own = [name for name in graph.parameters if name.node == node.name and str(name) in learned]
        if not own:
            continue
        weights |= {str(name): fresh[str(name)] for name in own}
        asked = _with(scored, Network(graph, dict(weights)))
        engine, found = asked.computed.engine, _values(METHODS[method].function(asked))
        steps.append(_compare(node.name, first, found))
    return RandomisationTest(method, tuple(steps), made.empty, engine)


def _compare(layer: str, first: Array, found: Array) -> Randomised:
    absolute = rank_correlation(np.abs(first), np.abs(found))
    return Randomised(layer, absolute, rank_correlation(first, found))


def _values(made: Heatmap | Evidence) -> Array:
    return np.asarray(made.by_pixel if isinstance(made, Evidence) else made.values)


def _with(scored: Score, network: Network) -> Score:
    old = scored.computed
    model = replace(old.model, network=network, provenance={})
    program = get_engine("reference").load(network)  # compiling each would take longer
    looked = replace(old, model=model, program=program)
    if scored.held is None:
        return replace(scored, activations=looked)
    return replace(scored, held=looked)


def rank_correlation(a: Array, b: Array) -> float | None:
    """Spearman's rank correlation of two arrays, equals sharing a rank; none if one is constant."""
    ranks = [_ranks(array.ravel()) for array in (a, b)]
    x, y = (rank - rank.mean() for rank in ranks)
    size = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / size if size else None


def _ranks(values: Array) -> Array:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return np.asarray((last - (count - 1) / 2.0)[place])


if not TYPE_CHECKING:
    __getattr__ = old_names(__name__)
