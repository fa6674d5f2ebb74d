/** A lab for tests: the command itself, on runs and pictures that Python makes. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = new URL("../../../", import.meta.url).pathname;
const PYTHON = join(ROOT, ".venv/bin/python");

export interface Lab {
  /** Where it answers, with its token. */
  address: string;
  /** The folder with `runs` and `data`. */
  folder: string;
  /** Ends the command; its folder stays. */
  end(): Promise<void>;
  /** Ends it, and removes its folder. */
  remove(): Promise<void>;
}

/** Run a command of Pellucid until it is done. */
export function pellucid(given: string[]): void {
  execFileSync(PYTHON, ["-m", "pellucid", ...given], { stdio: "ignore" });
}

/** Make pictures with a number each, and a run that learned from them, in `bars` and `runs/bars`. */
export function withNumbers(folder: string): void {
  execFileSync(PYTHON, ["-m", "tests.lab.number_demo", folder], { cwd: ROOT, stdio: "ignore" });
}

/** A lab on its own runs and pictures; more is made of them before it opens. */
export async function openLab(
  more: (folder: string) => void = () => undefined,
  data = "data",
): Promise<Lab> {
  const folder = mkdtempSync(join(tmpdir(), "pellucid-lab-"));
  execFileSync(PYTHON, ["-m", "tests.lab.demo", folder], { cwd: ROOT, stdio: "ignore" });
  more(folder);
  const process = spawn(
    PYTHON,
    ["-m", "pellucid", "lab", join(folder, "runs"), join(folder, data), "--port", "0", "--no-open"],
    { cwd: folder, stdio: ["ignore", "ignore", "pipe"] },
  );
  const end = (): Promise<void> => ended(process);
  const remove = async (): Promise<void> => {
    await end();
    rmSync(folder, { recursive: true, force: true });
  };
  return { address: await addressOf(process), folder, end, remove };
}

function addressOf(process: ChildProcess): Promise<string> {
  return new Promise((found, failed) => {
    let text = "";
    process.stderr!.setEncoding("utf8").on("data", (part: string) => {
      text += part;
      const address = /http:\S+\//.exec(text);
      if (address) found(address[0]);
    });
    process.once("exit", () => failed(new Error(`the lab ended: ${text}`)));
  });
}

function ended(process: ChildProcess): Promise<void> {
  if (process.exitCode !== null || process.signalCode !== null) return Promise.resolve();
  return new Promise((done) => {
    process.once("exit", () => done());
    process.kill("SIGTERM");
  });
}
