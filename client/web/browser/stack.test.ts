/** The built page against the laptop stack: the real functions, behind the real Terraform. */

import type { BrowserContextOptions, Page, WebSocketRoute } from "playwright-core";
import { expect, test } from "vitest";
import { axe, DESKTOP, inChromium, PHONE, picture } from "./browser.ts";
import { runningStack } from "./stack.ts";
import { npmStart } from "./start.ts";

/** Three attempts with their delays, and the receive after them. */
const BURIAL_MS = 150_000;
const QUESTION = "Which flats near the harbour allow pets?";

const browser = inChromium();
const stack = runningStack();

async function chat(options: BrowserContextOptions = DESKTOP): Promise<Page> {
  const page = await browser.open(options);
  await page.goto(stack());
  return page;
}

async function ask(page: Page, question: string): Promise<void> {
  await page.getByLabel("Your question").fill(question);
  await page.keyboard.press("Enter");
}

const lengthOfAnswer = async (page: Page) => (await page.locator(".text").last().textContent())?.length ?? 0;

test("an answer grows in the page, with its sources, and axe finds nothing", async () => {
  const page = await chat();
  await page.getByText("Connected").waitFor();
  await ask(page, QUESTION);
  await page.locator(".text").waitFor();
  const early = await lengthOfAnswer(page);
  await page.getByText("Answered in").first().waitFor();

  expect(await lengthOfAnswer(page)).toBeGreaterThan(early);
  expect(await page.locator(".sources li").count()).toBeGreaterThan(1);
  await page.getByRole("link", { name: "Source 1" }).hover();
  expect((await page.locator(".supported").textContent())?.length).toBeGreaterThan(20);
  await picture(page, "stack-answer");
  expect(await axe(page)).toEqual([]);
});

test("npm start leads to a first answer, and the time that it took is printed", async () => {
  const began = performance.now();
  const server = await npmStart(stack());
  const took: Record<string, number> = {};
  const note = (what: string) => {
    took[what] = performance.now() - began;
  };
  try {
    note("the server's address");
    const page = await browser.open();
    await page.goto(server.url);
    await page.getByText("Connected").waitFor();
    note("a connection");
    await ask(page, QUESTION);
    await page.locator(".text").waitFor();
    note("the first word");
    await page.getByText("Answered in").first().waitFor();
    note("the whole answer");
  } finally {
    await server.stop();
  }

  const lines = Object.entries(took).map(([what, after]) => `  ${what} after ${(after / 1000).toFixed(1)} s`);
  console.log(["npm start:", ...lines].join("\n"));
});

test("a second question continues the conversation", async () => {
  const page = await chat(PHONE);
  await ask(page, QUESTION);
  await page.getByText("Answered in").first().waitFor();

  await ask(page, "And how long is the notice period?");

  const answered = () => page.locator(".status").filter({ hasText: "Answered in" }).count();
  await expect.poll(answered).toBe(2);
  await picture(page, "stack-phone");
});

test("a workflow shows its steps and its answer", async () => {
  const page = await chat();
  await page.getByLabel("What to ask for").selectOption("neighbourhood_brief");
  await page.getByLabel(/^neighbourhood/).fill("Harbour Quarter");
  await page.getByRole("button", { name: "Ask" }).click();

  await page.locator(".steps li").first().waitFor();
  await page.getByText("Answered in").first().waitFor();

  expect(await page.locator(".steps li[data-status=completed]").count()).toBeGreaterThan(1);
  expect(await lengthOfAnswer(page)).toBeGreaterThan(50);
});

test("a connection that is lost in an answer is told, and asking again gives the whole answer", async () => {
  const page = await browser.open();
  const routes: WebSocketRoute[] = [];
  await page.routeWebSocket(/^ws:/, (route) => {
    routes.push(route);
    route.connectToServer();
  });
  await page.goto(stack());
  await ask(page, QUESTION);
  await page.locator(".text").waitFor();

  await routes.at(-1)?.close({ code: 1001 });

  await page.getByText("The connection was lost, and with it the answer.").first().waitFor();
  await page.getByRole("button", { name: "Ask again" }).click();
  await page.getByText("Answered in").first().waitFor();
  expect(routes.length).toBeGreaterThan(1);
});

test("a stopped answer stays half, and the stack counts its client as gone", async () => {
  const page = await chat();
  await ask(page, QUESTION);
  await page.locator(".text").waitFor();

  await page.getByRole("button", { name: "Stop" }).click();

  await page.getByText("You stopped this answer.").first().waitFor();
  const state = async () => {
    const { requests } = (await (await fetch(`${stack()}_control/state`)).json()) as { requests: { state: string }[] };
    return requests[0]?.state;
  };
  await expect.poll(state).toBe("client gone");
});

test("a stream that breaks off is tried again, and the page shows one whole answer", async () => {
  const body = JSON.stringify({ fault: "cut", afterEvents: 3, question: "notice period", times: 1 });
  expect((await fetch(`${stack()}_control/faults`, { method: "POST", body })).status).toBe(204);
  const page = await chat();

  await ask(page, "How long is the notice period?");

  await page.getByText(/Attempt 2 begins/).first().waitFor();
  await page.getByText("Answered in").first().waitFor();
});

test("an error of the service is told in words", async () => {
  const page = await chat();

  await ask(page, "x".repeat(1001));

  await page.locator(".status[data-tone=error]").waitFor();
  const words = await page.locator(".status").textContent();
  expect(words).toContain("1,000");
  expect(words).not.toMatch(/_/);
  await picture(page, "stack-error");
});

test("the stack's tab shows the request, its timeline and a dead letter, which goes back by a click", async () => {
  const order = (path: string, members: object) =>
    fetch(`${stack()}_control/${path}`, { method: "POST", body: JSON.stringify(members) });
  await order("faults", { fault: "cut", afterEvents: 1, question: "burial", times: 3 });
  const page = await chat();
  await ask(page, "What does a burial cost?");
  await page.locator(".status[data-tone=error]").waitFor({ timeout: BURIAL_MS });

  await page.getByRole("link", { name: "Stack" }).click();

  await page.getByRole("heading", { name: "Dead letters" }).waitFor();
  await page.locator("tr[data-tone=error] button.link").first().click();
  await page.locator(".moments li").first().waitFor();
  await picture(page, "stack-tab");
  expect(await axe(page)).toEqual([]);
  await page.getByRole("button", { name: "Redrive them" }).click();
  await page.getByText("The dead letters go back to their queue.").waitFor();
  await expect.poll(() => page.getByRole("heading", { name: "Dead letters" }).count()).toBe(0);
}, 2 * BURIAL_MS);

test("a fault by a click makes the next answer's first attempt fail", async () => {
  const page = await chat();
  await page.getByRole("link", { name: "Stack" }).click();
  await page.getByRole("button", { name: "Fail", exact: true }).click();
  await page.getByText("Bedrock's next calls fail so.").waitFor();

  await page.getByRole("link", { name: "Chat" }).click();
  await ask(page, QUESTION);

  await page.getByText(/Attempt 2 begins/).first().waitFor();
  await page.getByText("Answered in").first().waitFor();
});
