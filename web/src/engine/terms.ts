/** A value as what it is made of: the sum, the largest, the share, the product, the function. */

import { broadcast, offset } from "./arrays";
import { boxTerms } from "./boxes";
import { proposalTerms } from "./regions";
import type { NodeData, Position, Rule } from "./data";
import { normAt } from "./folds";
import { formulaOf } from "./formula";
import type { Network, Values } from "./network";
import { gateTerms, stateTerms } from "./recurrent";
import { type Known, type Source, isGiven, sources } from "./reads";

export interface Term {
  /** The value that is read: of which layer (or the input), and where. */
  layer: string;
  at: number[];
  value: number;
  /** What it is multiplied with; none where a function takes it. */
  factor: number | null;
  product: number;
  /** The full name and the place of the weight that the factor is; none where it is none. */
  weight: { name: string; at: number[] } | null;
}

export interface Terms {
  rule: Rule;
  terms: Term[];
  /** What is added to a sum in the end; none where nothing can be. */
  bias: { value: number; weight: { name: string; at: number[] } | null } | null;
  /** Which term won, or which one's share it is. */
  own: number;
  /** What a function makes of the sum, which is the total then; none of plain sums. */
  bent?: { by: string; sum: number };
  /** The gates of a recurrent unit's state, and what they are. */
  gates?: { layer: string; value: number }[];
  /** What of a recurrent unit is made of these gates. */
  unit?: "state" | "candidate" | "output" | "cell";
  /** The value, computed again from the terms in double precision. */
  total: number;
  /** The value that the engine computed. */
  value: number;
}

/** Open the value of a layer, or of what users read, into what it is made of. */
export function termsOf(network: Network, values: Values, layer: string, at: Position): Terms {
  const node = network.node(layer);
  if (chooses(node)) {
    const [from] = node.inputs;
    const [read, shape] = [(place: Position) => values.at(from, place), network.shapes.get(from)!];
    const value = values.at(layer, at);
    if (node.anchors) {
      return proposalTerms(node, values.anchors(node)[at[0]], read, at[1], value, shape);
    }
    const settings = network.data.model.boxes!;
    return boxTerms(settings, node, values.boxes, read, at, [value, shape[shape.length - 1]]);
  }
  if (network.gates.has(layer)) return gateTerms(network, values, node, at);
  if (node.gates) return stateTerms(network, values, node, at);
  const all = sources(node, at, knownOf(node, values));
  // The largest is sought in the first input; others say where.
  const read = node.rule === "maximum" ? all.filter(({ branch }) => branch === 0) : all;
  const found = read.map((source): Term => {
    const from = node.inputs[source.branch];
    const value = values.at(from, source.at);
    return { layer: from, at: source.at, value, factor: null, product: 0, weight: null };
  });
  const value = values.at(layer, at);
  const whole = { rule: node.rule, terms: found, bias: null, own: 0, total: value, value };
  switch (node.rule) {
    case "sum":
    case "sampled":
      return sum(network, node, at, read, whole);
    case "maximum":
      return maximum(whole);
    case "share":
      return share(whole, at[at.length - 1]);
    case "product":
      for (const term of found) term.product = term.value;
      return { ...whole, total: found.reduce((total, term) => total * term.value, 1) };
    case "function":
      return node.table ? taken(network, node, at, whole) : evaluated(node, at, whole);
  }
}

/** Of a function the value at its own place alone is a term; where it reads more, with a factor. */
function evaluated(node: NodeData, at: Position, whole: Terms): Terms {
  const own = ownPlace(whole.terms, at);
  const read = Float64Array.from(whole.terms, (term) => term.value);
  const { value, slope } = formulaOf(node.formula!).at(read, own, own);
  const term = whole.terms[own];
  if (whole.terms.length > 1) term.factor = term.value === 0 ? slope : value / term.value;
  term.product = value;
  return { ...whole, terms: [term], total: value };
}

/** Of a table the row that its number names, held within it. */
function taken(network: Network, node: NodeData, at: Position, whole: Terms): Terms {
  const [term] = whole.terms;
  const name = node.weights[node.table!];
  const place = [rowOf(network, node, term.value), at[at.length - 1]];
  term.weight = { name, at: place };
  term.product = Number.isNaN(term.value) ? NaN : weightAt(network, name, place);
  return { ...whole, total: term.product };
}

/** The row of a table that a number names: the nearest, of two the even one. */
export function rowOf(network: Network, node: NodeData, value: number): number {
  const last = network.weightShape(node.weights[node.table!])[0] - 1;
  const held = Math.min(Math.max(value || 0, 0), last);
  const low = Math.floor(held);
  const more = held - low;
  return low + Number(more > 0.5 || (more === 0.5 && low % 2 === 1));
}

/** Which of the values that are read is at the output's own place. */
export function ownPlace(read: readonly { at: Position }[], at: Position): number {
  return read.findIndex((each) => each.at.every((place, axis) => place === at[axis]));
}

function sum(
  network: Network,
  node: NodeData,
  at: Position,
  read: readonly Source[],
  whole: Terms,
): Terms {
  whole.terms.forEach((term, i) => {
    const place = read[i].weight;
    const given = node.reads.inputs.flat().some(isGiven);
    if (node.paired) {
      // the second input's numbers are multiplied with the first's, in their order
      const half = whole.terms.length / 2;
      term.factor = i < half ? null : whole.terms[i - half].value * node.paired;
    } else if (given) {
      term.factor = read[i].factor;
    } else if (place && node.reads.weight) {
      const name = node.weights[node.reads.weight.name];
      term.weight = { name, at: place };
      term.factor = weightAt(network, name, place);
    } else if (node.negative_factor && !(term.value > 0)) {
      const name = node.weights[node.negative_factor];
      term.weight = { name, at: [at[at.length - 1]] };
      term.factor = weightAt(network, name, term.weight.at);
    } else {
      term.factor = factorAt(network, node, at);
    }
    term.product = term.factor === null ? 0 : term.value * term.factor;
  });
  const bias = biasOf(network, node, at);
  const total = whole.terms.reduce((sum, term) => sum + term.product, 0) + (bias?.value ?? 0);
  return { ...whole, bias, total };
}

function maximum(whole: Terms): Terms {
  if (!whole.terms.length) return { ...whole, total: 0 };
  const own = winner(whole.terms);
  whole.terms.forEach((term, i) => {
    term.factor = i === own ? 1 : 0;
    term.product = i === own ? term.value : 0;
  });
  return { ...whole, own, total: whole.terms[own].value };
}

/** The first of the largest; or the first that is no number. */
export function winner(terms: readonly { value: number }[]): number {
  let own = 0;
  for (let i = 1; i < terms.length && !Number.isNaN(terms[own].value); i++) {
    if (!(terms[i].value <= terms[own].value)) own = i;
  }
  return own;
}

function share(whole: Terms, own: number): Terms {
  const top = Math.max(...whole.terms.map((term) => term.value));
  for (const term of whole.terms) term.product = Math.exp(term.value - top);
  const all = whole.terms.reduce((sum, term) => sum + term.product, 0);
  return { ...whole, own, total: whole.terms[own].product / all };
}

/** What a sum multiplies what an output reads with, where each has no weight of its own. */
export function factorAt(network: Network, node: NodeData, at: Position): number {
  if (node.norm) return normAt(node, network.weights, at[at.length - 1]).factor;
  return node.multiplied ? broadcast(node.multiplied, at) : 1;
}

function biasOf(network: Network, node: NodeData, at: Position): Terms["bias"] {
  const last = at[at.length - 1];
  if (node.norm) return { value: normAt(node, network.weights, last).added, weight: null };
  if (node.added) return { value: broadcast(node.added, at), weight: null };
  const name = node.weights["bias"];
  if (!name) return null;
  return { value: weightAt(network, name, [last]), weight: { name, at: [last] } };
}

/** Whether a node chooses boxes, each of which is made of a few values of all that it looks at. */
export const chooses = (node: NodeData): boolean =>
  node.anchors !== undefined || node.kind.startsWith("find_");

/** What a value is read from, for this picture. */
export function readBy(
  network: Network,
  values: Values,
  node: NodeData,
  at: Position,
): { layer: string; at: Position }[] {
  if (chooses(node)) return termsOf(network, values, node.name, at).terms;
  const all = sources(node, at, knownOf(node, values));
  return all.map((source) => ({ layer: node.inputs[source.branch], at: source.at }));
}

/** The values by which a node's reads are located. */
export function knownOf(node: NodeData, values: Pick<Values, "at">): Known {
  return (branch, at) => values.at(node.inputs[branch], at);
}

/** The value of a weight; shapes of folded kernels are those of the stored ones. */
export function weightAt(network: Network, name: string, at: Position): number {
  const array = network.weights.get(name);
  if (!array) throw new Error(`there are no weights ${name}`);
  return array[offset(network.weightShape(name), at)];
}
