/** From a picture's file to the pixels that the network takes, as `Preprocessing.read` in Python. */

import type { Preprocessing } from "../engine/data";
import { converted } from "./colours";
import { Fitting } from "./fit";
import { headerOf } from "./header";
import { PictureError } from "./problem";

/** Pictures with more pixels are refused, as in Python. */
export const MOST_PIXELS = 89_478_485;

/** Files with more bytes are refused. */
export const MOST_BYTES = 256e6;

/** Pixels that are converted at a time; the page answers in between. */
const STRIP = 1 << 18;

/** Milliseconds after which the page gets its turn. */
const TURN = 12;

/**
 * Decode a picture file: upright as its EXIF orientation says, colours as they are in the file
 * (no profile is applied), opacity not multiplied in. A JPEG file is decoded whole; Python decodes
 * a large one at a reduced size where `decoding` is "reduced", which differs by a level or two.
 *
 * Throws a PictureError where there is no picture in it, or one that is damaged or too large.
 */
export async function decoded(file: Blob, deep: boolean): Promise<ImageBitmap> {
  if (file.size === 0) throw new PictureError({ kind: "empty" });
  if (file.size > MOST_BYTES) {
    throw new PictureError({ kind: "heavy", bytes: file.size, most: MOST_BYTES });
  }
  const header = headerOf(new Uint8Array(await file.arrayBuffer()));
  if (header) {
    const { width, height, bits, whole } = header;
    if (width * height > MOST_PIXELS) {
      throw new PictureError({ kind: "large", width, height, most: MOST_PIXELS });
    }
    if (!whole || width * height === 0) throw new PictureError({ kind: "damaged" });
    if (bits > 8 && deep) throw new PictureError({ kind: "deep" });
  }
  try {
    return await createImageBitmap(file, {
      imageOrientation: "from-image",
      colorSpaceConversion: "none",
      premultiplyAlpha: "none",
    });
  } catch {
    throw new PictureError({ kind: header ? "damaged" : "unknown" });
  }
}

/** What pixels are taken from: a bitmap, or a camera's picture. */
export type Source = ImageBitmap | HTMLVideoElement;

/** The pixels of a source, strip by strip; transparent ones on the background. */
class Strips {
  private readonly context: CanvasRenderingContext2D;

  constructor(
    private readonly source: Source,
    private readonly size: readonly [width: number, height: number],
    readonly rows: number,
    private readonly background: number,
  ) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [size[0], rows];
    this.context = canvas.getContext("2d", { willReadFrequently: true, alpha: false })!;
  }

  read(top: number, rows: number): Uint8ClampedArray {
    const [width, height] = this.size;
    const { context, background } = this;
    context.fillStyle = `rgb(${background} ${background} ${background})`;
    context.fillRect(0, 0, width, rows);
    context.drawImage(this.source, 0, -top, width, height);
    return context.getImageData(0, 0, width, rows).data;
  }
}

function* steps(
  source: Source,
  size: readonly [number, number],
  preprocessing: Preprocessing,
): Generator<undefined, Uint8Array<ArrayBuffer>> {
  const { channels, background, invert = false } = preprocessing;
  const fitting = new Fitting(preprocessing, ...size);
  const [first, end] = fitting.resizing.span;
  const rows = Math.min(end - first, Math.max(1, Math.floor(STRIP / size[0])));
  const strips = new Strips(source, size, rows, background);
  for (let top = first; top < end; top += rows) {
    const count = Math.min(rows, end - top);
    const strip = converted(strips.read(top, count), size[0], count, { channels, invert });
    fitting.resizing.take(strip, top);
    yield;
  }
  return fitting.finish();
}

/** A bitmap as the network takes it; the page goes on meanwhile. */
export async function fitted(
  bitmap: ImageBitmap,
  preprocessing: Preprocessing,
): Promise<Uint8Array<ArrayBuffer>> {
  const work = steps(bitmap, [bitmap.width, bitmap.height], preprocessing);
  for (let since = performance.now(); ;) {
    const step = work.next();
    if (step.done) return step.value;
    if (performance.now() - since > TURN) {
      await new Promise((resolve) => setTimeout(resolve));
      since = performance.now();
    }
  }
}

/** A camera's picture as the network takes it, at once. */
export function fittedFrame(
  video: HTMLVideoElement,
  preprocessing: Preprocessing,
): Uint8Array<ArrayBuffer> {
  const work = steps(video, [video.videoWidth, video.videoHeight], preprocessing);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** A picture file as the network takes it. */
export async function readPicture(
  file: Blob,
  preprocessing: Preprocessing,
): Promise<Uint8Array<ArrayBuffer>> {
  const bitmap = await decoded(file, preprocessing.value_range != null);
  try {
    return await fitted(bitmap, preprocessing);
  } finally {
    bitmap.close();
  }
}
