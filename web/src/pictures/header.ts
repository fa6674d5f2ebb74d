/**
 * What a picture file says of itself, read before the browser decodes it: browsers show files that
 * are cut short as far as they go, and decode any size.
 */

export interface Header {
  width: number;
  height: number;
  /** Bits of one value. */
  bits: number;
  /** Whether the file goes on to its end. */
  whole: boolean;
}

const PNG = [137, 80, 78, 71, 13, 10, 26, 10];
const IEND = 0x49454e44;

/** Of PNG, JPEG, GIF, BMP and WebP; null of others, which the browser may know. */
export function headerOf(bytes: Uint8Array): Header | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    if (PNG.every((byte, k) => bytes[k] === byte)) return png(view);
    if (bytes[0] === 0xff && bytes[1] === 0xd8) return jpeg(bytes, view);
    if (text(bytes, 0, 4) === "GIF8") {
      const [width, height] = [view.getUint16(6, true), view.getUint16(8, true)];
      return { width, height, bits: 8, whole: true };
    }
    if (text(bytes, 0, 2) === "BM" && view.getUint32(14, true) >= 40) {
      const [width, height] = [view.getInt32(18, true), Math.abs(view.getInt32(22, true))];
      return { width, height, bits: 8, whole: view.getUint32(2, true) <= bytes.length };
    }
    if (text(bytes, 0, 4) === "RIFF" && text(bytes, 8, 4) === "WEBP") return webp(bytes, view);
    return null;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { width: 0, height: 0, bits: 8, whole: false }; // it ends within its header
  }
}

function text(bytes: Uint8Array, from: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(from, from + length));
}

function png(view: DataView): Header {
  const header = {
    width: view.getUint32(16),
    height: view.getUint32(20),
    bits: view.getUint8(24),
  };
  let at = 8;
  while (at + 12 <= view.byteLength) {
    if (view.getUint32(at + 4) === IEND) return { ...header, whole: true };
    at += 12 + view.getUint32(at);
  }
  return { ...header, whole: false };
}

function jpeg(bytes: Uint8Array, view: DataView): Header {
  let [width, height, bits] = [0, 0, 8];
  let at = 2;
  for (;;) {
    while (view.getUint8(at) !== 0xff) at++;
    while (view.getUint8(at) === 0xff) at++;
    const marker = view.getUint8(at++);
    if (marker === 0xda) break; // the picture itself begins
    if ((marker >= 0xd0 && marker <= 0xd9) || marker === 1) continue; // without a length
    const frame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (frame) {
      bits = view.getUint8(at + 2);
      [height, width] = [view.getUint16(at + 3), view.getUint16(at + 5)];
    }
    at += view.getUint16(at);
  }
  // within the picture, 255 stands before 0, before a restart, or before the next marker
  for (let end = bytes.indexOf(0xd9, at); end > 0; end = bytes.indexOf(0xd9, end + 1)) {
    if (bytes[end - 1] === 0xff) return { width, height, bits, whole: true };
  }
  return { width, height, bits, whole: false };
}

function webp(bytes: Uint8Array, view: DataView): Header {
  const whole = view.getUint32(4, true) + 8 <= bytes.length;
  const kind = text(bytes, 12, 4);
  let [width, height] = [0, 0];
  if (kind === "VP8 ") {
    [width, height] = [view.getUint16(26, true) & 0x3fff, view.getUint16(28, true) & 0x3fff];
  } else if (kind === "VP8L") {
    const packed = view.getUint32(21, true);
    [width, height] = [1 + (packed & 0x3fff), 1 + ((packed >> 14) & 0x3fff)];
  } else if (kind === "VP8X") {
    const three = (at: number): number => view.getUint16(at, true) + (view.getUint8(at + 2) << 16);
    [width, height] = [1 + three(24), 1 + three(27)];
  }
  return { width, height, bits: 8, whole };
}
