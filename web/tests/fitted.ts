/** Pictures and what Python makes of them, written by `tests/page/fitted.py` when tests run. */

import type { Preprocessing } from "../src/engine/data";
import { fromPython } from "./unit/python";

export interface RandomPicture {
  preprocessing: Preprocessing;
  size: [width: number, height: number];
  rgba: string;
  pixels: string;
}

export interface PictureFile {
  name: string;
  content: string;
  /** By the page that takes them, or as the grey one does with black and white exchanged. */
  pixels: Record<"grey" | "inverted" | "small", string>;
}

export function fittedByPython(): { random: RandomPicture[]; files: PictureFile[] } {
  return fromPython("tests.page.fitted");
}
