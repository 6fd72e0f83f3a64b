// The portal in Debian's Chromium, without its windows, against the real binary, once on each database.
// Owns how tests are run; what they share is in support/. Playwright's own browsers are never downloaded.
import { defineConfig } from "@playwright/test";
import type { Options } from "./support/test";

const postgres = process.env.RELAYKEEP_TEST_POSTGRES;

export default defineConfig<{}, Options>({
  testDir: "tests",
  outputDir: "test-results",
  reporter: process.env.CI ? [["list"]] : [["list"], ["html", { open: "never", outputFolder: "playwright-report" }]],
  forbidOnly: !!process.env.CI,
  // A test that passes at the second try hides a fault.
  retries: 0,
  workers: 2,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  use: {
    viewport: { width: 1280, height: 900 },
    reducedMotion: "reduce",
    locale: "en-GB",
    timezoneId: "UTC",
    actionTimeout: 15_000,
    navigationTimeout: 30_000,
    screenshot: "only-on-failure",
    // Recording every test takes a quarter more time; `npx playwright test --trace on FILE` records one that fails.
    trace: "off",
    launchOptions: {
      executablePath: process.env.RELAYKEEP_CHROMIUM ?? "/usr/bin/chromium-headless-shell",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  projects: [
    { name: "sqlite", use: { database: "sqlite" } },
    // Without a server to make databases in, the second run cannot be had; `cargo xtask test` always gives one.
    ...(postgres ? [{ name: "postgres", use: { database: "postgres" as const } }] : []),
  ],
});
