"""Three ready experiments: why pooling, why ReLU, why this initialisation."""

from pellucid.experiments.deep import INITIALISATION
from pellucid.experiments.experiment import Experiment, Outcome, run
from pellucid.experiments.shallow import POOLING, RELU

EXPERIMENTS: dict[str, Experiment] = {each.name: each for each in (POOLING, RELU, INITIALISATION)}
"""Every experiment by its name on the command line."""

__all__ = ["EXPERIMENTS", "INITIALISATION", "POOLING", "RELU", "Experiment", "Outcome", "run"]
