/** Opens a page's network in Node: what its file holds, without a browser. */

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { PageData } from "../../src/engine/data";
import { Network } from "../../src/engine/network";
import type { Bytes } from "../../src/engine/program";

export interface Parts {
  data: PageData;
  network: Network;
  /** The pixels of all samples. */
  samples: Uint8Array;
}

export async function partsOf(file: string): Promise<Parts> {
  const html = readFileSync(file, "utf8");
  const json = /<script type="application\/json" id="page">(.*?)<\/script>/s.exec(html)![1];
  const data = JSON.parse(json) as PageData;
  const bytes: Bytes = (name) => {
    const part = new RegExp(`data-blob="${name}">([^<]*)<`).exec(html);
    if (!part) throw new Error(`the page has no part ${name}`);
    return Promise.resolve(new Uint8Array(gunzipSync(Buffer.from(part[1], "base64"))));
  };
  const samples = await bytes(data.samples.pixels);
  return { data, network: await Network.open(data, bytes), samples };
}
