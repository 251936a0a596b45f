import { expect, test } from "vitest";
import { CASES, Play, stepsOf } from "./play.ts";

test("the table has cases", () => {
  expect(CASES.length).toBeGreaterThan(50);
});

test.each(CASES)("$name: $title", async (one) => {
  const play = new Play(one);

  for (const step of stepsOf(one)) await play.step(step);

  play.expectNothing();
});
