/** JSON in the one spelling that Python's `strict_json.canonical` has, in ASCII. */

import type { Json } from "../engine/data";

export function canonical(value: Json): string {
  if (typeof value === "number") return number(value);
  if (typeof value === "string") return text(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value === "boolean") return String(value);
  const entries = Object.keys(value)
    .sort()
    .map((key) => `${text(key)}:${canonical(value[key])}`);
  return `{${entries.join(",")}}`;
}

/** A number as Python writes it: the same digits, other exponents. */
function number(value: number): string {
  if (!Number.isFinite(value)) throw new Error(`${value} is not JSON`);
  const [digits, exponent] = value.toExponential().split("e");
  if (Number.isInteger(value) || Number(exponent) >= -4) return String(value);
  return `${digits}e-${exponent.slice(1).padStart(2, "0")}`;
}

function text(value: string): string {
  return JSON.stringify(value).replace(
    /[^ -~]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
