// What holds for every page, said once: it starts in the browser, it is accessible in both themes, it fits a narrow
// screen, and it shows the same without JavaScript.
import { AxeBuilder } from "@axe-core/playwright";
import { type Browser, expect, type Page } from "@playwright/test";
import { complaintsOf } from "./complaints";

/** Waits until the browser side runs. Before that a click is an ordinary form or link. */
export async function hydrated(page: Page): Promise<void> {
  await expect(page.locator("html")).toHaveAttribute("data-hydrated", "yes");
}

/** Goes to a path and waits until the browser side runs there. */
export async function open(page: Page, url: string, status = 200): Promise<void> {
  const response = await page.goto(url);
  expect(response?.status(), url).toBe(status);
  await hydrated(page);
  if (status >= 400) complaintsOf(page).expected(new RegExp(`status of ${status}`));
}

/** What a sender wrote, shown in a sandbox: not ours to judge, and closed to axe. */
const FOREIGN = "iframe[sandbox]";

/** The rules of axe, by their tags. */
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** The rules among them that ask for colours; what a theme changes is colours alone. */
const RULES_OF_COLOUR = ["color-contrast", "link-in-text-block"];

/** Fails on any finding of axe by WCAG 2.2 AA in the light theme, and of its rules of colour in the dark one. */
export async function accessible(page: Page): Promise<void> {
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    // Legacy mode: the only frames of a page are foreign ones, which are left out.
    const axe = new AxeBuilder({ page }).exclude(FOREIGN).setLegacyMode();
    const { violations } = await (colorScheme === "light" ? axe.withTags(RULES) : axe.withRules(RULES_OF_COLOUR)).analyze();
    const findings = violations.flatMap(({ id, help, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${help}\n${html}\n${failureSummary}`),
    );
    expect(findings, `axe on ${page.url()}, ${colorScheme}`).toEqual([]);
  }
  await page.emulateMedia({ colorScheme: null });
}

/** Fails when a page of this width must be scrolled sideways. */
export async function fits(page: Page, width: number): Promise<void> {
  const before = page.viewportSize();
  await page.setViewportSize({ width, height: 800 });
  const overhang = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(overhang, `${page.url()} is wider than ${width} px`).toBeLessThanOrEqual(0);
  if (before) await page.setViewportSize(before);
}

/** The page at a path as a browser without JavaScript shows it, signed in like `page`. The caller closes its context. */
export async function withoutJavaScript(browser: Browser, page: Page): Promise<Page> {
  const context = await browser.newContext({ javaScriptEnabled: false, storageState: await page.context().storageState() });
  const plain = await context.newPage();
  complaintsOf(plain, false);
  return plain;
}

/** All of the above for one path: in the browser, without JavaScript, in both themes, wide and narrow. */
export async function sound(browser: Browser, page: Page, url: string, status = 200): Promise<void> {
  await open(page, url, status);
  const heading = await page.getByRole("heading", { level: 1 }).innerText();
  await accessible(page);
  for (const width of [1320, 390, 360]) await fits(page, width);
  const plain = await withoutJavaScript(browser, page);
  const response = await plain.goto(url);
  expect(response?.status(), `${url} without JavaScript`).toBe(status);
  if (status >= 400) complaintsOf(plain).expected(new RegExp(`status of ${status}`));
  expect(await plain.getByRole("heading", { level: 1 }).innerText(), `${url} without JavaScript`).toBe(heading);
  complaintsOf(plain).mustBeNone();
  await plain.context().close();
}
