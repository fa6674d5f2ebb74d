/** Which view is shown, as the address' hash has it: `#/runs`, `#/run/ID`, `#/compare/ID/ID`. */

/** Views that are of no run. */
const PLAIN = ["runs", "data", "decisions"] as const;

export type Place =
  | { view: (typeof PLAIN)[number] }
  | { view: "run"; id: string }
  | { view: "mistakes"; id: string }
  | { view: "compare"; first: string; second: string | null };

/** A run's identifier, as the server makes it. */
const ID = /^[0-9a-f]{16}$/;

/** The place that a hash names; the list of runs where it names none. */
export function read(hash: string): Place {
  const [view, ...rest] = hash.replace(/^#?\/?/, "").split("/");
  const [first, second] = rest.map((each) => (ID.test(each) ? each : null));
  if (first) {
    if (view === "run" || view === "mistakes") return { view, id: first };
    if (view === "compare") return { view, first, second: second ?? null };
  }
  return { view: PLAIN.find((each) => each === view) ?? "runs" };
}

export function write(place: Place): string {
  switch (place.view) {
    case "run":
    case "mistakes":
      return `#/${place.view}/${place.id}`;
    case "compare":
      return ["#/compare", place.first, place.second ?? []].flat().join("/");
    default:
      return `#/${place.view}`;
  }
}
