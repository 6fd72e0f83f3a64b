// The browser side comes in modules, one for each group of places: links between them load a page, links within one do
// not, and a page that is not there is asked for once.
import type { Page } from "@playwright/test";
import { complaintsOf } from "../support/complaints";
import { Visitor } from "../support/people";
import { operator } from "../support/test";
import { expect, test } from "../support/world";

test.skip(({ database }) => database !== "sqlite", "what a browser loads does not depend on the database");

/** The names of the modules that this page has loaded, and whether it is the page that was marked. */
const loaded = (page: Page) =>
  page.evaluate(() => {
    const files = performance.getEntriesByType("resource").map(({ name }) => new URL(name).pathname.split("/").pop() ?? "");
    const modules = new Set(files.filter((file) => file.endsWith(".wasm")).map((file) => file.split(".")[0]));
    return { modules: [...modules], marked: "marked" in document.documentElement.dataset };
  });

const mark = (page: Page) => page.evaluate(() => (document.documentElement.dataset.marked = "yes"));

test("links within a place are followed by the page itself, links between places are loaded with their own module", async ({
  page,
  world,
}) => {
  // A session of its own: it ends here.
  const olga = new Visitor(page, world.relay);
  await olga.signIn(operator.email, operator.password);
  await olga.open("/");
  expect(await loaded(page)).toEqual({ modules: ["person"], marked: false });
  await mark(page);
  await page.getByRole("main").getByRole("link", { name: "Biology" }).click();
  await olga.sees("Overview");
  expect(await loaded(page)).toEqual({ modules: ["project"], marked: false });
  await mark(page);
  await page.getByRole("navigation", { name: "Places" }).getByRole("link", { name: "Messages" }).click();
  await olga.sees("Messages");
  expect(await loaded(page)).toEqual({ modules: ["project"], marked: true });

  // Another group of the same project.
  await page.getByRole("navigation", { name: "Places" }).getByRole("link", { name: "Senders" }).click();
  await olga.sees("Senders");
  expect(await loaded(page)).toEqual({ modules: ["rules"], marked: false });
  await mark(page);
  await page.getByRole("main").getByRole("link", { name: "biology.example", exact: true }).click();
  await olga.sees("biology.example");
  expect(await loaded(page)).toEqual({ modules: ["rules"], marked: true });
  await page.getByRole("navigation", { name: "Places" }).getByRole("link", { name: "Tickets" }).click();
  await olga.sees("Tickets");
  expect(await loaded(page)).toEqual({ modules: ["names"], marked: false });
  await page.getByRole("navigation", { name: "Places" }).getByRole("link", { name: "Messages" }).click();
  await olga.sees("Messages");
  expect(await loaded(page)).toEqual({ modules: ["project"], marked: false });

  // From the switcher, and back again.
  await page.locator(".switcher summary").click();
  await page.getByRole("link", { name: "Platform" }).click();
  await olga.sees("Projects");
  expect(await loaded(page)).toEqual({ modules: ["platform"], marked: false });
  await page.goBack();
  await olga.sees("Messages");
  await page.goBack();
  await olga.sees("Tickets");

  // From the palette, and by signing out.
  await page.keyboard.press("Control+k");
  await page.keyboard.type("platform");
  await page.keyboard.press("Enter");
  await olga.sees("Projects");
  await olga.press("Sign out");
  await olga.sees("Sign in");
  expect((await loaded(page)).modules).toEqual(["person"]);
});

test("a page that is not there is asked for once, whatever its place", async ({ page, world }) => {
  await page.context().addCookies(world.state("operator").cookies);
  let asked = 0;
  page.on("request", (request) => (asked += request.isNavigationRequest() ? 1 : 0));
  const paths = ["/p/biology/nothing/here", "/p/biology/senders/nothing", "/p", "/admin/nothing/here", "/nothing/here"];
  for (const path of paths) {
    await page.goto(world.relay.url + path);
    await expect(page.locator("html")).toHaveAttribute("data-hydrated", "yes");
    await expect(page.getByRole("heading", { level: 1, name: "Not found" })).toBeVisible();
    complaintsOf(page).expected(/status of 404/);
  }
  expect(asked).toBe(paths.length);
});
