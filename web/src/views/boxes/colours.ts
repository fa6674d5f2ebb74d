/** The colours of classes of boxes, one after another; numbers beside them say the same. */

const COLOURS = ["vermilion", "blue", "green", "purple"];

export function colourOf(place: number): string {
  return `var(--${COLOURS[place % COLOURS.length]})`;
}
