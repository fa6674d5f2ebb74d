/** Marks over a sheet: what is read, who reads it, and where one is; sharp at any scale. */

import { size } from "../engine/arrays";
import type { Position } from "../engine/data";
import { drawnAt, drawnBox, type Layout, mapBox, type Order, valueBox } from "./layout";

export interface Marks {
  /** Positions that the value reads. */
  read: Position[];
  /** Positions that read the value. */
  reading: Position[];
  /** The value that is opened, and the one that is pointed at. */
  chosen: Position | null;
  pointed: Position | null;
}

type Box = readonly [number, number, number, number];

/** Boxes around positions: one around all, one in each map, or one each where there are gaps. */
export function boxesOf(layout: Layout, order: Order, places: Position[]): Box[] {
  const positions = places.flatMap((at) => {
    const drawn = drawnAt(layout, at);
    return drawn ? [drawn] : [];
  });
  if (positions.length === 0) return [];
  if (positions.length === size(layout.shape)) return [[0, 0, layout.width, layout.height]];
  if (layout.form !== "maps") {
    return positions.flatMap((at) => {
      const box = mapBox(layout, order, at[2]);
      return box ? [box] : [];
    });
  }
  const byChannel = new Map<number, (typeof positions)[number][]>();
  for (const at of positions) {
    const own = byChannel.get(at[2]);
    if (own) own.push(at);
    else byChannel.set(at[2], [at]);
  }
  const found: Box[] = [];
  const { scale } = layout;
  for (const [channel, own] of byChannel) {
    const map = mapBox(layout, order, channel);
    if (!map) continue;
    const rows = own.map((at) => at[0]);
    const columns = own.map((at) => at[1]);
    const [top, left] = [Math.min(...rows), Math.min(...columns)];
    const [bottom, right] = [Math.max(...rows) + 1, Math.max(...columns) + 1];
    if (own.length === (bottom - top) * (right - left)) {
      found.push([
        map[0] + left * scale,
        map[1] + top * scale,
        (right - left) * scale,
        (bottom - top) * scale,
      ]);
    } else found.push(...own.map((at) => drawnBox(layout, order, at)!));
  }
  return found;
}

/** Draw the marks; the canvas lies over the sheet and has its size. */
export function paintMarks(
  canvas: HTMLCanvasElement,
  layout: Layout,
  order: Order,
  marks: Marks,
): void {
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [Math.ceil(layout.width * ratio), Math.ceil(layout.height * ratio)];
  const context = canvas.getContext("2d")!;
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  } else context.clearRect(0, 0, width, height);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  const style = getComputedStyle(canvas);
  const colours = {
    ground: style.getPropertyValue("--ground"),
    ink: style.getPropertyValue("--ink"),
    chosen: style.getPropertyValue("--chosen"),
  };
  const edge = (boxes: Box[], colour: string, line: number, dash: number[] = []): void => {
    for (const [stroke, thick] of [
      [colours.ground, line + 2],
      [colour, line],
    ] as const) {
      context.strokeStyle = stroke;
      context.lineWidth = thick;
      context.setLineDash(stroke === colour ? dash : []);
      context.beginPath();
      for (const box of boxes) {
        const x = Math.max(1, box[0] - 0.5);
        const y = Math.max(1, box[1] - 0.5);
        context.rect(
          x,
          y,
          Math.min(layout.width - 1, box[0] + box[2] + 0.5) - x,
          Math.min(layout.height - 1, box[1] + box[3] + 0.5) - y,
        );
      }
      context.stroke();
    }
  };
  const one = (at: Position | null): Box[] => {
    const box = at && valueBox(layout, order, at);
    if (!box) return [];
    const grown = Math.max(0, (5 - box[2]) / 2);
    return [[box[0] - grown, box[1] - grown, box[2] + 2 * grown, box[3] + 2 * grown]];
  };
  if (marks.reading.length > 0) {
    edge(boxesOf(layout, order, marks.reading), colours.ink, 1, [3, 2]);
  }
  if (marks.read.length > 0) edge(boxesOf(layout, order, marks.read), colours.ink, 1.5);
  edge(one(marks.pointed), colours.ink, 1);
  edge(one(marks.chosen), colours.chosen, 2);
}

/** Hatch negative values, where one is large enough for a line through it. */
export function paintSigns(
  context: CanvasRenderingContext2D,
  layout: Layout,
  order: Order,
  values: ArrayLike<number>,
): void {
  if (layout.form === "bars" || layout.scale < 3) return;
  const [height, width, channels] = layout.shape;
  context.lineWidth = 1;
  context.setLineDash([]);
  context.beginPath();
  for (let slot = 0; slot < layout.shown; slot++) {
    const channel = order ? order[slot] : slot;
    for (let y = 0, i = channel; y < height; y++) {
      for (let x = 0; x < width; x++, i += channels) {
        if (!(values[i] < 0)) continue;
        const box = drawnBox(layout, order, [y, x, channel])!;
        context.moveTo(box[0] + 0.5, box[1] + box[3] - 0.5);
        context.lineTo(box[0] + box[2] - 0.5, box[1] + 0.5);
      }
    }
  }
  context.stroke();
}
