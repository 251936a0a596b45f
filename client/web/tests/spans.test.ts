import { expect, test } from "vitest";
import { pieces } from "../src/selador/spans.ts";

const citation = (start: number, end: number) => ({
  type: "citation" as const,
  requestId: "r",
  attempt: 1,
  seq: 1,
  text: "a passage",
  span: { start, end },
});

test("a mark stands right after the part that its source supports", () => {
  expect(pieces("Cats. Dogs.", [citation(0, 4), citation(6, 10)])).toEqual([
    { text: "Cats.", sources: [1] },
    { text: " Dogs.", sources: [2] },
  ]);
});

test("two sources of one part share its place, and text after the last mark stays", () => {
  expect(pieces("Cats. Dogs.", [citation(0, 4), citation(2, 4)])).toEqual([
    { text: "Cats.", sources: [1, 2] },
    { text: " Dogs.", sources: [] },
  ]);
});

test("a character outside the basic plane counts once", () => {
  expect(pieces("🐕 ok. No.", [citation(0, 4)])).toEqual([
    { text: "🐕 ok.", sources: [1] },
    { text: " No.", sources: [] },
  ]);
});

test("a span beyond the text has its mark at the end, and one without a span has none", () => {
  const without = { ...citation(0, 0), span: undefined };

  expect(pieces("Cats.", [without, citation(0, 90)])).toEqual([{ text: "Cats.", sources: [2] }]);
});

test("no text has no pieces", () => {
  expect(pieces("", [])).toEqual([]);
});
