"""Every operation's cases, one file per family."""

from __future__ import annotations

from tests.ops.cases.case import Case, Drawn, named
from tests.ops.cases.channels import CHANNELS
from tests.ops.cases.joints import JOINTS
from tests.ops.cases.pointwise import ACTIVATIONS
from tests.ops.cases.regions import REGIONS
from tests.ops.cases.windows import CONVOLUTIONS, POOLINGS, SWEEP, TRANSPOSED
from tests.ops.cases.words import SEQUENCES, WORDS

__all__ = ["CASES", "SMOOTH", "SWEEP", "Case", "Drawn", "named"]

CASES = [
    *CONVOLUTIONS,
    *TRANSPOSED,
    *POOLINGS,
    *ACTIVATIONS,
    *CHANNELS,
    *JOINTS,
    *WORDS,
    *SEQUENCES,
    *REGIONS,
]
"""What every check runs on."""

SMOOTH = [case for case in CASES if case.smooth]
"""What finite differences run on: the cases that keep away from kinks."""
