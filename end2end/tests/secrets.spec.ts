// What must not slip away: a secret that is shown once, a session that was left open, a text on the clipboard.
import { createHash } from "node:crypto";
import path from "node:path";
import type { Page } from "@playwright/test";
import { complaintsOf } from "../support/complaints";
import { Visitor } from "../support/people";
import { python } from "../support/programs";
import { expect, people, test, type World } from "../support/world";

test.skip(({ database }) => database !== "sqlite", "nothing here depends on the database");

/** Signs the owner in here, opens the service accounts and fills in a new one. */
async function newAccount(page: Page, world: World, label: string): Promise<Visitor> {
  const olga = new Visitor(page, world.relay);
  await olga.signIn(people.owner.email, people.owner.password);
  await olga.open("/p/biology/service-accounts");
  await olga.press("New service account");
  await olga.type({ "What it is for": label });
  return olga;
}

/** Removes it, so that the world is as it was. */
async function remove(olga: Visitor, label: string): Promise<void> {
  await olga.open("/p/biology/service-accounts");
  await olga.page.getByRole("link", { name: label, exact: true }).click();
  await olga.sees(label);
  await olga.press(`Remove account ${label}`);
  await olga.page.getByRole("dialog").getByLabel("Name").fill(label);
  await olga.page.getByRole("dialog").getByRole("button", { name: "Remove account", exact: true }).click();
  await olga.isTold("Service account removed");
}

test("no key puts a secret away, only the word that it is kept", async ({ page, world }) => {
  const olga = await newAccount(page, world, "Kept account");
  await olga.press("Create and show the secret");
  const dialog = page.getByRole("dialog", { name: "Service account created" });
  const secret = await dialog.getByRole("button", { name: "Copy secret" }).locator("xpath=preceding-sibling::code").innerText();
  const here = page.url();
  // A browser lets a dialog cancel one Escape; a second one closes it.
  for (const key of ["Escape", "Escape", "Escape", "g", "m", "Control+k", "?", "/"]) {
    await page.keyboard.press(key);
    await expect(dialog, key).toBeVisible();
  }
  await expect(dialog.getByText(secret, { exact: true }).first()).toBeVisible();
  await expect(page.getByRole("dialog"), "no other dialog stands before it").toHaveCount(1);
  await page.mouse.click(5, 5);
  await expect(dialog).toBeVisible();
  expect(page.url()).toBe(here);
  expect(await dialog.evaluate((element) => element.matches(":modal"))).toBe(true);
  await dialog.getByRole("link", { name: "I have kept it" }).click();
  await olga.sees("Kept account");
  await expect(dialog).toBeHidden();
  expect(await page.content()).not.toContain(secret);
  await remove(olga, "Kept account");
});

/** Makes the password of this browser's session typed so many minutes earlier. */
async function leaveOpen(page: Page, world: World, minutes: number): Promise<void> {
  const cookies = await page.context().cookies();
  const ids = cookies.map(({ value }) => createHash("sha256").update(value).digest("base64url"));
  const database = path.join(world.relay.folder, "relaykeep.sqlite");
  const program = `
import json, sqlite3, sys
database, ids, minutes = json.load(sys.stdin)
with sqlite3.connect(database, timeout=30) as connection:
    changed = 0
    for id in ids:
        changed += connection.execute(
            "UPDATE session SET data = json_set(data, '$.password_at', json_extract(data, '$.password_at') - ?) WHERE id = ?",
            (minutes * 60000, id)).rowcount
print(changed)
`;
  const { stdout, stderr } = await python(program, JSON.stringify([database, ids, minutes]));
  expect(stdout.trim(), stderr).toBe("1");
}

test("a session that was left open gives no secret away until the password is typed again", async ({ page, world }) => {
  const olga = await newAccount(page, world, "Left open");
  await leaveOpen(page, world, 15);
  await expect(page.getByLabel("Your password")).toHaveCount(0);
  await olga.press("Create and show the secret");
  const password = page.getByLabel("Your password");
  await expect(page.getByText("Type your password to go on")).toBeVisible();
  await expect(password).toBeFocused();
  complaintsOf(page).expected(/status of 422/);
  await expect(page.getByLabel("What it is for", { exact: true }), "what was typed stays").toHaveValue("Left open");

  await password.fill("not the password at all");
  await olga.press("Create and show the secret");
  await expect(page.getByText("This is not your password")).toBeVisible();
  complaintsOf(page).expected(/status of 422/);

  await page.getByLabel("Your password").fill(people.owner.password);
  await olga.press("Create and show the secret");
  const dialog = page.getByRole("dialog", { name: "Service account created" });
  await expect(dialog).toBeVisible();
  await dialog.getByRole("link", { name: "I have kept it" }).click();
  await olga.sees("Left open");

  // It was typed just now: a second secret is given without asking.
  await olga.press("Issue second secret");
  await expect(page.getByRole("button", { name: "Copy secret" })).toBeVisible();
  await page.getByRole("link", { name: "I have kept it" }).click();
  await remove(olga, "Left open");
});

test("a session that was left open is asked for the password without JavaScript, too", async ({ anotherPage, world }) => {
  const page = await anotherPage({ javaScriptEnabled: false });
  const olga = new Visitor(page, world.relay, false);
  await olga.signIn(people.owner.email, people.owner.password);
  await olga.open(world.at("/p/biology/service-accounts/:account"));
  await leaveOpen(page, world, 15);
  await olga.press("Issue second secret");
  await expect(page.getByText("Type your password to go on")).toBeVisible();
  await expect(page.getByLabel("Your password")).toBeVisible();
  complaintsOf(page).expected(/status of 422/);
  await expect(page.getByRole("button", { name: "Copy secret" })).toHaveCount(0);
});

test("over plain http from another machine a text is copied all the same", async ({ playwright, launchOptions, world }) => {
  // A name that is not this machine's: browsers give such a page no clipboard.
  const args = [...(launchOptions.args ?? []), "--host-resolver-rules=MAP portal.test 127.0.0.1"];
  const browser = await playwright.chromium.launch({ ...launchOptions, args });
  try {
    const page = await browser.newPage({ reducedMotion: "reduce" });
    const complaints = complaintsOf(page);
    await page.context().addCookies(world.state("owner").cookies.map((cookie) => ({ ...cookie, domain: "portal.test" })));
    await page.goto(`http://portal.test:${world.relay.ports.portal}${world.at("/p/biology/domains/:waiting")}`);
    await expect(page.locator("html")).toHaveAttribute("data-hydrated", "yes");
    expect(await page.evaluate(() => [isSecureContext, "clipboard" in navigator])).toEqual([false, false]);
    const copy = page.getByRole("button", { name: "Copy value" }).first();
    const shown = await copy.locator("xpath=preceding-sibling::code").innerText();
    await copy.click();
    await expect(page.getByRole("button", { name: "Copied value" })).toBeVisible();
    await page.getByRole("link", { name: "Messages" }).first().click();
    await page.getByRole("searchbox").focus();
    await page.keyboard.press("Control+v");
    await expect(page.getByRole("searchbox")).toHaveValue(shown);
    complaints.expected(/request to another host on \S+ http:\/\/portal\.test/);
    complaints.expected(/Cross-Origin-Opener-Policy header has been ignored/);
    complaints.mustBeNone();
  } finally {
    await browser.close();
  }
});
