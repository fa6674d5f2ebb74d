/**
 * Training and answering in a browser beside TensorFlow.js and ConvNetJS, all in one Chromium and on
 * one thread, in turns. Needs a page of the lecture's network that learns, and a folder with
 *   npm install @tensorflow/tfjs @tensorflow/tfjs-backend-wasm convnetjs
 *
 *   node benchmarks/pages/compare.mjs PAGE.html FOLDER/node_modules [ROUNDS] [SECONDS]
 *
 * Prints each round, then medians with their range, and how many times as fast the page is.
 */

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { extname, join, normalize } from "node:path";

const web = createRequire(new URL("../../web/package.json", import.meta.url));
const { chromium } = web("playwright-core");
const { build } = await import(web.resolve("vite"));

const [file, modules, rounds = "5", seconds = "4"] = process.argv.slice(2);
const here = new URL(".", import.meta.url).pathname;

/** The page's own sources as one classic script. */
async function ours() {
  const made = await build({
    configFile: false,
    logLevel: "error",
    build: {
      write: false,
      lib: {
        entry: join(here, "ours.ts"),
        formats: ["iife"],
        name: "comparison",
      },
    },
  });
  return [made].flat()[0].output[0].code;
}

/** The data of the page, without its script and policy. */
function data() {
  const html = readFileSync(file, "utf8");
  return (
    html.match(
      /<script type="(application\/json|text\/plain)"[^>]*>[^<]*<\/script>/g,
    ) ?? []
  ).join("\n");
}

const scripts = [
  "@tensorflow/tfjs/dist/tf.min.js",
  "@tensorflow/tfjs-backend-wasm/dist/tf-backend-wasm.min.js",
  "convnetjs/build/convnet-min.js",
];
const page = `<!doctype html><meta charset="utf-8"><title>comparison</title>${data()}
${scripts.map((each) => `<script src="/modules/${each}"></script>`).join("\n")}
<script src="/contenders.js"></script><script src="/ours.js"></script>`;
const files = {
  "/": page,
  "/ours.js": await ours(),
  "/contenders.js": readFileSync(join(here, "contenders.js")),
};
const types = {
  "": "text/html",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

const server = createServer((request, response) => {
  const path = normalize(new URL(request.url, "http://localhost").pathname);
  try {
    const content =
      files[path] ??
      readFileSync(join(modules, path.replace(/^\/modules\//, "")));
    response.setHeader(
      "content-type",
      types[extname(path)] ?? "application/octet-stream",
    );
    response.end(content);
  } catch {
    response.writeHead(404).end();
  }
}).listen(0, "127.0.0.1");

const contenders = {
  "the page": "ours",
  "TensorFlow.js, WebAssembly": "wasm",
  "TensorFlow.js, WebGL": "webgl",
  "TensorFlow.js, JavaScript": "cpu",
  ConvNetJS: "convnet",
};

/** Seconds after which a contender that has taken no steps is given up. */
const PATIENCE = 240;

/** One contender in a fresh page: pictures a second, and milliseconds of one answer. */
async function measured(context, kind) {
  const tab = await context.newPage();
  const patience = setTimeout(() => tab.close(), 1000 * PATIENCE);
  try {
    await tab.goto(`http://127.0.0.1:${server.address().port}/`);
    return await tab.evaluate(
      async ([kind, seconds]) => {
        const own = await ours();
        const contender =
          kind === "ours"
            ? own
            : kind === "convnet"
              ? await convnet(own)
              : await tensorflow(kind, own);
        const picture = own.train.pixels.slice(0, 784);
        const found = { answer: answered(contender, picture, seconds / 4) };
        try {
          return {
            ...found,
            ...(await trained(contender, own.batchSize, seconds)),
          };
        } catch (error) {
          return { ...found, error: String(error.message).split("\n")[0] };
        }
      },
      [kind, Number(seconds)],
    );
  } catch (error) {
    const late = tab.isClosed() && `no measurement within ${PATIENCE} s`;
    return { error: late || String(error.message).split("\n")[0] };
  } finally {
    clearTimeout(patience);
    await tab.close();
  }
}

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--enable-unsafe-swiftshader"],
});
const context = await browser.newContext();
const found = Object.fromEntries(
  Object.keys(contenders).map((name) => [name, []]),
);
for (let round = 0; round < Number(rounds); round++) {
  for (const [name, kind] of Object.entries(contenders)) {
    const result = await measured(context, kind);
    found[name].push(result);
    console.log(round + 1, name, JSON.stringify(result));
  }
}
await browser.close();
server.close();

const spread = (values) => {
  const sorted = values
    .filter((value) => Number.isFinite(value))
    .sort((a, b) => a - b);
  if (!sorted.length) return null;
  return {
    low: sorted[0],
    median: sorted[sorted.length >> 1],
    high: sorted.at(-1),
  };
};
const words = (s, digits) =>
  s
    ? `${s.median.toFixed(digits)} (${s.low.toFixed(digits)}–${s.high.toFixed(digits)})`
    : "none";
console.log(
  "\nmedian (range): pictures a second in training; milliseconds of one answer; ratios of rounds",
);
for (const [name, results] of Object.entries(found)) {
  const speed = spread(results.map(({ perSecond }) => perSecond));
  const answer = spread(results.map(({ answer }) => answer));
  const own = found["the page"];
  const faster = spread(
    results.map(
      ({ perSecond }, k) => perSecond && own[k].perSecond / perSecond,
    ),
  );
  const sooner = spread(
    results.map(({ answer }, k) => answer && answer / own[k].answer),
  );
  const error = results.find((each) => each.error)?.error;
  console.log(
    `${name}: ${words(speed, 0)} /s; ${words(answer, 2)} ms; page ${words(faster, 1)}× in training, ${words(sooner, 1)}× in answering${error ? `; ${error}` : ""}`,
  );
}
