import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

/** Where `make local` serves its state. `npm start` passes requests for it on, as if its own page had asked. */
const STACK = process.env.SELADOR_STACK ?? "http://127.0.0.1:8787";

export default defineConfig({
  plugins: [react()],
  base: "./",
  server: {
    fs: { allow: ["../.."] }, // the protocol's types and the workflows' inputs lie outside this folder
    proxy: { "/_control": { target: STACK, changeOrigin: true, headers: { origin: STACK } } },
  },
  build: {
    outDir: "built",
    assetsDir: ".",
    // Names without a hash: the built page is committed, and a change replaces a file.
    rolldownOptions: { output: { entryFileNames: "page.js", assetFileNames: "page[extname]" } },
  },
  test: { include: ["tests/**/*.test.ts"] },
});
