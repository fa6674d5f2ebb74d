/**
 * Recurrent units, opened: a state as what its gates let through, each gate as its products.
 *
 * See `pellucid/ops/gru.py` and `lstm.py`. Gates, and from them cells, are computed from the engine's
 * own states, in double precision.
 */

import { size } from "./arrays";
import type { NodeData, Position } from "./data";
import type { Network, Values } from "./network";
import type { Term, Terms } from "./terms";
import { weightAt } from "./terms";

export const [RESET, UPDATE, CANDIDATE] = [0, 1, 2];
/** The gates of a unit that has a cell; its candidate is the one above. */
export const [ENTERS, FORGET, OUT] = [0, 1, 3];

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
const BENDS = ["σ", "σ", "tanh", "σ"];

/** Where layers' values are. */
type Known = Pick<Values, "at">;

/** The gates of a recurrent unit, and its cell, as layers of their own; of all others none. */
export function gateNodes(node: NodeData): NodeData[] {
  const part = (own: string, described: string): NodeData => ({
    ...node,
    name: `${node.name}:${own}`,
    kind: "gate",
    rule: "sum",
    described,
  });
  const gates = (node.gates ?? []).map((gate) => part(gate, `${gate} gate`));
  return node.cell ? [...gates, part(node.cell, node.cell)] : gates;
}

/** The name of a unit's cell. */
const cellOf = (node: NodeData): string => `${node.name}:${node.cell}`;

/** A gate's part: what the inputs give to it, or what the state before does. */
interface Part {
  terms: Term[];
  bias: { value: number; weight: { name: string; at: number[] } };
  sum: number;
}

/** Where the numbers of all units before a step are. */
interface Place {
  layer: string;
  at: number[];
}

/** Where the state before a step is; none before the first step of a unit that begins with zeros. */
export function before(node: NodeData, step: number): Place | null {
  if (step > 0) return { layer: node.name, at: [step - 1] };
  return node.inputs.length > 1 ? { layer: node.inputs[1], at: [] } : null;
}

/** Where the cell before a step is; none before the first step of a unit that begins with zeros. */
function cellBefore(node: NodeData, step: number): Place | null {
  if (step > 0) return { layer: cellOf(node), at: [step - 1] };
  return node.inputs.length > 2 ? { layer: node.inputs[2], at: [] } : null;
}

function part(
  network: Network,
  values: Known,
  node: NodeData,
  column: number,
  prefix: "" | "recurrent_",
  read: Place | null,
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
  const sums = node.gates!.map((_, gate) =>
    parts(network, values, node, gate, at).map(({ sum }) => sum),
  );
  const gates = sums.map(([ofInput, ofState], gate) =>
    gate === CANDIDATE ? 0 : sigmoid(ofInput + ofState),
  );
  const [ofInput, ofState] = sums[CANDIDATE];
  gates[CANDIDATE] = Math.tanh(ofInput + (node.cell ? 1 : gates[RESET]) * ofState);
  return { gates, ofState };
}

const term = (layer: string, at: number[], value: number, factor: number): Term => ({
  layer,
  at,
  value,
  factor,
  product: value * factor,
  weight: null,
});

/** What is let through of the candidate, and of what was before. */
function mixed(
  values: Known,
  node: NodeData,
  at: Position,
  old: Place | null,
  candidate: number,
  shares: number[],
) {
  const name = `${node.name}:${node.gates![CANDIDATE]}`;
  const terms = [term(name, [...at], candidate, shares[0])];
  if (old) {
    const place = [...old.at, at[1]];
    terms.push(term(old.layer, place, values.at(old.layer, place), shares[1]));
  }
  const total = terms.reduce((sum, { product }) => sum + product, 0);
  return { rule: "sum" as const, terms, bias: null, own: 0, total };
}

/** Gates by name, of their values at a place. */
const named = (node: NodeData, gates: readonly number[], which: readonly number[]) =>
  which.map((gate) => ({ layer: `${node.name}:${node.gates![gate]}`, value: gates[gate] }));

/** A state as (1 − update)·candidate + update·(the state before); of a cell as output·tanh(cell). */
export function stateTerms(network: Network, values: Values, node: NodeData, at: Position): Terms {
  const { gates } = gatesAt(network, values, node, at);
  const value = values.at(node.name, at);
  const opened = named(node, gates, [...gates.keys()]);
  if (!node.cell) {
    const shares = [1 - gates[UPDATE], gates[UPDATE]];
    const found = mixed(values, node, at, before(node, at[0]), gates[CANDIDATE], shares);
    return { ...found, gates: opened, unit: "state", value };
  }
  const cell = values.at(cellOf(node), at);
  const total = gates[OUT] * Math.tanh(cell);
  const factor = cell === 0 ? gates[OUT] : total / cell;
  const terms = [{ ...term(cellOf(node), [...at], cell, factor), product: total }];
  const whole = { rule: "sum" as const, terms, bias: null, own: 0, total, value };
  return { ...whole, gates: opened, unit: "output" };
}

/** A cell as input·candidate + forget·(the cell before). */
function cellTerms(network: Network, values: Values, node: NodeData, at: Position): Terms {
  const { gates } = gatesAt(network, values, node, at);
  const shares = [gates[ENTERS], gates[FORGET]];
  const found = mixed(values, node, at, cellBefore(node, at[0]), gates[CANDIDATE], shares);
  const opened = named(node, gates, [ENTERS, FORGET, CANDIDATE]);
  return { ...found, gates: opened, unit: "cell", value: found.total };
}

/** A gate as what its function makes of its products; of a candidate, those of the state are reset. */
export function gateTerms(network: Network, values: Values, gate: NodeData, at: Position): Terms {
  const [node, number] = unitOf(network, gate);
  if (number < 0) return cellTerms(network, values, node, at);
  const [ofInput, ofState] = parts(network, values, node, number, at);
  const resets = number === CANDIDATE && !node.cell;
  const { gates } = gatesAt(network, values, node, at);
  const reset = resets ? gates[RESET] : 1;
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
  if (!resets) return opened;
  return { ...opened, gates: named(node, gates, [RESET]), unit: "candidate" };
}

/** All values of a gate, or of a cell. */
export function gateValues(network: Network, values: Known, gate: NodeData): Float32Array {
  const [node, number] = unitOf(network, gate);
  const { gates, cell } = opened(network, values, node);
  return Float32Array.from(number < 0 ? cell : gates[number]);
}

/** The unit of a gate, and which of its gates it is; −1 for its cell. */
function unitOf(network: Network, gate: NodeData): [node: NodeData, number: number] {
  const end = gate.name.lastIndexOf(":");
  const node = network.node(gate.name.slice(0, end));
  return [node, node.gates!.indexOf(gate.name.slice(end + 1))];
}

/** What all gates of a unit are, what the state gives to candidates, cells, and what was before. */
export interface Opened {
  gates: Float64Array[];
  ofState: Float64Array;
  cell: Float64Array;
  /** The states before each step; of a unit that has a cell, the cells before. */
  old: Float64Array;
}

/** Every gate of every step, computed from the states. */
export function opened(network: Network, values: Known, node: NodeData): Opened {
  const count = size(node.shape);
  const gates = node.gates!.map(() => new Float64Array(count));
  const [ofState, cell, old] = [0, 1, 2].map(() => new Float64Array(count));
  const [, units] = node.shape;
  for (let step = 0, k = 0; step < node.shape[0]; step++) {
    const state = node.cell ? step === 0 && cellBefore(node, 0) : before(node, step);
    for (let unit = 0; unit < units; unit++, k++) {
      const found = gatesAt(network, values, node, [step, unit]);
      found.gates.forEach((value, gate) => (gates[gate][k] = value));
      ofState[k] = found.ofState;
      if (state) old[k] = values.at(state.layer, [...state.at, unit]);
      if (!node.cell) continue;
      if (step > 0) old[k] = cell[k - units];
      cell[k] = found.gates[ENTERS] * found.gates[CANDIDATE] + found.gates[FORGET] * old[k];
    }
  }
  return { gates, ofState, cell, old };
}
