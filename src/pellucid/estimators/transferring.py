"""Learning from a trained body: a head on its features, and what is fine-tuned afterwards."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

from pellucid.architectures import Defaults
from pellucid.data.preprocessing import Preprocessing
from pellucid.errors import ArgumentError, PellucidError
from pellucid.estimators.planning import DEFAULT_ARCHITECTURE, Planning, model_name
from pellucid.estimators.remembered import remembered_model
from pellucid.interop.models import network_name
from pellucid.text import array_shape, counted, printable
from pellucid.training.head import Transfer
from pellucid.training.recipe import LEARNING_RATES, default_learning_rate
from pellucid.training.start import architecture_of, check_architecture, start_record
from pellucid.transfer.blocks import last_blocks
from pellucid.transfer.body import Body, find_cut, with_new_head
from pellucid.transfer.feature_cache import open_feature_cache

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pellucid.data.cache import CacheSetting
    from pellucid.data.dataset import Dataset
    from pellucid.files import Model
    from pellucid.graph import Network
    from pellucid.training import Recipe
    from pellucid.training.start import Start

FINE_TUNING = Defaults(epochs=5, weight_decay=4e-5)
"""What fine-tuning takes where nothing is given: small steps from weights that are good."""


class Transferring(Planning):
    """Settings of a training that begins from a trained body, and what they come to."""

    def check_settings(self) -> Self:
        """Raise now what ``fit`` would raise for the settings alone, before any data is read."""
        if self.pretrained is None:
            if self.fine_tune is not None:
                raise ArgumentError(
                    "fine_tune is for a trained body: name it (--from, in Python pretrained), or "
                    "leave fine_tune out"
                )
            return super().check_settings()
        if self.start_from is not None:
            raise ArgumentError(
                "pretrained and start_from are both given: a frozen body (--from), or a start from "
                "which everything learns (--start-from)"
            )
        return super().check_settings()

    @property
    def planned_epochs(self) -> int:
        """How many epochs ``fit`` trains for; the head counts as one."""
        if self.pretrained is None:
            return super().planned_epochs
        if self.fine_tune is None:
            return 1
        return 1 + (FINE_TUNING.epochs if self.epochs is None else self.epochs)

    def _defaults(self, architecture: str | None = None) -> Defaults:
        found = super()._defaults(architecture)
        if self.pretrained is None:
            return found
        # without variation a few pictures are known by heart before the body has learned anything
        varied = "none" if self.fine_tune is None else found.augmentation
        return replace(FINE_TUNING, augmentation=varied)

    def _recipe(
        self,
        epochs: int | None = None,
        data: Dataset | None = None,
        architecture: str | None = None,
    ) -> Recipe:
        if self.pretrained is None:
            return super()._recipe(epochs, data, architecture)
        asked = self.epochs if epochs is None else epochs
        if self.fine_tune is None and asked is not None:
            raise ArgumentError(
                f"epochs is {asked!r:.20}, but on a frozen body a head is solved in one go; leave "
                "epochs out, or fine-tune (--fine-tune)"
            )
        if self.fine_tune is None and self.patience is not None:
            raise ArgumentError(
                "patience is for epochs, and on a frozen body a head is solved in one go; leave it "
                "out, or fine-tune (--fine-tune)"
            )
        recipe = super()._recipe(1 if self.fine_tune is None else epochs, data, architecture)
        steps = 0 if self.fine_tune is None else recipe.epochs
        # the setting is the head's: it is solved with another decay than steps are taken with
        rule = replace(recipe.optimizer, weight_decay=FINE_TUNING.weight_decay)
        rate = recipe.learning_rate if self.learning_rate else self._default_rate(recipe)
        return replace(recipe, optimizer=rule, learning_rate=rate, epochs=1 + steps, head_epochs=1)

    def _default_rate(self, recipe: Recipe) -> float:
        """The learning rate where none is given: of fine-tuning a tenth of what is usual."""
        if self.pretrained is None:
            return super()._default_rate(recipe)
        kind = recipe.optimizer.kind
        return default_learning_rate(kind, recipe.batch_size, LEARNING_RATES[kind] / 10)

    # -------------------------------------------------------------------------------- the body

    def _origin(self) -> Model | None:
        if self.pretrained is None or (self.warm_start and self._fitted is not None):
            return super()._origin()
        return remembered_model(self.pretrained, self.engine)

    def _body_name(self) -> str:
        if self.warm_start and self._fitted is not None:
            return "the classifier itself"
        assert self.pretrained is not None
        name = network_name(self.pretrained)
        return model_name(self.pretrained) if name is None else name

    def reading_like(self, before: Start | None = None) -> Preprocessing | None:
        """How pictures are read where a model decides it, with the size that is set; else None.

        Args:
            before: Where the run that is resumed had started, whose body may be gone.
        """
        if before is not None:
            return before.reading
        origin = self._reads_as()
        if origin is None:
            return None
        like = replace(origin.preprocessing, value_range=None, invert=False)
        if self.image_size is None:
            return like
        height, width = self.image_size
        margin = round(like.margin * min(height, width) / min(like.height, like.width))
        return replace(like, height=height, width=width, margin=margin)

    def reading_size(
        self, pictures: object, size: Sequence[int] | None = None
    ) -> tuple[int, int] | None:
        """The size of picture files; where a model decides it, :meth:`reading_like` says it."""
        if self.pretrained is not None or self._reads_as() is not None:
            return self.image_size
        return super().reading_size(pictures, size)

    def _reads_as(self) -> Model | None:
        """The model whose preprocessing is taken: a body; or a start that reads in its own way.

        Networks of others have learned from pictures that were cut and resized in their own way,
        and those of sound from recordings.
        """
        if self.pretrained is not None:
            return self._origin()
        try:
            origin = self._origin()
        except PellucidError:  # a run that is resumed needs it no more; fit says what is wrong
            return None
        plain = Preprocessing(1, 1, 1)
        if origin is None:
            return None
        read = origin.preprocessing
        as_ours = (read.filter, read.margin, read.sound) == (plain.filter, plain.margin, None)
        return None if as_ours else origin

    def _first_network(
        self, data: Dataset, seed: int, before: Start | None = None
    ) -> tuple[Network, dict[str, Any] | None]:
        if self.pretrained is None or before is not None:
            return super()._first_network(data, seed, before)
        origin, name = self._origin(), self._body_name()
        assert origin is not None
        if self.architecture not in (DEFAULT_ARCHITECTURE, architecture_of(origin)):
            check_architecture(self._own_architecture_name(), origin, name)
        network = with_new_head(origin, name, data.image_shape, len(data.classes))
        _, head = find_cut(network.graph, name)
        return network, start_record(name, origin.network, [head])

    def _transfer(
        self, network: Network, preprocessing: Preprocessing, cache: CacheSetting
    ) -> Transfer | None:
        """How the body is used; None where there is none."""
        if self.pretrained is None:
            return None
        name = self._body_name()
        body = Body.of_network(network, preprocessing, name)
        trains: list[str] = []
        if self.fine_tune is not None:
            for node in last_blocks(body.network.graph, self.fine_tune):
                own = node.operation.parameters(*network.graph.inputs_of(node))
                if all(each.trainable for each in own.values()):  # norms stay as they are
                    trains += [f"{node.store}.{each}" for each in own]
        return Transfer(name, open_feature_cache(cache), self.weight_decay, tuple(trains))

    def _transfer_record(self, like: Preprocessing | None) -> dict[str, Any] | None:
        """What the provenance says of it; in one order, so that a resumed run writes the same."""
        if like is None or self.pretrained is None:
            return None
        return {
            "weight_decay": self.weight_decay,
            "fine_tune": self.fine_tune,
            "preprocessing": like.to_dict(),
        }

    def start_line(self, data: Dataset) -> str | None:
        """What ``fit`` would start from, in a line; None: from scratch."""
        if self.pretrained is None:
            return super().start_line(data)
        origin, name = self._origin(), self._body_name()
        assert origin is not None
        body = Body.of(origin, name)
        line = (
            f"body: {printable(name)} up to {printable(body.cut)}, frozen, "
            f"{counted(body.features, 'feature')} of pictures {array_shape(data.image_shape)}"
        )
        if self.fine_tune is None:
            return line
        nodes = last_blocks(body.network.graph, self.fine_tune)
        return f"{line}; then fine-tuned from {printable(nodes[0].name)} on"
