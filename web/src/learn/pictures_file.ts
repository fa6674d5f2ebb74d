/** The pictures of a learning as a file of arrays, with which Python repeats it. */

import { integers, npz, type NumpyArray, texts } from "../files/npz";
import type { Pictures } from "./trainer";

export function picturesFile(
  shape: readonly number[],
  classes: readonly string[],
  train: Pictures,
  judges: Pictures,
): Promise<Blob> {
  return npz([
    pixels("x", train, shape),
    integers("y", train.labels),
    pixels("x_test", judges, shape),
    integers("y_test", judges.labels),
    texts("classes", classes),
  ]);
}

function pixels(name: string, { pixels, labels }: Pictures, shape: readonly number[]): NumpyArray {
  const bytes = pixels as Uint8Array<ArrayBuffer>;
  return { name, descr: "|u1", shape: [labels.length, ...shape], bytes };
}
