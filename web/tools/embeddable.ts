/** What makes a bundle fit to stand inside an HTML file, between two tags. */

import { Script } from "node:vm";
import type { Plugin } from "vite";
import { LICENCES } from "./licences.ts";

const NAME_OF_UNIT = (unit: string): string =>
  `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;

/**
 * A script that no HTML parser ends or misreads, in ASCII.
 *
 * Within strings, templates and regular expressions, the only places where a minified script has
 * these characters, an escape means the same.
 */
export function embeddableScript(code: string): string {
  const found = code.replace(
    /(\\*)(<(?=\/script|!--|script)|[^\0-\x7f])/gi,
    (_whole: string, backslashes: string, character: string) => {
      if (backslashes.length % 2) throw new Error(`a backslash before ${character} in the script`);
      return backslashes + (character === "<" ? "\\x3c" : NAME_OF_UNIT(character));
    },
  );
  new Script(found); // it still is one, and classic: no import, no export
  return found;
}

/** A style that no HTML parser ends, in ASCII. */
export function embeddableStyle(code: string): string {
  const escaped = code.replace(
    /[^\0-\x7f]/gu,
    (character) => `\\${character.codePointAt(0)?.toString(16)} `,
  );
  if (/<\/style|<!--/i.test(escaped)) throw new Error("the style would end the element it is in");
  return escaped;
}

/** The plugin that writes a bundle's script and style so, and refuses any other file. */
export function embeddable(bundleName = "page"): Plugin {
  return {
    name: "embeddable",
    apply: "build",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        for (const file of Object.values(bundle)) {
          if (file.type === "chunk" && file.fileName === `${bundleName}.js`) {
            file.code = embeddableScript(file.code);
          } else if (file.type === "asset" && file.fileName === `${bundleName}.css`) {
            file.source = embeddableStyle(String(file.source));
          } else if (file.fileName !== LICENCES) {
            this.error(
              `there is one script and one style, this would be one more: ${file.fileName}`,
            );
          }
        }
      },
    },
  };
}
