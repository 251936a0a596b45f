/** The page as `npm start` serves it: from the sources, with React's StrictMode at work. */

import { fileURLToPath } from "node:url";
import type { WebSocketRoute } from "playwright-core";
import { createServer, type ViteDevServer } from "vite";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inChromium } from "./browser.ts";

const browser = inChromium();
let server: ViteDevServer;
beforeAll(async () => {
  const root = fileURLToPath(new URL("..", import.meta.url));
  server = await createServer({ root, server: { port: 0, host: "127.0.0.1", proxy: {} }, logLevel: "error" });
  await server.listen();
});
afterAll(() => server?.close());

test("StrictMode connects twice, and one connection stays", async () => {
  const page = await browser.open();
  const open = new Set<WebSocketRoute>();
  let opened = 0;
  await page.routeWebSocket(/\/local$/, (route) => {
    opened += 1;
    open.add(route);
    route.onClose(() => open.delete(route));
  });

  await page.goto(server.resolvedUrls?.local[0] ?? "");
  await page.getByText("Connected").waitFor();

  expect(opened).toBe(2);
  await expect.poll(() => open.size).toBe(1);
});
