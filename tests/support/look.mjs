// SPDX-License-Identifier: Apache-2.0
// Opens pages in Debian's Chromium, light and dark, on a phone and on a desk, and says as JSON what
// is wrong with each view: broken accessibility rules, sideways scrolling, errors of the console
// (refused by the Content-Security-Policy among them), requests that failed.
//
//     node look.mjs [--pictures FOLDER] URL...
import { createRequire } from "node:module";
import path from "node:path";

const require = createRequire(new URL("../package.json", import.meta.url));
const { chromium } = require("playwright-core");
const axeSource = require("axe-core").source;

const VIEWS = ["light", "dark"].flatMap((scheme) => [360, 1280].map((width) => ({ scheme, width })));

// A page that reloads itself offers one that doesn't (its rule is about people who read slowly):
// the rule holds for pages that offer none.
const reloadRule = (still) => ({ rules: { "meta-refresh": { enabled: !still } } });

function named(violation) {
  const nodes = violation.nodes.slice(0, 3).map((node) => node.html.slice(0, 160));
  return `${violation.id}: ${violation.help}: ${nodes.join(" | ")}`;
}

async function accessibility(page) {
  const offersStill = await page.locator('header a[href="/?still"]').count() > 0;
  // By the driver's own channel, past the page's policy.
  await page.evaluate(axeSource);
  const found = await page.evaluate((options) => globalThis.axe.run(document, options), reloadRule(offersStill));
  return found.violations.map(named);
}

function layout() {
  const root = document.documentElement;
  const faults = [];
  if (root.scrollWidth > root.clientWidth) {
    faults.push(`the page is ${root.scrollWidth} wide in a window of ${root.clientWidth}`);
  }
  // Closed <details> have no boxes, so each is looked at open.
  for (const details of document.querySelectorAll("details")) {
    details.open = true;
  }
  if (root.scrollWidth > root.clientWidth) {
    faults.push(`with everything open the page is ${root.scrollWidth} wide`);
  }
  if (!getComputedStyle(document.body).maxWidth.endsWith("px")) {
    faults.push("the stylesheet isn't in force");
  }
  return faults;
}

async function look(browser, url, view, pictures) {
  const context = await browser.newContext({
    colorScheme: view.scheme, viewport: { width: view.width, height: 800 },
  });
  const page = await context.newPage();
  const faults = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) {
      faults.push(`console: ${message.text()}`);
    }
  });
  page.on("pageerror", (error) => faults.push(`script: ${error.message}`));
  page.on("requestfailed", (request) => faults.push(`request failed: ${request.url()}`));
  page.on("response", (response) => {
    if (!response.ok()) {
      faults.push(`${response.status()} for ${response.url()}`);
    }
  });
  await page.goto(url, { waitUntil: "load" });
  if (pictures) {
    const name = `${path.basename(new URL(url).pathname, ".html") || "page"}-${view.scheme}-${view.width}.png`;
    await page.screenshot({ path: path.join(pictures, name), fullPage: true });
  }
  faults.push(...await page.evaluate(layout));
  faults.push(...await accessibility(page));
  const title = await page.title();
  await context.close();
  return { url, ...view, title, faults };
}

async function main(given) {
  const pictures = given[0] === "--pictures" ? given.splice(0, 2)[1] : "";
  const browser = await chromium.launch({
    executablePath: process.env.RBLWATCH_CHROMIUM || "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"], // as root there is none
  });
  const views = [];
  for (const url of given) {
    views.push(...await Promise.all(VIEWS.map((view) => look(browser, url, view, pictures))));
  }
  await browser.close();
  console.log(JSON.stringify(views));
}

await main(process.argv.slice(2));
