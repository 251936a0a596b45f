/** The built page in a browser, against a server whose frames the test says. */

import type { BrowserContextOptions, Page } from "playwright-core";
import { expect, test } from "vitest";
import { axe, DESKTOP, inChromium, PHONE, picture, servedPage } from "./browser.ts";
import { Scripted } from "./scripted.ts";

const browser = inChromium();
const address = servedPage();

async function chat(options: BrowserContextOptions = DESKTOP) {
  const page = await browser.open(options);
  const server = await Scripted.on(page);
  await page.goto(address());
  return { page, server };
}

async function ask(page: Page, server: Scripted, question: string) {
  const before = server.messages.length;
  await page.getByLabel("Your question").fill(question);
  await page.keyboard.press("Enter");
  await server.asked(before + 1);
}

const QUESTION = "Which flats near the harbour allow pets?";
const ANSWER = "Pets are allowed in two flats. Both ask for a written request first.";
const source = (text: string, name: string, start: number, end: number) => ({
  text,
  source: `s3://selador-documents/listings/${name}.md`,
  span: { start, end },
});

/** Let the server give a whole answer with two sources. */
function answer(server: Scripted) {
  server.accepts();
  server.starts();
  server.says("delta", { text: ANSWER.slice(0, 30) });
  server.says("citation", source("Pets are allowed: cats, and dogs up to 15 kg.", "pier-street-14-flat-3b", 0, 29));
  server.says("delta", { text: ANSWER.slice(30) });
  server.says("citation", source("A short written request is enough.", "quay-lane-2", 31, 67));
  server.completes();
}

test("an answer grows, and each source stands beside the text that it supports", async () => {
  const { page, server } = await chat();
  await picture(page, "welcome");
  await ask(page, server, QUESTION);
  await page.getByText("Sent, waiting for a sign").first().waitFor();
  server.accepts();
  await page.getByText("In the queue").first().waitFor();
  server.starts();
  await page.getByText("Thinking").first().waitFor();
  await picture(page, "waiting");
  server.says("delta", { text: ANSWER.slice(0, 30) });
  await page.getByText("Pets are allowed in two flats.").waitFor();
  server.says("delta", { text: ANSWER.slice(30) });
  server.says("citation", source("A short written request is enough.", "quay-lane-2", 0, 29));
  server.completes();
  await page.getByText(/Answered in .* first word after/).first().waitFor();

  await page.getByRole("link", { name: "Source 1" }).focus();

  expect(await page.locator(".supported").textContent()).toBe("Pets are allowed in two flats.");
  expect(await page.locator(".sources li.shown").textContent()).toContain("quay lane 2");
});

test("a retry replaces the half answer and says why", async () => {
  const { page, server } = await chat();
  await ask(page, server, QUESTION);
  server.accepts();
  server.starts();
  server.says("delta", { text: "Half an ans" });
  server.says("retrying", { delaySeconds: 5, code: "throttled" });
  await page.getByText(/quota is used up for now\. Attempt 2 begins in \d s/).first().waitFor();
  await picture(page, "retrying");

  server.starts(2);
  await page.getByText("Thinking (attempt 2)").first().waitFor();
  server.says("delta", { text: ANSWER });
  server.completes();
  await page.getByText("Answered in").first().waitFor();

  expect(await page.locator(".text").textContent()).toBe(ANSWER);
});

test("a heartbeat that says what is waited for is told", async () => {
  const { page, server } = await chat();
  await ask(page, server, QUESTION);
  server.starts();

  server.says("heartbeat", { waitingFor: "quota" });

  await page.getByText("Waiting for the model's quota").first().waitFor();
});

test("an error is told in words, without markup or codes, and can be asked again", async () => {
  const { page, server } = await chat();
  await ask(page, server, QUESTION);
  server.accepts();
  server.starts();
  server.says("error", { code: "attempts_exhausted", message: "the request failed 3 times", retryable: true });
  const status = page.locator(".status");
  await status.getByText("The request failed 3 times.").waitFor();
  await picture(page, "error");

  await page.getByRole("button", { name: "Ask again in a few minutes" }).click();

  await server.asked(2);
  expect(server.messages[1]?.text).toBe(QUESTION);
  expect(server.messages[1]?.requestId).not.toBe(server.messages[0]?.requestId);
});

test("a refused question names what was wrong with it", async () => {
  const { page, server } = await chat();
  await ask(page, server, QUESTION);

  server.refuses({ code: "invalid_request", message: "text is 1,204 characters; the limit is 1,000", field: "text" });

  await page.locator(".status").getByText("Text is 1,204 characters; the limit is 1,000.").waitFor();
  expect(await page.getByRole("button", { name: /Ask again/ }).count()).toBe(0);
});

test("a stopped answer closes the connection, and the next question opens another", async () => {
  const { page, server } = await chat();
  await ask(page, server, QUESTION);
  server.accepts();
  server.starts();
  server.says("delta", { text: "Half an ans" });
  await page.getByText("Half an ans").waitFor();

  await page.getByRole("button", { name: "Stop" }).click();

  await page.getByText("You stopped this answer.").first().waitFor();
  await page.getByText("Idle").waitFor();
  await ask(page, server, "And dogs?");
  await page.getByText("Connected").waitFor();
});

test("a connection that is lost in an answer is told, and the next question goes over a new one", async () => {
  const { page, server } = await chat();
  await ask(page, server, QUESTION);
  server.accepts();
  server.starts();
  server.says("delta", { text: "Half an ans" });
  await page.getByText("Half an ans").waitFor();

  await server.closes(1001);

  await page.getByText("The connection was lost, and with it the answer.").first().waitFor();
  await page.getByRole("button", { name: "Ask again" }).click();
  await server.asked(2);
  answer(server);
  await page.getByText("Answered in").first().waitFor();
});

test("a workflow shows its steps", async () => {
  const { page, server } = await chat();
  await page.getByLabel("What to ask for").selectOption("neighbourhood_brief");
  await page.getByLabel(/^neighbourhood/).fill("Old Town");
  await page.getByRole("button", { name: "Ask" }).click();
  await server.asked();
  expect(server.messages[0]).toMatchObject({ type: "workflow", inputs: { neighbourhood: "Old Town" } });

  server.starts();
  server.says("step", { name: "facts", status: "completed", index: 0, count: 2 });
  server.says("step", { name: "brief", status: "started", index: 1, count: 2 });

  await page.getByRole("progressbar", { name: "1 of 2 steps are done" }).waitFor();
  await picture(page, "workflow");
});

test("markup in an answer is text, and nothing of it runs", async () => {
  const { page, server } = await chat();
  await ask(page, server, "<b>bold</b>?");
  const markup = `<img src=x onerror="document.title='run'"><script>document.title='run'</script> [x](javascript:alert(1))`;
  server.starts();
  server.says("delta", { text: markup });
  server.says("citation", { text: markup, source: "javascript:alert(1)" });
  server.completes();
  await page.getByText("Answered in").first().waitFor();

  expect(await page.locator(".text").textContent()).toBe(markup);
  expect(await page.title()).toBe("Selador");
  expect(await page.locator("main img, main script, a[href^='javascript']").count()).toBe(0);
});

test("200 KB of text, right-to-left and combining characters freeze nothing", async () => {
  const { page, server } = await chat();
  await ask(page, server, "מהי תקופת ההודעה?");
  server.starts();
  for (let part = 0; part < 2000; part += 1) server.says("delta", { text: `${part} תקופת ההודעה Cafe\u0301 👨\u200d👩\u200d👧 ${"word ".repeat(14)}\n` });
  server.completes();

  await page.getByText("Answered in").first().waitFor();

  expect((await page.locator(".text").textContent())?.length).toBeGreaterThan(190_000);
  await page.getByLabel("Your question").fill("still here");
});

test("garbage is counted, and the answer goes on", async () => {
  const { page, server } = await chat();
  await ask(page, server, QUESTION);
  server.sendsText("nonsense");
  server.sendsText("{}");
  answer(server);

  await page.getByText("2 messages of the server made no sense").waitFor();
  await page.getByText("Answered in").first().waitFor();
});

test("a reload keeps the conversation, and says that what was under way is lost", async () => {
  const { page, server } = await chat();
  await ask(page, server, QUESTION);
  answer(server);
  await page.getByText("Answered in").first().waitFor();
  await ask(page, server, "And dogs?");
  server.starts();
  server.says("delta", { text: "Half an ans" });
  await page.getByText("Half an ans").waitFor();

  await page.reload();

  await page.getByText(ANSWER.slice(0, 20)).waitFor();
  await page.getByText("The connection was lost, and with it the answer.").first().waitFor();
  await ask(page, server, "And cats?");
  expect(server.messages.at(-1)).toMatchObject({ text: "And cats?", sessionId: "s-1" });
});

test("the page follows an answer to its end, past sources that are higher than the distance that counts as near", async () => {
  const { page, server } = await chat(PHONE);
  await ask(page, server, QUESTION);
  server.starts();
  for (let part = 0; part < 6; part += 1) {
    server.says("delta", { text: `${part} ${"word ".repeat(40)}\n\n` });
    server.says("citation", source("passage ".repeat(60), `listing-${part}`, part * 200, part * 200 + 10));
    await page.getByText(`listing ${part}`).waitFor();
  }
  server.completes();
  await page.getByText("Answered in").first().waitFor();

  const composer = page.getByRole("form", { name: "Ask" });
  const isInSight = async () => {
    const [end, top] = await Promise.all([page.locator(".status").boundingBox(), composer.boundingBox()]);
    return end !== null && top !== null && end.y + end.height <= top.y + 12 && end.y > 0;
  };
  await expect.poll(isInSight).toBe(true);
});

test("who scrolls up in an answer stays there", async () => {
  const { page, server } = await chat(PHONE);
  await ask(page, server, QUESTION);
  server.starts();
  server.says("delta", { text: "word ".repeat(1000) });
  await expect.poll(() => page.evaluate(() => scrollY)).toBeGreaterThan(500);

  await page.evaluate(() => scrollTo(0, 100));
  await page.evaluate(() => new Promise(requestAnimationFrame)); // its event comes with the next picture
  server.says("delta", { text: "the end" });
  await page.getByText("the end").waitFor();

  expect(await page.evaluate(() => scrollY)).toBe(100);
});

const nobodyThere = {
  "a port that nobody listens on": () => "ws://127.0.0.1:1/local",
  "a host that doesn't exist": () => "ws://selador.invalid/local",
  "a server without TLS": () => address().replace("http:", "wss:"),
  "a server that takes no WebSocket": () => address().replace("http:", "ws:"),
};

test.each(Object.entries(nobodyThere))("%s is told in words, and what was asked is not lost", async (_, url) => {
  const page = await browser.open(PHONE);
  await page.clock.install();
  await page.addInitScript((chosen) => localStorage.setItem("selador.url", chosen), url());
  await page.goto(address());
  await page.getByText("Connecting").waitFor();
  await page.getByLabel("Your question").fill(QUESTION);
  await page.keyboard.press("Enter");

  const reason = page.getByText("The service can't be reached. Is the address right");
  await expect.poll(async () => {
    await page.clock.fastForward(20_000); // no wait is longer, for a try or between two
    return reason.isVisible();
  }).toBe(true);

  await page.getByText("The question was not sent: there is no connection.").first().waitFor();
  await page.getByRole("button", { name: "Ask again" }).waitFor();
  await picture(page, "unreachable");
});

test("a page that has given up connects when the network is back", async () => {
  const page = await browser.open();
  await page.addInitScript(() => localStorage.setItem("selador.url", "ws://")); // the browser refuses it at once
  await page.goto(address());
  await page.getByText("Not connected").waitFor();
  await page.evaluate(() => {
    const tried: string[] = [];
    Object.assign(globalThis, {
      tried,
      WebSocket: class {
        constructor(url: string) {
          tried.push(url);
        }
        close() {}
      },
    });
  });

  await page.evaluate(() => dispatchEvent(new Event("online")));

  await page.getByText("Connecting").waitFor();
  expect(await page.evaluate(() => (globalThis as unknown as { tried: string[] }).tried)).toEqual(["ws://"]);
});

test("an address that is none is not taken, and an empty one is the page's own", async () => {
  const { page } = await chat();
  await page.getByText("Connected").waitFor();
  await page.getByRole("button", { name: "Settings" }).click();
  const field = page.getByLabel("Address of the WebSocket API");
  const own = await field.inputValue();

  await field.fill("https://example.com/dev");
  await page.getByRole("button", { name: "Connect" }).click();
  expect(await field.evaluate((input: HTMLInputElement) => input.validity.patternMismatch)).toBe(true);
  await field.fill("");
  await page.getByRole("button", { name: "Connect" }).click();
  await field.waitFor({ state: "detached" });

  expect(await page.evaluate(() => ({ ...localStorage }))).toEqual({});
  await page.getByRole("button", { name: "Settings" }).click();
  expect(await field.inputValue()).toBe(own);
});

test("two tabs have a conversation each", async () => {
  const { page, server } = await chat();
  await ask(page, server, QUESTION);
  const other = await page.context().newPage();
  const otherServer = await Scripted.on(other);
  await other.goto(address());
  await ask(other, otherServer, "How long is the notice period?");
  await other.getByRole("button", { name: "Stop" }).click();
  await other.getByText("You stopped this answer.").first().waitFor();

  answer(server);
  await page.getByText("Answered in").first().waitFor();

  expect(await page.locator(".turn").count()).toBe(1);
  expect(await other.locator(".turn").count()).toBe(1);
});

test("a pasted token is offered as a subprotocol, and kept nowhere", async () => {
  const { page } = await chat();
  await page.evaluate(() => {
    const offered: string[][] = [];
    Object.assign(globalThis, {
      offered,
      WebSocket: class {
        constructor(_: string, subprotocols: string[]) {
          offered.push(subprotocols);
        }
        close() {}
      },
    });
  });
  await page.getByRole("button", { name: "Settings" }).click();
  await picture(page, "settings");
  await page.getByLabel("Token, if the service asks for one").fill("a.b.c\n");

  await page.getByRole("button", { name: "Connect" }).click();

  const offered = () => (globalThis as unknown as { offered: string[][] }).offered.at(-1);
  await expect.poll(() => page.evaluate(offered)).toEqual(["selador.v1", "bearer.a.b.c"]);
  expect(await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]))).not.toContain("a.b.c");
});

test("frames are shown with their times, and exported as JSON lines", async () => {
  const { page, server } = await chat();
  await page.getByRole("button", { name: "Frames" }).click();
  await ask(page, server, QUESTION);
  answer(server);
  await page.getByText("Answered in").first().waitFor();
  await picture(page, "frames");

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Export" }).click(),
  ]);

  const chunks: Buffer[] = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
  const lines = Buffer.concat(chunks).toString().trim().split("\n").map((line) => JSON.parse(line) as Record<string, string>);
  expect(lines.filter(({ direction }) => direction === "sent")).toHaveLength(1);
  expect(lines.filter(({ direction }) => direction === "received")).toHaveLength(7);
  expect(lines.every(({ at }) => /^\d{4}-.*Z$/.test(at ?? ""))).toBe(true);
});

test("everything can be done with the keyboard alone", async () => {
  const { page, server } = await chat();
  await page.keyboard.type(QUESTION); // the question's field has the focus
  await page.keyboard.press("Enter");
  await server.asked();
  answer(server);
  await page.getByText("Answered in").first().waitFor();

  const reached = new Set<string>();
  for (let tab = 0; tab < 20; tab += 1) {
    await page.keyboard.press("Tab");
    reached.add(await page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent ?? ""));
  }

  expect([...reached]).toEqual(expect.arrayContaining(["Source 1", "Source 2", "Frames", "Settings", "What to ask for"]));
});

test.each([
  ["desktop", DESKTOP],
  ["dark", { ...DESKTOP, colorScheme: "dark" as const }],
  ["phone", PHONE],
  ["phone-dark", { ...PHONE, colorScheme: "dark" as const }],
])("axe finds nothing: %s", async (name, options) => {
  const { page, server } = await chat(options);
  await page.getByText("Ask the documents").waitFor();
  expect(await axe(page)).toEqual([]);
  await ask(page, server, QUESTION);
  answer(server);
  await page.getByText("Answered in").first().waitFor();
  await ask(page, server, "And is there anything with a garden?");
  server.accepts();
  server.starts();
  server.says("error", { code: "content_blocked", message: "a guardrail blocked the question", retryable: false });
  await page.getByText("A guardrail blocked the question.").first().waitFor();
  await picture(page, name);

  expect(await axe(page)).toEqual([]);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(options.viewport.width);
  await page.getByRole("button", { name: "Frames" }).click();
  expect(await axe(page)).toEqual([]);
  await page.getByRole("button", { name: "Settings" }).click();
  expect(await axe(page)).toEqual([]);
});
