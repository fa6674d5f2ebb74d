/** The files of a drop, those in folders too. */

export async function droppedFiles(transfer: DataTransfer): Promise<File[]> {
  const items = Array.from(transfer.items).filter(({ kind }) => kind === "file");
  // all are asked for at once: they are gone when the drop has been handled
  const entries = items.map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
  const found = await Promise.all(
    entries.map((entry) => (entry instanceof File ? [entry] : entry ? filesOf(entry) : [])),
  );
  return found.flat();
}

async function filesOf(entry: FileSystemEntry): Promise<File[]> {
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    return file.name.startsWith(".") ? [] : [file];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: File[] = [];
  for (;;) {
    // a reader gives some of them at a time, and none at the end
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (!some.length) break;
    some.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const each of some) found.push(...(await filesOf(each)));
  }
  return found;
}
