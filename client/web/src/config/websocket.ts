/**
 * The address of the WebSocket API: `make local` prints it, and so does `make outputs ENV=…`.
 *
 * Change it here, set VITE_WEBSOCKET_URL, or type another one in the page. A page that the laptop's stack serves knows
 * its address from there.
 */
export const WEBSOCKET_URL: string =
  (import.meta.env.VITE_WEBSOCKET_URL as string | undefined) ?? "ws://127.0.0.1:8787/j5p7knqjrh/local";
