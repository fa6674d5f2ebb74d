/** What runs in the worker. */

import { type End, serve } from "./calls";
import { learning } from "./learning";

const handlers = {
  /** The same back: whether the worker is there, and how long a way is. */
  ping: (value: number): number => value,
  ...learning,
};

export type WorkerHandlers = typeof handlers;

serve(self as unknown as End, handlers); // TypeScript takes this for a window
