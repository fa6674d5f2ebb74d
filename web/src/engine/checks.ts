/** Checksums of values, as Python makes them. */

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

/** CRC-32 of bytes, or of the bytes of floats, little-endian. */
export function crc32(values: Float32Array | Uint8Array): number {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  let crc = -1;
  for (let i = 0; i < bytes.length; i++) crc = TABLE[(crc ^ bytes[i]) & 255] ^ (crc >>> 8);
  return (crc ^ -1) >>> 0;
}
