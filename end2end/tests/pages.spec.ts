// Every page of the route table with mail behind it, for everyone who may open it: it starts without a complaint, is
// accessible in both themes, fits, and shows the same without JavaScript.
//
// What a page looks like does not depend on the database, so the sweep runs on SQLite alone; on PostgreSQL a viewer and
// an operator open every page once, which asks it every question that pages ask.
import { fits, open, sound } from "../support/pages";
import { CONTENT, DEAD, OUTSIDE, PERSON, PLATFORM, PROJECT } from "../support/paths";
import { expect, type Role, test } from "../support/world";

const wholly: [Role, string[]][] = [
  ["owner", [...PROJECT, ...CONTENT, ...PERSON]],
  ["operator", [...PLATFORM, "/", "/p/biology/settings", "/p/biology/senders"]],
];

test.describe("the sweep", () => {
  test.skip(({ database }) => database !== "sqlite", "what pages look like does not depend on the database");

  for (const [role, paths] of wholly) {
    for (const path of paths) {
      test(`${role}: ${path} is sound`, async ({ browser, page, world }) => {
        await page.context().addCookies(world.state(role).cookies);
        await sound(browser, page, world.relay.url + world.at(path));
      });
    }
  }

  for (const path of OUTSIDE) {
    test(`nobody signed in: ${path} is sound`, async ({ browser, page, world }) => {
      await sound(browser, page, world.relay.url + world.at(path));
    });
  }

  for (const path of DEAD) {
    test(`nobody signed in: ${path} is sound`, async ({ browser, page, world }) => {
      await sound(browser, page, world.relay.url + path, 404);
    });
  }
});

test("a viewer sees every page of the project and is offered nothing to change", async ({ page, world }) => {
  test.slow();
  await page.context().addCookies(world.state("viewer").cookies);
  for (const path of PROJECT) {
    await open(page, world.relay.url + world.at(path));
    // Who is in a project may leave it; the theme is everyone's own.
    const own = page.getByText("Leave project", { exact: true }).or(page.getByRole("button", { name: "As the system" }));
    const others = page.locator("main form[method=post]").filter({ hasNot: own });
    await expect(others, path).toHaveCount(0);
    const links = await page.getByRole("main").getByRole("link").all();
    const targets = await Promise.all(links.map((link) => link.getAttribute("href")));
    expect(targets.filter((href) => href?.match(/\/raw$|\/captured\/./)), `${path} leads nowhere a viewer may not go`).toEqual([]);
  }
});

test("an operator sees every page of a project without being in it", async ({ page, world }) => {
  test.slow();
  await page.context().addCookies(world.state("operator").cookies);
  for (const path of [...PROJECT, ...CONTENT]) {
    await open(page, world.relay.url + world.at(path));
    await fits(page, 1320);
  }
});

test("a page that is not there says so, with the way on", async ({ browser, page, world }) => {
  await page.context().addCookies(world.state("owner").cookies);
  for (const path of ["/nowhere", "/p/nowhere", "/p/biology/nowhere", "/p/biology/messages/nothing", "/admin/nowhere"]) {
    await sound(browser, page, world.relay.url + path, 404);
  }
});
