/** Debian's Chromium, and the pages that tests open in it. */

import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { preview, type PreviewServer } from "vite";
import { afterAll, afterEach, beforeAll, expect } from "vitest";

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

/** Run a browser for the tests of a file. After each of them no page may have complained. */
export function inChromium() {
  let browser: Browser | undefined;
  let contexts: BrowserContext[] = [];
  const complaints: string[] = [];

  beforeAll(async () => {
    if (!existsSync(CHROMIUM)) {
      throw new Error(`there is no browser at ${CHROMIUM}: apt-get install chromium, or set CHROMIUM to another one`);
    }
    mkdirSync(SCREENSHOTS, { recursive: true });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });
  afterAll(() => browser?.close());
  afterEach(async () => {
    await Promise.all(contexts.map((context) => context.close()));
    contexts = [];
    expect(complaints.splice(0)).toEqual([]);
  });

  return {
    /** Open an empty page of its own tab, which shares nothing with others. */
    async open(options: BrowserContextOptions = DESKTOP): Promise<Page> {
      if (browser === undefined) throw new Error("the browser runs only in tests");
      const context = await browser.newContext({ colorScheme: "light", ...options });
      contexts.push(context);
      const page = await context.newPage();
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("console", (message) => {
        // The browser itself logs what no page can prevent: a request that failed, a connection that didn't open.
        if (message.type() === "error" && !/Failed to load resource|WebSocket connection/.test(message.text())) {
          complaints.push(message.text());
        }
      });
      return page;
    },
  };
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

/** Serve the built page by itself, without a stack, for the tests of a file. Returns its address. */
export function servedPage(): () => string {
  let server: PreviewServer | undefined;
  beforeAll(async () => {
    server = await preview({
      root: fileURLToPath(new URL("..", import.meta.url)),
      preview: { port: 0, host: "127.0.0.1", proxy: {} },
      logLevel: "error",
    });
  });
  afterAll(() => server?.close());
  return () => {
    const address = server?.httpServer.address();
    if (!address || typeof address === "string") throw new Error("the page's server has no port");
    return `http://127.0.0.1:${address.port}/`;
  };
}
