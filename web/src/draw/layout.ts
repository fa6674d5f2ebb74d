/** Where each value of a layer is on its canvas: maps on a sheet, cells, or bars. */

import type { Position, Shape } from "../engine/data";

/** How a layer's values are drawn. */
export type Form = "maps" | "cells" | "bars";

export interface Layout {
  form: Form;
  /** Rows, columns and channels; (1, 1, N) of flat layers, (T, N, 1) of T rows of N numbers. */
  shape: readonly [number, number, number];
  /** What a position's places are: of flat layers a channel, of rows a row and a number. */
  axes: "flat" | "rows" | "maps";
  /** What comes before a row, a column and a channel: the region whose maps are drawn. */
  first: readonly number[];
  /** Maps (cells, bars) side by side and below each other. */
  columns: number;
  rows: number;
  /** Rows and columns of values from one map to the next. */
  cell: readonly [number, number];
  /** Pixels of the screen a value; of bars the height of one. */
  scale: number;
  /** How many maps are shown of how many there are. */
  shown: number;
  /** Pixels of the screen. */
  width: number;
  height: number;
}

/** Values that are drawn as bars with their numbers, at most. */
export const MOST_BARS = 16;
export const BAR_HEIGHT = 18;
/** Pixels of the screen of one map's side at most, where all are shown. */
const LARGEST_MAP = 64;
/** Pixels of one value's side: whole ones up to here. */
const SCALES = [12, 8, 6, 5, 4, 3, 2, 1.5, 1, 0.75, 0.5, 0.375, 0.25, 0.125];
const LARGEST_CELL = 10;
const WIDEST_CELLS = 112;
/** Pixels of the button for the maps that are left out. */
const BUTTON = 34;

/** Pixels of the screen of one map's side, at least, before maps are left out. */
function smallest(side: number): number {
  return Math.min(26, Math.max(12, side));
}

export interface Room {
  width: number;
  height: number;
  /** All maps, however high the sheet becomes, at least this many pixels a side each. */
  all?: number;
  /** Sheets as wide as the room rather than as high. */
  across?: boolean;
  /** Cells rather than bars, however few there are. */
  cells?: boolean;
  /** Pixels of a map's side, at most. */
  largest?: number;
}

/** (rows, columns, channels) of any layer as it is drawn: of rows one map, of regions' maps one region's. */
export function volume(shape: Shape): [number, number, number] {
  if (shape.length === 2) return [shape[0], shape[1], 1];
  if (shape.length >= 3) return shape.slice(-3) as [number, number, number];
  return [1, 1, shape.reduce((product, n) => product * n, 1)];
}

/** The values that are drawn of a layer. */
export function drawnValues(values: Float32Array, { first, shape }: Layout): Float32Array {
  if (!first.length) return values;
  const size = shape[0] * shape[1] * shape[2];
  return values.subarray(first[0] * size, (first[0] + 1) * size);
}

type Drawn = readonly [row: number, column: number, channel: number];

/** The position in a layer of what is drawn at a row and a column of a map. */
export function positionOf({ axes, first }: Layout, [row, column, channel]: Drawn): number[] {
  if (axes === "flat") return [channel];
  return axes === "rows" ? [row, column] : [...first, row, column, channel];
}

/** Where a position is drawn; none of another region. */
export function drawnAt({ axes, first }: Layout, at: Position): Drawn | null {
  if (axes === "flat") return [0, 0, at[0]];
  if (axes === "rows") return [at[0], at[1], 0];
  if (first.some((place, axis) => at[axis] !== place)) return null;
  return at.slice(first.length) as unknown as Drawn;
}

/** The layout that shows a layer best in a room: whole where that can be, as large as it can be. */
export function layoutOf(shape: Shape, room: Room, named = false, region = 0): Layout {
  const axes = shape.length === 1 ? "flat" : shape.length === 2 ? "rows" : "maps";
  return { ...laidOut(volume(shape), room, named), axes, first: shape.length > 3 ? [region] : [] };
}

type Sheet = Omit<Layout, "axes" | "first">;

function laidOut(
  [height, width, channels]: [number, number, number],
  room: Room,
  named: boolean,
): Sheet {
  if (height * width > 1) return mapsIn([height, width, channels], room);
  const bars = !room.cells && (named || channels <= MOST_BARS);
  if (bars && (!room.all || channels <= MOST_BARS)) return barsIn(channels, room);
  return cellsIn(channels, room);
}

function mapsIn([height, width, channels]: [number, number, number], room: Room): Sheet {
  const cell = [height + 1, width + 1] as const;
  const made = (scale: number, columns: number, shown: number): Sheet => {
    const rows = Math.ceil(shown / columns);
    return {
      form: "maps",
      shape: [height, width, channels],
      columns,
      rows,
      cell,
      scale,
      shown,
      width: (columns * cell[1] - 1) * scale,
      height: (rows * cell[0] - 1) * scale,
    };
  };
  const across = (columns: number, rows: number): number =>
    room.across ? Math.min(columns, channels) : narrow(columns, rows, channels);
  const most = (scale: number, less = 0): [number, number] => [
    Math.floor((room.width / scale + 1) / cell[1]),
    Math.floor(((room.height - less) / scale + 1) / cell[0]),
  ];
  const side = Math.max(height, width);
  if (room.all) {
    const scale = SCALES.find((s) => most(s)[0] >= 1 && s * side <= Math.max(room.all!, side));
    const columns = Math.max(1, most(scale ?? 0.125)[0]);
    return made(scale ?? 0.125, Math.min(columns, channels), channels);
  }
  const scales = SCALES.filter(
    (s) => s * side <= Math.max(room.largest ?? LARGEST_MAP, side) || s <= 1,
  );
  const usable = scales.filter((s) => s * side >= smallest(side));
  for (const scale of usable) {
    const [columns, rows] = most(scale);
    if (columns * rows >= channels) return made(scale, across(columns, rows), channels);
  }
  const scale = usable.findLast((s) => most(s)[0] >= 1 && most(s)[1] >= 1) ?? scales.at(-1)!;
  const [columns, rows] = most(scale, BUTTON).map((n) => Math.max(1, n));
  return made(scale, Math.min(columns, channels), Math.min(columns * rows, channels));
}

/** As few columns as leave no map out. */
function narrow(columns: number, rows: number, channels: number): number {
  return Math.min(columns, Math.ceil(channels / rows));
}

function cellsIn(channels: number, room: Room): Sheet {
  let scale = LARGEST_CELL;
  const across = room.all || room.across ? room.width : Math.min(room.width, WIDEST_CELLS);
  const columnsAt = (s: number): number => Math.max(1, Math.floor(across / s));
  const fits = (s: number): boolean => Math.ceil(channels / columnsAt(s)) * s <= room.height;
  while (scale > 2 && !fits(scale)) scale--;
  if (scale === 2 && !fits(2) && fits(1) && !room.all) scale = 1;
  const rows = Math.max(1, Math.floor(room.height / scale));
  const columns =
    room.all || room.across
      ? Math.min(columnsAt(scale), channels)
      : narrow(columnsAt(scale), rows, channels);
  const shown = room.all ? channels : Math.min(channels, columns * rows);
  const used = Math.ceil(shown / columns);
  return {
    form: "cells",
    shape: [1, 1, channels],
    columns,
    rows: used,
    cell: [1, 1],
    scale,
    shown,
    width: columns * scale,
    height: used * scale,
  };
}

function barsIn(channels: number, room: Room): Sheet {
  const shown = Math.min(channels, MOST_BARS, Math.max(1, Math.floor(room.height / BAR_HEIGHT)));
  return {
    form: "bars",
    shape: [1, 1, channels],
    columns: 1,
    rows: shown,
    cell: [1, 1],
    scale: BAR_HEIGHT,
    shown,
    width: Math.min(room.width, 112),
    height: shown * BAR_HEIGHT,
  };
}

/** Which map stands at which place: all in order, or those that are shown. */
export type Order = readonly number[] | null;

/** The position under a point of the canvas; none between maps. */
export function placeAt(layout: Layout, order: Order, x: number, y: number): number[] | null {
  const { scale, cell, columns, shape, form } = layout;
  const [row, column] = form === "bars" ? [y / scale, 0] : [y / scale, x / scale];
  if (row < 0 || column < 0 || x >= layout.width) return null;
  const slot = Math.floor(row / cell[0]) * columns + Math.floor(column / cell[1]);
  const [inRow, inColumn] = [Math.floor(row % cell[0]), Math.floor(column % cell[1])];
  if (slot >= layout.shown || column >= columns * cell[1]) return null;
  if (inRow >= shape[0] || inColumn >= shape[1]) return null;
  const channel = order ? order[slot] : slot;
  return positionOf(layout, [inRow, inColumn, channel]);
}

/** Where a map stands on the canvas: left, top, width, height; none if it is left out. */
export function mapBox(
  layout: Layout,
  order: Order,
  channel: number,
): [number, number, number, number] | null {
  const slot = order ? order.indexOf(channel) : channel;
  if (slot < 0 || slot >= layout.shown) return null;
  const { scale, cell, columns, shape, form } = layout;
  if (form === "bars") return [0, slot * scale, layout.width, scale];
  const x = (slot % columns) * cell[1] * scale;
  const y = Math.floor(slot / columns) * cell[0] * scale;
  return [x, y, shape[1] * scale, shape[0] * scale];
}

/** Where a value stands on the canvas; none if its map is left out. */
export function valueBox(
  layout: Layout,
  order: Order,
  at: Position,
): [number, number, number, number] | null {
  const drawn = drawnAt(layout, at);
  return drawn && drawnBox(layout, order, drawn);
}

export function drawnBox(
  layout: Layout,
  order: Order,
  [row, column, channel]: Drawn,
): [number, number, number, number] | null {
  const box = mapBox(layout, order, channel);
  if (!box || layout.form !== "maps") return box;
  const { scale } = layout;
  return [box[0] + column * scale, box[1] + row * scale, scale, scale];
}

/** The channels with the largest values first (by the sum of sizes), as many as are asked for. */
export function strongest(
  values: ArrayLike<number>,
  channels: number,
  count: number,
  signed = false,
): number[] {
  const sums = new Float64Array(channels);
  for (let i = 0, c = 0; i < values.length; i++, c = c + 1 === channels ? 0 : c + 1) {
    sums[c] += signed ? values[i] : Math.abs(values[i]);
  }
  return Array.from(sums.keys())
    .sort((a, b) => sums[b] - sums[a] || a - b)
    .slice(0, count);
}
