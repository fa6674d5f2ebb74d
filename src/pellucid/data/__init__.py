"""Pictures in: built-in sets, picture files, IDX files, arrays; decoded, checked, divided."""

from __future__ import annotations

from pellucid.data.dataset import Dataset, Splits
from pellucid.data.idx import read_idx, read_idx_pair
from pellucid.data.listing import listing
from pellucid.data.load import BUILTIN, load, load_for
from pellucid.data.pillow import MAX_PIXELS
from pellucid.data.preprocessing import Preprocessing
from pellucid.data.quarantine import BadFile
from pellucid.data.reference import picture
from pellucid.data.split import split, stratified_split

__all__ = [
    "BUILTIN",
    "MAX_PIXELS",
    "BadFile",
    "Dataset",
    "Preprocessing",
    "Splits",
    "listing",
    "load",
    "load_for",
    "picture",
    "read_idx",
    "read_idx_pair",
    "split",
    "stratified_split",
]
