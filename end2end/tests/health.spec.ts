// DNS health in the browser, with a real DNS server: a new domain from nothing published to all good, record by record as
// the page gives them; a record that goes is mailed, and so is its return; an address mail leaves from.
import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { Page } from "@playwright/test";
import { Knot } from "../support/knot";
import { accessible, fits } from "../support/pages";
import { Visitor } from "../support/people";
import { Relaykeep } from "../support/relaykeep";
import { expect, operator, test as base } from "../support/test";

const DOMAIN = "lab.example";
const EGRESS = "192.0.2.25";
const owner = { email: "olga@inst.example", password: "the owner of biology" };

interface Health {
  knot: Knot;
  health: Relaykeep;
}

const test = base.extend<Health>({
  knot: async ({}, use) => {
    const knot = await Knot.start({
      [DOMAIN]: "@ MX 10 mail\n@ A 192.0.2.10\nmail A 192.0.2.10\n",
      "relay.example.org": `@ A ${EGRESS}\n`,
      "2.0.192.in-addr.arpa": "25 PTR relay.example.org.\n",
    });
    await use(knot);
    await knot.stop();
  },
  health: async ({ database, knot }, use) => {
    const health = await Relaykeep.prepare(database, knot.settings);
    try {
      await health.must(["operator", "create", "--email", operator.email, "--password-stdin"], operator.password);
      const file = path.join(health.folder, "rules.json");
      await writeFile(file, JSON.stringify({ projects: [{ slug: "biology", name: "Biology" }] }));
      await health.must(["apply", file]);
      await health.start();
      await use(health);
    } finally {
      await health.remove();
    }
  },
});

/** Lists the address the relay sends from, and waits for what is found of it. */
async function listEgress(runs: Visitor): Promise<void> {
  await runs.signIn(operator.email, operator.password);
  await runs.open("/admin/egress");
  await runs.fillIn("Add address", { Address: EGRESS }, "Add and check");
  await runs.isTold("Egress address listed; it is checked now");
  await expect(async () => {
    await runs.reload();
    await expect(runs.page.getByText("It is being checked.")).toHaveCount(0, { timeout: 500 });
  }).toPass({ timeout: 60_000 });
}

/** The owner of the project, by the link in their mail; the contact of its domains. */
async function join(runs: Visitor, page: Page, health: Relaykeep, scripts = true): Promise<Visitor> {
  await runs.open("/p/biology/members");
  await runs.invites(owner.email, "Owner");
  await runs.isTold("Invitation sent");
  const newcomer = new Visitor(page, health, scripts);
  await newcomer.open(await runs.portalLink(owner.email, "Invitation to"));
  await newcomer.type({ Password: owner.password });
  await newcomer.press("Join the project");
  await newcomer.sees("Overview");
  return newcomer;
}

async function addDomain(asks: Visitor): Promise<void> {
  await asks.open("/p/biology/senders");
  await asks.fillIn("Add domain", { Domain: DOMAIN }, "Add and show the records");
  await asks.sees(DOMAIN);
}

async function check(asks: Visitor): Promise<void> {
  const place = new URL(asks.page.url()).pathname;
  await asks.open(place);
  await asks.press("Check now");
  await asks.isTold("DNS was asked again");
}

const cards = (page: Page) => page.locator('section.card[id^="check-"]');
const toMend = (page: Page) => page.locator(".title .pill").filter({ hasText: "to mend" });

interface Change {
  check: string;
  name: string;
  kind: string;
  value: string;
}

/** The change that the first card asks for. */
async function firstChange(page: Page): Promise<Change> {
  const card = cards(page).first();
  const line = (label: string) =>
    card.locator(".record").first().locator(".line").filter({ has: page.locator(`span:text-is("${label}")`) }).first().locator("code");
  const check = (await card.getAttribute("id")) ?? "";
  expect(await card.locator(".record").count(), `${await card.innerText()} says what to publish`).toBeGreaterThan(0);
  return { check, name: await line("Name").innerText(), kind: await line("Type").innerText(), value: await line("Publish").innerText() };
}

/** Puts it into the zone as whoever runs it would. */
async function publish(knot: Knot, { name, kind, value }: Change): Promise<void> {
  const strings = (value.match(/.{1,255}/gs) ?? []).map((piece) => `"${piece}"`).join(" ");
  await knot.change(DOMAIN, `del ${name}. ${kind}`, `add ${name}. 2 ${kind} ${kind === "TXT" ? strings : value}`);
}

/** Publishes what each card says, one after the other, until nothing is to be mended. */
async function mendAll(asks: Visitor, knot: Knot): Promise<Change[]> {
  const published: Change[] = [];
  await check(asks);
  while (await toMend(asks.page).count()) {
    expect(published.length, "changes that do not end").toBeLessThan(12);
    const change = await firstChange(asks.page);
    await publish(knot, change);
    await check(asks);
    await expect(asks.page.locator(`section.card[id="${change.check}"]`), `${change.value} mends it`).toHaveCount(0);
    published.push(change);
  }
  return published;
}

test("a domain goes from nothing published to all good; what goes is mailed once, and again when mended", async ({
  health,
  knot,
  page,
  anotherPage,
}) => {
  test.setTimeout(240_000);
  const runs = new Visitor(await anotherPage(), health);
  await listEgress(runs);
  await expect(runs.page.locator(".title .pill").first()).toHaveText("Ready");
  await accessible(runs.page);
  await runs.open("/admin/egress");
  await expect(runs.page.getByRole("row").filter({ hasText: EGRESS })).toContainText("relay.example.org");
  await accessible(runs.page);

  const asks = await join(runs, page, health);
  await addDomain(asks);
  await check(asks);
  await expect(toMend(page)).toBeVisible();
  await accessible(page);
  await fits(page, 390);
  const published = await mendAll(asks, knot);
  const kinds = published.map(({ name }) => name.replace(`.${DOMAIN}`, ""));
  expect(kinds).toEqual(expect.arrayContaining([expect.stringMatching(/^_relaykeep-challenge/), DOMAIN, "_dmarc"]));
  expect(kinds.filter((name) => name.endsWith("._domainkey")), "both keys").toHaveLength(2);
  await expect(page.locator(".title .pill").first()).toHaveText("Verified");
  const predicted = page.locator("section.card").filter({ has: page.getByRole("heading", { name: "If you send now" }) });
  await expect(predicted.getByText("pass, aligned").first()).toBeVisible();
  await expect(predicted.getByText("Forwarded", { exact: true }).first()).toBeVisible();
  await accessible(page);

  // What DNS said can be read, and a link to a check opens it.
  await page.getByText(`TXT ${DOMAIN}`, { exact: true }).last().click();
  await expect(page.locator("pre.wraps").filter({ hasText: "v=spf1" }).first()).toBeVisible();
  const place = new URL(page.url()).pathname;
  const row = page.locator('.finding [id^="check-"]').first();
  const anchor = await row.getAttribute("id");
  await asks.open(`${place}#${anchor}`);
  await expect(page.locator(`[id="${anchor}"]`)).toBeVisible();

  // A DMARC record made to measure.
  await asks.open(`${place}?dmarc=reject&alignment=strict&reports=reports%40${DOMAIN}`);
  const made = page.locator("#make-dmarc code").filter({ hasText: "v=DMARC1; p=reject; adkim=s; aspf=s; rua=mailto:reports@" });
  await expect(made.first()).toBeVisible();
  await accessible(page);
  await fits(page, 390);

  // It goes: worse, by mail, once.
  const spf = published.find(({ name }) => name === DOMAIN);
  if (!spf) throw new Error("no SPF record was published");
  await knot.change(DOMAIN, `del ${DOMAIN}. TXT`);
  await check(asks);
  await expect(toMend(page)).toBeVisible();
  const mails = runs.page.getByRole("row").filter({ hasText: owner.email }).filter({ hasText: `${DOMAIN}: ` });
  const arrive = async (count: number) =>
    expect(async () => {
      await runs.open("/admin/captured");
      await expect(mails).toHaveCount(count, { timeout: 500 });
    }).toPass({ timeout: 30_000 });
  await arrive(1);
  await check(asks);
  await asks.open("/p/biology");
  await expect(page.getByText("Domains to mend")).toBeVisible();
  await accessible(page);
  await asks.open(place);
  await publish(knot, spf);
  await check(asks);
  await expect(toMend(page)).toHaveCount(0);
  await arrive(2);
  await expect(mails.filter({ hasText: "mended" })).toHaveCount(1);
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });

  test("the same records lead to the same end", async ({ health, knot, page, anotherPage }) => {
    test.setTimeout(240_000);
    const runs = new Visitor(await anotherPage({ javaScriptEnabled: false }), health, false);
    await listEgress(runs);
    const asks = await join(runs, page, health, false);
    await addDomain(asks);
    await mendAll(asks, knot);
    await expect(page.locator(".title .pill").first()).toHaveText("Verified");
    const maker = page.locator("#make-dmarc");
    await maker.locator("summary").first().click();
    await maker.locator('select[name="dmarc"]').selectOption("quarantine");
    await maker.getByRole("button", { name: "Show" }).click();
    await expect(maker.locator("code").filter({ hasText: "v=DMARC1; p=quarantine; rua=" }).first()).toBeVisible();
    const finding = page.locator(".finding").first();
    await finding.locator("summary").first().click();
    await expect(finding.locator(".opened")).toBeVisible();
  });
});
