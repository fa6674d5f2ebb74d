/** The bytes that a page carries: text of base64 of gzip in the document. */

declare global {
  interface Uint8ArrayConstructor {
    fromBase64?(text: string): Uint8Array<ArrayBuffer>;
  }
}

/** A part that the page lacks, or that cannot be read; the page itself names none. */
export class Unreadable extends Error {
  constructor(
    readonly kind: "missing" | "damaged",
    readonly part: string,
  ) {
    super(`the page's part ${part} is ${kind}`);
  }
}

function decoded(text: string): Uint8Array<ArrayBuffer> {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

async function unpacked(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** The bytes of that name. Damaged ones are an error that names them. */
export async function blob(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const element = document.querySelector(`script[data-blob="${name}"]`);
  if (!element) throw new Unreadable("missing", name);
  try {
    return await unpacked(decoded(element.textContent ?? ""));
  } catch {
    throw new Unreadable("damaged", name);
  }
}

/** What the page knows, as Python wrote it. */
export function pageData<T>(): T {
  const element = document.getElementById("page");
  if (!element) throw new Unreadable("missing", "page");
  return JSON.parse(element.textContent ?? "") as T;
}
