/** What colour the ground of a network's pictures has. */

import type { Taken } from "../engine/data";
/** Grey pictures' ground, from their edges: 0 where these are dark, 255 where they are light. */
export function groundOf(
  pixels: Taken,
  [height, width]: readonly [number, number, number],
): 0 | 255 {
  let [sum, count] = [0, 0];
  for (let start = 0; start < pixels.length; start += height * width) {
    for (let y = 0; y < height; y++) {
      const edge = y === 0 || y === height - 1;
      for (let x = 0; x < width; x += edge ? 1 : Math.max(1, width - 1)) {
        sum += pixels[start + y * width + x];
        count++;
      }
    }
  }
  return sum > 127.5 * count ? 255 : 0;
}
