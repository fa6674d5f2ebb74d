/** What is drawn: strokes on a canvas, and the picture that the network takes of them. */

import { asDrawn, BOX, centred } from "../../pictures/centre";
import type { Plane } from "../../pictures/resize";
import type { Origin } from "../../state/page.svelte";

/** The usual width of a stroke in MNIST, in pixels of the box of 20×20. */
const STROKE = 2.5;

/** How much wider than the pen the eraser is. */
const ERASER = 3;

/** Pixels a side of the canvas, about; and the fewest for one pixel of the network. */
const SIDE = 280;
const LEAST = 4;

export type Point = readonly [x: number, y: number];

/** A line, in pixels of the network's input. */
interface Stroke {
  erases: boolean;
  points: Point[];
}

export class Drawing {
  /** The width of the pen, in pixels of the network's input. */
  readonly pen: number;
  erasing = $state(false);
  /** Whether the drawing is taken as it is, neither enlarged nor centred. */
  plain = $state(false);
  /** One for a drawing, until it is cleared. */
  origin: Origin = { kind: "drawn" };
  private strokes = $state.raw<readonly Stroke[]>([]);
  private context: CanvasRenderingContext2D | null = null;
  private readonly scale: number;

  /** @param ground 0 where the network learned white on black, 255 for black on white */
  constructor(
    readonly width: number,
    readonly height: number,
    readonly ground: 0 | 255,
  ) {
    this.pen = (STROKE / 20) * BOX * Math.min(width, height);
    this.scale = Math.max(LEAST, Math.round(SIDE / Math.max(width, height)));
  }

  get empty(): boolean {
    return this.strokes.length === 0;
  }

  /** Draw on that canvas from now on: ink is white there, whatever the network learned. */
  attach(canvas: HTMLCanvasElement): void {
    canvas.width = this.width * this.scale;
    canvas.height = this.height * this.scale;
    // read once a frame: a canvas in the processor's memory is faster
    this.context = canvas.getContext("2d", { willReadFrequently: true, alpha: false })!;
    this.redraw();
  }

  begin(point: Point, erases = this.erasing): void {
    this.strokes = [...this.strokes, { erases, points: [point] }];
    this.line(point, point, erases);
  }

  /** Go on to a point with the last stroke. */
  extend(point: Point): void {
    const stroke = this.strokes.at(-1);
    if (!stroke) return;
    this.line(stroke.points.at(-1)!, point, stroke.erases);
    stroke.points.push(point);
  }

  undo(): void {
    this.strokes = this.strokes.slice(0, -1);
    this.redraw();
  }

  clear(): void {
    this.strokes = [];
    this.erasing = false;
    this.origin = { kind: "drawn" };
    this.redraw();
  }

  /** The picture that the network takes. */
  pixels(): Uint8Array<ArrayBuffer> {
    const { data } = (this.plain ? asDrawn : centred)(this.ink(), this.width, this.height);
    return Uint8Array.from(data, (ink) => Math.abs(this.ground - ink));
  }

  private ink(): Plane {
    const { width, height } = this.context!.canvas;
    const rgba = this.context!.getImageData(0, 0, width, height).data;
    const data = new Uint8Array(width * height);
    for (let i = 0; i < data.length; i++) data[i] = rgba[4 * i];
    return { data, width, height, channels: 1 };
  }

  private line(from: Point, to: Point, erases: boolean): void {
    const { context, scale } = this;
    if (!context) return;
    context.lineCap = "round";
    context.lineWidth = this.pen * scale * (erases ? ERASER : 1);
    context.strokeStyle = erases ? "#000" : "#fff";
    context.beginPath();
    context.moveTo(from[0] * scale, from[1] * scale);
    context.lineTo(to[0] * scale, to[1] * scale);
    context.stroke();
  }

  private redraw(): void {
    if (!this.context) return;
    const { width, height } = this.context.canvas;
    this.context.fillStyle = "#000";
    this.context.fillRect(0, 0, width, height);
    for (const { points, erases } of this.strokes) {
      points.forEach((point, k) => this.line(points[Math.max(0, k - 1)], point, erases));
    }
  }
}
