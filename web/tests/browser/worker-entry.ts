/** A page that starts the worker and lets tests ask it. */

import { PageWorker } from "../../src/worker/start";

Object.assign(window, { pageWorker: new PageWorker() });
