/**
 * Changes of a page's network as short texts, and done again from these: `mute:conv1:3`,
 * `kernel:conv1:3:sobel-x` of the gallery, `kernel:conv1:3:=1,0;-1,0` of one's own, `swap:pool1`,
 * and steps of gradient descent for the picture at hand, `step:0.05` or three of them `step:0.05:3`.
 */

import { kernelOf, mute, setKernel } from "../why/edits";
import { galleryFor } from "../why/gallery";
import { wholeNumber } from "./address";
import type { PageState } from "./page.svelte";
import type { Change, Stepped } from "./surgery.svelte";

/** Characters of a kernel of one's own, texts, and steps that an address holds, at most. */
const LONGEST = 300;
const MOST = 40;
const MOST_STEPS = 200;

type Act = (page: PageState) => void | Promise<void>;

/** The changes as texts; none where an address cannot hold them. */
export function writtenChanges(page: PageState): string[] | null {
  const found: { text: string; times: number }[] = [];
  let steps = 0;
  for (const change of page.surgery.changes) {
    const text = written(page, change);
    if (text === null) return null;
    const last = found.at(-1);
    const step = change.what.kind === "step";
    if (step && ++steps > MOST_STEPS) return null;
    if (step && last?.text === text) last.times++;
    else found.push({ text, times: 1 });
  }
  if (found.length > MOST) return null;
  return found.map(({ text, times }) => (times > 1 ? `${text}:${times}` : text));
}

function written(page: PageState, change: Change): string | null {
  const { what } = change;
  switch (what.kind) {
    case "step":
      return isOfThisPicture(page, change as Stepped) ? `step:${what.rate}` : null;
    case "swap":
      return `swap:${what.layer}`;
    case "mute":
      return `mute:${what.layer}:${what.channel}`;
    case "kernel": {
      const kernel = what.name || `=${what.matrix!.map((row) => row.join(",")).join(";")}`;
      return kernel.length > LONGEST ? null : `kernel:${what.layer}:${what.channel}:${kernel}`;
    }
  }
}

/** Whether a step was taken for what the page shows now: an address holds no other picture. */
function isOfThisPicture(page: PageState, step: Stepped): boolean {
  return (
    step.truth === page.truth &&
    String(step.wanted) === String(page.backwards.wanted) &&
    step.pixels.length === page.pixels.length &&
    step.pixels.every((pixel, i) => pixel === page.pixels[i])
  );
}

/** Bring the network to the changes that texts tell of; with a damaged one, nothing is changed. */
export async function redo(page: PageState, texts: readonly string[]): Promise<void> {
  const acts = texts.length > MOST ? [null] : texts.map((text) => actOf(page, text));
  if (acts.includes(null)) return;
  const { surgery } = page;
  surgery.undoAll();
  if (!acts.length) return;
  const turn = surgery.begins(texts);
  for (const act of (acts as Act[][]).flat().slice(0, MOST + MOST_STEPS)) {
    await act(page);
    if (!surgery.goesOn(turn)) return;
  }
  surgery.ends(turn);
}

/** What a text tells to do; none if the page has no such thing. */
function actOf(page: PageState, text: string): Act[] | null {
  const [, kind, rest] = /^(mute|kernel|swap|step):([^]+)$/.exec(text) ?? [];
  switch (kind) {
    case "swap":
      return page.data.variants.some(({ layer }) => layer === rest)
        ? [(now) => now.surgery.swap(rest)]
        : null;
    case "step": {
      const [, rate, times = "1"] = /^(\d[\d.e+-]*)(?::(\d+))?$/.exec(rest) ?? [];
      const count = wholeNumber(times, MOST_STEPS + 1);
      if (rate === undefined || !Number.isFinite(Number(rate)) || !count) return null;
      return Array.from({ length: count }, () => (now) => now.backwards.stepAfresh(Number(rate)));
    }
    case "mute": {
      const [, layer, at] = /^([^]+):(\d+)$/.exec(rest) ?? [];
      const channel = channelOf(page, layer, at, ["convolution", "dense"]);
      return channel === null
        ? null
        : [(now) => now.surgery.edit(mute(now.network, layer, channel))];
    }
    case "kernel": {
      const [, layer, at, kernel] = /^([^]+):(\d+):([^:]+)$/.exec(rest) ?? [];
      const channel = channelOf(page, layer, at, ["convolution"]);
      if (channel === null) return null;
      const shape = page.network.weightShape(kernelOf(page.network, layer));
      const name = kernel.startsWith("=") ? "" : kernel;
      const matrix = name
        ? galleryFor(page.data.gallery, shape).find((each) => each.name === name)?.matrix
        : matrixOf(kernel.slice(1), shape);
      if (!matrix) return null;
      return [(now) => now.surgery.edit(setKernel(now.network, layer, channel, matrix, name))];
    }
    default:
      return null;
  }
}

function channelOf(
  page: PageState,
  layer: string | undefined,
  at: string | undefined,
  families: readonly string[],
): number | null {
  const node = layer === undefined ? undefined : page.network.nodes.get(layer);
  if (!node || !families.includes(node.family)) return null;
  if (page.captions?.setByWords.includes(node.name)) return null;
  return wholeNumber(at, node.shape[node.shape.length - 1]);
}

/** Numbers row by row that fit into kernels of a shape; none if they do not. */
function matrixOf(text: string, shape: readonly number[]): number[][] | null {
  if (text.length > LONGEST) return null;
  const rows = text.split(";").map((row) => row.split(","));
  const width = rows[0].length;
  if (rows.length > shape[0] || width > shape[1]) return null;
  const good = rows.every(
    (row) =>
      row.length === width &&
      row.every((part) => part.trim() !== "" && Number.isFinite(Math.fround(Number(part)))),
  );
  return good ? rows.map((row) => row.map(Number)) : null;
}
