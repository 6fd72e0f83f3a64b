// People at the portal: with or without JavaScript, signing in and out, reading the mail the portal wrote to them.
// Owns what every spec does before it comes to its point.
import { expect, type Page } from "@playwright/test";
import { hydrated } from "./pages";
import type { Relaykeep } from "./relaykeep";

/** A person with a browser. */
export class Visitor {
  constructor(
    readonly page: Page,
    private readonly relay: Relaykeep,
    /** Whether this browser runs scripts. */
    readonly scripts = true,
  ) {}

  /** Goes to a path, or to a whole address of this portal, and waits until the page can be used. */
  async open(place: string): Promise<void> {
    await this.page.goto(new URL(place, this.relay.url).href);
    await this.ready();
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.ready();
  }

  /** Waits until the browser side runs, where there is one. */
  async ready(): Promise<void> {
    if (this.scripts) await hydrated(this.page);
  }

  /** Sees the heading of a page. */
  async sees(heading: string | RegExp): Promise<void> {
    await expect(this.page.getByRole("heading", { level: 1, name: heading })).toBeVisible();
    await this.ready();
  }

  /** Follows a link of the sidebar. */
  async place(name: string): Promise<void> {
    await this.page.getByRole("navigation", { name: "Places" }).getByRole("link", { name }).click();
    await this.sees(name);
  }

  /** Types into the inputs with these labels. */
  async type(values: Record<string, string>): Promise<void> {
    for (const [label, value] of Object.entries(values)) {
      await this.page.getByLabel(label, { exact: true }).fill(value);
    }
  }

  async press(button: string): Promise<void> {
    await this.page.getByRole("button", { name: button, exact: true }).click();
  }

  /** Sees what was done, at the foot of the page. */
  async isTold(text: string): Promise<void> {
    await expect(this.page.getByText(text, { exact: true })).toBeVisible();
    await this.ready();
  }

  /** Signs in from the page of the login, which is open or is opened. */
  async signIn(email: string, password: string): Promise<void> {
    if (!this.page.url().includes("/login")) await this.open("/login");
    await this.ready();
    await this.type({ "Mail address": email, Password: password });
    await this.press("Sign in");
    await expect(this.page).not.toHaveURL(/\/login/);
    await this.ready();
  }

  /** Opens a dialog, types into its inputs by their labels, and sends it. */
  async fillIn(button: string, values: Record<string, string>, send: string): Promise<void> {
    await this.press(button);
    const dialog = this.page.locator("dialog[open]");
    for (const [label, value] of Object.entries(values)) await dialog.getByLabel(label, { exact: true }).fill(value);
    await dialog.getByRole("button", { name: send, exact: true }).click();
  }

  /** On the page of the members: sends an invitation. */
  async invites(address: string, role = "Member"): Promise<void> {
    await this.press("Invite someone");
    const dialog = this.page.getByRole("dialog", { name: "Invite someone" });
    await dialog.getByLabel("Role", { exact: true }).selectOption(role);
    await dialog.getByLabel("Address", { exact: true }).fill(address);
    await dialog.getByRole("button", { name: "Send invitation" }).click();
  }

  /** As an operator: the link in the newest mail of the portal to `address` with this subject. */
  async portalLink(address: string, subject: string | RegExp): Promise<string> {
    const row = this.page.getByRole("row").filter({ hasText: address }).filter({ hasText: subject });
    await expect(async () => {
      await this.open("/admin/captured");
      await expect(row.first()).toBeVisible({ timeout: 500 });
    }).toPass({ timeout: 30_000 });
    await row.first().getByRole("link").click();
    await this.sees(subject);
    const text = await this.page.getByText(/works once/).innerText();
    const link = /https?:\/\/\S+\/(?:verify|invite|reset)\/\S+/.exec(text)?.[0];
    expect(link, `a link in the mail to ${address}`).toBeTruthy();
    return link as string;
  }
}
