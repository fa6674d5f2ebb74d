/** Draws a layer's values on its canvas, one pixel a number; or as bars with their numbers. */

import { type Centred, css, table, tableIndex } from "./colours";
import type { Layout, Order } from "./layout";
import { short } from "./numbers";

const images = new WeakMap<HTMLCanvasElement, ImageData>();

/** Draw maps or cells; the canvas takes the size of the sheet, one pixel a number. */
export function paint(
  canvas: HTMLCanvasElement,
  values: ArrayLike<number>,
  layout: Layout,
  order: Order,
  limit: number,
  scale: Centred = "signed",
): void {
  const { cell, columns, rows, shown } = layout;
  const [height, width, channels] = layout.shape;
  const across = columns * cell[1] - (cell[1] - width);
  const down = rows * cell[0] - (cell[0] - height);
  let image = images.get(canvas);
  const context = canvas.getContext("2d")!;
  if (!image || image.width !== across || image.height !== down) {
    canvas.width = across;
    canvas.height = down;
    images.set(canvas, (image = context.createImageData(across, down)));
  }
  const pixels = new Uint32Array(image.data.buffer);
  if (canvas.width !== across || order) pixels.fill(0);
  const colours = table(scale);
  for (let slot = 0; slot < shown; slot++) {
    const channel = order ? order[slot] : slot;
    const start = Math.floor(slot / columns) * cell[0] * across + (slot % columns) * cell[1];
    for (let y = 0, i = channel; y < height; y++) {
      for (let x = 0, to = start + y * across; x < width; x++, i += channels, to++) {
        pixels[to] = colours[tableIndex(values[i], limit)];
      }
    }
  }
  context.putImageData(image, 0, 0);
}

export interface Bars {
  values: ArrayLike<number>;
  order: Order;
  limit: number;
  /** Beside each bar; a number where there is none. */
  names: readonly string[] | null;
  /** Values are shares of 1: one colour, from the left. */
  shares: boolean;
}

/** Draw bars with their names and numbers, as sharp as the screen is. */
export function paintBars(canvas: HTMLCanvasElement, layout: Layout, bars: Bars): void {
  const ratio = window.devicePixelRatio || 1;
  canvas.width = Math.round(layout.width * ratio);
  canvas.height = Math.round(layout.height * ratio);
  const context = canvas.getContext("2d")!;
  context.scale(ratio, ratio);
  const style = getComputedStyle(canvas);
  const ink = style.color;
  context.font = `11px ${style.fontFamily}`;
  context.textBaseline = "middle";
  const nameOf = (slot: number): string => {
    const channel = bars.order ? bars.order[slot] : slot;
    return bars.names?.[channel] ?? String(channel);
  };
  const slots = Array.from({ length: layout.shown }, (_, slot) => slot);
  const widest = Math.max(...slots.map((k) => context.measureText(nameOf(k).slice(0, 40)).width));
  const numbers = slots.map((slot) => short(bars.values[bars.order ? bars.order[slot] : slot]));
  const longest = Math.max(...numbers.map((text) => context.measureText(text).width));
  const [left, right] = [Math.min(48, widest) + 4, Math.ceil(Math.max(32, longest)) + 4];
  const room = layout.width - left - right;
  for (const slot of slots) {
    const channel = bars.order ? bars.order[slot] : slot;
    const value = bars.values[channel];
    const middle = (slot + 0.5) * layout.scale;
    context.fillStyle = ink;
    context.textAlign = "left";
    context.fillText(clipped(context, nameOf(slot), left - 4), 0, middle);
    const share = Math.max(-1, Math.min(1, value / (bars.shares ? 1 : bars.limit)));
    const zero = bars.shares ? left : left + room / 2;
    const length = (bars.shares ? room : room / 2) * (Number.isFinite(share) ? share : 0);
    context.fillStyle = bars.shares
      ? style.getPropertyValue("--probability")
      : css(value < 0 ? -1 : 1, 1, "signed");
    context.fillRect(Math.min(zero, zero + length), middle - 5, Math.max(1, Math.abs(length)), 10);
    context.fillStyle = ink;
    context.textAlign = "right";
    context.fillText(numbers[slot], layout.width, middle);
  }
}

/** A text that fits, with an ellipsis where it is cut. */
function clipped(context: CanvasRenderingContext2D, text: string, room: number): string {
  let found = text.slice(0, 40);
  if (found === text && context.measureText(found).width <= room) return found;
  while (found.length > 1 && context.measureText(`${found}…`).width > room) {
    found = found.slice(0, -1);
  }
  return `${found}…`;
}
