/** Debian's Chromium, and the pages that tests open in it. */

import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { preview } from "vite";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const FLAGS = [
  "--headless",
  "--no-sandbox", // Chromium's sandbox doesn't run as root, as which tests may run; they open no foreign page
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
const SCREENSHOTS = fileURLToPath(new URL("../build/screenshots/", import.meta.url));
const AXE = readFileSync(fileURLToPath(import.meta.resolve("axe-core/axe.min.js")), "utf-8");

export const DESKTOP = { viewport: { width: 1280, height: 800 } };
export const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };

export async function launch(): Promise<Browser> {
  if (!existsSync(CHROMIUM)) {
    throw new Error(`there is no browser at ${CHROMIUM}: apt-get install chromium, or set CHROMIUM to another one`);
  }
  mkdirSync(SCREENSHOTS, { recursive: true });
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/** Open a page and collect what it complains about. */
export async function open(browser: Browser, url: string, options: BrowserContextOptions = DESKTOP) {
  const context = await browser.newContext({ ...options, colorScheme: options.colorScheme ?? "light" });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    // The browser itself logs what no page can prevent: a request that failed, a connection that didn't open.
    if (message.type() === "error" && !/Failed to load resource|WebSocket connection/.test(message.text())) {
      complaints.push(message.text());
    }
  });
  return { page, complaints, goto: () => page.goto(url) };
}

export async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: `${SCREENSHOTS}${name}.png`, animations: "disabled" });
}

/** Return what axe finds against WCAG 2.2, levels A and AA, and its own best practices. */
export async function axe(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(
    () => (globalThis as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  );
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
}

interface AxeResults {
  violations: { id: string; nodes: { html: string; failureSummary: string }[] }[];
}

/** Serve the built page by itself, without a stack. */
export async function servePage() {
  const server = await preview({
    root: fileURLToPath(new URL("..", import.meta.url)),
    preview: { port: 0, host: "127.0.0.1", proxy: {} },
    logLevel: "error",
  });
  const address = server.httpServer.address();
  if (address === null || typeof address === "string") throw new Error("the page's server has no port");
  return { url: `http://127.0.0.1:${address.port}/`, close: () => server.close() };
}
