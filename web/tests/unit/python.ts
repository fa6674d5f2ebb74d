/** Numbers from Python, which the page's own must equal. */

import { execFileSync } from "node:child_process";

const ROOT = new URL("../../../", import.meta.url).pathname;

/** What a module of tests prints, as JSON. */
export function fromPython<T>(module: string, ...words: string[]): T {
  const text = execFileSync(`${ROOT}.venv/bin/python`, ["-m", module, ...words], {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  return JSON.parse(text) as T;
}
