/** Which view is shown, as the address' hash has it: `#/runs`, `#/run/ID`, `#/compare/ID/ID`. */

export type Place =
  | { view: "runs" }
  | { view: "run"; id: string }
  | { view: "compare"; first: string; second: string | null };

/** A run's identifier, as the server makes it. */
const ID = /^[0-9a-f]{16}$/;

/** The place that a hash names; the list of runs where it names none. */
export function read(hash: string): Place {
  const [view, ...rest] = hash.replace(/^#?\/?/, "").split("/");
  if (view === "run" && ID.test(rest[0] ?? "")) return { view, id: rest[0] };
  if (view === "compare" && ID.test(rest[0] ?? "")) {
    return { view, first: rest[0], second: ID.test(rest[1] ?? "") ? rest[1] : null };
  }
  return { view: "runs" };
}

export function write(place: Place): string {
  if (place.view === "run") return `#/run/${place.id}`;
  if (place.view === "compare")
    return ["#/compare", place.first, place.second ?? []].flat().join("/");
  return "#/runs";
}
