/** Bringing into sight what a reader asked for. */

/** Where everything stands in one column, and what is opened is a sheet from below. */
export function isNarrow(): boolean {
  return window.matchMedia("(max-width: 60rem)").matches;
}

/** Scroll no further than until an element begins in the upper part of the window. */
export function bringIn(element: HTMLElement, share: number): void {
  const { top } = element.getBoundingClientRect();
  const bar = document.querySelector("[data-bar]");
  // below the tabs, and below what keeps in sight above them
  const least = bar ? bar.clientHeight + (parseFloat(getComputedStyle(bar).top) || 0) + 8 : 8;
  const most = Math.max(least, share * window.innerHeight);
  if (top > most) window.scrollBy({ top: top - most });
  else if (top < least) window.scrollBy({ top: top - least });
}
