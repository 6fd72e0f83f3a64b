// What a project's pages do once: an attachment is saved, and a suspension is said on every page.
import { readFile } from "node:fs/promises";
import { Visitor } from "../support/people";
import { send } from "../support/programs";
import { expect, people, test } from "../support/world";

for (const scripts of [true, false]) {
  const how = scripts ? "" : " without JavaScript";
  test.describe(how, () => {
    test.use({ javaScriptEnabled: scripts });

    test(`an attachment of captured mail is saved under its name${how}`, async ({ page, world }) => {
      await page.context().addCookies(world.state("owner").cookies);
      const olga = new Visitor(page, world.relay, scripts);
      await olga.open("/p/biology/captured");
      await page.getByRole("link", { name: "Your report is ready" }).click();
      await olga.sees("Your report is ready");
      const saved = page.waitForEvent("download");
      await page.getByRole("main").getByRole("link", { name: "Download" }).click();
      const download = await saved;
      expect(download.suggestedFilename()).toBe("report.pdf");
      expect(await readFile(await download.path(), "utf8")).toBe("octets");
      await olga.sees("Your report is ready");
    });
  });
}

test("a suspended project says why on every page, and its programs hear it", async ({ page, anotherPage, world }) => {
  const reason = "An account sent what nobody asked for.";
  await page.context().addCookies(world.state("operator").cookies);
  const runs = new Visitor(page, world.relay);
  const other = await anotherPage({ storageState: world.state("viewer") });
  const plain = await anotherPage({ storageState: world.state("viewer"), javaScriptEnabled: false });
  const banner = "This project is suspended: its mail is refused.";
  await runs.open("/p/biology/settings");
  await runs.press("Suspend project biology");
  const dialog = page.getByRole("dialog", { name: "Suspend project?" });
  await dialog.getByLabel("Reason").fill(reason);
  await dialog.getByLabel("Name").fill("biology");
  await dialog.getByRole("button", { name: "Suspend project", exact: true }).click();
  try {
    await runs.isTold("Project suspended");
    for (const [one, scripts] of [[other, true], [plain, false]] as const) {
      const vera = new Visitor(one, world.relay, scripts);
      for (const place of ["/p/biology", "/p/biology/messages", "/p/biology/senders"]) {
        await vera.open(place);
        await expect(one.getByText(banner), place).toBeVisible();
        await expect(one.getByText(reason).first(), place).toBeVisible();
      }
      await vera.open("/");
      await expect(one.getByRole("main").getByText("Suspended", { exact: true })).toBeVisible();
    }
    const mail = { ...world.reporter, from: "reports@biology.example", to: ["anna@inst.example"], subject: "Refused" };
    const answer = await send(mail);
    expect(answer.code).toBe(550);
    expect(answer.text).toContain(`5.7.1`);
    expect(answer.text).toContain(reason.replace(/\.$/, ""));
  } finally {
    await runs.open("/p/biology/settings");
    await runs.press("Resume");
    await runs.isTold("Project resumed");
  }
  const vera = new Visitor(other, world.relay);
  await vera.open("/p/biology");
  await expect(other.getByText(banner)).toHaveCount(0);
});
