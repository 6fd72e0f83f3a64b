// What the browser complains of: console errors and warnings, exceptions, requests to other hosts.
// A page with any of them fails its test, whatever else it shows.
import { expect, type Page } from "@playwright/test";

export interface Complaints {
  /** Fails when there was any, and names them all. */
  mustBeNone(): void;
  /** Takes back the complaints a test has provoked on purpose; fails when there was none that matches. */
  expected(pattern: RegExp): void;
}

const known = new WeakMap<Page, Complaints>();

/** The complaints of a page, from now on; the same ones when asked again. */
export function complaintsOf(page: Page, scripts = true): Complaints {
  const before = known.get(page);
  if (before) return before;
  let found: string[] = [];
  page.on("console", (message) => {
    // A browser told to run no scripts still loads them ahead, and wonders.
    if (!scripts && message.text().includes("was preloaded using link preload but not used")) return;
    // Playwright asks every frame for its content, also those in a sandbox.
    if (/^Blocked script execution in '\S+\/captured\/\w+\/html'/.test(message.text())) return;
    if (["error", "warning"].includes(message.type())) {
      found.push(`console ${message.type()} on ${page.url()}: ${message.text()} (${message.location().url})`);
    }
  });
  page.on("pageerror", (error) => found.push(`exception on ${page.url()}: ${error.stack ?? error.message}`));
  page.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (protocol.startsWith("http") && hostname !== "127.0.0.1") {
      found.push(`request to another host on ${page.url()}: ${request.url()}`);
    }
  });
  const complaints: Complaints = {
    mustBeNone: () => expect(found, "the browser complains of nothing").toEqual([]),
    expected: (pattern) => {
      const kept = found.filter((complaint) => !pattern.test(complaint));
      expect(kept.length, `a complaint like ${pattern}`).toBeLessThan(found.length);
      found = kept;
    },
  };
  known.set(page, complaints);
  return complaints;
}
