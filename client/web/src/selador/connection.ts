/** What a connection's end means, and how long to wait before the next: docs/protocol.md, "Stop, reconnect, keep alive". */

export const MOST_TRIES = 5;
/** How long a connection may take to open. A cold start of authorizer and handler takes a few seconds. */
export const OPENS_WITHIN_MS = 20_000;
/** API Gateway closes a connection over which nothing went for ten minutes. */
export const PING_AFTER_MS = 300_000;
/** A request may take 47 minutes with the default settings, and API Gateway closes at two hours. */
export const OLDEST_MS = 70 * 60_000;

/** Return how long to wait after so many failures in a row; `random` is from 0 to 1. */
export function waitMs(failures: number, random: number): number {
  return 1000 * 2 ** (failures - 1) * (0.5 + random);
}

/** Return what the close code of a connection means, in words. */
export function closeInWords(code: number, wasOpen: boolean): string {
  if (!wasOpen) return "The connection didn't open.";
  switch (code) {
    case 1000:
      return "The connection was closed on purpose.";
    case 1001:
      return "The server closed the connection: it was idle, two hours old, or the service stops.";
    case 1003:
      return "The server takes text only, and got something else.";
    case 1006:
      return "The network lost the connection.";
    case 1009:
      return "A message was over 32 KB, the most that the server takes.";
    default:
      return `The server closed the connection with code ${code}.`;
  }
}

/** Return why no connection can be had, as far as a browser knows; `token` is what a user pasted, if it is a text. */
export function whyUnreachable(token: unknown, now: number): string {
  const expiry = typeof token === "string" ? expiryOf(token) : undefined;
  return expiry !== undefined && expiry <= now
    ? "The token has expired. Paste a new one."
    : "The service can't be reached. Is the address right, and does it ask for a token?";
}

/** Return when a JWT is over, in milliseconds; undefined if it isn't one that says so. It isn't verified here. */
function expiryOf(token: string): number | undefined {
  try {
    const payload = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const { exp } = JSON.parse(atob(payload)) as { exp?: unknown };
    return typeof exp === "number" ? exp * 1000 : undefined;
  } catch {
    return undefined;
  }
}
