/** Saves what is drawn, with its title, captions and scales, as SVG or PNG. */

import type { Centred } from "./colours";

export interface ScaleMark {
  low: string;
  high: string;
  /** How far values go beyond the scale's ends; empty where they do not. */
  beyond: string;
  colours: Centred;
  /** Whether it begins at 0. */
  half: boolean;
}

export interface Figure {
  /** What is drawn: a canvas as it is now, or a drawing of lines. */
  picture: HTMLCanvasElement | SVGSVGElement;
  x: number;
  y: number;
  width: number;
  height: number;
  /** Lines above it, the first of them strong. */
  caption?: readonly string[];
  scale?: ScaleMark;
  /** Whether it has more pixels than numbers; else every number stays a square. */
  smooth?: boolean;
}

export interface Drawing {
  title: string;
  /** Lines below the title, such as the picture's name and the answer. */
  lines: readonly string[];
  /** Of what the figures take, without the title. */
  width: number;
  height: number;
  figures: readonly Figure[];
  /** Texts within it, each beginning at a point. */
  labels?: readonly { text: string; x: number; y: number }[];
}

export type Format = "svg" | "png";

const MARGIN = 16;
const LINE = 17;
/** Pixels a side that browsers draw, at most. */
const MOST_PIXELS = 8192;

/** Save a drawing under a name made of some words. */
export async function save(
  drawing: Drawing,
  format: Format,
  words: readonly string[],
): Promise<void> {
  const text = svgText(drawing);
  const blob =
    format === "svg" ? new Blob([text], { type: "image/svg+xml" }) : await pngOf(text, drawing);
  download(blob, fileName(words, format));
}

/** Hand a file to the user of the page. */
export function download(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** A file's name of letters, digits and hyphens, whatever the words are. */
export function fileName(words: readonly string[], ending: string): string {
  const text = words.join("-").normalize("NFC");
  const others = /(?:[^\p{Letter}\p{Mark}\p{Number}.]|\.(?![\p{Letter}\p{Number}]))+/gu;
  const kept = text.replace(others, "-").replace(/^[-.]+|[-.]+$/g, "");
  return `${[...kept].slice(0, 60).join("") || "picture"}.${ending}`;
}

function sizeOf({ lines, width, height }: Drawing): [number, number] {
  return [width + 2 * MARGIN, height + 2 * MARGIN + 26 + LINE * lines.length];
}

/** The drawing as one SVG file, with the page's colours and nothing from elsewhere. */
export function svgText(drawing: Drawing): string {
  const style = getComputedStyle(document.documentElement);
  const [ground, ink, quiet, line] = ["--ground", "--ink", "--quiet", "--line"].map((name) =>
    style.getPropertyValue(name).trim(),
  );
  const [width, height] = sizeOf(drawing);
  const top = MARGIN + 26 + LINE * drawing.lines.length;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
      `viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" fill="${ink}">`,
    `<title>${escaped(drawing.title)}</title>`,
    `<rect width="${width}" height="${height}" fill="${ground}"/>`,
    write(drawing.title, MARGIN, MARGIN + 16, 18, `font-weight="600"`),
    ...drawing.lines.map((text, k) =>
      write(text, MARGIN, MARGIN + 36 + k * LINE, 13, `fill="${quiet}"`),
    ),
  ];
  for (const figure of drawing.figures) {
    const [x, y] = [figure.x + MARGIN, figure.y + top];
    const caption = figure.caption ?? [];
    caption.forEach((text, k) => {
      const place = y - 5 - (caption.length - 1 - k) * 16;
      parts.push(write(text, x, place, 13, k === 0 ? `font-weight="600"` : `fill="${quiet}"`));
    });
    parts.push(pictureOf(figure, x, y));
    parts.push(
      `<rect x="${x}" y="${y}" width="${figure.width}" height="${figure.height}" fill="none" ` +
        `stroke="${line}"/>`,
    );
    if (figure.scale) parts.push(scaleOf(figure.scale, x, y + figure.height + 4, figure.width));
  }
  for (const { text, x, y } of drawing.labels ?? []) {
    parts.push(write(text, x + MARGIN, y + top, 11, `fill="${quiet}"`));
  }
  return [...parts, "</svg>"].join("\n");
}

function pictureOf(figure: Figure, x: number, y: number): string {
  const place = `x="${x}" y="${y}" width="${figure.width}" height="${figure.height}"`;
  if (figure.picture instanceof HTMLCanvasElement) {
    const kind = figure.smooth ? "" : ` image-rendering="pixelated"`;
    const data = figure.picture.toDataURL("image/png");
    return `<image ${place} preserveAspectRatio="none"${kind} href="${data}"/>`;
  }
  const copy = figure.picture.cloneNode(true) as SVGSVGElement;
  const { width, height } = figure.picture.getBoundingClientRect();
  if (!copy.hasAttribute("viewBox")) copy.setAttribute("viewBox", `0 0 ${width} ${height}`);
  styled(figure.picture, copy);
  for (const [name, value] of Object.entries({
    x,
    y,
    width: figure.width,
    height: figure.height,
  })) {
    copy.setAttribute(name, String(value));
  }
  return new XMLSerializer().serializeToString(copy);
}

const STYLES = [
  "fill",
  "stroke",
  "stroke-width",
  "stroke-dasharray",
  "opacity",
  "font-size",
  "font-weight",
  "text-anchor",
];

/** What style sheets say of a drawing of lines, written into its copy. */
function styled(from: Element, to: Element): void {
  const style = getComputedStyle(from);
  for (const name of STYLES) to.setAttribute(name, style.getPropertyValue(name));
  to.removeAttribute("class");
  to.removeAttribute("style");
  Array.from(from.children).forEach((child, k) => styled(child, to.children[k]));
}

const ENDS: Record<Centred, readonly [string, string]> = {
  signed: ["rgb(0,114,178)", "rgb(213,94,0)"],
  weights: ["rgb(0,133,95)", "rgb(155,77,202)"],
};

/** Steps of a scale's mark from its low end to its high one. */
const STEPS = 40;

function steps({ colours, half }: ScaleMark, x: number, y: number, width: number): string {
  const [low, high] = ENDS[colours];
  const found = Array.from({ length: STEPS }, (_, k) => {
    const share = (k + 0.5) / STEPS;
    const value = half ? share : 2 * share - 1;
    const left = x + (k * width) / STEPS;
    return (
      `<rect x="${left.toFixed(2)}" y="${y}" width="${(width / STEPS).toFixed(2)}" height="6" ` +
      `fill="${value < 0 ? low : high}" fill-opacity="${Math.abs(value).toFixed(3)}"/>`
    );
  });
  return found.join("");
}

function scaleOf(scale: ScaleMark, x: number, y: number, width: number): string {
  const length = Math.max(60, width);
  const { low, high, beyond } = scale;
  const end = `text-anchor="end"`;
  const inOneLine = beyond && `${low}${high}${beyond}`.length * 6.5 + 16 <= length;
  const texts = inOneLine
    ? [
        write(high, x + length / 2, y + 18, 11, `text-anchor="middle"`),
        write(beyond, x + length, y + 18, 11, end),
      ]
    : [write(high, x + length, y + 18, 11, end), beyond && write(beyond, x, y + 29, 11)];
  return [steps(scale, x, y, length), write(low, x, y + 18, 11), ...texts].join("");
}

function write(text: string, x: number, y: number, size: number, further = ""): string {
  return `<text x="${x}" y="${y}" font-size="${size}" ${further}>${escaped(text)}</text>`;
}

/** Text that XML can hold: markup as text, and no characters that it forbids. */
function escaped(text: string): string {
  return text
    .replace(/\p{Surrogate}/gu, "\ufffd")
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}

/** Twice as many pixels as the screen shows, where browsers can draw these. */
async function pngOf(text: string, drawing: Drawing): Promise<Blob> {
  const [width, height] = sizeOf(drawing);
  const scale = Math.min(2, MOST_PIXELS / width, MOST_PIXELS / height);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width * scale);
  canvas.height = Math.round(height * scale);
  const context = canvas.getContext("2d")!;
  context.imageSmoothingEnabled = false;
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
  if (!blob) throw new Error(`the browser draws no picture of ${canvas.width}×${canvas.height}`);
  return blob;
}
