import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";
import { embeddable } from "./tools/embeddable.ts";
import { LICENCES, licences } from "./tools/licences.ts";
import { versions } from "./tools/versions.ts";

/** The lab's script, style and their licences, which its server sends. */
export default defineConfig({
  plugins: [versions(), svelte(), licences(), embeddable("lab")],
  build: {
    outDir: process.env["PELLUCID_LAB_BUNDLE"] ?? "../src/pellucid/lab/bundle",
    emptyOutDir: true,
    assetsInlineLimit: 1e9,
    cssCodeSplit: false,
    modulePreload: false,
    target: "es2022",
    cssTarget: ["chrome123", "firefox120", "safari17.5"],
    license: { fileName: LICENCES },
    reportCompressedSize: false,
    rolldownOptions: {
      input: "src/lab/main.ts",
      output: {
        format: "iife",
        entryFileNames: "lab.js",
        assetFileNames: "lab[extname]",
        codeSplitting: false,
      },
    },
  },
});
