/** The licences of what is bundled: Vite writes them; nothing may be bundled without. */

import type { Plugin } from "vite";

/** The file of the bundle that has them. */
export const LICENCES = "licences.md";

/** Packages, each with its version, that a text of Vite's names without their licence's own words. */
export function withoutWords(text: string): string[] {
  return text
    .split(/^## /m)
    .slice(1)
    .filter((entry) => !/copyright/i.test(entry))
    .map((entry) => entry.split("\n", 1)[0] ?? "");
}

/** The plugin that refuses a package without a licence. */
export function licences(): Plugin {
  return {
    name: "licences",
    apply: "build",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        const file = bundle[LICENCES];
        if (file?.type !== "asset") return this.error(`there is no ${LICENCES}`);
        if (/<[/!]|<script/i.test(String(file.source))) this.error("licences with markup");
        const lacking = withoutWords(String(file.source));
        if (lacking.length) this.error(`no licence in the package: ${lacking.join("; ")}`);
      },
    },
  };
}

/** The plugin that refuses packages in a worker, whose licences Vite does not write. */
export function ownCode(): Plugin {
  return {
    name: "own-code",
    apply: "build",
    generateBundle(_options, bundle) {
      const files = Object.values(bundle).flatMap((file) =>
        file.type === "chunk" ? file.moduleIds : [],
      );
      const others = files.filter((id) => id.includes("/node_modules/"));
      if (others.length)
        this.error(`a worker has packages, without licences: ${others.join("; ")}`);
    },
  };
}
