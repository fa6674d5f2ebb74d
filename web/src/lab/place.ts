/** Which view is shown, as the address' hash has it: `#/runs`, `#/run/ID`, `#/compare/ID/ID/PART/NUMBER`. */

/** Views that are of no run. */
const PLAIN = ["runs", "data", "decisions"] as const;

/** Parts of a run's data, those first that judge. */
export const PARTS = ["test", "validation", "all", "train"] as const;
export type Part = (typeof PARTS)[number];

export type Place =
  | { view: (typeof PLAIN)[number] }
  | { view: "run"; id: string }
  | { view: "mistakes"; id: string }
  /** Without a part, of that which judges. */
  | { view: "changes"; first: string; second: string; part: Part | null }
  | ComparePlace;

export interface ComparePlace {
  view: "compare";
  first: string;
  /** Null: the first one, changed. */
  second: string | null;
  /** Of the first one's data; null: that which judges. */
  part: Part | null;
  /** Of the picture in that part. */
  number: number | null;
}

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
    const part = PARTS.find((each) => each === rest[2]) ?? null;
    if (view === "changes" && second) return { view, first, second, part };
    if (view === "compare") {
      const given = rest[part ? 3 : 2] ?? "";
      const number = NUMBER.test(given) ? Number(given) : null;
      return { view, first, second: second ?? null, part, number };
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
      return ["#/changes", place.first, place.second, place.part ?? []].flat().join("/");
    case "compare": {
      const { first, second, part, number } = place;
      const picture = [part ?? [], number ?? []].flat();
      const rest = picture.length ? [second ?? NONE, ...picture] : (second ?? []);
      return ["#/compare", first, rest].flat().join("/");
    }
    default:
      return `#/${place.view}`;
  }
}
