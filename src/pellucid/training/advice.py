"""What to do about a training that did not go well: advice that fits the network it is given for.

Nothing is advised that is there already, and every option exists in ``pellucid train --help``.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pellucid.architectures import ARCHITECTURES, PUBLISHED, get_architecture
from pellucid.data.augment.settings import SOUND, SPEECH
from pellucid.errors import PellucidError
from pellucid.short_repr import short_repr
from pellucid.tasks import Regression, Transcription

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pellucid.graph import Graph
    from pellucid.tasks import Task
    from pellucid.training.history import Epoch

EARLY_EPOCHS = 10
"""How long to train first, where it was too short to tell."""

DECAY = 0.0005

LIGHT = "brightness=0.2,contrast=0.2"
"""An augmentation that moves nothing."""

_CHARACTER = re.compile(r"\w|\d+")
"""A class that is a digit, a number or a letter."""

_SIDED = re.compile(r"(?<![a-z])(left|right|(anti|counter)?clockwise)(?![a-z])", re.IGNORECASE)
"""A class of which the mirror image is another one."""


@short_repr
@dataclass(frozen=True, eq=False)
class Setup:
    """What was trained and how, as far as it is known.

    Attributes:
        graph: The network; none: unknown.
        recipe: As the model's provenance has it; empty: unknown.
        task: What for; none: unknown.
        usual_epochs: How long such a network is trained where nothing else is asked.
        noun: What it learns from: ``"picture"`` or ``"recording"``.
    """

    graph: Graph | None = None
    recipe: Mapping[str, Any] = field(default_factory=dict)
    task: Task | None = None
    usual_epochs: int = EARLY_EPOCHS
    noun: str = "picture"

    @property
    def check_labels(self) -> str:
        """To look at the data again."""
        return f"look whether the labels fit the {self.noun}s (pellucid check)"

    @property
    def has_batch_norms(self) -> bool:
        """Whether the network normalises its batches anywhere."""
        return self.graph is not None and any(
            node.operation.kind == "batch_norm" for node in self.graph.nodes
        )

    @property
    def balanced(self) -> bool:
        """Whether the classes have weights."""
        return self._at("loss", "class_weights") is not None

    @property
    def augmented(self) -> bool:
        """Whether training pictures are changed in any way."""
        augmentation = self.recipe.get("augmentation")
        if not isinstance(augmentation, dict):
            return False
        return any(
            bool(value) for name, value in augmentation.items() if name not in ("kind", "border")
        )

    @property
    def on_body(self) -> bool:
        """Whether the first epoch solved a head on a trained body."""
        return self.whole("head_epochs") is not None

    @property
    def only_head(self) -> bool:
        """Whether nothing but that head was learned, which more epochs do not change."""
        return self.on_body and self.whole("head_epochs") == self.whole("epochs")

    @property
    def weight_decay(self) -> float:
        """The decay of kernels."""
        decay = self._at("optimizer", "weight_decay")
        return float(decay) if isinstance(decay, int | float) else 0.0

    def whole(self, name: str) -> int | None:
        """A setting that is a whole number, ``epochs`` or ``patience``; none if unknown."""
        value = self.recipe.get(name)
        return value if type(value) is int and value > 0 else None

    def _at(self, part: str, name: str) -> Any:
        values = self.recipe.get(part)
        return values.get(name) if isinstance(values, dict) else None


def train_longer(setup: Setup, history: Sequence[Epoch]) -> str:
    """How to train for longer: by more epochs, or by more patience where that ended it.

    A head that is solved takes no epochs: then the body's last blocks may learn too.
    """
    if setup.only_head:
        return "let the last blocks of the body learn too (--fine-tune 3)"
    epochs, patience = setup.whole("epochs"), setup.whole("patience")
    if epochs is not None and patience is not None and 0 < len(history) < epochs:
        return f"wait longer for a better epoch (--patience {max(2 * patience, EARLY_EPOCHS // 2)})"
    done = epochs if epochs is not None else len(history)
    return f"train for longer (--epochs {max(2 * done, setup.usual_epochs)})"


def revive(setup: Setup, rate: float | None) -> str:
    """Against units that are 0 for every picture.

    Args:
        setup: How the network was trained.
        rate: The highest rate of the history, taken where the recipe's is not known: an epoch's
            row has its last step's alone.
    """
    planned = setup.recipe.get("learning_rate")
    rate = planned if isinstance(planned, float) and planned > 0 else rate
    lower = "" if rate is None else f" (--learning-rate {rate / 3:.1g})"
    words = f"lower the learning rate{lower}, whose large steps kill units"
    if setup.graph is not None and not setup.has_batch_norms and not setup.on_body:
        fitting = _fitting(setup.graph, "batch_norm")
        if fitting is not None:
            words += f"; or take a network with batch norms (--architecture {fitting})"
    return words


def mind_small_classes(setup: Setup) -> str:
    """Against answers that are nearly all the frequent class."""
    if setup.balanced:
        return f"add {setup.noun}s to the small classes: their weights are balanced already"
    return (
        "let small classes count as much as large ones (--class-weights balanced), or add "
        f"{setup.noun}s to them"
    )


def generalise(setup: Setup) -> str:
    """Against learning pictures by heart."""
    ways = []
    if not setup.augmented:
        ways.append(f"vary the {setup.noun}s (--augment {_harmless(setup)})")
    ways.append(f"add more {setup.noun}s")
    if setup.on_body:  # the decay is the head's, and was chosen; the architecture is the body's
        ways.append("let fewer blocks learn (--fine-tune), or the head alone")
        return f"{', '.join(ways[:-1])}, or {ways[-1]}"
    if setup.weight_decay < DECAY:
        ways.append(f"let weights decay (--weight-decay {DECAY})")
    of_map = setup.task is not None and setup.task.of_map  # a network of its own
    smaller = None if setup.graph is None or of_map else _smaller(setup.graph)
    if smaller is not None:
        ways.append(f"take a smaller network (--architecture {smaller})")
    return ways[0] if len(ways) == 1 else f"{', '.join(ways[:-1])}, or {ways[-1]}"


def beat_guessing(
    setup: Setup, history: Sequence[Epoch], *, enough: int | None, uneven: bool
) -> str:
    """Against an accuracy that is no better than that of one fixed answer.

    Args:
        setup: What was trained.
        history: A row an epoch.
        enough: How many pictures would show that it is better; none: it is not.
        uneven: Whether one class has far more pictures than an average one.
    """
    ways = []
    if enough is not None:
        shown = f"about {enough} would show so much of a difference"
        ways.append(f"judge by more {setup.noun}s ({shown})")
    if uneven:
        ways.append("look at the recall of each class, which a frequent class does not flatter")
        if not setup.balanced:
            ways.append("let small classes count as much (--class-weights balanced)")
    ways.append(train_longer(setup, history))
    if enough is None:
        ways.append(setup.check_labels)
    ways.append(f"add {setup.noun}s to learn from")
    return f"{', '.join(ways[:-1])}, or {ways[-1]}"


def _harmless(setup: Setup) -> str:
    """An augmentation that leaves the answers as they are, as ``--augment`` takes it.

    A number may be an angle, a place or a size, which whatever moves pixels changes: only light
    changes then. Characters, and what is named by its side, are not mirrored.
    """
    if setup.noun == "recording":
        return SPEECH if isinstance(setup.task, Transcription) else SOUND
    if isinstance(setup.task, Regression):
        return LIGHT
    grey = setup.graph is not None and setup.graph.input_shape[-1] == 1
    names = () if setup.task is None else setup.task.names
    sided = any(_CHARACTER.fullmatch(name) or _SIDED.search(name) for name in names)
    return "digits" if grey or sided else "photos"


def _fitting(graph: Graph, kind: str) -> str | None:
    """An architecture that has an operation and takes these pictures, the smallest of them."""
    found = [
        (size, name)
        for name, other in _others(graph)
        if any(node.operation.kind == kind for node in other.nodes)
        and (size := parameters(other)) > 0
    ]
    return min(found)[1] if found else None


def _smaller(graph: Graph) -> str | None:
    """The largest architecture that has at most half of a network's weights; none if none has."""
    most = parameters(graph) // 2
    found = [(size, name) for name, other in _others(graph) if (size := parameters(other)) <= most]
    return max(found)[1] if found else None


def _others(graph: Graph) -> list[tuple[str, Graph]]:
    """The architectures made for pictures of about this size or smaller, and their graphs here."""
    found = []
    for name in ARCHITECTURES:
        published = PUBLISHED.get(name)
        if published is not None and published.input_shape[0] > 2 * min(graph.input_shape[:2]):
            continue
        try:
            found.append(
                (name, get_architecture(name)(graph.output_shape[0]).graph(graph.input_shape))
            )
        except PellucidError:  # it does not take pictures of this size
            continue
    return found


def parameters(graph: Graph) -> int:
    """How many numbers a network learns."""
    return sum(math.prod(each.shape) for each in graph.parameters.values() if each.trainable)
