/** The conversation of a tab, kept over a reload: in sessionStorage, so that it ends with the tab. Tokens aren't kept. */

import type { Request } from "../selador/request.ts";

const NAME = "selador.conversation";
/** What browsers allow a page; a conversation that is longer loses its beginning. */
const MOST_CHARACTERS = 2_000_000;

export function readHistory(storage: Storage): Request[] {
  try {
    const kept: unknown = JSON.parse(storage.getItem(NAME) ?? "[]");
    return Array.isArray(kept) ? (kept as Request[]) : [];
  } catch {
    return [];
  }
}

export function writeHistory(storage: Storage, requests: readonly Request[]): void {
  let kept = requests;
  let text = JSON.stringify(kept);
  while (text.length > MOST_CHARACTERS && kept.length > 0) {
    kept = kept.slice(1);
    text = JSON.stringify(kept);
  }
  try {
    storage.setItem(NAME, text);
  } catch {
    // The storage is full or forbidden: the page works without.
  }
}
