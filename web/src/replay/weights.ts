/** The weights after each epoch of a training that the page shows again. */

import { joined, size } from "../engine/arrays";
import type { ReplayData, Shape } from "../engine/data";
import type { Bytes, Weights } from "../engine/program";

/** By epoch, in their order; each is what the one before was, with the bits that changed. */
export async function weightsAfter(
  data: ReplayData,
  names: readonly [string, Shape][],
  bytes: Bytes,
): Promise<Map<number, Weights>> {
  const found = new Map<number, Weights>();
  const changes = await Promise.all(data.epochs.map(({ changes }) => bytes(changes)));
  let before: Uint8Array | null = null;
  data.epochs.forEach(({ epoch }, k) => {
    const planes = changes[k];
    if (before) for (let i = 0; i < planes.length; i++) planes[i] ^= before[i];
    before = planes;
    found.set(epoch, named(joined(planes), names));
  });
  return found;
}

function named(all: Float32Array, names: readonly [string, Shape][]): Weights {
  const found = new Map<string, Float32Array>();
  let next = 0;
  for (const [name, shape] of names) {
    found.set(name, all.subarray(next, (next += size(shape))));
  }
  return found;
}
