/** Surgery: one thing is changed in the stored weights, and can be taken back. */

import { size } from "../engine/arrays";
import type { Fold, NodeData } from "../engine/data";
import type { Network } from "../engine/network";

export interface Edit {
  /** What was done, for the list of edits. */
  what: {
    kind: "mute" | "kernel";
    layer: string;
    channel: number;
    name?: string;
    matrix?: number[][];
  };
  /** The arrays as they become. */
  weights: Map<string, Float32Array>;
  /** The arrays as they were. */
  before: Map<string, Float32Array>;
}

/** How the weights of a layer that makes maps are stored: by itself, or with a norm behind it. */
function storedAs(network: Network, layer: string): { node: NodeData; fold: Fold | undefined } {
  const node = network.nodes.get(layer);
  if (!node) throw new Error(`there is no layer ${layer}`);
  return { node, fold: network.data.graph.folds.find((fold) => fold.into === layer) };
}

/** A feature map, or a unit, becomes 0. */
export function mute(network: Network, layer: string, channel: number): Edit {
  const { node, fold } = storedAs(network, layer);
  const names = fold
    ? [`${fold.norm}.gamma`, `${fold.norm}.beta`]
    : node.norm
      ? [node.weights["gamma"], node.weights["beta"]]
      : Object.values(node.weights);
  return changed(network, { kind: "mute", layer, channel }, names, (array) => {
    const channels = node.shape[node.shape.length - 1];
    for (let i = channel; i < array.length; i += channels) array[i] = 0;
  });
}

/**
 * A whole kernel is replaced by a matrix, laid into every channel that it reads and divided by their
 * number; a smaller one is padded with zeros. The bias stays.
 */
export function setKernel(
  network: Network,
  layer: string,
  channel: number,
  matrix: number[][],
  name: string,
): Edit {
  const full = kernelOf(network, layer);
  const [height, width, inputs, outputs] = network.weightShape(full);
  const [rows, columns] = [matrix.length, matrix[0].length];
  if (rows > height || columns > width) {
    throw new Error(`a matrix ${rows}×${columns} does not fit into kernels of ${height}×${width}`);
  }
  const [top, left] = [Math.floor((height - rows) / 2), Math.floor((width - columns) / 2)];
  return changed(network, { kind: "kernel", layer, channel, name, matrix }, [full], (array) => {
    for (let i = channel; i < array.length; i += outputs) array[i] = 0;
    matrix.forEach((row, y) => {
      row.forEach((value, x) => {
        for (let c = 0; c < inputs; c++) {
          array[(((top + y) * width + left + x) * inputs + c) * outputs + channel] = value / inputs;
        }
      });
    });
  });
}

/** The stored kernel of a convolution or a dense layer. */
export function kernelOf(network: Network, layer: string): string {
  const { node, fold } = storedAs(network, layer);
  return fold?.kernel ?? node.weights["kernel"];
}

function changed(
  network: Network,
  what: Edit["what"],
  names: string[],
  change: (array: Float32Array) => void,
): Edit {
  const weights = new Map<string, Float32Array>();
  const before = new Map<string, Float32Array>();
  for (const name of names) {
    const array = network.storedWeights.get(name);
    if (!array || array.length !== size(network.weightShape(name))) {
      throw new Error(`there are no weights ${name}`);
    }
    const copy = array.slice();
    change(copy);
    before.set(name, array);
    weights.set(name, copy);
  }
  return { what, weights, before };
}
