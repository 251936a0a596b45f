/** The sources of an answer, and which part of the text each one supports: docs/protocol.md, "Spans". Pure. */

import type { Citation, Span } from "../../../typescript/protocol.ts";

/** A source with its number from 1, and what was cited of it. */
export interface Source {
  readonly number: number;
  readonly address: string | undefined;
  readonly passages: readonly string[];
}

/** A part of the answer. `marks` are the numbers that stand behind it: of the sources whose spans end there. */
export interface Piece {
  readonly text: string;
  readonly supportedBy: readonly number[];
  readonly marks: readonly number[];
}

/** A workflow's model marks its text itself, and numbers passages that the client never saw. */
const OWN_MARK = /^\[\d+\]$/;

/** Return the part of an answer that a source supports. Spans count code points, JavaScript's strings UTF-16 units. */
export function supportedText(answer: string, span: Span): string {
  return Array.from(answer).slice(span.start, span.end + 1).join("");
}

/** Return each source once, in the order of the first citations. */
export function sourcesOf(citations: readonly Citation[]): Source[] {
  const passages = new Map<string | undefined, string[]>();
  for (const { source, text } of citations) {
    const cited = passages.get(source) ?? [];
    passages.set(source, cited.includes(text) ? cited : [...cited, text]);
  }
  return [...passages].map(([address, cited], index) => ({ number: index + 1, address, passages: cited }));
}

/** Return the answer, cut wherever a source's span begins or ends. A model's own marks give way to the sources' numbers. */
export function pieces(answer: string, citations: readonly Citation[]): Piece[] {
  const numbers = new Map(sourcesOf(citations).map(({ address, number }) => [address, number]));
  const unitOf = unitsOf(answer, citations);
  const spans = citations.flatMap(({ span, source }) => {
    if (span === undefined) return [];
    const [start, after] = [unitOf(span.start), unitOf(span.end + 1)];
    const text = answer.slice(start, after).trimEnd();
    return text === "" ? [] : [{ start, end: start + text.length, number: numbers.get(source) ?? 0, isOwnMark: OWN_MARK.test(text) }];
  });
  const cuts = [...new Set([0, ...spans.flatMap(({ start, end }) => [start, end]), answer.length])].sort((a, b) => a - b);
  return cuts.slice(1).map((end, index) => {
    const start = cuts[index] ?? 0;
    const covering = spans.filter((span) => span.start <= start && span.end >= end);
    return {
      text: covering.some(({ isOwnMark }) => isOwnMark) ? "" : answer.slice(start, end),
      supportedBy: unique(covering.map(({ number }) => number)),
      marks: unique(spans.filter((span) => span.end === end).map(({ number }) => number)),
    };
  });
}

function unique(numbers: readonly number[]): number[] {
  return [...new Set(numbers)].sort((a, b) => a - b);
}

/** Return where in the string the spans' code points lie. What lies beyond the text is its end. */
function unitsOf(answer: string, citations: readonly Citation[]): (point: number) => number {
  const furthest = Math.max(0, ...citations.map(({ span }) => (span === undefined ? 0 : span.end + 1)));
  const units = [0];
  for (const character of answer) {
    if (units.length > furthest) break;
    units.push((units.at(-1) ?? 0) + character.length);
  }
  return (point) => units[point] ?? answer.length;
}
