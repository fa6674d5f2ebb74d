/** Where a picture's pixels go in a network's input; `pellucid/data/preprocessing.py` has the same rule. */

import type { Preprocessing } from "../engine/data";
import { type Box, emptyPlane, type Plane, Resizing } from "./resize";

/** How a picture is resized, and where it stands between borders. */
export interface Fit {
  box: Box;
  width: number;
  height: number;
  left: number;
  top: number;
}

type Rule = Pick<Preprocessing, "width" | "height" | "resize" | "margin">;

/** Halves to the even number, as Python does. */
function rounded(x: number): number {
  const down = Math.floor(x);
  if (x - down !== 0.5) return Math.round(x);
  return down % 2 === 0 ? down : down + 1;
}

export function fitOf(rule: Rule, width: number, height: number): Fit {
  const whole = { width: rule.width, height: rule.height, left: 0, top: 0 };
  const margin = rule.margin ?? 0;
  const all: Box = [0, 0, width, height];
  if ((width === rule.width && height === rule.height && !margin) || rule.resize === "stretch") {
    return { ...whole, box: all };
  }
  if (rule.resize === "crop") {
    const scale = Math.max((rule.width + margin) / width, (rule.height + margin) / height);
    const [wide, high] = [
      Math.min(rule.width / scale, width),
      Math.min(rule.height / scale, height),
    ];
    const [left, top] = [(width - wide) / 2, (height - high) / 2];
    return { ...whole, box: [left, top, left + wide, top + high] };
  }
  const scale = Math.min(rule.width / width, rule.height / height);
  const fitted = (length: number, most: number): number =>
    Math.min(most, Math.max(1, rounded(length * scale)));
  const [wide, high] = [fitted(width, rule.width), fitted(height, rule.height)];
  return {
    box: all,
    width: wide,
    height: high,
    left: Math.floor((rule.width - wide) / 2),
    top: Math.floor((rule.height - high) / 2),
  };
}

/** Fits a picture that comes in strips of rows, of the colours that the network takes. */
export class Fitting {
  readonly resizing: Resizing;
  private readonly fit: Fit;

  constructor(
    private readonly preprocessing: Preprocessing,
    width: number,
    height: number,
  ) {
    this.fit = fitOf(preprocessing, width, height);
    this.resizing = new Resizing(
      [width, height],
      preprocessing.channels,
      [this.fit.width, this.fit.height],
      preprocessing.filter ?? "triangle",
      this.fit.box,
    );
  }

  /** The network's input. */
  finish(): Uint8Array<ArrayBuffer> {
    const { width, height, channels, border } = this.preprocessing;
    const into = emptyPlane(width, height, channels);
    into.data.fill(border);
    place(this.resizing.finish(), into, this.fit.left, this.fit.top);
    return into.data as Uint8Array<ArrayBuffer>;
  }
}

/** Write one plane into another, where it has room. */
export function place(from: Plane, into: Plane, left: number, top: number): void {
  const row = from.width * from.channels;
  for (let y = 0; y < from.height; y++) {
    const to = ((top + y) * into.width + left) * into.channels;
    into.data.set(from.data.subarray(y * row, (y + 1) * row), to);
  }
}
