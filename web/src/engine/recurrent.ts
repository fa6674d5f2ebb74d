/**
 * Recurrent units, opened: a state as what its gates let through, each gate as its products.
 *
 * See `pellucid/ops/gru.py`. Gates are computed from the engine's own states, in double precision.
 */

import { offset, size } from "./arrays";
import type { NodeData, Position } from "./data";
import type { Passed } from "./gradient_terms";
import type { Network, Values } from "./network";
import type { Term, Terms } from "./terms";
import { weightAt } from "./terms";

const [RESET, UPDATE, CANDIDATE] = [0, 1, 2];

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const BENDS = ["σ", "σ", "tanh"];

/** Where layers' values are. */
type Known = Pick<Values, "at">;

/** The gates of a recurrent unit as layers of their own; of all others none. */
export function gateNodes(node: NodeData): NodeData[] {
  return (node.gates ?? []).map((gate) => ({
    ...node,
    name: `${node.name}:${gate}`,
    kind: "gate",
    rule: "sum",
    described: `${gate} gate`,
  }));
}

/** A gate's part: what the inputs give to it, or what the state before does. */
interface Part {
  terms: Term[];
  bias: { value: number; weight: { name: string; at: number[] } };
  sum: number;
}

/** Where the state before a step is; none before the first step of a unit that begins with zeros. */
function before(node: NodeData, step: number): { layer: string; at: number[] } | null {
  if (step > 0) return { layer: node.name, at: [step - 1] };
  return node.inputs.length > 1 ? { layer: node.inputs[1], at: [] } : null;
}

function part(
  network: Network,
  values: Known,
  node: NodeData,
  column: number,
  prefix: "" | "recurrent_",
  read: { layer: string; at: number[] } | null,
): Part {
  const kernel = node.weights[`${prefix}kernel`];
  const name = node.weights[`${prefix}bias`];
  const bias = { value: weightAt(network, name, [column]), weight: { name, at: [column] } };
  const count = read ? network.weightShape(kernel)[0] : 0;
  const terms = Array.from({ length: count }, (_, k): Term => {
    const at = [...read!.at, k];
    const [value, weight] = [values.at(read!.layer, at), { name: kernel, at: [k, column] }];
    const factor = weightAt(network, kernel, weight.at);
    return { layer: read!.layer, at, value, factor, product: value * factor, weight };
  });
  return { terms, bias, sum: terms.reduce((sum, term) => sum + term.product, bias.value) };
}

/** Both parts of a unit's gate at a step. */
function parts(
  network: Network,
  values: Known,
  node: NodeData,
  gate: number,
  [step, unit]: Position,
): [ofInput: Part, ofState: Part] {
  const column = gate * node.shape[1] + unit;
  return [
    part(network, values, node, column, "", { layer: node.inputs[0], at: [step] }),
    part(network, values, node, column, "recurrent_", before(node, step)),
  ];
}

/** The gates of one unit at one step, and what the state before gives to the candidate. */
function gatesAt(network: Network, values: Known, node: NodeData, at: Position) {
  const sums = [RESET, UPDATE, CANDIDATE].map((gate) =>
    parts(network, values, node, gate, at).map(({ sum }) => sum),
  );
  const reset = sigmoid(sums[RESET][0] + sums[RESET][1]);
  const update = sigmoid(sums[UPDATE][0] + sums[UPDATE][1]);
  const [ofInput, ofState] = sums[CANDIDATE];
  return { gates: [reset, update, Math.tanh(ofInput + reset * ofState)], ofState };
}

/** A state as (1 − update)·candidate + update·(the state before). */
export function stateTerms(network: Network, values: Values, node: NodeData, at: Position): Terms {
  const { gates } = gatesAt(network, values, node, at);
  const [, update, candidate] = gates;
  const layers = node.gates!.map((gate) => `${node.name}:${gate}`);
  const term = (layer: string, place: number[], value: number, factor: number): Term => ({
    layer,
    at: place,
    value,
    factor,
    product: value * factor,
    weight: null,
  });
  const terms = [term(layers[CANDIDATE], [...at], candidate, 1 - update)];
  const old = before(node, at[0]);
  if (old) {
    const place = [...old.at, at[1]];
    terms.push(term(old.layer, place, values.at(old.layer, place), update));
  }
  return {
    rule: "sum",
    terms,
    bias: null,
    own: 0,
    gates: layers.map((layer, k) => ({ layer, value: gates[k] })),
    total: terms.reduce((sum, { product }) => sum + product, 0),
    value: values.at(node.name, at),
  };
}

/** A gate as what its function makes of its products; of a candidate, those of the state are reset. */
export function gateTerms(network: Network, values: Values, gate: NodeData, at: Position): Terms {
  const [node, number] = unitOf(network, gate);
  const [ofInput, ofState] = parts(network, values, node, number, at);
  const reset = number === CANDIDATE ? gatesAt(network, values, node, at).gates[RESET] : 1;
  for (const term of ofState.terms) {
    term.factor! *= reset;
    term.product *= reset;
  }
  const terms = [...ofInput.terms, ...ofState.terms];
  const bias = ofInput.bias.value + reset * ofState.bias.value;
  const sum = terms.reduce((total, { product }) => total + product, bias);
  const by = BENDS[number];
  const total = by === "σ" ? sigmoid(sum) : Math.tanh(sum);
  const opened: Terms = {
    rule: "sum",
    terms,
    bias: { value: bias, weight: ofInput.bias.weight },
    own: 0,
    bent: { by, sum },
    total,
    value: total,
  };
  if (number !== CANDIDATE) return opened;
  return { ...opened, gates: [{ layer: `${node.name}:${node.gates![RESET]}`, value: reset }] };
}

/** All values of a gate. */
export function gateValues(network: Network, values: Known, gate: NodeData): Float32Array {
  const [node, number] = unitOf(network, gate);
  const { gates } = opened(network, values, node);
  return Float32Array.from(gates[number]);
}

function unitOf(network: Network, gate: NodeData): [node: NodeData, number: number] {
  const end = gate.name.lastIndexOf(":");
  const node = network.node(gate.name.slice(0, end));
  return [node, node.gates!.indexOf(gate.name.slice(end + 1))];
}

/** What all gates of a unit are, what the state gives to candidates, and the states before. */
interface Opened {
  gates: Float64Array[];
  ofState: Float64Array;
  old: Float64Array;
}

function opened(network: Network, values: Known, node: NodeData): Opened {
  const count = size(node.shape);
  const gates = node.gates!.map(() => new Float64Array(count));
  const [ofState, old] = [new Float64Array(count), new Float64Array(count)];
  for (let step = 0, k = 0; step < node.shape[0]; step++) {
    const state = before(node, step);
    for (let unit = 0; unit < node.shape[1]; unit++, k++) {
      const found = gatesAt(network, values, node, [step, unit]);
      found.gates.forEach((value, gate) => (gates[gate][k] = value));
      ofState[k] = found.ofState;
      old[k] = state ? values.at(state.layer, [...state.at, unit]) : 0;
    }
  }
  return { gates, ofState, old };
}

/** What changes with a number at first: at a step's gates, of both their parts, and at the states. */
interface Moved {
  /** (part, step, column) → ∂(the part of the gate's sum). */
  at: (ofState: boolean, step: number, column: number) => number;
  /** ∂(the state before the first step), of a unit. */
  first: (unit: number) => number;
}

const NOTHING: Moved = { at: () => 0, first: () => 0 };

/** ∂state/∂(a value that the unit reads), of all states. */
export function stateSlopes(
  passed: Passed,
  node: NodeData,
  branch: number,
  at: Position,
): Float64Array {
  if (branch > 0) return slopes(passed, node, { ...NOTHING, first: (u) => Number(u === at[0]) });
  const kernel = node.weights["kernel"];
  const [step, feature] = at;
  return slopes(passed, node, {
    ...NOTHING,
    at: (ofState, t, column) =>
      ofState || t !== step ? 0 : weightAt(passed.network, kernel, [feature, column]),
  });
}

/** ∂state/∂weight, of all states. */
export function weightSlopes(
  passed: Passed,
  node: NodeData,
  parameter: string,
  at: Position,
): Float64Array {
  const own = parameter.startsWith("recurrent_");
  const column = at[at.length - 1];
  const read = (step: number): number => {
    if (at.length === 1) return 1; // a bias
    if (!own) return passed.at(node.inputs[0], [step, at[0]]);
    const state = before(node, step);
    return state ? passed.at(state.layer, [...state.at, at[0]]) : 0;
  };
  return slopes(passed, node, {
    ...NOTHING,
    at: (ofState, step, k) => (ofState === own && k === column ? read(step) : 0),
  });
}

const found = new WeakMap<Passed, Map<string, Opened>>();

/** How all states change with a number, step by step. */
function slopes(passed: Passed, node: NodeData, moved: Moved): Float64Array {
  const { network } = passed;
  let units = found.get(passed);
  if (!units) found.set(passed, (units = new Map()));
  let unit = units.get(node.name);
  if (!unit) units.set(node.name, (unit = opened(network, passed, node)));
  const { gates, ofState, old } = unit;
  const kernel = network.weights.get(node.weights["recurrent_kernel"])!;
  const [steps, count] = node.shape;
  const width = gates.length * count;
  const result = new Float64Array(steps * count);
  let carried = Float64Array.from({ length: count }, (_, u) => moved.first(u));
  for (let step = 0; step < steps; step++) {
    const back = new Float64Array(width);
    carried.forEach((slope, j) => {
      if (slope === 0) return;
      for (let column = 0; column < width; column++)
        back[column] += slope * kernel[offset([count, width], [j, column])];
    });
    const next = new Float64Array(count);
    for (let u = 0, k = step * count; u < count; u++, k++) {
      const [input, state] = [false, true].map((part) =>
        gates.map((_, gate) => {
          const column = gate * count + u;
          return moved.at(part, step, column) + (part ? back[column] : 0);
        }),
      );
      const [r, z, c] = gates.map((values) => values[k]);
      const reset = r * (1 - r) * (input[RESET] + state[RESET]);
      const update = z * (1 - z) * (input[UPDATE] + state[UPDATE]);
      const inner = input[CANDIDATE] + reset * ofState[k] + r * state[CANDIDATE];
      next[u] = (1 - z) * (1 - c * c) * inner + z * carried[u] + (old[k] - c) * update;
      result[k] = next[u];
    }
    carried = next;
  }
  return result;
}
