/** Small pages to open: with the policy that real ones have, and scripts built as theirs is. */

import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, type Rollup } from "vite";

export const FOLDER = new URL("../../../src/pellucid/page/bundle/", import.meta.url);

/** The script and the style that pages have. */
export function bundle(): { script: string; style: string } {
  const [script, style] = ["page.js", "page.css"].map((name) =>
    readFileSync(new URL(name, FOLDER), "utf8"),
  ) as [string, string];
  return { script, style };
}

/** A script, built from another entry with the page's own settings. */
export async function built(entry: string): Promise<string> {
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const result = (await build({
    root,
    logLevel: "warn",
    build: { write: false, rolldownOptions: { input: join(root, entry) } },
  })) as Rollup.RollupOutput;
  return result.output[0].code;
}

function hash(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}

/** Writes a page of that script, and returns its file. */
export function written(script: string, style = ""): string {
  const policy = [
    "default-src 'none'",
    `script-src ${hash(script)} 'wasm-unsafe-eval'`,
    `style-src ${hash(style)}`,
    "worker-src blob:",
    "img-src data: blob:",
    "media-src blob:",
  ].join("; ");
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<title>A network</title>
<style>${style}</style>
</head>
<body>
<div id="app"></div>
<script>${script}</script>
</body>
</html>
`;
  const file = join(mkdtempSync(join(tmpdir(), "pellucid-page-")), "page.html");
  writeFileSync(file, html);
  return file;
}
