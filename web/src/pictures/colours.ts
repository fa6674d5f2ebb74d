/** Colours as a network takes them. */

import { emptyPlane, type Plane } from "./resize";

export interface Colours {
  /** Grey, or red, green and blue. */
  channels: 1 | 3;
  /** Whether black and white are exchanged. */
  invert: boolean;
}

/** Opaque pixels of red, green, blue and alpha, in grey (ITU-R BT.601, as Pillow rounds it) or colour. */
export function converted(
  rgba: Uint8Array | Uint8ClampedArray,
  width: number,
  height: number,
  { channels, invert }: Colours,
): Plane {
  const plane = emptyPlane(width, height, channels);
  const flip = invert ? 255 : 0;
  for (let from = 0, to = 0; from < rgba.length; from += 4) {
    const [red, green, blue] = [rgba[from], rgba[from + 1], rgba[from + 2]];
    if (channels === 1) {
      plane.data[to++] = ((19595 * red + 38470 * green + 7471 * blue + 32768) >> 16) ^ flip;
    } else {
      plane.data[to++] = red ^ flip;
      plane.data[to++] = green ^ flip;
      plane.data[to++] = blue ^ flip;
    }
  }
  return plane;
}
