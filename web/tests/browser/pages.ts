/** Lets Python write the pages that tests open, once. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  interface ProvidedContext {
    /** The folder of pages that tests/page/pages.py wrote. */
    pages: string;
  }
}

export default function setup(project: TestProject): () => void {
  const root = new URL("../../../", import.meta.url);
  const folder = mkdtempSync(join(tmpdir(), "pellucid-pages-"));
  const python = fileURLToPath(new URL(".venv/bin/python", root));
  execFileSync(python, ["-m", "tests.page.pages", folder], { cwd: root, stdio: "inherit" });
  project.provide("pages", folder);
  return () => rmSync(folder, { recursive: true });
}
