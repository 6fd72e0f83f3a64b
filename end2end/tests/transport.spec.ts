// How mail comes in and goes out: the standing warning of the legacy profile, an account that waits for the next hop, and
// what is asked of TLS with other servers.
import { appendFile } from "node:fs/promises";
import path from "node:path";
import { accessible, fits } from "../support/pages";
import { Visitor } from "../support/people";
import { Relaykeep } from "../support/relaykeep";
import { expect, operator, test as base } from "../support/test";

const owner = { email: operator.email, password: operator.password };

const test = base.extend<{ legacy: Relaykeep }>({
  legacy: async ({ database }, use) => {
    const legacy = await Relaykeep.prepare(database, { RELAYKEEP_DELIVERY_TLS_FOR: "partner.example=verify" });
    try {
      const file = path.join(legacy.folder, "relaykeep.toml");
      const listener = `\n[[listener]]\nname = "scanners"\nlisten = "127.0.0.1:0"\nplaintext_auth_from = ["192.0.2.0/24", "198.51.100.7"]\n`;
      await appendFile(file, listener);
      await legacy.must(["operator", "create", "--email", owner.email, "--password-stdin"], owner.password);
      const rules = path.join(legacy.folder, "rules.json");
      const account = { label: "reports" };
      await appendFile(
        rules,
        JSON.stringify({ projects: [{ slug: "biology", name: "Biology", service_accounts: [account] }] }),
      );
      await legacy.must(["apply", rules]);
      await legacy.start();
      await use(legacy);
    } finally {
      await legacy.remove();
    }
  },
});

test("secrets in clear are warned of on the operator's pages, and what is asked of TLS stands there", async ({ page, legacy }) => {
  const runs = new Visitor(page, legacy);
  await runs.signIn(owner.email, owner.password);
  for (const place of ["/admin/listeners", "/admin/settings"]) {
    await runs.open(place);
    const warning = page.getByText("Listener scanners takes secrets in clear from 192.0.2.0/24 and 198.51.100.7/32.");
    await expect(warning).toBeVisible();
    await accessible(page);
    for (const width of [1280, 390]) await fits(page, width);
  }
  await expect(page.getByRole("row", { name: /TLS with mail exchangers/ })).toContainText("own rules of 1 domain");
  await runs.open("/admin/egress");
  await expect(page.getByText("partner.example: TLS always, certificate checked")).toBeVisible();
  await accessible(page);
  for (const width of [1280, 390]) await fits(page, width);
});

for (const scripts of [true, false]) {
  test.describe(scripts ? "with JavaScript" : "without JavaScript", () => {
    test.use({ javaScriptEnabled: scripts });

    test("an account is made to wait for the next hop", async ({ page, legacy }) => {
      const runs = new Visitor(page, legacy, scripts);
      await runs.signIn(owner.email, owner.password);
      await runs.open("/p/biology/service-accounts");
      await page.getByRole("link", { name: "reports", exact: true }).click();
      await runs.sees("reports");
      await expect(page.getByText("not waited for")).toBeVisible();
      await runs.press("Edit settings");
      await page.getByText("From where, until when, how much").click();
      await page.getByLabel("Waits for the next hop").check();
      // What judges the page is a script itself.
      if (scripts) await accessible(page);
      await runs.press("Save");
      await runs.isTold("Saved");
      await expect(page.getByText("its verdict is waited for")).toBeVisible();
      for (const width of [1280, 390]) await fits(page, width);
    });
  });
}
