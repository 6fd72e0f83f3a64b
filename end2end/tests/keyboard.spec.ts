// The portal by keyboard alone: keys, the palette, dialogs, forms, table rows, the skip link; and the theme.
import type { Locator, Page } from "@playwright/test";
import { complaintsOf } from "../support/complaints";
import { Visitor } from "../support/people";
import { expect, people, test, type World } from "../support/world";

test.skip(({ database }) => database !== "sqlite", "what keys do does not depend on the database");

test.beforeEach(async ({ page, world }) => {
  await page.context().addCookies(world.state("owner").cookies);
});

async function at(page: Page, world: World, path: string): Promise<Visitor> {
  const olga = new Visitor(page, world.relay);
  await olga.open(world.at(path));
  return olga;
}

/** Presses Tab until `wanted` has the focus; every stop on the way can be seen. */
async function tabTo(page: Page, wanted: Locator): Promise<void> {
  for (let stops = 0; stops < 120; stops++) {
    await page.keyboard.press("Tab");
    const seen = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement;
      const style = getComputedStyle(element);
      const box = element.getBoundingClientRect();
      const outlined = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
      return { what: element.outerHTML.slice(0, 200), visible: element === document.body || (outlined && box.width > 0) };
    });
    expect(seen.visible, `the focus can be seen on ${seen.what}`).toBe(true);
    if (await wanted.evaluate((element) => element === document.activeElement)) return;
  }
  throw new Error("Tab does not lead there");
}

test("the first Tab offers to skip to the content", async ({ page, world }) => {
  await at(page, world, "/p/biology/senders");
  await page.keyboard.press("Tab");
  const skip = page.getByRole("link", { name: "Skip to content" });
  await expect(skip).toBeFocused();
  await expect(skip).toBeInViewport();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.closest("main") !== null)).toBe(true);
});

test("/ searches a list, and typed letters are letters there", async ({ page, world }) => {
  const olga = await at(page, world, "/p/biology/messages");
  await page.keyboard.press("/");
  const search = page.getByRole("searchbox");
  await expect(search).toBeFocused();
  await page.keyboard.type("gs?/report");
  await expect(search).toHaveValue("gs?/report");
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await search.fill("ready");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/messages\?q=ready$/);
  await olga.sees("Messages");
  await expect(page.getByRole("link", { name: "Your report is ready" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Grüße" })).toHaveCount(0);
  await page.goBack();
  await expect(page.getByRole("link", { name: "Grüße" })).toBeVisible();
  await expect(search, "the field says what the list is narrowed to").toHaveValue("");
});

test("? shows the keys, and Esc gives the focus back", async ({ page, world }) => {
  await at(page, world, "/p/biology/senders");
  const domain = page.getByRole("link", { name: "biology.example", exact: true });
  await domain.focus();
  await page.keyboard.press("?");
  const keys = page.getByRole("dialog", { name: "Keys" });
  await expect(keys).toBeVisible();
  await expect(keys.getByText("Refusals")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(keys).toBeHidden();
  await expect(domain).toBeFocused();
});

test("g and a letter go to every place", async ({ page, world }) => {
  const olga = await at(page, world, "/p/biology/activity");
  const places: [string, string][] = [
    ["m", "Messages"],
    ["r", "Refusals"],
    ["c", "Captured mail"],
    ["a", "Service accounts"],
    ["s", "Senders"],
    ["n", "Networks"],
    ["x", "Suppressions"],
    ["p", "Members"],
    ["h", "Activity"],
    ["t", "Settings"],
    ["o", "Overview"],
  ];
  for (const [letter, heading] of places) {
    await page.keyboard.press("g");
    await page.keyboard.press(letter);
    await olga.sees(heading);
  }
});

test("Ctrl-K opens the palette, Enter goes there, Esc gives the focus back", async ({ page, world }) => {
  const olga = await at(page, world, "/p/biology/senders");
  const domain = page.getByRole("link", { name: "biology.example", exact: true });
  await domain.focus();
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog", { name: "Go to" });
  await expect(palette).toBeVisible();
  expect(await page.evaluate(() => document.activeElement?.tagName), "what is typed goes into it").toBe("INPUT");
  await page.keyboard.press("Escape");
  await expect(palette).toBeHidden();
  await expect(domain).toBeFocused();

  await page.keyboard.press("Control+k");
  await page.keyboard.type("netw");
  await expect(palette.getByRole("option", { name: /Networks/ })).toBeVisible();
  await expect(palette.getByRole("option", { name: /Senders/ })).toBeHidden();
  await page.keyboard.press("Enter");
  await olga.sees("Networks");
  await expect(palette).toBeHidden();

  await page.keyboard.press("Control+k");
  await page.keyboard.type("members");
  await expect(palette.getByRole("option", { name: /Members/ })).toHaveAttribute("aria-selected", "true");
  await expect(palette.getByRole("combobox"), "the field keeps the focus").toBeFocused();
  await page.keyboard.press("Enter");
  await olga.sees("Members");
});

test("what a row offers is reached by Tab, and its dialog keeps the focus and gives it back", async ({ page, world }) => {
  await at(page, world, "/p/biology/senders");
  const row = page.getByRole("row").filter({ hasText: "desk@lab.example" });
  const remove = row.getByRole("button", { name: "Remove address" });
  await tabTo(page, remove);
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Remove address?" });
  await expect(dialog.getByRole("textbox", { name: "The address" })).toBeFocused();
  for (let stops = 0; stops < 6; stops++) {
    const inside = await page.evaluate(() => {
      const element = document.activeElement;
      return element === document.body || element?.closest("dialog[open]") != null;
    });
    expect(inside, "the focus stays in the dialog").toBe(true);
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(remove).toBeFocused();
});

test("a dangerous act asks for the name, and the field that is wrong gets the focus", async ({ page, world }) => {
  await at(page, world, "/p/biology/senders");
  const row = page.getByRole("row").filter({ hasText: "desk@lab.example" });
  await row.getByRole("button", { name: "Remove address" }).press("Enter");
  const dialog = page.getByRole("dialog", { name: "Remove address?" });
  const name = dialog.getByRole("textbox", { name: "The address" });
  await name.fill("desk");
  await page.keyboard.press("Enter");
  await expect(name).toHaveAttribute("aria-invalid", "true");
  await expect(name).toBeFocused();
  await expect(dialog.getByText("Type desk@lab.example exactly as it is written")).toBeVisible();
  complaintsOf(page).expected(/status of 422/);
});

test("the first field that is wrong gets the focus, and what was typed stays", async ({ page, world }) => {
  await at(page, world, "/p/biology/networks");
  await page.getByRole("button", { name: "Add network" }).press("Enter");
  const dialog = page.getByRole("dialog", { name: "Add a network" });
  const [block, label] = [dialog.getByLabel("Address block"), dialog.getByLabel("Name", { exact: true })];
  await expect(block).toBeFocused();
  await block.fill("10.9.0.0/33");
  await label.fill("lab");
  await page.keyboard.press("Enter");
  await expect(block).toHaveAttribute("aria-invalid", "true");
  await expect(block).toBeFocused();
  await expect(block).toHaveValue("10.9.0.0/33");
  await expect(label).toHaveValue("lab");
  const described = await block.getAttribute("aria-describedby");
  const error = page.locator(`#${described?.split(" ")[0]}`);
  await expect(error).toBeVisible();
  complaintsOf(page).expected(/status of 422/);
});

test("every stop of Tab on a message can be seen", async ({ page, world }) => {
  await at(page, world, "/p/biology/messages/:message");
  await tabTo(page, page.getByText("Header fields as sent").first());
});

test("the theme that was chosen is there after a reload, and for who runs no scripts", async ({ page, anotherPage, world }) => {
  const olga = await at(page, world, "/account");
  const html = page.locator("html");
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await expect(html).toHaveAttribute("data-theme", "system");
  for (const [button, theme] of [["Dark", "dark"], ["Light", "light"]] as const) {
    const saved = page.waitForResponse((response) => response.url().includes("/api/set_theme"));
    await page.getByRole("main").getByRole("button", { name: button, exact: true }).press("Enter");
    await saved;
    await expect(html).toHaveAttribute("data-theme", theme);
    const shown = await background();
    await olga.reload();
    await expect(html).toHaveAttribute("data-theme", theme);
    expect(await background()).toBe(shown);
  }

  const plain = await anotherPage({ javaScriptEnabled: false });
  const visitor = new Visitor(plain, world.relay, false);
  await visitor.open("/login?next=/p/biology");
  await visitor.press("Dark");
  await expect(plain.locator("html")).toHaveAttribute("data-theme", "dark");
  await visitor.signIn(people.viewer.email, people.viewer.password);
  await expect(plain, "the theme's form comes back to the page it was on").toHaveURL(/\/p\/biology/);
  await expect(plain.locator("html")).toHaveAttribute("data-theme", "dark");
});

test("j and k go through the desk's queue, x chooses a ticket, Enter opens it", async ({ page, world }) => {
  await page.context().addCookies(world.state("operator").cookies);
  const desk = await at(page, world, "/admin/tickets");
  const row = page.getByRole("link", { name: "5000 recipients a day" });
  await page.keyboard.press("j");
  await expect(row).toBeFocused();
  await page.keyboard.press("x");
  await expect(page.getByRole("checkbox", { name: "Choose T-1", exact: true })).toBeChecked();
  await page.keyboard.press("k");
  await expect(row).toBeFocused();
  await page.keyboard.press("Enter");
  await desk.sees("5000 recipients a day");
});
