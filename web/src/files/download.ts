/** Hands bytes to the user as a file. */

export function download(name: string, content: Blob | Uint8Array<ArrayBuffer>): void {
  const blob = content instanceof Blob ? content : new Blob([content]);
  const address = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
