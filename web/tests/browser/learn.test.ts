import { execFileSync } from "node:child_process";
import { mkdtempSync, renameSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import type { Page } from "playwright-core";
import { expect, inject, test } from "vitest";
import { LOOKS, open } from "./open";

const ROOT = new URL("../../../", import.meta.url).pathname;

const lesson = (name: string): string => join(inject("pages"), `learn-${name}.html`);

async function ended(page: Page, status: string): Promise<void> {
  const shown = page.locator("[data-test=learn-status]");
  await expect.poll(() => shown.getAttribute("data-status"), { timeout: 30_000 }).toBe(status);
}

async function saved(page: Page, button: string): Promise<string> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: button }).click(),
  ]);
  const file = join(inject("pages"), `${Date.now()}-${download.suggestedFilename()}`);
  await download.saveAs(file);
  return file;
}

const PYTHON = join(ROOT, ".venv/bin/python");

/** Python loads what was saved, and learns the same; it fails where a bit differs. */
function compare(lessonOrFile: string, file: string): void {
  execFileSync(PYTHON, ["-m", "tests.page.lessons", lessonOrFile, file], {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "pipe"],
  });
}

/** A grey picture of noise around a level, as a PNG file. */
function png(width: number, height: number, level: number, seed: number): Buffer {
  const chunk = (name: string, content: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(name), content]);
    const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(content.length);
    check.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, check]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header.set([8, 0, 0, 0, 0], 8);
  const rows = Buffer.alloc(height * (width + 1), 0);
  for (let i = 0; i < rows.length; i++) {
    if (i % (width + 1)) rows[i] = level + ((i * 37 + seed * 101) % 61);
  }
  const parts = [
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows)),
    chunk("IEND", Buffer.alloc(0)),
  ];
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), ...parts]);
}

test("what the page learns and saves are the bits that Python learns: SGD, batch norm, dropout", async () => {
  const { page, close } = await open(lesson("sgd"), { hash: "view=learn" });
  await page.getByRole("button", { name: "Start" }).click();
  await ended(page, "done");
  compare("sgd", await saved(page, "Save this network"));
  await close();
});

test("a learning in pieces is the same learning: Adam, decay, a step, an epoch, pauses", async () => {
  const { page, close } = await open(lesson("adam"), { hash: "view=learn" });
  await page.getByRole("button", { name: "One step" }).click();
  await ended(page, "paused");
  await page.getByRole("button", { name: "One epoch" }).click();
  await ended(page, "paused");
  const place = page.locator("[data-test=learn-status]");
  expect(await place.textContent()).toContain("epoch 1 of 6, step 10 of 60");
  await page.getByRole("button", { name: "Go on" }).click();
  const pause = page.getByRole("button", { name: "Pause" });
  await pause.click({ timeout: 500 }).catch(() => undefined); // it may be done before
  if (await page.getByRole("button", { name: "Go on" }).count()) {
    await page.getByRole("button", { name: "Go on" }).click();
  }
  await ended(page, "done");
  compare("adam", await saved(page, "Save this network"));
  await close();
});

test("the whole page shows the epoch that is chosen, and the delivered network again", async () => {
  const { page, close } = await open(lesson("sgd"), { hash: "view=learn" });
  const answer = page.locator("section", { has: page.locator("meter") }).last();
  const sheet = page.locator("canvas[aria-label^='Kernels of']");
  const kernels = (): Promise<string> =>
    sheet.evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  const first = await kernels();
  const delivered = await answer.textContent();
  await page.getByRole("spinbutton", { name: "Seed" }).fill("4");
  await page.getByRole("spinbutton", { name: "Epochs" }).fill("3");
  await page.getByRole("button", { name: "Start" }).click();
  await ended(page, "done");
  const shown = page.locator("[data-test=shown]");
  expect(await shown.textContent()).toContain("epoch 3");
  const last = await answer.textContent();
  expect(last).not.toBe(delivered);
  const lastKernels = await kernels();
  const scrub = page.getByRole("slider", { name: "Epoch that the page shows" });
  await scrub.focus();
  await page.keyboard.press("ArrowLeft");
  await expect.poll(() => shown.textContent()).toContain("epoch 2");
  expect(await answer.textContent()).not.toBe(last);
  // kernels and accuracy are those of that epoch, too
  expect([first, lastKernels]).not.toContain(await kernels());
  await page.getByText("The numbers").click();
  const rows = page.locator("tbody tr");
  expect(await rows.count()).toBe(3);
  const share = (await rows.nth(1).locator("td").nth(2).textContent())!;
  const accuracy = page.locator("[data-test=accuracy]");
  expect(await accuracy.textContent()).toContain(`epoch 2: ${share} of 20`);
  await page.getByRole("button", { name: "Back to the network" }).click();
  await expect.poll(() => answer.textContent()).toBe(delivered);
  expect(await kernels()).toBe(first);
  expect(await accuracy.textContent()).not.toContain("%");
  await close();
});

test("in Korean: a rate is changed by keys, and what was learned is forgotten", async () => {
  const { page, close } = await open(lesson("sgd"), { hash: "view=learn&language=ko" });
  const rate = page.getByRole("slider", { name: "학습률" });
  await rate.focus();
  await page.keyboard.press("Home");
  await page.getByRole("button", { name: "시작" }).click();
  await ended(page, "done");
  await page.getByRole("button", { name: "잊고 처음으로" }).click();
  await ended(page, "new");
  await close();
});

test("a loss beyond all numbers is said in one sentence, and what came before stays", async () => {
  const { page, close } = await open(lesson("wild"), { hash: "view=learn" });
  await page.getByRole("button", { name: "Start" }).click();
  await ended(page, "failed");
  const alerts = page.getByRole("alert");
  expect(await alerts.count()).toBe(1);
  expect(await alerts.textContent()).toContain("lower the learning rate");
  expect(await page.locator("[data-test=shown]").textContent()).toContain("first step");
  await close();
});

test("learned weights come in the place of what surgery has made", async () => {
  const { page, close } = await open(lesson("sgd"), { hash: "view=why" });
  const answers = page.getByRole("region", { name: "Answer", exact: true });
  const delivered = await answers.textContent();
  await page.getByRole("button", { name: /^Mute/ }).first().click();
  await expect.poll(() => answers.textContent()).not.toBe(delivered);
  await page.getByRole("tab", { name: "Learn" }).click();
  await page.getByRole("button", { name: "One epoch" }).click();
  await ended(page, "paused");
  expect(await page.locator("[data-test=shown]").textContent()).toContain("epoch 1");
  await page.getByRole("button", { name: "Back to the network" }).click();
  await expect.poll(() => answers.textContent()).toBe(delivered);
  await close();
});

test("fewer classes of one's own are learned, saved, and learned again by Python to the bit", async () => {
  const { page, close } = await open(lesson("sgd"), { hash: "view=learn" });
  await page.getByText("Learn pictures of your own").click();
  const status = page.locator("[data-test=own-status]");
  expect(await status.textContent()).toContain("name");
  for (const [place, name] of ["dark <i>", "bright 밝은"].entries()) {
    await page.getByRole("textbox", { name: `Name of class ${place + 1}` }).fill(name);
    const files = Array.from({ length: 21 }, (_, k) => ({
      name: `${k}.png`,
      mimeType: "image/png",
      buffer: k === 20 ? Buffer.from("none") : png(8, 9, place ? 150 : 40, 2 * k + place),
    }));
    const input = page.locator("fieldset").nth(place).locator("input[multiple]");
    await input.setInputFiles(files);
    await expect.poll(() => page.locator("fieldset").nth(place).textContent()).toContain("20 pic");
  }
  expect(await page.locator("[role=alert] summary").textContent()).toContain("1 left out");
  await page.getByRole("button", { name: "Learn these pictures" }).click();
  await page.getByRole("spinbutton", { name: "Epochs" }).fill("8");
  await page.getByRole("button", { name: "Start" }).click();
  await ended(page, "done");
  const answers = page.getByRole("region", { name: "Answer", exact: true }).locator("li");
  expect(await answers.count()).toBe(2);
  // what a sample of the network's own classes shows is none of these
  expect(await page.getByText("is: dark").count()).toBe(0);
  const accuracy = await page.locator("[data-test=accuracy]").textContent();
  expect(accuracy).toContain("100");

  const learned = await saved(page, "Save this network");
  await page.getByText("Repeat it in Python").click();
  const folder = mkdtempSync(join(inject("pages"), "own-"));
  renameSync(await saved(page, "Save the pictures"), join(folder, "pictures.npz"));
  renameSync(await saved(page, "Save the first weights"), join(folder, "first.safetensors"));
  const command = (await page.locator("[data-test=command]").textContent())!.split(" ");
  expect(command.shift()).toBe("pellucid");
  execFileSync(PYTHON, ["-m", "pellucid", ...command, "--out", "run"], {
    cwd: folder,
    stdio: ["ignore", "ignore", "pipe"],
  });
  compare(learned, join(folder, "run/model.safetensors"));
  // explanations and surgery know the outputs by these names, and no others
  const own = ["bright 밝은", "dark <i>"];
  await page.getByRole("tab", { name: "Why" }).click();
  await page.getByRole("button", { name: /^Mute/ }).first().click();
  const names = await page.locator("[data-test=surgery] th[scope=row]").allTextContents();
  expect(names.sort()).toEqual(own);
  const choices = await page.getByRole("combobox", { name: "Speaks for" }).locator("option");
  expect((await choices.allTextContents()).sort()).toEqual(own);
  await close();
});

test("pictures are dropped on a class, and taken over from the input", async () => {
  const { page, close } = await open(lesson("sgd"), { hash: "view=learn" });
  await page.getByText("Learn pictures of your own").click();
  const classes = page.locator("fieldset");
  const answer = page.getByRole("region", { name: "Answer", exact: true });
  const before = await answer.textContent();
  await classes.first().evaluate(
    (field, bytes) => {
      const transfer = new DataTransfer();
      for (const name of ["a.png", "b.png"]) {
        transfer.items.add(new File([Uint8Array.from(bytes)], name, { type: "image/png" }));
      }
      const event = { bubbles: true, cancelable: true, dataTransfer: transfer };
      field.dispatchEvent(new DragEvent("drop", event));
    },
    [...png(8, 9, 90, 1)],
  );
  await expect.poll(() => classes.first().textContent()).toContain("2 pictures");
  expect(await answer.textContent()).toBe(before); // the input has not taken them as well
  await classes.nth(1).getByRole("button", { name: "The one under Input" }).click();
  await expect.poll(() => classes.nth(1).textContent()).toContain("1 picture");
  await classes.first().getByRole("button", { name: "Remove a.png" }).click();
  await expect.poll(() => classes.first().textContent()).toContain("1 picture");
  await close();
});

test.each(LOOKS)("nothing is wider than the page at $width, dark: $dark", async (look) => {
  const { page, close } = await open(lesson("adam"), { ...look, hash: "view=learn" });
  await page.getByRole("button", { name: "One epoch" }).click();
  await ended(page, "paused");
  await page.getByText("The numbers").click();
  const room = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(room).toBe(0);
  await close();
});
