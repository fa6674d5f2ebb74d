/** Pictures resized as Pillow does it: in one direction, then in the other, bytes in between. */

import { type Filter, PLACES, type Taps, tapsOf } from "./filter";

/** Pixels in row-major order, `channels` bytes each. */
export interface Plane {
  data: Uint8Array | Uint8ClampedArray;
  width: number;
  height: number;
  channels: number;
}

/** Left, top, right and bottom edge of a part, in pixels. */
export type Box = readonly [number, number, number, number];

const HALF = 1 << (PLACES - 1);

function byte(sum: number): number {
  const value = sum >> PLACES;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

/** Rows of `into.width` pixels from rows of another length. */
function resizeRows(from: Plane, into: Plane, taps: Taps): void {
  const { channels } = from;
  for (let y = 0; y < into.height; y++) {
    const row = y * from.width * channels;
    let to = y * into.width * channels;
    for (let x = 0; x < into.width; x++) {
      const weight = x * taps.stride;
      for (let c = 0; c < channels; c++) {
        let sum = HALF;
        let at = row + taps.first[x] * channels + c;
        for (let k = 0; k < taps.count[x]; k++, at += channels) {
          sum += from.data[at] * taps.weights[weight + k];
        }
        into.data[to++] = byte(sum);
      }
    }
  }
}

/** Rows from `start` to `end` of `into`, from other rows; the first of `from` is the picture's row `top`. */
function resizeColumns(
  from: Plane,
  into: Plane,
  taps: Taps,
  top: number,
  start = 0,
  end = into.height,
): void {
  const length = from.width * from.channels;
  for (let y = start; y < end; y++) {
    const weight = y * taps.stride;
    const first = (taps.first[y] - top) * length;
    for (let x = 0; x < length; x++) {
      let sum = HALF;
      for (let k = 0, at = first + x; k < taps.count[y]; k++, at += length) {
        sum += from.data[at] * taps.weights[weight + k];
      }
      into.data[y * length + x] = byte(sum);
    }
  }
}

/** A plane of zeros. */
export function emptyPlane(width: number, height: number, channels: number): Plane {
  return { data: new Uint8Array(width * height * channels), width, height, channels };
}

/** Resizes a picture that comes in strips of rows, from the first to the last. */
export class Resizing {
  /** The rows of the picture that are read at all: from, and up to without it. */
  readonly span: readonly [number, number];
  private readonly columns: Taps | null;
  private readonly rows: Taps | null;
  /**
   * Whether the height is changed first, as Pillow 13 does it where that saves more than the width
   * does. Older ones always begin with the width; it matters where sharp edges overshoot.
   */
  private readonly heightFirst: boolean;
  /** Of the rows that came: as they are, or of their new length. */
  private readonly taken: Plane;
  private readonly shortened: Plane;
  private finished = 0;

  constructor(
    size: readonly [width: number, height: number],
    channels: number,
    private readonly result: readonly [width: number, height: number],
    filter: Filter,
    box: Box = [0, 0, ...size],
  ) {
    const taps = (axis: 0 | 1): Taps | null => {
      const [from, to] = [Math.fround(box[axis]), Math.fround(box[axis + 2])]; // as Pillow has them
      const same = size[axis] === result[axis] && from === 0 && to === size[axis];
      return same ? null : tapsOf(filter, size[axis], from, to, result[axis]);
    };
    [this.columns, this.rows] = [taps(0), taps(1)];
    const less = size[1] - result[1];
    this.heightFirst = less > 0 && less > 2 * (size[0] - result[0]);
    this.span = this.rows?.span ?? [0, size[1]];
    const width = this.heightFirst ? size[0] : result[0];
    this.taken = emptyPlane(width, this.span[1] - this.span[0], channels);
    this.shortened = this.rows ? emptyPlane(width, result[1], channels) : this.taken;
  }

  /** Take a strip, whose first row is the picture's row `top`, within the span. */
  take(strip: Plane, top: number): void {
    const { width, channels } = this.taken;
    const start = (top - this.span[0]) * width * channels;
    const data = this.taken.data.subarray(start, start + strip.height * width * channels);
    if (this.columns && !this.heightFirst)
      resizeRows(strip, { ...strip, width, data }, this.columns);
    else data.set(strip.data);
    this.resizeRowsThatCame(top + strip.height);
  }

  /** The picture, once all strips are taken. */
  finish(): Plane {
    if (!this.columns || !this.heightFirst) return this.shortened;
    const into = emptyPlane(...this.result, this.taken.channels);
    resizeRows(this.shortened, into, this.columns);
    return into;
  }

  private resizeRowsThatCame(end: number): void {
    const taps = this.rows;
    if (!taps) return;
    let next = this.finished;
    while (next < this.result[1] && taps.first[next] + taps.count[next] <= end) next++;
    resizeColumns(this.taken, this.shortened, taps, this.span[0], this.finished, next);
    this.finished = next;
  }
}

/** A part of a picture at another size. */
export function resized(
  picture: Plane,
  width: number,
  height: number,
  filter: Filter,
  box?: Box,
): Plane {
  const size = [picture.width, picture.height] as const;
  const resizing = new Resizing(size, picture.channels, [width, height], filter, box);
  const [first, end] = resizing.span;
  const row = picture.width * picture.channels;
  const data = picture.data.subarray(first * row, end * row);
  resizing.take({ ...picture, data, height: end - first }, first);
  return resizing.finish();
}
