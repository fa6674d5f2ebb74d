"""The torch engine: graphs computed by the page of mappings, differentiated by autograd."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
import torch
from torch import nn

from pellucid.engines.engine import TRAIN, Engine, Gradients, Program, check_known
from pellucid.engines.feeds import as_targets, check_feeds, check_origins
from pellucid.engines.ranks import ALONE
from pellucid.engines.state import check_state
from pellucid.engines.torch.device import exact_arithmetic, find_device
from pellucid.engines.torch.distributed import TorchRanks, join, joined
from pellucid.engines.torch.fetching import Fetcher
from pellucid.engines.torch.layout import Layout, value_array, weight_array
from pellucid.engines.torch.module import compute
from pellucid.engines.torch.operations import MAPPINGS
from pellucid.engines.torch.optimizers import Updater
from pellucid.engines.torch.settings import Settings
from pellucid.engines.torch.steps import StepTaker, differentiate, output_arrays
from pellucid.errors import ArgumentError
from pellucid.graph import check_weights
from pellucid.launched import launched
from pellucid.ops.loss import Loss
from pellucid.ops.operation import INFERENCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from torch import Tensor

    from pellucid.engines.engine import Precision
    from pellucid.engines.ranks import Ranks
    from pellucid.engines.step import Step
    from pellucid.graph import Graph, Network, Node, Weights
    from pellucid.ops.operation import Array


class TorchEngine(Engine):
    """Computes on PyTorch; on a CPU, one seed and number of threads give one result, bit for bit.

    Args:
        device: ``"cpu"``, ``"cuda"`` (``"cuda:1"`` for the second), or ``"mps"``. Of processes that
            were started together, ``"cuda"`` is each one's own.
        precision: As of :class:`~pellucid.engines.torch.settings.Settings`, like those that follow;
            switches may be ``"on"`` and ``"off"``.
        compile: Whether training steps go through ``torch.compile``.
        channels_last: Whether feature maps lie in memory as NHWC.
        sync_batch_norm: Whether batch norms use the statistics of all processes' pictures.

    Raises:
        ArgumentError: If this machine has no such device, or a setting no such value.
    """

    name: ClassVar[str] = "torch"

    def __init__(
        self,
        device: str = "cpu",
        *,
        precision: str = "float32",
        compile: bool | str = False,  # noqa: A002 - as PyTorch calls it
        channels_last: bool | str = True,
        sync_batch_norm: bool | str = False,
    ) -> None:
        if device == "cuda" and (process := launched()) is not None:
            device = f"cuda:{process.local_rank}"
        self.device = find_device(device)
        self.settings = Settings.of(
            precision=precision,
            compile=compile,
            channels_last=channels_last,
            sync_batch_norm=sync_batch_norm,
        )
        self.joint_statistics = self.settings.sync_batch_norm

    def join(self) -> Ranks:
        return join(self.device)

    def _load(self, network: Network, steps: Mapping[str, Step], precision: Precision) -> Program:
        layout = Layout(self.device, precision, self.settings.channels_last)
        return TorchProgram(network, steps, layout, self.settings)


class TorchProgram(Program):
    """A network in PyTorch tensors."""

    engine: ClassVar[str] = TorchEngine.name

    def __init__(
        self,
        network: Network,
        steps: Mapping[str, Step],
        layout: Layout,
        settings: Settings | None = None,
    ) -> None:
        self.graph = network.graph
        self.steps = steps
        for graph in (self.graph, *(step.graph for step in steps.values())):
            _check_mapped(graph)
        self._layout, self._settings = layout, settings or Settings()
        self.joint_statistics = self._settings.sync_batch_norm
        self.precision = layout.precision
        self._parameters = network.parameters
        self._weights: dict[str, Tensor] = {}
        for name, parameter in self._parameters.items():
            tensor = layout.weight(np.asarray(network.weights[name]))
            self._weights[name] = nn.Parameter(tensor) if parameter.trainable else tensor
        self._updaters = {name: self._updater(step) for name, step in steps.items()}
        self._taken = dict.fromkeys(steps, 0)
        self._fetcher = Fetcher(layout.device)
        together = joined() if steps else None
        self.ranks = together or ALONE
        self._apart = False  # whether ranks have running statistics of their own
        self._takers = {name: self._taker(step, together) for name, step in steps.items()}

    def _taker(self, step: Step, ranks: TorchRanks | None) -> StepTaker:
        return StepTaker(step, self._weights, self._layout.device, self._settings, ranks)

    def _updater(self, step: Step) -> Updater:
        trained = {name: self._weights[name] for name in step.trained}
        return Updater(
            step.optimizer, trained, [name for name, each in step.trained.items() if each.decays]
        )

    @torch.inference_mode()
    def run(self, graph: Graph, feeds: Mapping[str, Array]) -> dict[str, Array]:
        values = self._run(graph, self._inputs(graph, feeds))
        return output_arrays(graph, values)

    def differentiate(
        self,
        graph: Graph,
        feeds: Mapping[str, Array],
        at: Mapping[str, Array],
        *,
        values: Iterable[str] = (),
        weights: Iterable[str] = (),
    ) -> Gradients:
        at_values, at_weights = list(values), list(weights)
        inputs = self._inputs(graph, feeds)
        for tensor in inputs.values():
            tensor.requires_grad_()
        found = self._run(graph, inputs)
        count = len(next(iter(inputs.values())))
        origins = {
            found[name]: self._like(found[name], gradient)
            for name, gradient in check_origins(graph, at, count).items()
        }
        wanted = [found[graph.value(name)] for name in at_values]
        wanted += [self._weights[name] for name in at_weights]
        gradients = differentiate(origins, wanted, self._layout.device)
        first = gradients[: len(at_values)]
        return Gradients(
            output_arrays(graph, found),
            {graph.value(n): value_array(g) for n, g in zip(at_values, first, strict=True)},
            {
                name: weight_array(gradient)
                for name, gradient in zip(at_weights, gradients[len(at_values) :], strict=True)
            },
        )

    def step(self, feeds: Mapping[str, Array], rate: float, name: str = TRAIN) -> dict[str, Array]:
        step = self.find_step(name)
        inputs = self._inputs(step.graph, feeds)
        check_known(step.graph, self._parameters)
        outputs, gradients = self._takers[name].take(inputs, self._taken[name])
        self._updaters[name].update(gradients, rate)
        self._taken[name] += 1
        self._apart = self.ranks.world > 1
        return outputs

    # ---------------------------------------------------------------------------------- weights

    def weights(self) -> Weights:
        self._bring_together()
        return self.own_weights()

    def own_weights(self) -> Weights:
        return {name: weight_array(tensor) for name, tensor in self._weights.items()}

    def _bring_together(self) -> None:
        """Give all ranks the mean of their running statistics; all ask for weights together.

        These are moving averages, so that the mean of several is what each had followed, had it
        been given the mean of all ranks' statistics at every step.
        """
        if not self._apart:
            return
        self._apart = False
        if isinstance(self.ranks, TorchRanks) and not self.joint_statistics:
            self.ranks.mean([each for each in self._weights.values() if not each.requires_grad])

    @torch.no_grad()
    def set_weights(self, weights: Mapping[str, Array]) -> None:
        check_weights(self._parameters, weights)
        self._apart = False
        for name, tensor in self._weights.items():
            # Copied into the tensors that there are, since the optimizers know those.
            tensor.copy_(self._layout.weight(np.asarray(weights[name])))

    def state(self, name: str = TRAIN) -> dict[str, Array]:
        memory = self._updaters[name].memory() if name in self._updaters else {}
        return {"step": np.array(self._taken.get(name, 0)), **memory}

    def set_state(self, state: Mapping[str, Array], name: str = TRAIN) -> None:
        check_state(self.steps.get(name), state)
        if name in self._updaters:
            self._taken[name] = int(state["step"])
            self._updaters[name].remember(state, self._taken[name], self._layout)

    # ------------------------------------------------------------------------------------ passes

    def fetch(self, array: Array) -> None:
        self._fetcher.begin(array)

    def _inputs(self, graph: Graph, feeds: Mapping[str, Array]) -> dict[str, Tensor]:
        layout, found = self._layout, {}
        for name, array in check_feeds(graph, feeds).items():
            if name in graph.compared:
                wanted = as_targets(array, graph.inputs[name].shape, layout.precision)
                found[name] = layout.value(wanted)
                continue
            copy = self._fetcher.take(array)
            found[name] = layout.value(array) if copy is None else layout.turned(copy)
        return found

    def _run(self, graph: Graph, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Every value at inference, by name."""
        check_known(graph, self._parameters)

        def own(node: Node) -> dict[str, Tensor]:
            return {each: self._weights[name] for each, name in graph.parameters_of(node).items()}

        with exact_arithmetic(self._layout.device):
            return compute(graph, inputs, own, lambda _: INFERENCE)

    def _like(self, value: Tensor, gradient: Array) -> Tensor:
        if value.ndim == 0:
            return torch.full_like(value, float(gradient))
        return self._layout.value(gradient)


def _check_mapped(graph: Graph) -> None:
    for node in graph.nodes:
        if node.operation.kind not in MAPPINGS and not isinstance(node.operation, Loss):
            raise ArgumentError(
                f"layer {node.name!r}: the torch engine has no mapping for the operation "
                f"{node.operation.kind!r}; use the reference engine, which computes any operation"
            )
