/** Opens a page from its file in Debian's headless Chromium; whatever goes wrong there is kept. */

import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";

export const CHROMIUM = process.env["PELLUCID_CHROMIUM"] ?? "/usr/bin/chromium";

export interface Opened {
  page: Page;
  /** Errors, refusals of the policy, requests: each is a fault. */
  faults: string[];
  close(): Promise<void>;
}

export interface Look {
  width?: number;
  height?: number;
  dark?: boolean;
  hash?: string;
}

let browser: Browser | undefined;

async function started(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) throw new Error(`there is no ${CHROMIUM}; install Chromium`);
  return (browser ??= await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream"],
  }));
}

export async function stop(): Promise<void> {
  await browser?.close();
  browser = undefined;
}

export async function open(file: string, look: Look = {}): Promise<Opened> {
  const context = await (
    await started()
  ).newContext({
    viewport: { width: look.width ?? 1280, height: look.height ?? 720 },
    colorScheme: look.dark ? "dark" : "light",
    offline: true,
    acceptDownloads: true,
  });
  const page = await context.newPage();
  const faults: string[] = [];
  const address = pathToFileURL(file).href;
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(`console: ${message.text()}`);
  });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(address) && !/^(data|blob):/.test(url)) faults.push(`request: ${url}`);
  });
  await page.goto(address + (look.hash ? `#${look.hash}` : ""));
  return { page, faults, close: () => context.close() };
}
