import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

/** One classic script and one style, which Python writes into each page. */
export default defineConfig({
  plugins: [svelte()],
  worker: { format: "iife" },
  build: {
    outDir: process.env["PELLUCID_BUNDLE"] ?? "../src/pellucid/page/bundle",
    emptyOutDir: true,
    assetsInlineLimit: 1e9,
    cssCodeSplit: false,
    modulePreload: false,
    target: "es2022",
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
  test: { include: ["tests/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 60_000 },
});
