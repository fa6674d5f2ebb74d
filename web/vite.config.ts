import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";
import { embeddable } from "./tools/embeddable.ts";
import { LICENCES, licences, ownCode } from "./tools/licences.ts";
import { versions } from "./tools/versions.ts";

/** One classic script, one style and their licences, which Python writes into each page. */
export default defineConfig({
  plugins: [versions(), svelte(), licences(), embeddable()],
  worker: { format: "iife", plugins: () => [ownCode()] },
  build: {
    outDir: process.env["PELLUCID_BUNDLE"] ?? "../src/pellucid/page/bundle",
    emptyOutDir: true,
    assetsInlineLimit: 1e9,
    cssCodeSplit: false,
    modulePreload: false,
    target: "es2022",
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    license: { fileName: LICENCES },
    reportCompressedSize: false,
    rolldownOptions: {
      input: "src/main.ts",
      output: {
        format: "iife",
        entryFileNames: "page.js",
        assetFileNames: "page[extname]",
        codeSplitting: false,
      },
    },
  },
  test: {
    projects: [
      { extends: true, test: { name: "unit", include: ["tests/unit/**/*.test.ts"] } },
      {
        extends: true,
        test: {
          name: "browser",
          include: ["tests/browser/**/*.test.ts"],
          globalSetup: ["tests/browser/pages.ts"],
          setupFiles: ["tests/browser/setup.ts"],
          fileParallelism: false, // one Chromium at a time
          // patience, for machines that do other things at the same time
          expect: { poll: { timeout: 20_000 } },
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
