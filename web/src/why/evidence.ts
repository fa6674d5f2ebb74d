/**
 * Evidence that adds up: a score as a sum over pixels and what layers add of their own.
 *
 * With masks and winners as they are for this picture the network is affine, and the score is
 * Σ g · pixel + Σ over layers Σ g · c, where g is the gradient and c what a layer adds: its bias,
 * or of a function that is straight between its kinks y − slope · x. What bends everywhere is
 * replaced by its tangent. See `pellucid/explain/evidence.py`.
 */

import { broadcast, position } from "../engine/arrays";
import type { NodeData } from "../engine/data";
import { normAt } from "../engine/folds";
import type { Gradients } from "../engine/gradients";
import { INPUT, type Network, type Values } from "../engine/network";
import { slope } from "../engine/gradient_terms";
import { type Question, scoreOf, seedOf } from "./score";

export interface Evidence {
  /** The score as the engine computed it. */
  score: number;
  /** Each pixel's share, channels added up, (H, W). */
  pixels: Float64Array;
  /** Each layer's own share; those without one are left out. */
  layers: { name: string; share: number }[];
  /** The sum of all shares. */
  total: number;
  /** Layers that were replaced by their tangent. */
  bent: string[];
}

export async function evidence(
  network: Network,
  values: Values,
  question: Question,
): Promise<Evidence> {
  const outputs = values.of(network.data.graph.output);
  const gradients = await network.differentiate(values.pixels, seedOf(question, outputs.length));
  const pixels = pixelShares(network, values, gradients);
  const layers: Evidence["layers"] = [];
  const bent: string[] = [];
  for (const node of network.data.graph.nodes) {
    if (curved(node)) bent.push(node.name);
    const share = ownShare(network, values, gradients, node);
    if (share !== 0) layers.push({ name: node.name, share });
  }
  const total = sum(pixels) + layers.reduce((all, layer) => all + layer.share, 0);
  return { score: scoreOf(question, outputs), pixels, layers, total, bent };
}

function pixelShares(network: Network, values: Values, gradients: Gradients): Float64Array {
  const [height, width, channels] = network.shapes.get(INPUT)!;
  const gradient = gradients.at(INPUT);
  const found = new Float64Array(height * width);
  for (let i = 0; i < gradient.length; i++) {
    found[Math.floor(i / channels)] += gradient[i] * values.pixels[i];
  }
  return found;
}

function curved(node: NodeData): boolean {
  return (
    node.rule === "share" ||
    node.rule === "product" ||
    (node.rule === "function" && !node.slopes && !node.anchors) // boxes are taken as they are
  );
}

/** Σ g · c over a layer's values. */
function ownShare(network: Network, values: Values, gradients: Gradients, node: NodeData): number {
  const gradient = gradients.at(node.name);
  if (node.rule === "maximum") return 0;
  if (node.rule === "sum") return addedShare(network, node, gradient);
  const y = values.of(node.name);
  const x = values.of(node.inputs[0]);
  let share = 0;
  if (node.slopes) {
    for (let i = 0; i < y.length; i++) {
      const apart = y[i] - slope(node.slopes, x[i]) * x[i];
      if (apart !== 0) share += gradient[i] * apart;
    }
    return share;
  }
  for (let i = 0; i < y.length; i++) share += gradient[i] * y[i];
  for (const name of new Set(node.inputs)) {
    const read = values.of(name);
    const before = gradients.at(name);
    for (let i = 0; i < read.length; i++) share -= before[i] * read[i];
  }
  return share;
}

function addedShare(network: Network, node: NodeData, gradient: Float32Array): number {
  const channels = node.shape[node.shape.length - 1];
  const bias = node.weights["bias"];
  let added: ((i: number) => number) | null = null;
  if (node.norm) {
    const own = Array.from({ length: channels }, (_, c) => normAt(node, network.weights, c).added);
    added = (i) => own[i % channels];
  } else if (node.added) {
    const own = node.added;
    added = (i) => broadcast(own, position(node.shape, i));
  } else if (bias) {
    const own = network.weights.get(bias)!;
    added = (i) => own[i % channels];
  }
  if (!added) return 0;
  let share = 0;
  for (let i = 0; i < gradient.length; i++) {
    if (gradient[i] !== 0) share += gradient[i] * added(i);
  }
  return share;
}

export function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total;
}
