/** Numbers as they are shown: three significant digits, a true minus sign. */

export function short(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e5) return String(value).replace("-", "−");
  const text =
    size >= 1e5 || size < 1e-3
      ? value.toExponential(2)
      : size >= 100
        ? value.toFixed(0)
        : value.toPrecision(3);
  return text.replace("e-", "e−").replace(/^-/, "−");
}

/** All digits that tell a float32 from its neighbours. */
export function full(value: number): string {
  return String(Number(value.toPrecision(9))).replaceAll("-", "−");
}

/** A share in percent; one that is nearly none or all is not shown as such. */
export function percent(share: number): string {
  const value = 100 * share;
  if (share < 1 && value >= 99.9995) return "> 99.999 %";
  if (share > 0 && value < 0.005) return "< 0.01 %";
  const text = value >= 99.95 && share < 1 ? value.toFixed(3) : value.toFixed(value < 0.1 ? 2 : 1);
  return `${text} %`;
}

/** Lengths of an array, rows×columns×channels. */
export function lengths(shape: readonly number[]): string {
  return shape.join("×");
}

/** A position, e.g. `3, 7, 5`. */
export function placeText(at: readonly number[]): string {
  return at.join(", ");
}

/** A number with its sign also where it is positive. */
export function signed(value: number): string {
  return value > 0 ? `+${short(value)}` : short(value);
}
