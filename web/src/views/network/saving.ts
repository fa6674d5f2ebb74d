/** The network's view as a drawing that can be saved: every layer with its name and scale. */

import type { Drawing, Figure } from "../../draw/save";
import { percent, short } from "../../draw/numbers";
import type { PageState } from "../../state/page.svelte";

/** A layer as it is drawn now, and where it stands. */
export interface DrawnLayer extends Omit<Figure, "x" | "y"> {
  host: HTMLElement;
}

/** Some layers of a strip, where they stand in it; with the picture's name and the answer. */
export function drawingOf(page: PageState, layers: DrawnLayer[], strip: HTMLElement): Drawing {
  const origin = strip.getBoundingClientRect();
  const placed = layers.map(({ host, ...figure }) => {
    const box = host.getBoundingClientRect();
    const [x, y] = [box.left - origin.left + strip.scrollLeft, box.top - origin.top];
    const [name, ...rest] = figure.caption ?? [];
    const room = Math.max(figure.width, 76);
    return { ...figure, x, y, caption: [name, ...rest.flatMap((line) => wrapped(line, room))] };
  });
  const [left, top] = [Math.min, Math.min].map((least, k) =>
    least(...placed.map(({ x, y, caption }) => (k ? y - 16 * caption.length - 6 : x))),
  );
  const figures = placed.map((figure) => ({ ...figure, x: figure.x - left, y: figure.y - top }));
  return {
    title: page.data.title,
    lines: linesOf(page),
    width: Math.ceil(Math.max(300, ...figures.map(({ x, width }) => x + Math.max(width, 76)))),
    height: Math.ceil(Math.max(...figures.map(({ y, height }) => y + height + 40))),
    figures,
  };
}

/** What a picture is called, and what the network says of it. */
export function linesOf(page: PageState): string[] {
  if (page.data.model.boxes) {
    return [pictureName(page), page.text.boxes.found(page.boxes.shown.length)];
  }
  if (page.data.model.steps) return [pictureName(page), page.steps.text];
  const first = page.ranking[0];
  const answer = page.answer[first];
  const said = page.data.model.task === "regression" ? short(answer) : percent(answer);
  return [pictureName(page), `${page.names[first]}: ${said}`];
}

export function pictureName(page: PageState): string {
  const { origin } = page;
  if (origin.kind === "sample") return page.sampleName(origin.index);
  return origin.kind === "picture" ? origin.name : page.text.network.drawn;
}

/** A line broken where it becomes too long. */
function wrapped(line: string, room: number): string[] {
  const context = document.createElement("canvas").getContext("2d")!;
  context.font = "13px system-ui, sans-serif";
  const found: string[] = [];
  for (const word of line.split(" ")) {
    const longer = found.length > 0 ? `${found[found.length - 1]} ${word}` : word;
    if (found.length > 0 && context.measureText(longer).width <= room) {
      found[found.length - 1] = longer;
    } else found.push(word);
  }
  return found;
}
