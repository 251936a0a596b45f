/** The tab of the laptop's stack, on a state that the test says. */

import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { axe, DESKTOP, inChromium, PHONE, picture, servedPage } from "./browser.ts";
import { Scripted } from "./scripted.ts";

const browser = inChromium();
const address = servedPage();

const AT = "2026-11-26T11:02:30.000Z";
const request = (requestId: string, state: string) => ({
  requestId,
  state,
  receivedAt: "2026-11-26T11:02:10.000Z",
  lastAt: "2026-11-26T11:02:12.800Z",
  attempt: 1,
  frames: 12,
});
const queue = (name: string, isDeadLetterQueue: boolean, members: object) => ({
  name,
  isDeadLetterQueue,
  visible: 0,
  delayed: 0,
  inFlight: 0,
  messages: [],
  ...members,
});
const LETTER = { messageId: "m-1", requestId: "0f2c64ab88c24d0f9b2f3b5f26e55d0c", sentAt: AT, receiveCount: 4 };
const BUSY = {
  url: "ws://127.0.0.1:1/abc123/local",
  at: AT,
  connections: [{ connectionId: "c-1", lastActiveAt: AT }],
  queues: [
    queue("selador-local", false, { visible: 3, inFlight: 1 }),
    queue("selador-local-dlq", true, { visible: 1, messages: [LETTER] }),
  ],
  alarms: [
    { name: "selador-local-dead-letters", state: "ALARM", reason: "Threshold Crossed: 1 datapoint" },
    { name: "selador-local-main-errors", state: "OK", reason: "" },
  ],
  requests: [request(LETTER.requestId, "error attempts_exhausted"), request("r-2", "under way"), request("r-1", "completed")],
  failures: [{ at: AT, text: "main: KeyError: 'x'", lookAt: ["functions/main/x.py, line 7"], count: 3 }],
};
const TIMELINE = [
  { at: "2026-11-26T11:02:10.000Z", what: "received", kind: "query" },
  { at: "2026-11-26T11:02:10.100Z", what: "attempt began", messageId: "m-2", receive: 1 },
  { at: "2026-11-26T11:02:10.900Z", what: "frame", type: "delta", attempt: 1, status: 200, count: 79, until: AT },
];

async function stack(state: object, options = DESKTOP) {
  const page = await browser.open(options);
  await Scripted.on(page);
  const orders: string[] = [];
  await page.route("**/_control/**", (route) => {
    const asked = route.request();
    const path = new URL(asked.url()).pathname.replace("/_control/", "");
    if (asked.method() !== "GET") {
      orders.push(`${asked.method()} ${path} ${asked.postData() ?? ""}`.trim());
      return route.fulfill({ status: 204 });
    }
    if (path === "state") return route.fulfill({ json: state });
    if (path === "logs") return route.fulfill({ json: { logs: ["selador-local-main", "terraform"] } });
    if (path.startsWith("logs/")) return route.fulfill({ json: { function: path, lines: ["one <b>", "two"] } });
    return route.fulfill({ json: { ...request("r-2", "under way"), timeline: TIMELINE } });
  });
  await page.goto(address());
  await page.getByRole("link", { name: "Stack" }).click();
  await page.getByText("in flight").waitFor();
  return { page, orders };
}

const counts = async (page: Page) => (await page.locator(".counts").innerText()).replaceAll(/\s+/g, " ");

test.each([
  ["desktop", DESKTOP],
  ["dark", { ...DESKTOP, colorScheme: "dark" as const }],
  ["phone", PHONE],
])("what the stack does is shown, and axe finds nothing: %s", async (name, options) => {
  const { page } = await stack(BUSY, options);
  await page.getByRole("button", { name: "r-2" }).click();
  await page.getByText("delta, attempt 1, status 200, count 79").waitFor();
  await page.getByText("one <b>").waitFor();
  await picture(page, `stack-tab-${name}`);

  expect(await counts(page)).toBe("connections 1 waiting 3 in flight 1 dead letters 1 of 2 alarms ring 1");
  expect(await axe(page)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(options.viewport.width);
});

test("what the control plane doesn't tell is a question mark, and no dead letter", async () => {
  const { page } = await stack({ ...BUSY, queues: null, alarms: null });

  expect(await counts(page)).toBe("connections 1 waiting ? in flight ? dead letters ? of ? alarms ring ?");
  expect(await page.getByRole("heading", { name: "Dead letters" }).count()).toBe(0);
});

test("dead letters go back or are deleted by a click, the latter after a question", async () => {
  const { page, orders } = await stack(BUSY);
  page.once("dialog", (dialog) => void dialog.dismiss());
  await page.getByRole("button", { name: "Purge them" }).click();
  await page.getByRole("button", { name: "Redrive them" }).click();
  await page.getByText("The dead letters go back to their queue.").waitFor();
  page.once("dialog", (dialog) => void dialog.accept());
  await page.getByRole("button", { name: "Purge them" }).click();
  await page.getByText("The dead letters are deleted.").waitFor();

  expect(orders).toEqual(["POST dead-letters/redrive {}", "POST dead-letters/purge {}"]);
});

test("faults are ordered by a click, and taken back", async () => {
  const { page, orders } = await stack(BUSY);
  await page.getByLabel("Bedrock").selectOption("throttle");
  await page.getByRole("button", { name: "Fail", exact: true }).click();
  await page.getByText("Bedrock's next calls fail so.").waitFor();
  await page.getByRole("button", { name: "Take back" }).click();
  await page.getByText("What still waited to fail is taken back.").waitFor();
  await page.getByRole("button", { name: "r-2" }).click();
  await page.getByRole("button", { name: "Kill its worker" }).click();
  await page.getByText("Kill its worker: done.").waitFor();

  expect(orders).toEqual([
    'POST faults {"fault":"throttle","times":1}',
    "DELETE faults",
    'POST workers {"requestId":"r-2","do":"kill"}',
  ]);
});

test("a page that no stack serves has no tab for one", async () => {
  const page = await browser.open();
  await Scripted.on(page);
  await page.goto(address());
  await page.getByText("Ask the documents").waitFor();

  expect(await page.getByRole("link", { name: "Stack" }).count()).toBe(0);
});
