// Faults of the framework that the portal guards against, tried in a browser: text that breaks out of a title or a
// textarea, a sign-in that leads away, and a browser side that cannot start.
import type { Page } from "@playwright/test";
import { complaintsOf } from "../support/complaints";
import { Visitor } from "../support/people";
import { send } from "../support/programs";
import { expect, people, test } from "../support/world";

test.skip(({ database }) => database !== "sqlite", "no guard depends on the database");

/** Would run if it became markup: the policy forbids it, and the page would be broken. */
const MARKUP = `</textarea></title><script>document.documentElement.dataset.owned="yes"</script><b>x</b>`;

test("a subject with markup is text in the title, the page and the list", async ({ page, anotherPage, world }) => {
  const from = "reports@biology.example";
  const answer = await send({ ...world.reporter, from, to: ["anna@inst.example"], subject: MARKUP });
  expect(answer.code).toBe(250);
  const id = /queued as (\w+)/.exec(answer.text)?.[1];
  const plain = await anotherPage({ javaScriptEnabled: false, storageState: world.state("owner") });
  await page.context().addCookies(world.state("owner").cookies);
  for (const one of [page, plain]) {
    const olga = new Visitor(one, world.relay, one === page);
    await olga.open(`/p/biology/messages/${id}`);
    await expect(one.getByRole("heading", { level: 1 })).toHaveText(MARKUP);
    await expect(one).toHaveTitle(`${MARKUP} · Relaykeep`);
    await olga.open("/p/biology/messages");
    await expect(one.getByRole("link", { name: MARKUP })).toBeVisible();
    await expect(one.locator("html")).not.toHaveAttribute("data-owned");
  }
});

test("markup typed into a textarea comes back as typed when the form is refused", async ({ anotherPage, world }) => {
  const page = await anotherPage({ storageState: world.state("owner") });
  // Scripts may run here, but the browser side does not: the form is a plain post, answered with a page.
  await page.route("**/*.wasm", (route) => route.abort());
  await page.goto(world.relay.url + world.at("/p/biology/service-accounts/:account"));
  await expect(page.locator("html")).toHaveAttribute("data-hydrated", "no");
  complaintsOf(page).expected(/could not start|Failed to load resource|Failed to fetch/);
  const textarea = page.locator("textarea[name=patterns]");
  await page.locator("form").filter({ has: textarea }).evaluate((form) => form.closest("dialog")?.showModal());
  await page.locator("input[value=only]").check();
  await textarea.fill(`\n\n${MARKUP}`);
  await page.locator("form").filter({ has: textarea }).getByRole("button", { name: "Save" }).click();
  await expect(textarea).toHaveAttribute("aria-invalid", "true");
  await expect(textarea).toHaveValue(`\n\n${MARKUP}`);
  await expect(textarea).toBeFocused();
  await expect(page.locator("html")).not.toHaveAttribute("data-owned");
  complaintsOf(page).expected(/status of 422/);
});

test("a page says when its browser side cannot start, and goes on working", async ({ page, world }) => {
  await page.context().addCookies(world.state("owner").cookies);
  await page.route("**/*.wasm", (route) => route.abort());
  await page.goto(`${world.relay.url}/p/biology/networks`);
  await expect(page.locator("#boot-failed")).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("data-hydrated", "no");
  complaintsOf(page).expected(/could not start|Failed to load resource|Failed to fetch/);
  await page.getByRole("button", { name: "Add network" }).click();
  await page.getByLabel("Address block").fill("10.9.0.0/33");
  await page.getByRole("button", { name: "Trust this network" }).click();
  await expect(page.getByLabel("Address block")).toHaveValue("10.9.0.0/33");
  await expect(page.getByLabel("Address block")).toBeFocused();
  complaintsOf(page).expected(/status of 422/);
});

test("the nonce is new for every page, and nothing but the policy and the script knows it", async ({ world, request }) => {
  const nonces = new Set<string>();
  for (let i = 0; i < 2; i++) {
    const answer = await request.get(`${world.relay.url}/login`);
    const policy = answer.headers()["content-security-policy"] ?? "";
    const nonce = /script-src 'nonce-([^']+)'/.exec(policy)?.[1] ?? "";
    expect(nonce.length).toBeGreaterThan(16);
    nonces.add(nonce);
    const text = await answer.text();
    const scripts = text.match(/<script\b[^>]*>/g)?.filter((tag) => tag.includes(`nonce="${nonce}"`)) ?? [];
    expect(scripts.length).toBeGreaterThan(0);
    expect(text.split(nonce).length - 1, "nowhere but on scripts").toBe(scripts.length);
    expect(text).toMatch(/<link rel="preload"[^>]*crossorigin="anonymous"/);
  }
  expect(nonces.size).toBe(2);
});

for (const next of ["//evil.example/", "https://evil.example/", "/\\evil.example", "/a\r\nSet-Cookie: x=y", "/\u0000", "javascript:alert(1)"]) {
  test(`a sign-in never leads to ${JSON.stringify(next)}`, async ({ page, world }) => {
    await page.goto(`${world.relay.url}/login?next=${encodeURIComponent(next)}`);
    const vera = new Visitor(page, world.relay);
    await vera.ready();
    await vera.signIn(people.viewer.email, people.viewer.password);
    await vera.sees("Projects");
    expect(new URL(page.url()).pathname).toBe("/");

    // The same by hand, past the page's own care.
    const posted = await page.request.post(`${world.relay.url}${await signInAddress(page, world.relay.url)}`, {
      form: { email: people.viewer.email, password: people.viewer.password, next },
      headers: { origin: world.relay.url, accept: "text/html", referer: `${world.relay.url}/login` },
      maxRedirects: 0,
    });
    expect([200, 302]).toContain(posted.status());
    expect(posted.headers().location ?? "/").toBe("/");
    expect(posted.headers()["set-cookie"] ?? "").not.toContain("x=y");
  });
}

async function signInAddress(page: Page, portal: string): Promise<string> {
  const text = await (await page.request.get(`${portal}/login`)).text();
  return /action="(\/api\/sign_in\d*)"/.exec(text)?.[1] ?? "";
}
