"""Files that Pellucid writes: models, training states, and how any result is written safely."""

from __future__ import annotations

from pellucid.files.atomic import remove_file, write_file, write_text
from pellucid.files.folders import check_inside, make_folder, try_folder
from pellucid.files.limits import check_limits
from pellucid.files.model_file import Model, load_model, model_bytes, model_from_bytes, save_model
from pellucid.files.state_file import load_state, save_state
from pellucid.files.strict_json import JSON

__all__ = [
    "JSON",
    "Model",
    "check_inside",
    "check_limits",
    "load_model",
    "load_state",
    "make_folder",
    "model_bytes",
    "model_from_bytes",
    "remove_file",
    "save_model",
    "save_state",
    "try_folder",
    "write_file",
    "write_text",
]
