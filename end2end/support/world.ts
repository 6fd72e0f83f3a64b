// A relay in full use: two projects with rules and mail, an operator, and members of each role, all signed in.
// Owns how it comes to be: the file that `apply` reads, programs that send, invitations that are followed.
import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { Browser, BrowserContext } from "@playwright/test";
import { Visitor } from "./people";
import { type Mail, send } from "./programs";
import { Relaykeep } from "./relaykeep";
import { expect, type Options, operator, test as base } from "./test";

type State = Awaited<ReturnType<BrowserContext["storageState"]>>;

/** Who is signed in: owner, member and viewer of Biology, a member of Chemistry alone, and who runs the relay. */
export type Role = "owner" | "member" | "viewer" | "outsider" | "operator";

export const people: Record<Role, { email: string; password: string }> = {
  owner: { email: "olga@lab.example", password: "the owner of biology" },
  member: { email: "mia@lab.example", password: "a member of biology" },
  viewer: { email: "vera@lab.example", password: "a viewer of biology" },
  outsider: { email: "carl@lab.example", password: "a member of chemistry" },
  operator,
};

const RULES = {
  projects: [
    {
      slug: "biology",
      name: "Biology",
      sandbox: false,
      limits: { per_hour: 1_000, per_day: 10_000 },
      networks: [{ cidr: "10.9.0.0/16", label: "virtual machines" }],
      domains: [{ name: "biology.example", verified: true }, { name: "waiting.example" }],
      senders: [{ address: "desk@lab.example", verified: true }, { address: "pending@lab.example" }],
      service_accounts: [
        { label: "reporter", default_sender: "reports@biology.example" },
        {
          label: "limited",
          allowed_senders: ["noreply+*@biology.example", "desk@lab.example"],
          allowed_cidrs: ["192.0.2.0/24"],
          limits: { per_hour: 10, per_day: 100 },
        },
      ],
    },
    {
      slug: "chemistry",
      name: "Chemistry",
      networks: [{ cidr: "10.10.0.0/16", label: "cluster" }],
      domains: [{ name: "chemistry.example", verified: true }],
      senders: [{ address: "chem@lab.example", verified: true }],
      service_accounts: [{ label: "notifier", default_sender: "notify@chemistry.example" }],
    },
  ],
};

interface Report {
  issued: { project: string; label: string; username: string; secret: string }[];
}

export class World {
  private readonly states = new Map<Role, State>();
  private readonly ids = new Map<string, string>();

  private constructor(
    readonly relay: Relaykeep,
    private readonly browser: Browser,
    /** User name and secret of the account "reporter". */
    readonly reporter: Pick<Mail, "port" | "user" | "secret">,
  ) {}

  /** Starts the relay, whose folder is fresh. */
  static async make(relay: Relaykeep, browser: Browser): Promise<World> {
    for (const domain of ["lab.example", "waiting.example"]) relay.dns.domain(domain);
    await relay.must(["operator", "create", "--email", operator.email, "--password-stdin"], operator.password);
    // No link goes out by mail as long as the relay does not keep mail on this machine.
    const { senders: _, ...first } = RULES.projects[0];
    const report = await apply(relay, [first]);
    const issued = report.issued.find(({ label }) => label === "reporter");
    if (!issued) throw new Error("no secret was issued");
    const port = relay.ports.submission;
    const world = new World(relay, browser, { port, user: issued.username, secret: issued.secret });
    await world.sendWaitingMail();
    await apply(relay, RULES.projects);
    await relay.start();
    await world.sendMail();
    await world.gather();
    await world.findIds();
    return world;
  }

  /** A browser in which this person is signed in, or nobody. The caller closes its context. */
  async context(role?: Role, options: { javaScriptEnabled?: boolean } = {}): Promise<BrowserContext> {
    return this.browser.newContext({ ...options, storageState: role && this.state(role) });
  }

  /** The cookies of a person who is signed in. */
  state(role: Role): State {
    const state = this.states.get(role);
    if (!state) throw new Error(`${role} is not signed in`);
    return state;
  }

  /** A path whose `:names` are replaced with what is there: `/p/biology/messages/:message`. */
  at(template: string): string {
    return template.replaceAll(/:(\w+)/g, (_, name: string) => {
      const found = this.ids.get(name);
      if (!found) throw new Error(`nothing is known as :${name} in ${template}`);
      return found;
    });
  }

  /** Makes a user of the one who is invited, by the link in the mail. */
  async join(by: Visitor, project: string, role: string, who: { email: string; password: string }): Promise<BrowserContext> {
    await by.open(`/p/${project}/members`);
    await by.invites(who.email, role);
    await by.isTold("Invitation sent");
    const link = await by.portalLink(who.email, "Invitation to");
    const context = await this.browser.newContext({ javaScriptEnabled: false });
    const newcomer = new Visitor(await context.newPage(), this.relay, false);
    await newcomer.open(link);
    await newcomer.type({ Password: who.password });
    await newcomer.press("Join the project");
    await newcomer.sees("Overview");
    return context;
  }

  /** Mail that waits: it was sent when nobody was at its next hop, and was held before it was tried again. */
  private async sendWaitingMail(): Promise<void> {
    this.relay.dns.domain("inst.example");
    await this.relay.start("--delivery-route", "mx", "--delivery-port", "1", "--delivery-local-mx", "true");
    const from = "reports@biology.example";
    await send({ ...this.reporter, from, to: ["anna@inst.example"], subject: "Waits to be released" });
    const context = await this.browser.newContext({ javaScriptEnabled: false });
    const runs = new Visitor(await context.newPage(), this.relay, false);
    await runs.signIn(people.operator.email, people.operator.password);
    await runs.open("/p/biology/messages");
    await runs.page.getByRole("checkbox", { name: /Waits to be released/ }).check();
    await runs.press("Hold");
    await runs.isTold("Those that were waiting are held");
    await context.close();
    await this.relay.stop();
  }

  /** Mail that is captured, and mail that is refused by several rules. */
  private async sendMail(): Promise<void> {
    const from = "reports@biology.example";
    const mail = { ...this.reporter, from, to: ["anna@inst.example", "kai@inst.example"] };
    const html = '<h2>All done</h2><p>The <b>report</b> is attached.</p>';
    await send({ ...mail, subject: "Your report is ready", html, attachment: "report.pdf" });
    await send({ ...mail, subject: "Grüße & <b>markup</b>", text: "Plain text alone." });
    await send({ ...mail, subject: "Forged", headerFrom: "chief@bank.example" });
    await send({ ...mail, subject: "Not ours", from: "root@vm0120.kaj.example" });
    await send({ ...mail, subject: "Wrong secret", secret: "not the secret at all" });
  }

  /** Signs the operator in, who invites the others. */
  private async gather(): Promise<void> {
    const context = await this.browser.newContext({ javaScriptEnabled: false });
    const runs = new Visitor(await context.newPage(), this.relay, false);
    await runs.signIn(people.operator.email, people.operator.password);
    this.states.set("operator", await context.storageState());
    const roles = [
      ["owner", "biology", "Owner"],
      ["member", "biology", "Member"],
      ["viewer", "biology", "Viewer"],
      ["outsider", "chemistry", "Member"],
    ] as const;
    for (const [who, project, role] of roles) {
      const joined = await this.join(runs, project, role, people[who]);
      this.states.set(who, await joined.storageState());
      await joined.close();
    }
    await runs.open("/p/biology/suppressions");
    await runs.press("Add address");
    await runs.type({ Address: "left@inst.example", Why: "has left the institute" });
    await runs.press("Suppress this address");
    await runs.isTold("Address suppressed");
    await this.nameAddresses(runs);
    await this.listEgress(runs);
    await runs.open("/p/biology/members");
    await runs.invites("invited@lab.example");
    this.ids.set("invite", await runs.portalLink("invited@lab.example", "Invitation to").then(lastSegment));
    this.ids.set("verify", await runs.portalLink("pending@lab.example", /May Biology/).then(lastSegment));
    await context.close();
  }

  /** A range with an address of the project, and a ticket that waits for the desk and for nothing else. */
  private async nameAddresses(runs: Visitor): Promise<void> {
    await runs.open("/admin/dns-backends");
    await runs.fillIn("Add by hand", { Label: "Zone files" }, "Add");
    await runs.isTold("DNS back end added");
    await runs.open("/admin/ranges");
    const range = { Label: "Floating", Block: "192.0.2.0/24", "Default name": "vm{d}.kaj.example" };
    await runs.fillIn("Add range", range, "Add range");
    await runs.isTold("Range added");
    this.ids.set("range", lastSegment(new URL(runs.page.url()).pathname));
    await runs.fillIn("Assign", { "Address or prefix": "192.0.2.120", Project: "biology" }, "Assign");
    await runs.isTold("Address assigned");
    await runs.open("/p/biology/tickets");
    const quota = { "Recipients in a day": "5000", "What it is for": "The yearly newsletter." };
    await runs.fillIn("Ask for quota", quota, "Send to the service desk");
    await runs.isTold("Sent; it is checked now");
    this.ids.set("ticket", lastSegment(new URL(runs.page.url()).pathname));
  }

  /** An address the relay sends from, checked once, and a token of the project. */
  private async listEgress(runs: Visitor): Promise<void> {
    await runs.open("/admin/egress");
    await runs.fillIn("Add address", { Address: "192.0.2.25" }, "Add and check");
    await runs.isTold("Egress address listed; it is checked now");
    this.ids.set("egress", lastSegment(new URL(runs.page.url()).pathname));
    await expect(async () => {
      await runs.reload();
      await expect(runs.page.getByText("It is being checked.")).toHaveCount(0, { timeout: 500 });
    }).toPass({ timeout: 30_000 });
    await runs.open("/p/biology/api-tokens");
    await runs.fillIn("New token", { "What it is for": "Dashboard" }, "Issue and show the token");
    await expect(runs.page.getByText("API token issued")).toBeVisible();
  }

  /** What lists link to, by the text of the link. */
  private async findIds(): Promise<void> {
    const context = await this.context("operator", { javaScriptEnabled: false });
    const page = await context.newPage();
    const wanted: [string, string, string][] = [
      ["message", "/p/biology/messages", "Your report is ready"],
      ["captured", "/p/biology/captured", "Your report is ready"],
      ["plain", "/p/biology/captured", "Grüße & <b>markup</b>"],
      ["account", "/p/biology/service-accounts", "reporter"],
      ["domain", "/p/biology/senders", "biology.example"],
      ["waiting", "/p/biology/senders", "waiting.example"],
      ["address", "/p/biology/addresses", "192.0.2.120"],
      ["notice", "/admin/captured", "Invitation to Biology on Relaykeep"],
    ];
    for (const [name, list, text] of wanted) {
      await page.goto(this.relay.url + list);
      const link = page.getByRole("main").getByRole("link", { name: text, exact: true }).first();
      this.ids.set(name, lastSegment((await link.getAttribute("href")) ?? ""));
    }
    // What DNS says is known from the start, not found out by the relay in the middle of a test.
    const runs = new Visitor(page, this.relay, false);
    for (const domain of ["domain", "waiting"]) {
      await runs.open(this.at(`/p/biology/domains/:${domain}`));
      await runs.press("Check now");
      await runs.isTold("DNS was asked again");
    }
    await page.goto(`${this.relay.url}/p/biology/refusals`);
    const reply = await page.getByRole("cell").filter({ hasText: "/s/" }).first().innerText();
    this.ids.set("refusal", /\/s\/(\w+)/.exec(reply)?.[1] ?? "");
    await context.close();
  }
}

/** Makes true what the rules say of these projects. */
async function apply(relay: Relaykeep, projects: object[]): Promise<Report> {
  const file = path.join(relay.folder, "rules.yaml");
  await writeFile(file, JSON.stringify({ projects }));
  return JSON.parse(await relay.must(["apply", file])) as Report;
}

const lastSegment = (url: string) => url.split("/").pop() ?? "";

/** `test` with a world that all tests of a worker share. Tests leave it as they found it. */
export const test = base.extend<{}, { world: World } & Options>({
  world: [
    async ({ browser, database }, use) => {
      const relay = await Relaykeep.prepare(database);
      try {
        await use(await World.make(relay, browser));
      } finally {
        await relay.remove();
      }
    },
    { scope: "worker", timeout: 420_000 },
  ],
});
export { expect };
