import { expect, test } from "vitest";
import { pieces, sourcesOf } from "../src/selador/spans.ts";

const citation = (start: number, end: number, source = "s3://a.md", text = "a passage") => ({
  type: "citation" as const,
  requestId: "r",
  attempt: 1,
  seq: 1,
  text,
  source,
  span: { start, end },
});

test("a mark stands right after the part that its source supports, and that part is known", () => {
  expect(pieces("So: cats. Dogs.", [citation(4, 8), citation(10, 14, "s3://b.md")])).toEqual([
    { text: "So: ", supportedBy: [], marks: [] },
    { text: "cats.", supportedBy: [1], marks: [1] },
    { text: " ", supportedBy: [], marks: [] },
    { text: "Dogs.", supportedBy: [2], marks: [2] },
  ]);
});

test("parts may overlap, and two sources of one part share its place", () => {
  expect(pieces("Cats, dogs.", [citation(0, 10), citation(0, 4, "s3://b.md"), citation(0, 4, "s3://c.md")])).toEqual([
    { text: "Cats,", supportedBy: [1, 2, 3], marks: [2, 3] },
    { text: " dogs.", supportedBy: [1], marks: [1] },
  ]);
});

test("a character outside the basic plane counts once", () => {
  expect(pieces("🐕 ok. No.", [citation(0, 4)])).toEqual([
    { text: "🐕 ok.", supportedBy: [1], marks: [1] },
    { text: " No.", supportedBy: [], marks: [] },
  ]);
});

test("a mark doesn't stand behind the line break that a span includes", () => {
  expect(pieces("Cats.\n\nDogs.", [citation(0, 6)])).toMatchObject([{ text: "Cats.", marks: [1] }, { text: "\n\nDogs." }]);
});

test("a model's own mark gives way to the source's number", () => {
  expect(pieces("Cats [6].", [citation(5, 7)])).toEqual([
    { text: "Cats ", supportedBy: [], marks: [] },
    { text: "", supportedBy: [1], marks: [1] },
    { text: ".", supportedBy: [], marks: [] },
  ]);
});

test("a span beyond the text has its mark at the end; one without text, or without a span, has none", () => {
  const without = { ...citation(0, 0), span: undefined };

  expect(pieces("Cats.", [without, citation(0, 90), citation(70, 90)])).toEqual([
    { text: "Cats.", supportedBy: [1], marks: [1] },
  ]);
});

test("no text has no pieces", () => {
  expect(pieces("", [])).toEqual([]);
});

test("a source that is cited twice is one source, with each passage once", () => {
  const cited = [citation(0, 1), citation(2, 3, "s3://b.md"), citation(4, 5, "s3://a.md", "another"), citation(6, 7)];

  expect(sourcesOf(cited)).toEqual([
    { number: 1, address: "s3://a.md", passages: ["a passage", "another"] },
    { number: 2, address: "s3://b.md", passages: ["a passage"] },
  ]);
});
