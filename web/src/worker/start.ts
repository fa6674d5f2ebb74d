/** The worker, from within the page: its script is text there, and runs from a Blob. */

import { Caller } from "./calls";
import type { WorkerHandlers } from "./worker";
import InlineWorker from "./worker?worker&inline";

/** A worker that can be asked, until it is stopped. */
export class PageWorker extends Caller<WorkerHandlers> {
  private readonly worker: Worker;

  constructor() {
    const worker = new InlineWorker();
    super(worker);
    this.worker = worker;
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.fail(new Error(event.message || "the browser does not let the page start its worker"));
    });
  }

  /** Stop it, whatever it is doing. */
  stop(): void {
    this.worker.terminate();
    this.fail(new Error("the worker was stopped"));
  }
}
