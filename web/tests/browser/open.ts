/** Opens a page from its file in headless Chromium, without a network. */

import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";

export interface Look {
  width?: number;
  height?: number;
  dark?: boolean;
  /** What stands behind the # of the address. */
  hash?: string;
  /** Run in the page before its own script. */
  before?: () => void;
}

/** The looks that every view is tried in. */
export const LOOKS: readonly Required<Pick<Look, "width" | "height" | "dark">>[] = [
  360, 1440,
].flatMap((width) =>
  [false, true].map((dark) => ({ width, height: width === 360 ? 740 : 900, dark })),
);

export interface Opened {
  page: Page;
  /** Errors, warnings, refusals of the policy, requests. A test that expects some takes them out. */
  faults: string[];
  /** Closes the page; rejected if there were faults. */
  close(): Promise<void>;
}

let browser: Promise<Browser> | undefined;

function started(): Promise<Browser> {
  const executablePath = process.env["CHROMIUM"];
  if (!executablePath) throw new Error("CHROMIUM names no browser: run scripts/web");
  return (browser ??= chromium.launch({
    executablePath,
    args: ["--disable-gpu", "--use-fake-device-for-media-stream"],
  }));
}

/** Ends the browser; the next page starts another. */
export async function stop(): Promise<void> {
  await (await browser)?.close();
  browser = undefined;
}

/** Opens a page from its file, without a network. */
export async function open(file: string, look: Look = {}): Promise<Opened> {
  const address = pathToFileURL(file).href;
  return visit(address, look, (url) => url.split("#")[0] === address);
}

/** Opens a page that a server on this machine gives, and lets it ask for what is beside it. */
export async function openServed(address: string, look: Look = {}): Promise<Opened> {
  const beside = address.slice(0, address.lastIndexOf("/") + 1);
  return visit(address, look, (url) => url.startsWith(beside), false);
}

async function visit(
  address: string,
  look: Look,
  allowed: (url: string) => boolean,
  offline = true,
): Promise<Opened> {
  const context = await (
    await started()
  ).newContext({
    viewport: { width: look.width ?? 1440, height: look.height ?? 900 },
    colorScheme: look.dark ? "dark" : "light",
    offline,
    acceptDownloads: true,
  });
  const faults: string[] = [];
  context.on("weberror", (error) => faults.push(`error: ${error.error().message}`));
  context.on("console", (message) => {
    // a browser without a graphics card says how slow that is
    if (/GL Driver Message \(OpenGL, Performance/.test(message.text())) return;
    if (["error", "warning"].includes(message.type())) faults.push(`console: ${message.text()}`);
  });
  context.on("request", (request) => {
    const url = request.url();
    if (!allowed(url) && !/^(data|blob):/.test(url)) faults.push(`request: ${url}`);
  });
  await context.exposeBinding("refused", (_source, what: string) => faults.push(`policy: ${what}`));
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      const { refused } = window as unknown as { refused(what: string): void };
      refused(`${event.violatedDirective} ${event.blockedURI || event.sample}`);
    });
  });
  if (look.before) await context.addInitScript(look.before);
  const page = await context.newPage();
  await page.goto(address + (look.hash ? `#${look.hash}` : ""));
  // the page unpacks its data after it was loaded; what is no page of ours has nothing to wait for
  if (await page.locator("script#page").count()) {
    await page.waitForFunction(
      () => "pellucid" in window || document.querySelector("[role=alert]") !== null,
    );
  }
  const close = async (): Promise<void> => {
    await context.close();
    if (faults.length) throw new Error(`faults of ${address}:\n${faults.join("\n")}`);
  };
  return { page, faults, close };
}
