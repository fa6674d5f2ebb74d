/** Characters of a name that a page shows; longer ones would push everything else out of sight. */
const MOST = 60;

/** A name as a page shows it: a long one is cut, which "…" says. */
export function brief(name: string): string {
  if (name.length <= MOST) return name;
  const characters = [...name.slice(0, 2 * MOST + 2)];
  return characters.length <= MOST ? name : `${characters.slice(0, MOST).join("")}…`;
}

/** Names as a page shows them; those that are the same once they are cut get their number. */
export function briefNames(names: string[]): string[] {
  const cut = names.map(brief);
  const times = new Map<string, number>();
  for (const name of cut) times.set(name, (times.get(name) ?? 0) + 1);
  return cut.map((name, place) =>
    name !== names[place] && times.get(name) !== 1 ? `${name} (${place})` : name,
  );
}
