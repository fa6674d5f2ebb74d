/** Layers as planes above each other, the picture at the bottom, the answer at the top. */

import { type Layout, layoutOf, placeAt } from "../../../draw/layout";
import { boxesOf } from "../../../draw/marks";
import type { Position, Shape } from "../../../engine/data";
import type { Vector } from "./camera";

export interface Plane {
  layer: string;
  layout: Layout;
  /** Its height in space, and half its width and depth. */
  height: number;
  half: readonly [number, number];
}

const SIDE = 300; // pixels of a sheet that are one unit of space
const STEP = 0.3;
const ROOM = { width: 2 * SIDE, height: 0.7 * SIDE, cells: true, across: true, largest: 160 };
/** Windows to which lines are drawn, at most. */
const MOST_LINES = 160;

/** The planes of some layers, from the bottom up. */
export function planesOf(
  layers: readonly string[],
  shapes: ReadonlyMap<string, Shape>,
  region = 0,
): Plane[] {
  return layers.map((layer, k) => {
    const layout = layoutOf(shapes.get(layer)!, ROOM, false, region);
    return {
      layer,
      layout,
      height: k * STEP,
      half: [layout.width / SIDE / 2, layout.height / SIDE / 2] as const,
    };
  });
}

/** The middle of a scene, and how far it reaches from there. */
export function extent(planes: readonly Plane[]): [Vector, number] {
  const top = planes.at(-1)?.height ?? 0;
  const wide = Math.max(...planes.map(({ half }) => Math.hypot(...half)), 0.1);
  return [[0, top / 2, 0], Math.hypot(top / 2, wide)];
}

/** A point of a plane's sheet in space. */
export function inSpace(plane: Plane, x: number, y: number): Vector {
  return [x / SIDE - plane.half[0], plane.height, y / SIDE - plane.half[1]];
}

/** The value that a line of sight meets first. */
export function hit(
  planes: readonly Plane[],
  orders: ReadonlyMap<string, readonly number[] | null>,
  [eye, way]: [Vector, Vector],
): { layer: string; at: number[] } | null {
  let [nearest, found]: [number, { layer: string; at: number[] } | null] = [Infinity, null];
  for (const plane of planes) {
    const t = (plane.height - eye[1]) / way[1];
    if (!(t > 0) || t >= nearest) continue;
    const x = (eye[0] + t * way[0] + plane.half[0]) * SIDE;
    const y = (eye[2] + t * way[2] + plane.half[1]) * SIDE;
    if (x < 0 || y < 0 || x >= plane.layout.width || y >= plane.layout.height) continue;
    nearest = t; // what lies behind it is hidden, also behind the gaps between maps
    const at = placeAt(plane.layout, orders.get(plane.layer) ?? null, x, y);
    found = at && { layer: plane.layer, at };
  }
  return found;
}

type Order = readonly number[] | null;

/** Edges of the boxes around some positions of a plane, as ends of lines. */
export function edges(plane: Plane, order: Order, positions: Position[]): Vector[] {
  return boxesOf(plane.layout, order, positions).flatMap(([x, y, width, height]) => {
    const corners = [
      inSpace(plane, x, y),
      inSpace(plane, x + width, y),
      inSpace(plane, x + width, y + height),
      inSpace(plane, x, y + height),
    ];
    return corners.flatMap((corner, k) => [corner, corners[(k + 1) % 4]]);
  });
}

/** Lines from a point to the middle of each box, of many to some; as ends of lines. */
export function lines(from: Vector, plane: Plane, order: Order, positions: Position[]): Vector[] {
  const boxes = boxesOf(plane.layout, order, positions);
  if (boxes.length === 1 && positions.length > 1) {
    const [x, y, width, height] = boxes[0];
    return [
      [x, y],
      [x + width, y],
      [x, y + height],
      [x + width, y + height],
    ].flatMap(([left, top]) => [from, inSpace(plane, left, top)]);
  }
  const step = Math.max(1, boxes.length / MOST_LINES);
  const found: Vector[] = [];
  for (let k = 0; k < boxes.length; k += step) {
    const [x, y, width, height] = boxes[Math.floor(k)];
    found.push(from, inSpace(plane, x + width / 2, y + height / 2));
  }
  return found;
}
