"""Ready experiments: pooling, ReLU, initialisation, spatial transformers, detectors by regions."""

from pellucid.experiments.deep import INITIALISATION
from pellucid.experiments.detector_outcome import DetectorOutcome
from pellucid.experiments.detectors import run_detectors
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
    "DetectorOutcome",
    "Experiment",
    "Outcome",
    "SpatialOutcome",
    "run",
    "run_detectors",
    "run_spatial",
]
