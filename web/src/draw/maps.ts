/** Maps of values as pictures: one canvas a sheet, one pixel a number. */

import { colour, type Scale } from "./colours";

/** One channel of values (H, W, C), one pixel a number. */
export function mapImage(
  values: ArrayLike<number>,
  [height, width, channels]: readonly [number, number, number],
  channel: number,
  limit: number,
  scale: Scale,
): ImageData {
  const image = new ImageData(width, height);
  for (let i = 0; i < height * width; i++) {
    colour(image.data, 4 * i, values[i * channels + channel], limit, scale);
  }
  return image;
}

/** Pixels (H, W, 1 or 3), 0..255, as they are. */
export function pixelImage(
  pixels: ArrayLike<number>,
  [height, width, channels]: readonly [number, number, number],
): ImageData {
  const image = new ImageData(width, height);
  for (let i = 0; i < height * width; i++) {
    for (let c = 0; c < 3; c++)
      image.data[4 * i + c] = pixels[i * channels + Math.min(c, channels - 1)];
    image.data[4 * i + 3] = 255;
  }
  return image;
}

/** How channels are laid out on a sheet. */
export interface Sheet {
  columns: number;
  rows: number;
  /** Pixels of one map's cell, the gap included. */
  cell: readonly [number, number];
}

export function sheetOf(channels: number, height: number, width: number, gap = 1): Sheet {
  const columns = Math.max(1, Math.ceil(Math.sqrt((channels * (height + gap)) / (width + gap))));
  return {
    columns,
    rows: Math.ceil(channels / columns),
    cell: [height + gap, width + gap],
  };
}

/** Draw all channels on a canvas, which takes the sheet's size. */
export function drawSheet(
  canvas: HTMLCanvasElement,
  values: ArrayLike<number>,
  shape: readonly [number, number, number],
  sheet: Sheet,
  limit: number,
  scale: Scale,
): void {
  const [height, width, channels] = shape;
  canvas.width = sheet.columns * sheet.cell[1] - (sheet.cell[1] - width);
  canvas.height = sheet.rows * sheet.cell[0] - (sheet.cell[0] - height);
  const context = canvas.getContext("2d")!;
  for (let channel = 0; channel < channels; channel++) {
    const x = (channel % sheet.columns) * sheet.cell[1];
    const y = Math.floor(channel / sheet.columns) * sheet.cell[0];
    context.putImageData(mapImage(values, shape, channel, limit, scale), x, y);
  }
}
