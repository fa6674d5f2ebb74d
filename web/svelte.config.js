import { vitePreprocess } from "@sveltejs/vite-plugin-svelte";

export default {
  preprocess: vitePreprocess(),
  compilerOptions: {
    runes: true,
    // By content alone: otherwise the bundle would depend on where the checkout lies.
    cssHash: ({ css, hash }) => `s-${hash(css)}`,
  },
};
