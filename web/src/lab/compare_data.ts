/** What the server sends of two networks that are compared; see `src/pellucid/lab/compared.py`. */

import type { Part } from "./place";

/** A change of a network, as `pellucid.explain.surgery.edit_record` describes it. */
export type Edit =
  | { edit: "mute"; layer: string; channel: number }
  | { edit: "kernel"; layer: string; number: number; matrix: number[][]; name: string }
  | { edit: "set"; weight: string; at: number[]; value: number }
  | { edit: "swap"; layer: string }
  | { edit: "remove"; layer: string };

/** What can be changed in a layer. */
export interface EditableLayer {
  name: string;
  kind: string;
  /** Maps or units that can be muted. */
  channels: number;
  /** Rows, columns, channels and kernels of a convolution's kernel. */
  kernel: [number, number, number, number] | null;
  swap: boolean;
  remove: boolean;
  weights: Record<string, number[]>;
}

export interface Choices {
  layers: EditableLayer[];
  gallery: { name: string; matrix: number[][] }[];
}

export interface ComparedLayer {
  name: string;
  shapes: [number[] | null, number[] | null];
  kinds: [string | null, string | null];
  /** |second − first| / |first|; null where that is no number, or there are not both. */
  change: number | null;
}

export interface ComparedSide {
  task: string;
  answers: { name: string; value: number }[];
}

/** Two networks on one picture. */
export interface Compared {
  key: string;
  /** Of the first one's data, those first that judge it. */
  parts: Part[];
  part: Part;
  /** Whether the first one learned from this part. */
  learned: boolean;
  number: number;
  pictures: number;
  name: string;
  label: string;
  sides: [ComparedSide, ComparedSide];
  layers: ComparedLayer[];
}

interface Judged {
  accuracy: number;
  interval: [number, number];
  cross_entropy: number | null;
}

/** Two networks on all pictures, where each has one class. */
export interface Effect {
  count: number;
  first: Judged;
  second: Judged;
  flipped: number;
  flips: { number: number; picture: string; true: string; before: string; after: string }[];
}
