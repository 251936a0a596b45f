/** Spans count code points, JavaScript's strings UTF-16 units: docs/protocol.md, "Spans". Pure. */

import type { Citation, Span } from "../../../typescript/protocol.ts";

/** Return the part of an answer that a source supports. */
export function supportedText(answer: string, span: Span): string {
  return Array.from(answer).slice(span.start, span.end + 1).join("");
}

/** A part of the answer, and the numbers of the sources whose spans end with it. */
export interface Piece {
  readonly text: string;
  readonly sources: readonly number[];
}

/**
 * Return the answer, cut where a source's mark belongs. Sources are numbered from 1, as they stand in `citations`. A
 * span that ends beyond the text has its mark at the text's end.
 */
export function pieces(answer: string, citations: readonly Citation[]): Piece[] {
  const marks = new Map<number, number[]>();
  citations.forEach(({ span }, index) => {
    if (span !== undefined) marks.set(span.end + 1, [...(marks.get(span.end + 1) ?? []), index + 1]);
  });
  const found: Piece[] = [];
  let from = 0;
  let unit = 0;
  let point = 0;
  const furthest = Math.max(0, ...marks.keys());
  for (const character of answer) {
    if (point >= furthest) break;
    unit += character.length;
    point += 1;
    const sources = marks.get(point);
    if (sources !== undefined) {
      found.push({ text: answer.slice(from, unit), sources });
      marks.delete(point);
      from = unit;
    }
  }
  const late = [...marks.values()].flat();
  if (from < answer.length || late.length > 0) found.push({ text: answer.slice(from), sources: late });
  return found;
}
