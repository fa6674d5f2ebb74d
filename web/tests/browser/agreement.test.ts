import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const ROOT = new URL("../../../", import.meta.url).pathname;

/** Whether the engine in Python fuses products with sums, as the page's code then does, too. */
function fuses(): boolean {
  return / fma /.test(readFileSync("/proc/cpuinfo", "utf8"));
}

test("all values and gradients of every operation are the engine's", () => {
  const names = ["every operation", "further operations", "sequence operations", "lenet5"];
  const text = execFileSync(`${ROOT}.venv/bin/python`, ["-m", "tests.page.check", ...names], {
    cwd: ROOT,
    encoding: "utf8",
  });
  const rows = text
    .split("\n")
    .filter((line) => names.some((name) => line.startsWith(`| ${name}`)));
  expect(rows.length).toBe(names.length);
  for (const row of rows) {
    const agreed = row.split("|").slice(8, 11);
    for (const cell of agreed) {
      if (fuses()) expect(cell, row).toMatch(/^ all [\d ]+ $/);
      else expect(Number(/within (\S+)/.exec(cell)?.[1] ?? 0), row).toBeLessThan(1e-4);
    }
  }
}, 180_000);
