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
