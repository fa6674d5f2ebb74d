/** Moving among things by arrows, as they lie on the screen. */

type Box = Pick<DOMRect, "left" | "top" | "width" | "height">;

const middle = ({ left, width }: Box): number => left + width / 2;

/**
 * Where an arrow leads from one of several boxes in reading order: to the neighbour, or to the
 * nearest of the next row; where there is none, it stays.
 */
export function moved(boxes: readonly Box[], from: number, key: string): number {
  if (key === "ArrowRight") return Math.min(boxes.length - 1, from + 1);
  if (key === "ArrowLeft") return Math.max(0, from - 1);
  const here = boxes[from];
  const down = key === "ArrowDown";
  const beyond = boxes
    .map((box, place) => ({ box, place }))
    .filter(({ box }) =>
      down ? box.top >= here.top + here.height / 2 : box.top + box.height / 2 <= here.top,
    );
  if (!beyond.length) return from;
  const next = beyond.reduce((best, { box }) => {
    const nearer = down ? box.top < best : box.top > best;
    return nearer ? box.top : best;
  }, beyond[0].box.top);
  const row = beyond.filter(({ box }) => Math.abs(box.top - next) < here.height / 2);
  const off = ({ box }: { box: Box }): number => Math.abs(middle(box) - middle(here));
  return row.reduce((best, each) => (off(each) < off(best) ? each : best)).place;
}

const ARROWS = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"];

/** Move the focus among the elements of a group; whether the key was an arrow that did. */
export function moveFocus(event: KeyboardEvent, group: ParentNode, selector: string): boolean {
  if (!ARROWS.includes(event.key) || event.altKey || event.ctrlKey || event.metaKey) return false;
  const all = [...group.querySelectorAll<HTMLElement>(selector)];
  const from = all.indexOf(document.activeElement as HTMLElement);
  if (from < 0) return false;
  const to = moved(
    all.map((each) => each.getBoundingClientRect()),
    from,
    event.key,
  );
  event.preventDefault();
  all[to].focus();
  all[to].scrollIntoView({ block: "nearest" });
  return true;
}
