/** Small pictures as text for an address: runs of 0 are counted, the rest is as it is. */

/** Pixels that a picture in an address may have. */
export const MOST = 1024;

/** Pixels as text of base64 that needs no escapes. */
export function packed(pixels: Uint8Array): string {
  const bytes: number[] = [];
  for (let i = 0; i < pixels.length; i++) {
    bytes.push(pixels[i]);
    if (pixels[i] !== 0) continue;
    let run = 1;
    while (run < 255 && pixels[i + run] === 0) run++;
    bytes.push(run);
    i += run - 1;
  }
  const text = btoa(String.fromCharCode(...bytes));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** The pixels again; none if the text is no picture of that size. */
export function unpacked(text: string, count: number): Uint8Array<ArrayBuffer> | null {
  if (text.length > 8 * MOST || !/^[\w-]+$/.test(text)) return null;
  let binary: string;
  try {
    binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return null;
  }
  const pixels = new Uint8Array(count);
  let next = 0;
  for (let i = 0; i < binary.length; i++) {
    const value = binary.charCodeAt(i);
    if (value !== 0) pixels[next++] = value;
    else next += binary.charCodeAt(++i) || count + 1;
    if (next > count) return null;
  }
  return next === count ? pixels : null;
}
