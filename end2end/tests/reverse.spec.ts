// The whole way of a name, in the browser and in a real DNS server: asked for before its forward record exists, waiting,
// approved, written, seen by dig; then its forward record goes, the owner is warned, and the default name comes back.
import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { Page } from "@playwright/test";
import { complaintsOf } from "../support/complaints";
import { Knot } from "../support/knot";
import { accessible } from "../support/pages";
import { Visitor } from "../support/people";
import { send } from "../support/programs";
import { Relaykeep } from "../support/relaykeep";
import { expect, operator, test as base } from "../support/test";

const IP = "192.0.2.7";
const NAME = "www.bio.example";
const DEFAULT = "vm7.range.example";

const owner = { email: "olga@lab.example", password: "the owner of biology" };
const outsider = { email: "carl@lab.example", password: "the owner of chemistry" };

interface Names {
  knot: Knot;
  names: Relaykeep;
}

const test = base.extend<Names>({
  knot: async ({}, use) => {
    const knot = await Knot.start({
      "bio.example": "",
      "2.0.192.in-addr.arpa": `7 PTR ${DEFAULT}.\n8 PTR vm8.range.example.\n`,
    });
    await use(knot);
    await knot.stop();
  },
  names: async ({ database, knot }, use) => {
    const names = await Relaykeep.prepare(database, { ...knot.settings, RELAYKEEP_SWEEP_GRACE: "1s" });
    try {
      await names.must(["operator", "create", "--email", operator.email, "--password-stdin"], operator.password);
      const file = path.join(names.folder, "rules.json");
      const project = (slug: string, name: string, sandbox: boolean) => ({ slug, name, sandbox });
      const projects = [project("biology", "Biology", false), project("chemistry", "Chemistry", true)];
      await writeFile(file, JSON.stringify({ projects }));
      await names.must(["apply", file]);
      await names.start();
      await use(names);
    } finally {
      await names.remove();
    }
  },
});

/** The operator makes the back end and the range, and gives an address to the project. */
async function furnish(runs: Visitor, knot: Knot): Promise<void> {
  await runs.signIn(operator.email, operator.password);
  await runs.open("/admin/dns-backends");
  await runs.press("Add DNS update");
  const add = runs.page.getByRole("dialog", { name: /RFC 2136/ });
  await add.getByLabel("Label").fill("ns1");
  await add.getByLabel("Primary server").fill(knot.address);
  await add.getByLabel("Name of the TSIG key").fill(knot.key.name);
  await add.getByLabel("Secret of the key, in base64").fill(knot.key.secret);
  await add.getByRole("button", { name: "Add", exact: true }).click();
  await runs.isTold("DNS back end added");
  await runs.page.getByLabel("Zone to test").fill("2.0.192.in-addr.arpa");
  await runs.press("Test");
  await expect(runs.page.getByText("Works", { exact: true })).toBeVisible();

  await runs.open("/admin/ranges");
  await runs.press("Add range");
  const range = runs.page.getByRole("dialog", { name: "Add a range" });
  await range.getByLabel("Label").fill("machines");
  await range.getByLabel("Block").fill("192.0.2.0/24");
  await range.getByLabel("Default name").fill("vm{d}.range.example");
  await range.getByLabel("TTL in seconds").fill("60");
  await range.getByLabel("Written by").selectOption("ns1");
  await range.getByRole("button", { name: "Add range" }).click();
  await runs.isTold("Range added");
  await assign(runs, IP, "biology");
}

async function assign(runs: Visitor, block: string, project: string): Promise<void> {
  await runs.open("/admin/ranges");
  await runs.page.getByRole("link", { name: "192.0.2.0/24" }).click();
  await runs.sees("192.0.2.0/24");
  await runs.press("Assign");
  const dialog = runs.page.getByRole("dialog", { name: "Give addresses to a project" });
  await dialog.getByLabel("Address or prefix").fill(block);
  await dialog.getByLabel("Project").fill(project);
  await dialog.getByRole("button", { name: "Assign", exact: true }).click();
  await runs.isTold("Address assigned");
}

/** Someone becomes an owner of a project by the link in their mail. */
async function join(runs: Visitor, page: Page, relay: Relaykeep, project: string, who: typeof owner, scripts = true): Promise<Visitor> {
  await runs.open(`/p/${project}/members`);
  await runs.invites(who.email, "Owner");
  await runs.isTold("Invitation sent");
  const newcomer = new Visitor(page, relay, scripts);
  await newcomer.open(await runs.portalLink(who.email, "Invitation to"));
  await newcomer.type({ Password: who.password });
  await newcomer.press("Join the project");
  await newcomer.sees("Overview");
  return newcomer;
}

/** Asks for a name, with the dialog of the tickets page. */
async function ask(asks: Visitor, project: string, address: string, name: string): Promise<void> {
  await asks.open(`/p/${project}/tickets`);
  await asks.press("Ask for a name");
  const dialog = asks.page.getByRole("dialog", { name: "Ask for a PTR record" });
  await dialog.getByLabel("Address").fill(address);
  await dialog.getByLabel("DNS name").fill(name);
  await dialog.getByLabel("What it is for").fill("Two partner sites refuse mail without it.");
  await dialog.getByRole("button", { name: "Send to the service desk" }).click();
}

async function isAt(who: Visitor, state: string): Promise<void> {
  await expect(async () => {
    await who.reload();
    await expect(who.page.locator(".title .pill")).toHaveText(state, { timeout: 500 });
  }).toPass({ timeout: 30_000 });
}

/** Has DNS looked at until the ticket is ready, no sooner than five seconds after the last look: who asks sooner is refused. */
async function looksUntilReady(who: Visitor, place: string): Promise<void> {
  const state = who.page.locator(".title .pill");
  await expect(async () => {
    await who.open(place);
    if ((await state.innerText()) === "Ready") return;
    const looked = Date.parse((await who.page.locator(".record time").first().getAttribute("datetime")) ?? "");
    await expect.poll(() => Date.now() - looked, { timeout: 10_000 }).toBeGreaterThan(5_500);
    const answer = who.page.waitForResponse((one) => one.request().method() === "POST" && one.url().includes("/api/look_at_ticket"));
    await who.press("Look now");
    await answer;
    await who.open(place);
    await expect(state).toHaveText("Ready", { timeout: 500 });
  }).toPass({ timeout: 60_000 });
}

test("a name is asked for, waits, is approved, is in DNS, and goes when its forward record does", async ({ names, knot, page, anotherPage }) => {
  test.setTimeout(240_000);
  const runs = new Visitor(await anotherPage(), names);
  await furnish(runs, knot);
  const asks = await join(runs, page, names, "biology", owner);

  await asks.open("/p/biology/addresses");
  await expect(asks.page.getByRole("row").filter({ hasText: IP })).toBeVisible();
  await accessible(asks.page);

  // Before the A record exists.
  await ask(asks, "biology", IP, NAME);
  await asks.sees(`${NAME} for ${IP}`);
  await isAt(asks, "Waiting for forward");
  await expect(asks.page.getByText(`${NAME}. 3600 IN A ${IP}`, { exact: true }).first()).toBeVisible();
  await accessible(asks.page);
  await asks.page.getByLabel("Write to the service desk").fill("We publish it today.");
  await asks.press("Send");

  await knot.change("bio.example", `add ${NAME}. 2 A ${IP}`);
  await looksUntilReady(asks, "/p/biology/tickets/1");
  expect(await knot.names(IP)).toEqual([`${DEFAULT}.`]);

  // The desk.
  await runs.open("/admin/tickets");
  await accessible(runs.page);
  await runs.page.getByRole("link", { name: `${NAME} for ${IP}` }).click();
  await runs.sees(`${NAME} for ${IP}`);
  await expect(runs.page.getByText("We publish it today.")).toBeVisible();
  await accessible(runs.page);
  await runs.press("Approve");
  await runs.page.getByRole("dialog", { name: "Approve this ticket?" }).getByRole("button", { name: "Approve", exact: true }).click();
  await runs.isTold("Ticket approved");
  await isAt(asks, "Done");
  expect(await knot.names(IP)).toEqual([`${NAME}.`]);
  await asks.open("/p/biology/addresses");
  await asks.page.getByRole("link", { name: IP }).click();
  await expect(asks.page.getByText(NAME).first()).toBeVisible();
  await accessible(asks.page);

  // The forward record goes: warned, grace (a second here), default again.
  await knot.change("bio.example", `del ${NAME}. A`);
  const sweep = async () => {
    await runs.open("/admin/sweep");
    await runs.press("Run now");
    await runs.isTold("The sweep has begun");
  };
  await sweep();
  await expect(async () => {
    await asks.open("/p/biology");
    await expect(asks.page.getByText("A forward record is missing.")).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 30_000 });
  await expect(async () => {
    await runs.open("/admin/captured");
    const warning = runs.page.getByRole("row").filter({ hasText: owner.email }).filter({ hasText: "does not point to" });
    await expect(warning.first()).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 30_000 });
  await expect(async () => {
    await runs.open("/admin/sweep");
    await expect(runs.page.getByText("Takes the name")).toBeVisible({ timeout: 500 });
  }).toPass({ timeout: 30_000 });
  await accessible(runs.page);
  await sweep();
  await expect.poll(() => knot.names(IP), { timeout: 30_000 }).toEqual([`${DEFAULT}.`]);
});

test("refused with a reason, withdrawn, and taken up again", async ({ names, knot, page, anotherPage }) => {
  const runs = new Visitor(await anotherPage(), names);
  await furnish(runs, knot);
  const asks = await join(runs, page, names, "biology", owner);
  await knot.change("bio.example", `add ${NAME}. 2 A ${IP}`);
  await ask(asks, "biology", IP, "under_score.bio.example");
  await expect(asks.page.getByRole("dialog").getByText(/underscore|letters, digits and hyphens/)).toBeVisible();
  complaintsOf(asks.page).expected(/status of 422/);
  await ask(asks, "biology", IP, NAME);
  await asks.sees(`${NAME} for ${IP}`);
  await isAt(asks, "Ready");

  await runs.open("/admin/tickets/1");
  await runs.press("Refuse");
  const refuse = runs.page.getByRole("dialog", { name: "Refuse this ticket" });
  await refuse.getByRole("button", { name: "Refuse", exact: true }).click();
  await expect(refuse.getByText("Say why; the project reads it")).toBeVisible();
  complaintsOf(runs.page).expected(/status of 422/);
  await refuse.getByLabel("Reason").fill("That name belongs to another faculty.");
  await refuse.getByRole("button", { name: "Refuse", exact: true }).click();
  await runs.isTold("Ticket refused");

  await isAt(asks, "Refused");
  await expect(asks.page.getByText("That name belongs to another faculty.").first()).toBeVisible();
  await asks.press("Reopen");
  const reopen = asks.page.getByRole("dialog", { name: "Take this ticket up again" });
  await reopen.getByLabel("What has changed").fill("It is ours since today.");
  await reopen.getByRole("button", { name: "Reopen", exact: true }).click();
  await asks.isTold("Taken up again");
  await isAt(asks, "Ready");
  await asks.press("Withdraw");
  await asks.page.getByRole("dialog", { name: "Withdraw this ticket?" }).getByRole("button", { name: "Withdraw", exact: true }).click();
  await asks.isTold("Ticket withdrawn");
  await isAt(asks, "Withdrawn");
  expect(await knot.names(IP)).toEqual([`${DEFAULT}.`]);
});

test("of two projects neither sees or touches what is the other's", async ({ names, knot, page, anotherPage }) => {
  const runs = new Visitor(await anotherPage(), names);
  await furnish(runs, knot);
  await assign(runs, "192.0.2.8", "chemistry");
  const asks = await join(runs, page, names, "biology", owner);
  const other = await join(runs, await anotherPage(), names, "chemistry", outsider);
  await ask(asks, "biology", IP, NAME);
  await asks.sees(`${NAME} for ${IP}`);

  await other.open("/p/chemistry/addresses");
  await expect(other.page.getByText("192.0.2.8").first()).toBeVisible();
  await expect(other.page.getByText(IP, { exact: true })).toHaveCount(0);
  await ask(other, "chemistry", IP, NAME);
  await expect(other.page.getByText(`${IP} is not one of the project's addresses`)).toBeVisible();
  complaintsOf(other.page).expected(/status of 422/);
  for (const place of ["/p/chemistry/tickets/1", "/p/biology/tickets/1", "/p/biology/addresses", "/admin/tickets/1", "/admin/tickets", "/admin/sweep", "/admin/ranges"]) {
    const answer = await other.page.request.get(names.url + place);
    expect([403, 404], place).toContain(answer.status());
    expect(await answer.text(), place).not.toContain(NAME);
  }
});

test("a person of the desk who runs nothing approves a name and puts the one before back", async ({ names, knot, page, anotherPage }) => {
  const runs = new Visitor(await anotherPage(), names);
  await furnish(runs, knot);
  const asks = await join(runs, page, names, "biology", owner);
  const desk = await join(runs, await anotherPage(), names, "chemistry", outsider);
  await runs.open("/admin/users");
  const row = runs.page.getByRole("row").filter({ hasText: outsider.email });
  await row.getByRole("button", { name: /Put on the desk/ }).click();
  const dialog = runs.page.getByRole("dialog").filter({ hasText: outsider.email });
  await dialog.getByLabel("Address").fill(outsider.email);
  await dialog.getByRole("button", { name: "Put on the desk" }).click();
  await runs.isTold("User changed");

  await knot.change("bio.example", `add ${NAME}. 2 A ${IP}`);
  await ask(asks, "biology", IP, NAME);
  await asks.sees(`${NAME} for ${IP}`);
  await isAt(asks, "Ready");

  // Its own places, and no others.
  await desk.open("/admin/tickets");
  const places = desk.page.getByRole("navigation", { name: "Places" }).getByRole("link");
  await expect(places).toHaveText(["Tickets", "Ranges", "DNS back ends", "Sweep"]);
  for (const place of ["/admin/projects", "/admin/users", "/admin/queue", "/admin/settings", "/p/biology"]) {
    expect([403, 404], place).toContain((await desk.page.request.get(names.url + place)).status());
  }
  await desk.page.getByRole("link", { name: `${NAME} for ${IP}` }).click();
  await desk.press("Approve");
  await desk.page.getByRole("dialog", { name: "Approve this ticket?" }).getByRole("button", { name: "Approve", exact: true }).click();
  await desk.isTold("Ticket approved");
  await isAt(desk, "Done");
  expect(await knot.names(IP)).toEqual([`${NAME}.`]);
  await desk.press("Roll back");
  const back = desk.page.getByRole("dialog", { name: "Put the names before back?" });
  await expect(back.getByText(DEFAULT)).toBeVisible();
  await back.getByRole("button", { name: "Roll back", exact: true }).click();
  await desk.isTold("The names before are being put back");
  await expect.poll(() => knot.names(IP), { timeout: 30_000 }).toEqual([`${DEFAULT}.`]);
});

test("going live takes effect in the relay within two seconds", async ({ names, knot, page, anotherPage }) => {
  const runs = new Visitor(await anotherPage(), names);
  await runs.signIn(operator.email, operator.password);
  const rules = path.join(names.folder, "account.json");
  const chemistry = {
    slug: "chemistry",
    name: "Chemistry",
    sandbox: true,
    domains: [{ name: "chem.example", verified: true }],
    service_accounts: [{ label: "app", default_sender: "app@chem.example" }],
  };
  await writeFile(rules, JSON.stringify({ projects: [chemistry] }));
  const report = JSON.parse(await names.must(["apply", rules])) as { issued: { username: string; secret: string }[] };
  const account = report.issued[0];
  if (!account) throw new Error("no secret was issued");
  const mail = { port: names.ports.submission, user: account.username, secret: account.secret, from: "app@chem.example" };
  const attempt = () => send({ ...mail, to: ["anyone@elsewhere.example"], subject: "Live" });
  expect((await attempt()).code).toBe(550);

  const asks = await join(runs, page, names, "chemistry", outsider);
  await asks.open("/p/chemistry/tickets");
  await asks.press("Go live");
  const dialog = asks.page.getByRole("dialog", { name: "Leave the sandbox" });
  await dialog.getByLabel("What it is for").fill("Reports of measurements.");
  await dialog.getByLabel("Messages a day").fill("200");
  await dialog.getByLabel("Bounces and complaints").fill("A person reads them each day.");
  await dialog.getByRole("button", { name: "Send to the service desk" }).click();
  await asks.sees("Go live with 200 messages a day");
  await isAt(asks, "Ready");
  await runs.open("/admin/tickets/1");
  await runs.press("Approve");
  await runs.page.getByRole("dialog", { name: "Approve this ticket?" }).getByRole("button", { name: "Approve", exact: true }).click();
  await runs.isTold("Ticket approved");
  const approved = Date.now();
  await expect.poll(async () => (await attempt()).code, { timeout: 2_000, intervals: [100] }).toBe(250);
  expect(Date.now() - approved).toBeLessThan(2_000);
  expect(await knot.names(IP)).toEqual([`${DEFAULT}.`]);
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("a name is asked for, approved and written", async ({ names, knot, page, anotherPage }) => {
    const runs = new Visitor(await anotherPage({ javaScriptEnabled: false }), names, false);
    await furnish(runs, knot);
    const asks = await join(runs, page, names, "biology", owner, false);
    await ask(asks, "biology", IP, NAME);
    await asks.sees(`${NAME} for ${IP}`);
    await isAt(asks, "Waiting for forward");
    await knot.change("bio.example", `add ${NAME}. 2 A ${IP}`);
    await looksUntilReady(asks, "/p/biology/tickets/1");
    await runs.open("/admin/tickets/1");
    await runs.press("Approve");
    await runs.page.getByRole("dialog", { name: "Approve this ticket?" }).getByRole("button", { name: "Approve", exact: true }).click();
    await runs.isTold("Ticket approved");
    await isAt(asks, "Done");
    expect(await knot.names(IP)).toEqual([`${NAME}.`]);
  });
});
