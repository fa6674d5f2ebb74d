import { expect, test } from "vitest";
import { written } from "./files";
import { open } from "./open";

const FAULTS = {
  "error: thrown": "throw new Error('thrown')",
  "console: said": "console.warn('said')",
  "policy: style-src": "document.body.innerHTML = '<p style=\"color: red\">red</p>'",
  "policy: connect-src": "void fetch('file:///other.json').catch(() => 0)",
  "policy: img-src": "new Image().src = 'file:///other.png'",
};

test.each(Object.entries(FAULTS))("a page's fault is seen: %s", async (fault, script) => {
  const { faults, close } = await open(written(script));
  await expect.poll(() => faults.join("\n")).toContain(fault);
  await expect(close()).rejects.toThrow(fault);
});

test("a page that leaves for another place is seen", async () => {
  const script = "window.open('file:///other.html')";
  const { faults, close } = await open(written(script));
  await expect.poll(() => faults.join("\n")).toContain("request: file:///other.html");
  await expect(close()).rejects.toThrow("other.html");
});
