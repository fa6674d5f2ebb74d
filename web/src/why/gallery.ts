/** The lecture's gallery of kernels, as they are laid into a network's own. */

import type { GalleryKernel } from "../engine/data";

/** A matrix without the rows and columns of zeros around it. */
export function trimmed(matrix: number[][]): number[][] {
  const empty = (row: number[]): boolean => row.every((value) => value === 0);
  let found = matrix;
  while (found.length > 2 && empty(found[0]) && empty(found[found.length - 1])) {
    found = found.slice(1, -1);
  }
  const edges = (row: number[]): number[] => [row[0], row[row.length - 1]];
  while (found[0].length > 2 && found.every((row) => empty(edges(row)))) {
    found = found.map((row) => row.slice(1, -1));
  }
  return found;
}

/** The kernels that fit into kernels of a shape (rows, columns, …), trimmed. */
export function galleryFor(
  gallery: readonly GalleryKernel[],
  shape: readonly number[],
): GalleryKernel[] {
  return gallery
    .map((kernel) => ({ ...kernel, matrix: trimmed(kernel.matrix) }))
    .filter(({ matrix }) => matrix.length <= shape[0] && matrix[0].length <= shape[1]);
}
