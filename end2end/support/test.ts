// `test` and `expect` for every spec: a Relaykeep beside the page, and pages that fail on any complaint of the browser.
// Owns the fixtures. Specs import from here and never from @playwright/test.
import { test as base, type Page, type BrowserContextOptions } from "@playwright/test";
import { complaintsOf } from "./complaints";
import { type Database, Relaykeep } from "./relaykeep";

export { expect } from "@playwright/test";
export { Relaykeep } from "./relaykeep";

/** Who runs the relay in `relay`; made with `relaykeep operator create`. */
export const operator = { email: "operator@example.org", password: "correct horse battery staple" };

export interface Options {
  /** The database of this project's servers. */
  database: Database;
}

interface Shared {
  /** A running server that all tests of a worker share, with an operator and otherwise empty. */
  relay: Relaykeep;
}

interface Fresh {
  /** A running server no one has set up yet, for this test alone. */
  freshRelay: Relaykeep;
  /** A page of a further person: own cookies, watched like `page`. */
  anotherPage: (options?: BrowserContextOptions) => Promise<Page>;
}

export const test = base.extend<Fresh, Shared & Options>({
  database: ["sqlite", { option: true, scope: "worker" }],

  relay: [
    async ({ database }, use) => {
      const relay = await Relaykeep.prepare(database);
      await relay.must(["operator", "create", "--email", operator.email, "--password-stdin"], operator.password);
      await serving(relay, use);
    },
    { scope: "worker", timeout: 120_000 },
  ],

  freshRelay: async ({ database }, use) => {
    await serving(await Relaykeep.prepare(database), use);
  },

  page: async ({ page, javaScriptEnabled }, use) => {
    const complaints = complaintsOf(page, javaScriptEnabled);
    await use(page);
    complaints.mustBeNone();
  },

  anotherPage: async ({ browser }, use) => {
    const opened: { close: () => Promise<void>; check: () => void }[] = [];
    await use(async (options = {}) => {
      const context = await browser.newContext(options);
      const page = await context.newPage();
      const complaints = complaintsOf(page, options.javaScriptEnabled);
      opened.push({ close: () => context.close(), check: () => complaints.mustBeNone() });
      return page;
    });
    for (const { close } of opened) await close();
    for (const { check } of opened) check();
  },
});

async function serving(relay: Relaykeep, use: (relay: Relaykeep) => Promise<void>): Promise<void> {
  try {
    await relay.start();
    await use(relay);
  } finally {
    await relay.remove();
  }
}
