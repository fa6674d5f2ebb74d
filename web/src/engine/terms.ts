/** A value, a gradient or a weight's gradient as the sum that it is. */

import { broadcast, offset } from "./arrays";
import type { NodeData, Position, Rule, Slopes } from "./data";
import { normFactors } from "./folds";
import type { Gradients, Network, Values } from "./network";
import { dependents, readWith, sources, weightOf } from "./reads";

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
  /** The value, computed again from the terms in double precision. */
  total: number;
  /** The value that the engine computed. */
  value: number;
}

/** Open the value of a layer into what it is made of. */
export function termsOf(network: Network, values: Values, layer: string, at: Position): Terms {
  const node = network.nodes.get(layer);
  if (!node) throw new Error(`there is no layer ${layer}`);
  const read = sources(node, at);
  const found = read.map((source): Term => {
    const from = node.inputs[source.branch];
    return {
      layer: from,
      at: source.at,
      value: values.at(from, source.at),
      factor: null,
      product: 0,
      weight: null,
    };
  });
  const value = values.at(layer, at);
  const whole = { rule: node.rule, terms: found, bias: null, own: 0, total: value, value };
  switch (node.rule) {
    case "sum":
      return sum(network, node, at, read, whole);
    case "maximum":
      return maximum(whole);
    case "share":
      return share(whole, at[at.length - 1]);
    case "product":
      for (const term of found) term.product = term.value;
      return { ...whole, total: found.reduce((total, term) => total * term.value, 1) };
    case "function": {
      // of several values that are read, the one at its own place is what is changed
      const own = found.findIndex((term) => term.at.every((place, axis) => place === at[axis]));
      if (own >= 0) found[own].product = value;
      return { ...whole, own };
    }
  }
}

function sum(
  network: Network,
  node: NodeData,
  at: Position,
  read: { weight: number[] | null }[],
  whole: Terms,
): Terms {
  const factor = factorOf(network, node);
  whole.terms.forEach((term, i) => {
    const place = read[i].weight;
    if (place && node.reads.weight) {
      const name = node.weights[node.reads.weight.name];
      term.weight = { name, at: place };
      term.factor = weightAt(network, name, place);
    } else if (node.negative_factor && !(term.value > 0)) {
      const name = node.weights[node.negative_factor];
      term.weight = { name, at: [at[at.length - 1]] };
      term.factor = weightAt(network, name, term.weight.at);
    } else {
      term.factor = factor(at);
    }
    term.product = term.value * term.factor;
  });
  const bias = biasOf(network, node, at);
  const total = whole.terms.reduce((sum, term) => sum + term.product, 0) + (bias?.value ?? 0);
  return { ...whole, bias, total };
}

function maximum(whole: Terms): Terms {
  let own = 0;
  whole.terms.forEach((term, i) => {
    if (term.value > whole.terms[own].value) own = i;
  });
  whole.terms.forEach((term, i) => {
    term.factor = i === own ? 1 : 0;
    term.product = i === own ? term.value : 0;
  });
  return { ...whole, own, total: whole.terms[own].value };
}

function share(whole: Terms, own: number): Terms {
  const top = Math.max(...whole.terms.map((term) => term.value));
  for (const term of whole.terms) term.product = Math.exp(term.value - top);
  const all = whole.terms.reduce((sum, term) => sum + term.product, 0);
  return { ...whole, own, total: whole.terms[own].product / all };
}

/** What a sum multiplies all that an output reads with, where each has no weight of its own. */
function factorOf(network: Network, node: NodeData): (at: Position) => number {
  if (node.norm) {
    const { multiplied } = normFactors(node, network.weights);
    return (at) => multiplied[at[at.length - 1]];
  }
  const { multiplied } = node;
  return multiplied ? (at) => broadcast(multiplied, at) : () => 1;
}

function biasOf(network: Network, node: NodeData, at: Position): Terms["bias"] {
  const last = at[at.length - 1];
  if (node.norm) return { value: normFactors(node, network.weights).added[last], weight: null };
  if (node.added) return { value: broadcast(node.added, at), weight: null };
  const name = node.weights["bias"];
  if (!name) return null;
  return { value: weightAt(network, name, [last]), weight: { name, at: [last] } };
}

/** The value of a weight; shapes of folded kernels are those of the stored ones. */
export function weightAt(network: Network, name: string, at: Position): number {
  const array = network.weights.get(name);
  if (!array) throw new Error(`there are no weights ${name}`);
  return array[offset(network.weightShape(name), at)];
}

export interface GradientTerm {
  /** The layer at whose output δ = ∂loss/∂output is taken, and where. */
  layer: string;
  at: number[];
  delta: number;
  /** ∂output/∂(the value or the weight). */
  factor: number;
  product: number;
  /** Of a weight: the place of the value that it was multiplied with, in the layer's input. */
  reads: number[] | null;
}

/** The products of a value's gradient, Σ δ · ∂output/∂value over the outputs that read it. */
export function gradientTerms(
  network: Network,
  values: Values,
  gradients: Gradients,
  layer: string,
  at: Position,
): GradientTerm[] {
  const found: GradientTerm[] = [];
  for (const node of network.readers(layer)) {
    const deltas = gradients.at(node.name);
    node.inputs.forEach((name, branch) => {
      if (name !== layer) return;
      for (const output of dependents(node, branch, at)) {
        const factor = derivative(network, values, gradients, node, output, branch, at);
        const delta = deltas[offset(node.shape, output)];
        found.push({
          layer: node.name,
          at: output,
          delta,
          factor,
          product: delta * factor,
          reads: null,
        });
      }
    });
  }
  return found;
}

/** The products of the gradient of a layer's weight, Σ δ · the value it was multiplied with. */
export function weightTerms(
  network: Network,
  values: Values,
  gradients: Gradients,
  layer: string,
  parameter: string,
  at: Position,
): GradientTerm[] {
  const node = network.nodes.get(layer)!;
  const deltas = gradients.at(layer);
  const found: GradientTerm[] = [];
  const named = node.reads.weight?.name === parameter;
  const channel = at[at.length - 1];
  for (const output of everywhere(node.shape, channel)) {
    const reads = named ? readWith(node, at, output) : null;
    if (named && !reads) continue;
    const delta = deltas[offset(node.shape, output)];
    const factor = reads ? values.at(node.inputs[0], reads) : 1;
    if (factor !== 0) {
      found.push({ layer, at: output, delta, factor, product: delta * factor, reads });
    }
  }
  return found;
}

/** The positions of one channel of an output. */
function* everywhere(shape: readonly number[], channel: number): Generator<number[]> {
  if (shape.length === 1) yield [channel];
  else for (let y = 0; y < shape[0]; y++) for (let x = 0; x < shape[1]; x++) yield [y, x, channel];
}

/** ∂output/∂value of what a node reads. */
function derivative(
  network: Network,
  values: Values,
  gradients: Gradients,
  node: NodeData,
  output: Position,
  branch: number,
  at: Position,
): number {
  const x = values.at(node.inputs[branch], at);
  switch (node.rule) {
    case "sum": {
      const place = weightOf(node, output, branch, at);
      if (place) return weightAt(network, node.weights[node.reads.weight!.name], place);
      if (node.negative_factor && !(x > 0)) {
        return weightAt(network, node.weights[node.negative_factor], [output[output.length - 1]]);
      }
      return factorOf(network, node)(output);
    }
    case "maximum":
      return termsOf(network, values, node.name, output).terms.some(
        (term) => term.factor === 1 && term.at.every((place, axis) => place === at[axis]),
      )
        ? 1
        : 0;
    case "product":
      return values.at(node.inputs[1 - branch], output);
    case "function":
      return node.slopes ? slope(node.slopes, x) : quotient(gradients, node, output, at);
    case "share":
      return Number.NaN;
  }
}

/** The slope of a function that is straight between its kinks. */
export function slope({ kinks, between, at }: Slopes, x: number): number {
  const place = kinks.findIndex((kink) => x <= kink);
  if (place < 0) return between[kinks.length];
  return x === kinks[place] ? at[place] : between[place];
}

/** Of a curved function: what the engine multiplied the gradient with. */
function quotient(gradients: Gradients, node: NodeData, output: Position, at: Position): number {
  const behind = gradients.at(node.name)[offset(node.shape, output)];
  const before = gradients.at(node.inputs[0])[offset(node.shape, at)];
  return behind === 0 ? 0 : before / behind;
}
