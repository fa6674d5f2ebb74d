"""Ready experiments: why pooling, why ReLU, why this initialisation, why spatial transformers."""

from pellucid.experiments.deep import INITIALISATION
from pellucid.experiments.experiment import Experiment, Outcome, run
from pellucid.experiments.shallow import POOLING, RELU
from pellucid.experiments.spatial import SpatialOutcome, run_spatial

EXPERIMENTS: dict[str, Experiment] = {each.name: each for each in (POOLING, RELU, INITIALISATION)}
"""Every experiment by its name on the command line."""

__all__ = [
    "EXPERIMENTS",
    "INITIALISATION",
    "POOLING",
    "RELU",
    "Experiment",
    "Outcome",
    "SpatialOutcome",
    "run",
    "run_spatial",
]
