/** Other versions make another bundle of the same sources, so only those of package.json may make it. */

import { readFileSync } from "node:fs";
import type { Plugin } from "vite";

interface Package {
  version: string;
  devDependencies: Record<string, string>;
}

/** A package.json, by its path from the one of the page. */
function read(path: string): Package {
  return JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), "utf8")) as Package;
}

/** What is installed in another version than is wanted, in words. */
export function otherVersions(wanted: Record<string, string>): string[] {
  return Object.entries(wanted).flatMap(([name, version]) => {
    const installed = read(`node_modules/${name}/package.json`).version;
    return installed === version ? [] : [`${name} ${installed}, not ${version}`];
  });
}

/** The plugin that refuses to build with other versions. */
export function versions(): Plugin {
  return {
    name: "versions",
    apply: "build",
    buildStart() {
      const { devDependencies } = read("package.json");
      const made = ["vite", "svelte", "@sveltejs/vite-plugin-svelte"];
      const wanted = Object.entries(devDependencies).filter(([name]) => made.includes(name));
      const other = otherVersions(Object.fromEntries(wanted));
      if (other.length) {
        this.error(`installed: ${other.join("; ")}. scripts/web build installs what is wanted`);
      }
    },
  };
}
