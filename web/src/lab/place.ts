/** Which view is shown, as the address' hash has it: `#/runs`, `#/run/ID`, `#/compare/ID/ID/NUMBER`. */

/** Views that are of no run. */
const PLAIN = ["runs", "data", "decisions"] as const;

export type Place =
  | { view: (typeof PLAIN)[number] }
  | { view: "run"; id: string }
  | { view: "mistakes"; id: string }
  | { view: "changes"; first: string; second: string }
  /** Without a second run the first one, changed; the number is of the picture. */
  | { view: "compare"; first: string; second: string | null; number: number | null };

/** A run's identifier, as the server makes it. */
const ID = /^[0-9a-f]{16}$/;

const NUMBER = /^\d{1,9}$/;

/** In the place of a second run where there is none. */
const NONE = "-";

/** The place that a hash names; the list of runs where it names none. */
export function read(hash: string): Place {
  const [view, ...rest] = hash.replace(/^#?\/?/, "").split("/");
  const [first, second] = rest.map((each) => (ID.test(each) ? each : null));
  if (first) {
    if (view === "run" || view === "mistakes") return { view, id: first };
    if (view === "changes" && second) return { view, first, second };
    if (view === "compare") {
      const number = NUMBER.test(rest[2] ?? "") ? Number(rest[2]) : null;
      return { view, first, second: second ?? null, number };
    }
  }
  return { view: PLAIN.find((each) => each === view) ?? "runs" };
}

export function write(place: Place): string {
  switch (place.view) {
    case "run":
    case "mistakes":
      return `#/${place.view}/${place.id}`;
    case "changes":
      return `#/changes/${place.first}/${place.second}`;
    case "compare": {
      const { first, second, number } = place;
      const rest = number === null ? (second ?? []) : [second ?? NONE, number];
      return ["#/compare", first, rest].flat().join("/");
    }
    default:
      return `#/${place.view}`;
  }
}
