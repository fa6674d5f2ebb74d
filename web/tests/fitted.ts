/** Pictures and what Python makes of them, written by `tests/page/fitted.py` when tests run. */

import { execFileSync } from "node:child_process";
import type { Preprocessing } from "../src/engine/data";

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
  const root = new URL("../../", import.meta.url);
  const python = new URL(".venv/bin/python", root).pathname;
  const settings = { cwd: root, maxBuffer: 1 << 26 };
  return JSON.parse(execFileSync(python, ["-m", "tests.page.fitted"], settings).toString());
}
