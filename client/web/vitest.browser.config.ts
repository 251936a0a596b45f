import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["browser/**/*.test.ts"],
    testTimeout: 60_000,
    expect: { poll: { timeout: 30_000 } }, // as long as Playwright waits
    fileParallelism: false,
  },
});
