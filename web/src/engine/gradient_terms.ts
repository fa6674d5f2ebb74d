/** A value's gradient, or a weight's, as the sum that it is. */

import { offset, position } from "./arrays";
import type { Axis, Located, NodeData, Position, Slopes } from "./data";
import { normAt } from "./folds";
import { formulaOf } from "./formula";
import type { Gradients } from "./gradients";
import type { Network, Values } from "./network";
import { stateSlopes, weightSlopes } from "./recurrent_slopes";
import { dependents, isGiven, readWith, sources, weightOf } from "./reads";
import { factorAt, knownOf, ownPlace, rowOf, weightAt, winner } from "./terms";

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

/** One picture's way through the network and back: all that gradients are made of. */
export class Passed {
  constructor(
    readonly network: Network,
    private readonly forward: Values,
    readonly gradients: Gradients,
  ) {}

  /** A layer's values, also those that only the backward pass computes. */
  of(layer: string): ArrayLike<number> {
    return this.network.shapes.has(layer) ? this.forward.of(layer) : this.gradients.hidden(layer);
  }

  at(layer: string, at: Position): number {
    return this.of(layer)[offset(this.network.shape(layer)!, at)];
  }

  delta(node: NodeData, at: Position): number {
    return this.gradients.at(node.name)[offset(node.shape, at)];
  }
}

/** The products of a value's gradient, Σ δ · ∂output/∂value over the outputs that read it. */
export function gradientTerms(passed: Passed, layer: string, at: Position): GradientTerm[] {
  const found: GradientTerm[] = [];
  for (const node of passed.network.whole.values()) {
    node.inputs.forEach((name, branch) => {
      if (name !== layer) return;
      const slopes = node.gates && stateSlopes(passed, node, branch, at);
      for (const output of dependents(node, branch, at, knownOf(node, passed))) {
        const factor = slopes
          ? slopes[offset(node.shape, output)]
          : derivative(passed, node, output, branch, at);
        found.push(term(passed, node, output, factor, null));
      }
    });
  }
  return found;
}

/**
 * The products of the gradient of a weight, Σ δ · ∂output/∂weight over the outputs.
 *
 * @param name the weight's full name
 * @param at its place in that array
 */
export function weightTerms(passed: Passed, name: string, at: Position): GradientTerm[] {
  const found: GradientTerm[] = [];
  for (const node of passed.network.whole.values()) {
    for (const [parameter, full] of Object.entries(node.weights)) {
      if (full !== name) continue;
      if (node.gates) {
        weightSlopes(passed, node, parameter, at).forEach((factor, k) => {
          if (factor === 0) return;
          found.push(term(passed, node, position(node.shape, k), factor, null));
        });
        continue;
      }
      for (const output of everywhere(node.shape, at[at.length - 1])) {
        const [factor, reads] = byWeight(passed, node, parameter, at, output);
        if (factor !== 0) found.push(term(passed, node, output, factor, reads));
      }
    }
  }
  return found;
}

function term(
  passed: Passed,
  node: NodeData,
  at: number[],
  factor: number,
  reads: number[] | null,
): GradientTerm {
  const delta = passed.delta(node, at);
  return { layer: node.name, at, delta, factor, product: delta * factor, reads };
}

/** The positions of one channel of an output. */
function* everywhere(shape: readonly number[], channel: number): Generator<number[]> {
  if (shape.length === 1) yield [channel];
  else
    for (let first = 0; first < shape[0]; first++)
      for (const rest of everywhere(shape.slice(1), channel)) yield [first, ...rest];
}

/** ∂output/∂weight, and the place of the one value that it was multiplied with. */
function byWeight(
  passed: Passed,
  node: NodeData,
  parameter: string,
  at: Position,
  output: Position,
): [number, number[] | null] {
  const input = node.inputs[0];
  if (node.reads.weight?.name === parameter) {
    const reads = readWith(node, at, output);
    if (reads) return [passed.at(input, reads), reads];
    let sum = 0;
    for (const source of sources(node, output)) {
      if (source.weight!.every((place, axis) => place === at[axis]))
        sum += passed.at(node.inputs[source.branch], source.at);
    }
    return [sum, null];
  }
  if (node.table === parameter) {
    const word = [output[0]];
    return [Number(rowOf(passed.network, node, passed.at(input, word)) === at[0]), null];
  }
  if (node.negative_factor === parameter) return [Math.min(passed.at(input, output), 0), null];
  if (node.norm && parameter === "gamma") {
    const { mean, deviation } = normAt(node, passed.network.weights, at[0]);
    return [(passed.at(input, output) - mean) / deviation, null];
  }
  return [1, null]; // it is added
}

/** ∂output/∂value of what a node reads. */
function derivative(
  passed: Passed,
  node: NodeData,
  output: Position,
  branch: number,
  at: Position,
): number {
  const { network } = passed;
  const x = passed.at(node.inputs[branch], at);
  switch (node.rule) {
    case "sampled": {
      if (node.paired) return node.paired * passed.at(...partner(node, output, branch, at));
      const { inputs } = node.reads;
      const known = knownOf(node, passed);
      if (branch !== inputs.findIndex((axes) => axes.some((axis) => axis.located)))
        return byPlace(passed, node, output, branch, at);
      const read = sources(node, output, known);
      return read.find((source) => source.branch === branch && same(source.at, at))?.factor ?? 0;
    }
    case "sum": {
      if (node.reads.inputs[branch].some(isGiven)) {
        const read = sources(node, output, knownOf(node, passed));
        const own = read.find(
          (source) => source.branch === branch && source.at.every((p, axis) => p === at[axis]),
        );
        return own?.factor ?? 0;
      }
      const place = weightOf(node, output, branch, at);
      if (place) return weightAt(network, node.weights[node.reads.weight!.name], place);
      if (node.negative_factor && !(x > 0)) {
        return weightAt(network, node.weights[node.negative_factor], [output[output.length - 1]]);
      }
      return factorAt(network, node, output);
    }
    case "maximum":
      return wins(passed, node, output, branch, at) ? 1 : 0;
    case "product": {
      const other = sources(node, output).find((source) => source.branch !== branch)!;
      return passed.at(node.inputs[other.branch], other.at);
    }
    case "function":
    case "share":
      if (node.table) return 0; // which row is taken changes by steps
      return node.slopes ? slope(node.slopes, x) : slopeOf(passed, node, output, at);
  }
}

/** The number that a value is multiplied with in a product of two inputs: its layer and place. */
function partner(
  node: NodeData,
  output: Position,
  branch: number,
  at: Position,
): [layer: string, at: Position] {
  const read = sources(node, output);
  const half = read.length / 2;
  const own = read.findIndex((source) => source.branch === branch && same(source.at, at));
  const other = read[(own + half) % read.length];
  return [node.inputs[other.branch], other.at];
}

/** ∂output/∂v of a value v that locates what is read: Σ x · ∂factor/∂v. */
function byPlace(
  passed: Passed,
  node: NodeData,
  output: Position,
  branch: number,
  at: Position,
): number {
  let total = 0;
  node.reads.inputs.forEach((axes, read) => {
    const moved = axes.findIndex(
      ({ located }) => moves(located) && located.branch === branch && located.channel === at.at(-1),
    );
    if (moved < 0) return;
    const steep = { ...node, reads: { ...node.reads, inputs: [...node.reads.inputs] } };
    const own = axes[moved].located;
    if (!moves(own)) return;
    steep.reads.inputs[read] = axes.map((axis, k) =>
      k === moved ? { ...axis, located: { ...own, steep: true } } : axis,
    );
    for (const source of sources(steep, output, knownOf(node, passed))) {
      if (source.branch !== read) continue;
      total += passed.at(node.inputs[read], source.at) * source.factor! * own.scale;
    }
  });
  return total;
}

/** Whether what is read moves with the values that locate it; boxes are taken as constants. */
const moves = (located: Axis["located"]): located is Located =>
  located !== null && "channel" in located;

function same(a: Position, b: Position): boolean {
  return a.every((place, axis) => place === b[axis]);
}

/** Whether a value is the first of the largest that an output reads. */
function wins(
  passed: Passed,
  node: NodeData,
  output: Position,
  branch: number,
  at: Position,
): boolean {
  const read = sources(node, output, knownOf(node, passed))
    .filter((source) => source.branch === 0)
    .map((source) => ({ ...source, value: passed.at(node.inputs[0], source.at) }));
  if (branch !== 0 || !read.length) return false;
  const own = read[winner(read)];
  return own.at.every((place, axis) => place === at[axis]);
}

/** The slope of a function that bends, by its formula; at its kinks what is declared. */
function slopeOf(passed: Passed, node: NodeData, output: Position, at: Position): number {
  const read = sources(node, output);
  const values = read.map((source) => passed.at(node.inputs[source.branch], source.at));
  const towards = ownPlace(read, at);
  const declared = node.kinks?.find(([place]) => place === values[towards]);
  if (declared) return declared[1];
  return formulaOf(node.formula!).at(values, ownPlace(read, output), towards).slope;
}

/** The slope of a function that is straight between its kinks. */
export function slope({ kinks, between, at }: Slopes, x: number): number {
  const place = kinks.findIndex((kink) => x <= kink);
  if (place < 0) return between[kinks.length];
  return x === kinks[place] ? at[place] : between[place];
}
