import "./app.css";
import { mount } from "svelte";
import App from "./App.svelte";
import type { PageData } from "./engine/data";
import { Network } from "./engine/network";
import { blob, pageData, Unreadable } from "./page/blobs";
import { weightsAfter } from "./replay/weights";
import { address } from "./state/entries";
import { PageState } from "./state/page.svelte";
import { catalogues, type Language } from "./text/index";
import { viewsOf } from "./views/registry";

/** Open the network and show it; what goes wrong is shown in its place. */
async function start(target: HTMLElement): Promise<void> {
  const language = (target.dataset["language"] === "ko" ? "ko" : "en") satisfies Language;
  target.textContent = catalogues[language].page.opening;
  try {
    const data = pageData<PageData>();
    const [network, samples, epochs] = await Promise.all([
      Network.open(data, blob),
      blob(data.samples.pixels),
      data.replay ? weightsAfter(data.replay, data.weights.names, blob) : new Map(),
    ]);
    const taken = data.model.generated ? new Float32Array(samples.buffer) : samples;
    const page = new PageState(data, network, taken, language, viewsOf(data), epochs);
    // for who looks into the page with the browser's tools, and for what measures it
    Object.assign(window, { pellucid: page });
    address.read(page, location.hash);
    target.textContent = "";
    mount(App, { target, props: { page } });
    page.live?.start();
  } catch (error) {
    const text = catalogues[language].page;
    target.textContent =
      error instanceof Unreadable ? text[error.kind](error.part) : text.failed(String(error));
    target.setAttribute("role", "alert");
  }
}

void start(document.getElementById("app")!);
