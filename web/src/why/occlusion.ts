/** Occlusion: cover a patch, see how the score falls (Zeiler and Fergus 2013, section 4.2). */

import type { Taken } from "../engine/data";
import type { Network } from "../engine/network";
import { type Question, scoreOf } from "./score";

/** How many times smaller than the picture the patch is, and how far apart patches are. */
const PATCHES_A_SIDE = 7;

/** Milliseconds after which the page gets a turn. */
const TURN = 12;

export interface Occluded {
  /** How far the score falls, on average over the patches that cover a pixel, (H, W). */
  falls: Float64Array;
  /** The patch's height and width. */
  size: [number, number];
}

/** The grey that the network sees as nothing: what its first layer makes 0, or the middle. */
export function baseline(network: Network): Float32Array {
  const channels = network.data.graph.input[2];
  const first = network.data.graph.nodes[0];
  const found = new Float32Array(channels).fill(127.5);
  if (first.kind !== "normalise" || !first.multiplied || !first.added) return found;
  const { multiplied, added } = first;
  return found.map((_, c) => {
    const at = (array: { values: number[] }): number => array.values[c % array.values.length];
    return -at(added) / at(multiplied);
  });
}

function spans(length: number, size: number, stride: number): [number, number][] {
  const count = Math.ceil((length - size) / stride) + 1;
  return Array.from({ length: count }, (_, i) => [i * stride, Math.min(i * stride + size, length)]);
}

/**
 * @param progress Gets the share that is done; what it returns says whether to go on.
 */
export async function occlusion(
  network: Network,
  pixels: Taken,
  question: Question,
  progress: (share: number) => boolean,
  turnAfter = TURN,
): Promise<Occluded | null> {
  const [height, width, channels] = network.data.graph.input;
  const size: [number, number] = [
    Math.max(1, Math.round(height / PATCHES_A_SIDE)),
    Math.max(1, Math.round(width / PATCHES_A_SIDE)),
  ];
  const down = spans(height, size[0], Math.max(1, Math.floor(size[0] / 2)));
  const across = spans(width, size[1], Math.max(1, Math.floor(size[1] / 2)));
  const fill = baseline(network);
  const whole = Float32Array.from(pixels);
  const score = scoreOf(question, network.outputsOf(whole));
  const falls = new Float64Array(height * width);
  const counts = new Float64Array(height * width);
  let [done, turn] = [0, performance.now()];
  for (const [top, bottom] of down) {
    for (const [left, right] of across) {
      const copy = whole.slice();
      for (let y = top; y < bottom; y++) {
        for (let i = (y * width + left) * channels; i < (y * width + right) * channels; i++) {
          copy[i] = fill[i % channels];
        }
      }
      const fall = score - scoreOf(question, network.outputsOf(copy));
      for (let y = top; y < bottom; y++) {
        for (let x = left; x < right; x++) {
          falls[y * width + x] += fall;
          counts[y * width + x]++;
        }
      }
      done++;
      if (performance.now() - turn >= turnAfter) {
        if (!progress(done / (down.length * across.length))) return null;
        await new Promise((resolve) => setTimeout(resolve));
        turn = performance.now();
      }
    }
  }
  return { falls: falls.map((fall, i) => fall / counts[i]), size };
}
