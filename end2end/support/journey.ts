// The whole journey: from the setup link on the terminal to the story of a message, and of one that was refused.
// Owns its steps, the same with and without JavaScript. Sees the portal by its words alone.
import { type BrowserContext, expect, test } from "@playwright/test";
import { complaintsOf } from "./complaints";
import { Visitor } from "./people";
import { type Answer, python, send } from "./programs";
import type { Relaykeep } from "./relaykeep";

const OLIVIA = { email: "olivia@lab.example", password: "four words that differ" };
const SENDER = "results@gene.example";
const DOMAIN = "portal.example";
const FORGED = "chief@bank.example";

interface Account {
  user: string;
  secret: string;
  /** What the portal prints for Python. */
  python: string;
}

/** Walks it. `strangers` makes a browser of someone who is not signed in. */
export async function journey(olivia: Visitor, relay: Relaykeep, strangers: () => Promise<BrowserContext>): Promise<void> {
  const steps = new Journey(olivia, relay, strangers);
  await test.step("the printed link leads to the setup, and the setup to the first project", () => steps.setUp());
  await test.step("an address is verified by the link it gets", () => steps.verifyAddress());
  await test.step("a domain is verified by its record, and signs once its keys are published", () => steps.verifyDomain());
  const account = await test.step("a service account's secret is shown once", () => steps.createAccount());
  await test.step("the printed Python lines send", () => steps.runPrintedLines(account));
  await test.step("a program sends, and the message's story is told", () => steps.readStory(account));
  await test.step("the captured message can be read", () => steps.readCaptured());
  await test.step("a forged From is refused, and the refusal leads to its remedy", () => steps.mendRefusal(account));
  await test.step("the overview knows all of it", () => steps.seeOverview());
}

class Journey {
  constructor(
    private readonly olivia: Visitor,
    private readonly relay: Relaykeep,
    private readonly strangers: () => Promise<BrowserContext>,
  ) {}

  private get page() {
    return this.olivia.page;
  }

  async setUp(): Promise<void> {
    const link = /^Setup\s+(\S+)$/m.exec(this.relay.output)?.[1];
    expect(link, "the server prints a setup link").toBeTruthy();
    await this.olivia.open(link as string);
    await this.olivia.sees("Set up Relaykeep");
    await this.olivia.type({
      "Mail address": OLIVIA.email,
      "Your name": "Olivia",
      Password: "too short",
      "First project": "Gene portal",
    });
    await this.olivia.press("Set up");
    await expect(this.page.getByLabel("Password", { exact: true })).toHaveAttribute("aria-invalid", "true");
    await expect(this.page.getByLabel("Mail address")).toHaveValue(OLIVIA.email);
    this.refused();
    await this.olivia.type({ Password: OLIVIA.password });
    await this.olivia.press("Set up");
    await this.olivia.sees("Overview");
    await expect(this.page).toHaveURL(/\/p\/gene-portal/);
    await expect(this.page.getByText("Steps to good mail")).toBeVisible();
    await expect(this.page.getByText("Mail is captured.")).toBeVisible();
  }

  async verifyAddress(): Promise<void> {
    this.relay.dns.domain("gene.example");
    await this.olivia.place("Senders");
    await this.olivia.press("Add address");
    await this.olivia.type({ Address: "results@nowhere.example" });
    await this.olivia.press("Send the link");
    await expect(this.page.getByLabel("Address", { exact: true })).toHaveAttribute("aria-invalid", "true");
    this.refused();
    await this.olivia.type({ Address: SENDER });
    await this.olivia.press("Send the link");
    await this.olivia.isTold("Sender added; the verification link is on its way");
    const row = this.page.getByRole("row").filter({ hasText: SENDER });
    await expect(row).toContainText("Pending");

    const link = await this.olivia.portalLink(SENDER, `May Gene portal send mail as ${SENDER}?`);
    const context = await this.strangers();
    const reader = new Visitor(await context.newPage(), this.relay, this.olivia.scripts);
    const complaints = complaintsOf(reader.page, this.olivia.scripts);
    await reader.open(link);
    await reader.press("Verify this address");
    await reader.sees("The address is verified");
    await reader.open(link);
    await reader.sees("This link is no longer good");
    complaints.expected(/status of 404/);
    complaints.mustBeNone();
    await context.close();

    await this.olivia.open("/p/gene-portal/senders");
    await expect(row).toContainText("Verified");
  }

  async verifyDomain(): Promise<void> {
    this.relay.dns.domain(DOMAIN);
    await this.olivia.press("Add domain");
    await this.olivia.type({ Domain: DOMAIN });
    await this.olivia.press("Add and show the records");
    await this.olivia.sees(DOMAIN);
    await expect(this.page.getByText("Not verified yet.")).toBeVisible();
    const closed = this.page.locator("details.card:not([open]) > summary");
    while (await closed.count()) await closed.first().click();
    const fields = async (name: string) => {
      const buttons = this.page.getByRole("button", { name: `Copy ${name}`, exact: true });
      return buttons.locator("xpath=preceding-sibling::code").allInnerTexts();
    };
    const [names, values] = [await fields("name"), await fields("value")];
    expect(names.length, "a challenge and two keys").toBe(3);
    names.forEach((name, place) => this.relay.dns.publish(name, "TXT", values[place] ?? ""));
    await this.olivia.press("Check now");
    await this.olivia.isTold("DNS was asked again");
    await expect(this.page.locator(".title .pill").first()).toHaveText("Verified");
    await expect(this.page.locator("dl.facts").getByText("Signed", { exact: true })).toBeVisible();
    await expect(this.page.getByText("as it should be")).toHaveCount(3);
    await expect(this.page.getByText(/asked ns\.test \(127\.0\.0\.1:\d+\) · TTL 0 s/)).toHaveCount(3);
    await this.olivia.ready();
  }

  async createAccount(): Promise<Account> {
    await this.olivia.place("Service accounts");
    await this.olivia.press("New service account");
    await this.olivia.type({ "What it is for": "Booking site", "Usual sender": `booking@${DOMAIN}` });
    await this.olivia.press("Create and show the secret");
    const dialog = this.page.getByRole("dialog", { name: "Service account created" });
    await expect(dialog).toBeVisible();
    await this.olivia.ready();
    const fact = (name: string) =>
      dialog.getByRole("button", { name: `Copy ${name}`, exact: true }).locator("xpath=preceding-sibling::code");
    const port = this.relay.ports.submission;
    await dialog.getByText("Python", { exact: true }).first().click();
    const lines = dialog.getByRole("region", { name: `Python, port ${port}: send.py` });
    const account = {
      user: await fact("user name").innerText(),
      secret: await fact("secret").innerText(),
      python: await lines.innerText(),
    };
    expect(account.python).toContain(account.secret);

    await dialog.getByRole("link", { name: "I have kept it" }).click();
    await this.olivia.sees("Booking site");
    await this.olivia.reload();
    expect(await this.page.content(), "the secret is shown once").not.toContain(account.secret);
    return account;
  }

  async runPrintedLines(account: Account): Promise<void> {
    const printed = { code: 0, stdout: expect.stringMatching(/^250 2\.0\.0 Ok: queued as \S+\n$/) };
    expect(await python(account.python)).toMatchObject(printed);
    await this.appears("Service accounts", "Booking site", "just now");
  }

  async readStory(account: Account): Promise<void> {
    const answer = await this.send(account, { subject: "Your booking is confirmed", html: "<p>See you <b>soon</b></p>" });
    expect(answer).toMatchObject({ code: 250, text: expect.stringMatching(/^2\.0\.0 Ok: queued as \S+$/) });
    const row = await this.appears("Messages", "Your booking is confirmed", "Delivered");
    await expect(this.page.getByRole("row").filter({ hasText: "Test" }), "the printed lines' message").toBeVisible();
    await row.getByRole("link", { name: "Your booking is confirmed" }).click();
    await this.olivia.sees("Your booking is confirmed");
    const story = this.page.getByRole("main");
    for (const event of ["Accepted from Booking site", `Signed for ${DOMAIN}`, "Attempt 1: captured; nothing left this machine"]) {
      await expect(story.getByText(event)).toBeVisible();
    }
    await expect(story.getByText(/AUTH PLAIN|AUTH LOGIN/)).toBeVisible();
    await expect(story.getByText(OLIVIA.email).first()).toBeVisible();
    await story.getByText("Header fields as sent").first().click();
    await expect(story.getByText(/DKIM-Signature: .*Subject: Your booking/s)).toBeVisible();
    const raw = await this.page.request.get(
      new URL((await this.page.getByRole("link", { name: "Raw message" }).getAttribute("href")) ?? "", this.relay.url).href,
    );
    expect(await raw.text()).toContain("\r\nSubject: Your booking is confirmed\r\n");
  }

  async readCaptured(): Promise<void> {
    await this.page.getByRole("link", { name: "Read it" }).click();
    await this.olivia.sees("Your booking is confirmed");
    await expect(this.page.getByText("Written by a program.")).toBeVisible();
    await expect(this.page.frameLocator("iframe").getByText("See you soon")).toBeVisible();
    await this.olivia.place("Captured mail");
    await expect(this.page.getByRole("row").filter({ hasText: "Your booking is confirmed" })).toBeVisible();
  }

  async mendRefusal(account: Account): Promise<void> {
    const answer = await this.send(account, { subject: "Transfer", headerFrom: FORGED });
    expect(answer.code).toBe(550);
    expect(answer.text).toMatch(/^5\.7\.1 .*chief@bank\.example/);
    const short = /http:\/\/\S+\/s\/\w+/.exec(answer.text)?.[0];
    expect(short, "the reply ends with a short address").toBeTruthy();

    const row = await this.appears("Refusals", FORGED, "From not verified");
    await expect(row, "the exact reply is kept").toContainText(answer.text.replaceAll("\n", " "));
    await row.getByRole("link", { name: "Verify it" }).click();
    await this.olivia.sees("Senders");
    await expect(this.page.getByRole("dialog", { name: "Add an address" })).toBeVisible();
    await expect(this.page.getByLabel("Address", { exact: true })).toHaveValue(FORGED);

    await this.olivia.open(short as string);
    await this.olivia.sees("From not verified");
    await expect(this.page.getByText(FORGED)).toBeVisible();
    await this.page.getByRole("link", { name: "Verify it" }).click();
    await this.olivia.sees("Senders");
    const dialog = this.page.getByRole("dialog", { name: "Add an address" });
    await expect(dialog.getByLabel("Address", { exact: true })).toHaveValue(FORGED);
    await dialog.getByRole("button", { name: "Cancel" }).click();
    await expect(dialog).toBeHidden();
  }

  async seeOverview(): Promise<void> {
    await this.olivia.place("Overview");
    await expect(this.page.getByText("Last refusals")).toBeVisible();
    await expect(this.page.getByRole("main").getByText(FORGED)).toBeVisible();
  }

  private send(account: Account, mail: { subject: string; headerFrom?: string; html?: string }): Promise<Answer> {
    const { user, secret } = account;
    const from = `booking@${DOMAIN}`;
    return send({ port: this.relay.ports.submission, user, secret, from, to: [OLIVIA.email, SENDER], ...mail });
  }

  /** The browser reports that a form was not taken, as it should. */
  private refused(): void {
    complaintsOf(this.page).expected(/status of 422/);
  }

  /** Reads a list again until it has a row with `text` that says `state`. */
  private async appears(place: string, text: string, state: string) {
    const row = this.page.getByRole("row").filter({ hasText: text }).filter({ hasText: state });
    await this.olivia.place(place);
    await expect(async () => {
      await this.olivia.reload();
      await expect(row).toBeVisible({ timeout: 500 });
    }).toPass({ timeout: 30_000 });
    return row;
  }
}
