// Who one is, over time: signing in and out, changing and resetting a password, joining by a link in a mail; and what a
// link says that was used, altered, or meant for someone else.
import type { BrowserContext, Page } from "@playwright/test";
import { complaintsOf } from "../support/complaints";
import { Visitor } from "../support/people";
import { expect, people, test, type World } from "../support/world";

const DEAD = "This link is no longer good";

/** The link in the newest mail of the portal to `address`, as an operator reads it. */
async function mailed(world: World, address: string, subject: string | RegExp): Promise<string> {
  const context = await world.context("operator", { javaScriptEnabled: false });
  try {
    return await new Visitor(await context.newPage(), world.relay, false).portalLink(address, subject);
  } finally {
    await context.close();
  }
}

/** Makes a user of Biology of their own, and gives the browser they are signed in with. */
async function newcomer(world: World, who: { email: string; password: string }): Promise<BrowserContext> {
  const context = await world.context("operator", { javaScriptEnabled: false });
  try {
    return await world.join(new Visitor(await context.newPage(), world.relay, false), "biology", "Viewer", who);
  } finally {
    await context.close();
  }
}

/** Sends an invitation as the operator and gives its link. */
async function invited(world: World, address: string, project = "chemistry"): Promise<string> {
  const context = await world.context("operator", { javaScriptEnabled: false });
  const operator = new Visitor(await context.newPage(), world.relay, false);
  await operator.open(`/p/${project}/members`);
  await operator.invites(address);
  const link = await operator.portalLink(address, "Invitation to");
  await context.close();
  return link;
}

/** The link with its last letter changed. */
const altered = (link: string) => link.slice(0, -1) + (link.endsWith("a") ? "b" : "a");

/** A page of a project that only the login answers. */
async function isShutOut(page: Page, world: World): Promise<void> {
  await page.goto(`${world.relay.url}/p/biology/messages`);
  await expect(page).toHaveURL(/\/login\?next=%2Fp%2Fbiology%2Fmessages$/);
}

for (const scripts of [true, false]) {
  const how = scripts ? "" : " without JavaScript";
  test.describe(how, () => {
    test.use({ javaScriptEnabled: scripts });

    test(`whoever signs in lands on the page asked for${how}`, async ({ page, world }) => {
      const asked = `${world.relay.url}/p/biology/messages?state=delivered&q=report`;
      await page.goto(asked);
      const vera = new Visitor(page, world.relay, scripts);
      await vera.sees("Sign in");
      await vera.signIn(people.viewer.email, people.viewer.password);
      await vera.sees("Messages");
      await expect(page).toHaveURL(asked);
      await expect(page.getByRole("searchbox")).toHaveValue("report");
    });

    test(`signing out ends the session: neither the back button nor the old cookie opens it${how}`, async ({
      browser,
      context,
      page,
      world,
    }) => {
      const vera = new Visitor(page, world.relay, scripts);
      await vera.signIn(people.viewer.email, people.viewer.password);
      await vera.open("/p/biology/messages");
      await expect(page.getByText("Your report is ready")).toBeVisible();
      const { cookies } = await context.storageState();
      await vera.press("Sign out");
      await vera.sees("Sign in");
      await page.goBack();
      await expect(page.getByRole("heading", { level: 1, name: "Sign in" })).toBeVisible();
      await expect(page.getByText("Your report is ready")).toBeHidden();
      await isShutOut(page, world);

      const replayed = await browser.newContext({ javaScriptEnabled: false });
      await replayed.addCookies(cookies);
      await isShutOut(await replayed.newPage(), world);
      await replayed.close();
    });
  });
}

test("a new password ends the other session, and the old password opens nothing", async ({ page, world }) => {
  const dora = { email: "dora@lab.example", password: "the first of two passwords" };
  const elsewhere = await newcomer(world, dora);
  const here = new Visitor(page, world.relay);
  await here.signIn(dora.email, dora.password);
  await here.open("/account");
  await here.type({ "Current password": "not this one at all", "New password": "the second of two passwords" });
  await here.press("Change password");
  await expect(page.getByLabel("Current password")).toBeFocused();
  complaintsOf(page).expected(/status of 422/);
  await here.type({ "Current password": dora.password, "New password": "the second of two passwords" });
  await here.press("Change password");
  await here.isTold("Password changed");
  await here.open("/p/biology");
  await here.sees("Overview");
  await isShutOut(await elsewhere.newPage(), world);
  await elsewhere.close();

  await here.press("Sign out");
  await here.sees("Sign in");
  await here.type({ "Mail address": dora.email, Password: dora.password });
  await here.press("Sign in");
  await expect(page.getByText(/do not belong together/)).toBeVisible();
  complaintsOf(page).expected(/status of 422/);
});

test("a forgotten password is set anew by the link in the mail, once, and signs out everywhere else", async ({ page, world }) => {
  const fred = { email: "fred@lab.example", password: "a password that is forgotten" };
  const elsewhere = await newcomer(world, fred);
  const visitor = new Visitor(page, world.relay);
  await visitor.open("/login");
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await visitor.sees("Reset your password");
  await visitor.type({ "Mail address": fred.email });
  await visitor.press("Send the link");
  await visitor.isTold("Look into your mail.");
  const link = await mailed(world, fred.email, "Set a new password");

  await visitor.open(altered(link));
  await visitor.sees(DEAD);
  complaintsOf(page).expected(/status of 404/);
  await expect(page.getByRole("link", { name: "Send a new link" })).toHaveAttribute("href", "/reset");
  await visitor.open(link);
  await visitor.sees("Choose a new password");
  await visitor.type({ "New password": "short" });
  await visitor.press("Set the password");
  await expect(page.getByLabel("New password")).toBeFocused();
  complaintsOf(page).expected(/status of 422/);
  await visitor.type({ "New password": "a password well remembered" });
  await visitor.press("Set the password");
  await visitor.isTold("Password changed");
  await visitor.open("/p/biology");
  await visitor.sees("Overview");
  await isShutOut(await elsewhere.newPage(), world);
  await elsewhere.close();

  await visitor.open(link);
  await visitor.sees(DEAD);
  complaintsOf(page).expected(/status of 404/);
});

test("who asks for a new password learns nothing about who exists", async ({ page, world }) => {
  const visitor = new Visitor(page, world.relay);
  await visitor.open("/reset");
  await visitor.type({ "Mail address": "nobody@lab.example" });
  await visitor.press("Send the link");
  await visitor.isTold("Look into your mail.");
  await expect(page.getByText("If nobody@lab.example can sign in here")).toBeVisible();
});

test("an invitation makes a new user, and its link works once and only whole", async ({ page, anotherPage, world }) => {
  const link = await invited(world, "nina@lab.example");
  const nina = new Visitor(page, world.relay);
  await nina.open(altered(link));
  await nina.sees("This invitation is no longer good");
  complaintsOf(page).expected(/status of 404/);
  await expect(page.getByText(/ask an owner of the project for a new one/)).toBeVisible();
  await nina.open(link);
  await nina.sees("Join Chemistry");
  await nina.type({ "Your name": "Nina", Password: "short" });
  await nina.press("Join the project");
  await expect(page.getByLabel("Password")).toBeFocused();
  complaintsOf(page).expected(/status of 422/);
  await expect(page.getByLabel("Your name")).toHaveValue("Nina");
  await nina.type({ Password: "a password of nina alone" });
  await nina.press("Join the project");
  await nina.isTold("Welcome to the project");
  await nina.sees("Overview");

  const second = new Visitor(await anotherPage(), world.relay);
  await second.open(link);
  await second.sees("This invitation is no longer good");
  complaintsOf(second.page).expected(/status of 404/);
});

test("an invitation of someone known asks them to sign in, and nobody else can take it", async ({ page, anotherPage, world }) => {
  const known = { email: "kim@lab.example", password: "a password known to kim" };
  await (await newcomer(world, known)).close();
  const link = await invited(world, known.email);

  const other = await anotherPage({ storageState: world.state("viewer") });
  const vera = new Visitor(other, world.relay);
  await vera.open(link);
  await expect(other.getByText(`You are signed in as ${people.viewer.email}.`)).toBeVisible();
  await expect(other.getByRole("button", { name: "Join the project" })).toHaveCount(0);

  const kim = new Visitor(page, world.relay);
  await kim.open(link);
  await kim.sees("Join Chemistry");
  await expect(page.getByLabel("Password")).toHaveCount(0);
  await page.getByRole("link", { name: "Sign in to join" }).click();
  await kim.sees("Sign in");
  await kim.signIn(known.email, known.password);
  await kim.sees("Join Chemistry");
  await kim.press("Join the project");
  await kim.isTold("Welcome to the project");
  await kim.open("/p/biology");
  await kim.sees("Overview");
});

test("an altered link to verify an address says what to do", async ({ page, world }) => {
  const visitor = new Visitor(page, world.relay);
  await visitor.open(altered(world.at("/verify/:verify")));
  await visitor.sees(DEAD);
  complaintsOf(page).expected(/status of 404/);
  await expect(page.getByText(/ask a member of the project to send a new link/i)).toBeVisible();
});
