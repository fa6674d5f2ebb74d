/**
 * Decisions that are not saved yet, kept by the browser until they are.
 *
 * A page whose lab has ended cannot save any more: a lab that is opened later has another token. Its
 * page, at the same port, finds them here, where both are about the same file.
 */

const KEY = "pellucid-unsaved";
const SEPARATOR = "\u0000";

const keyOf = (place: string, path: string): string => [KEY, place, path].join(SEPARATOR);

/** Keep a change until it is saved. */
export function keepUnsaved(place: string, path: string, change: unknown): void {
  try {
    localStorage.setItem(keyOf(place, path), JSON.stringify(change));
  } catch {
    // a browser that keeps nothing: it stays in the page
  }
}

/** A change is saved, or given up. */
export function forgetUnsaved(place: string, path: string): void {
  try {
    localStorage.removeItem(keyOf(place, path));
  } catch {
    // nor is there anything to forget
  }
}

/** Changes of a file that no page has saved, by path. */
export function unsavedOf<Change>(place: string): [string, Change][] {
  const found: [string, Change][] = [];
  const start = keyOf(place, "");
  try {
    for (const key of Object.keys(localStorage)) {
      if (!key.startsWith(start)) continue;
      const kept = localStorage.getItem(key);
      if (kept) found.push([key.slice(start.length), JSON.parse(kept) as Change]);
    }
  } catch {
    // what cannot be read is not there
  }
  return found;
}
