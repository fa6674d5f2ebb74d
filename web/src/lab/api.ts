/** Requests to the lab's server; all addresses are relative to the page's, which has the token. */

/** What went wrong, in the server's words. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** The whole answer. */
    readonly body: unknown = null,
  ) {
    super(message);
  }
}

async function ask<T>(path: string, init?: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, init);
  } catch {
    throw new Refused(0, "");
  }
  const found: unknown = await response.json().catch(() => null);
  if (response.ok) return found as T;
  const said = (found as { error?: unknown } | null)?.error;
  throw new Refused(response.status, typeof said === "string" ? said : response.statusText, found);
}

export const get = <T>(path: string): Promise<T> => ask<T>(path);

/** Ask the server to let something be, also as this page goes; nobody waits for the answer. */
export function leave(path: string): void {
  void fetch(path, { method: "DELETE", keepalive: true }).catch(() => undefined);
}

export const send = <T>(method: "POST" | "PUT", path: string, values: unknown): Promise<T> =>
  ask<T>(path, {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(values),
  });
