/** Which view is shown, as the address' hash has it: `#/runs`, `#/run/ID`. */

export type Place = { view: "runs" } | { view: "run"; id: string };

/** A run's identifier, as the server makes it. */
const ID = /^[0-9a-f]{16}$/;

/** The place that a hash names; the list of runs where it names none. */
export function read(hash: string): Place {
  const [view, ...rest] = hash.replace(/^#?\/?/, "").split("/");
  if (view === "run" && ID.test(rest[0] ?? "")) return { view, id: rest[0] };
  return { view: "runs" };
}

export function write(place: Place): string {
  return place.view === "run" ? `#/run/${place.id}` : "#/runs";
}
