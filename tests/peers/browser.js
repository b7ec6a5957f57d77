// Headless Chromium, driven by playwright-core: runs JavaScript on pages, as the user of a web application would.
//
//   node browser.js CHROMIUM
//
// Each line of stdin is a task, `{"page": URL, "script": TEXT}`: the text is the body of an async function that is run on
// that page; without a URL, on an empty page served from 127.0.0.1. For each there is a line on stdout, in the same order:
// `{"result": JSON}`, or `{"error": TEXT}`. With `"watched": true` the script has a user's hands, `press(KEY)`, `type(TEXT)`,
// `click(SELECTOR)`, `choose(SELECTOR, FILE)`, `wheel(PIXELS)` and `look(WIDTH, HEIGHT, "dark"|"light")`, and eyes that see into
// shadow trees: `all(SELECTOR, TEXT)` waits for an element with that text and gives class and text of all. `{"seen": [TEXT]}`
// lists what the page asked for, logged and failed with. Each task has a context of its own, in UTC, without the storage of
// any before.
// Certificates are not looked at. The browser, with its profile in a temporary folder, ends with stdin.
"use strict";
const http = require("node:http");
const path = require("node:path");
const readline = require("node:readline");

const target = process.env.CARGO_TARGET_DIR || path.join(__dirname, "..", "..", "target");
const { chromium } = require(require.resolve("playwright-core", { paths: [path.resolve(target, "peers")] }));

// Milliseconds that a task may take.
const PATIENCE = 25_000;
const ARGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

async function watch(page, seen) {
  page.on("request", (request) => seen.push(`request ${request.url()}`));
  page.on("console", (message) => seen.push(`${message.type()} ${message.text()}`));
  page.on("pageerror", (error) => seen.push(`failed ${error.message}`));
  const hands = {
    press: (key) => page.keyboard.press(key),
    type: (text) => page.keyboard.type(text),
    click: (selector) => page.click(selector, { timeout: PATIENCE }),
    choose: (selector, file) => page.setInputFiles(selector, file, { timeout: PATIENCE }),
    all: async (selector, text) => {
      const elements = page.locator(selector);
      await elements.filter({ hasText: text }).first().waitFor({ timeout: PATIENCE });
      return elements.evaluateAll((found) => found.map((element) => [element.className, element.innerText]));
    },
    wheel: (pixels) => page.mouse.wheel(0, pixels),
    look: async (width, height, colorScheme) => {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme });
    },
  };
  for (const [name, act] of Object.entries(hands)) await page.exposeFunction(name, act);
}

async function perform(browser, { page: url, script, watched }, seen) {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, timezoneId: "UTC" });
  try {
    const page = await context.newPage();
    if (watched) await watch(page, seen);
    await page.goto(url, { timeout: PATIENCE });
    const late = new Promise((_, reject) => setTimeout(reject, PATIENCE, new Error(`no end in ${PATIENCE} ms`)).unref());
    return await Promise.race([page.evaluate(`(async () => { ${script}\n })()`), late]);
  } finally {
    await context.close();
  }
}

async function main() {
  const server = http.createServer((_, response) => {
    response.writeHead(200, { "Content-Type": "text/html; charset=utf-8" }).end("<!doctype html><title>a page</title>");
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const empty = `http://127.0.0.1:${server.address().port}/`;
  const browser = await chromium.launch({ executablePath: process.argv[2], args: ARGS });
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const task = JSON.parse(line);
    const seen = [];
    const answer = await perform(browser, { ...task, page: task.page || empty }, seen).then(
      (result) => ({ result: result === undefined ? null : result, seen }),
      (error) => ({ error: error.message }),
    );
    console.log(JSON.stringify(answer));
  }
  await browser.close();
  process.exit(0);
}

main();
