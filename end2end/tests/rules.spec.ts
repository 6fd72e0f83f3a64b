// Suppressions in bulk: a CSV file comes in with a bar and the lines that were refused, a search narrows, what is chosen
// or matches is removed. And limits: set, nearly used, said on the overview.
import { writeFile } from "node:fs/promises";
import { Visitor } from "../support/people";
import { send } from "../support/programs";
import { expect, test } from "../support/world";

test("a file of addresses comes in line by line, is searched and removed in bulk", async ({ page, world }, info) => {
  await page.context().addCookies(world.state("owner").cookies);
  const olga = new Visitor(page, world.relay);
  const good = Array.from({ length: 3_000 }, (_, number) => `bulk${number}@left.example,left us,`);
  const file = info.outputPath("left.csv");
  await writeFile(file, ["address,reason,until", "no address,x,", ...good, "late@left.example,x,2020-01-01"].join("\n"));
  await olga.open("/p/biology/suppressions");
  await olga.press("Import CSV");
  const dialog = page.getByRole("dialog", { name: "Import addresses from CSV" });
  await dialog.getByLabel("A file").setInputFiles(file);
  await expect(dialog.getByLabel("CSV", { exact: true })).toHaveValue(/bulk2999@left\.example/);
  await dialog.getByRole("button", { name: "Import" }).click();
  await olga.isTold("Import begun");
  await expect(page.getByRole("heading", { name: "Import is done" })).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText("3,002 of 3,002 lines; 3,000 added, 2 refused").first()).toBeVisible();
  const refused = page.getByRole("table", { name: "Refused lines" });
  await expect(refused.getByRole("row", { name: /^2 no address/ })).toBeVisible();
  await expect(refused.getByRole("row", { name: /3,003 late@left\.example.*Choose a time to come/ })).toBeVisible();

  await olga.open("/p/biology/suppressions?q=bulk29");
  const list = page.getByRole("table", { name: "Suppressions" });
  await expect(list.getByRole("row")).toHaveCount(51);
  await expect(list.getByRole("row").nth(1)).toContainText("bulk2900@left.example");
  await page.getByLabel("Choose bulk2900@left.example").check();
  await page.getByLabel("Choose bulk2901@left.example").check();
  await olga.press("Remove from the list");
  await olga.isTold("Addresses removed; mail to them is taken again");
  await expect(page.getByText("bulk2901@left.example", { exact: true })).toHaveCount(0);

  await olga.open("/p/biology/suppressions?q=%40left.example");
  await page.getByRole("button", { name: /^Remove all that match/ }).click();
  const sure = page.getByRole("dialog", { name: "Remove all that match?" });
  await expect(sure).toContainText("2,998 addresses that match @left.example");
  await sure.getByLabel("The project's place in URLs").fill("biology");
  await sure.getByRole("button", { name: "Remove all that match" }).click();
  await olga.isTold("Addresses removed; mail to them is taken again");
  await olga.open("/p/biology/suppressions?q=%40left.example");
  await expect(page.getByText("No suppressed address begins so.")).toBeVisible();
});

test("a limit that is reached is said on the overview, and programs hear the wait", async ({ page, anotherPage, world }) => {
  await page.context().addCookies(world.state("operator").cookies);
  const runs = new Visitor(page, world.relay);
  const owner = await anotherPage({ storageState: world.state("owner") });
  const olga = new Visitor(owner, world.relay);
  await runs.open("/p/biology/settings");
  await runs.type({ "Recipients in an hour": "1" });
  await runs.press("Save limits");
  await runs.isTold("Saved");
  try {
    const mail = { ...world.reporter, from: "reports@biology.example", to: ["anna@inst.example"], subject: "One more" };
    await send(mail);
    const answer = await send(mail);
    expect(answer.code).toBe(451);
    expect(answer.text).toMatch(/4\.7\.1 .*wait \d+ seconds/);
    await olga.open("/p/biology");
    await expect(owner.getByText("A limit is reached; programs are told to wait.")).toBeVisible();
  } finally {
    await runs.open("/p/biology/settings");
    await runs.type({ "Recipients in an hour": "" });
    await runs.press("Save limits");
    await runs.isTold("Saved");
  }
});

test("operators limit the platform and see what is used", async ({ page, world }) => {
  await page.context().addCookies(world.state("operator").cookies);
  const runs = new Visitor(page, world.relay);
  await runs.open("/admin/settings");
  await runs.type({ "Recipients in a day": "100000", "New recipients of a project in a day": "5000" });
  await runs.press("Save limits");
  await runs.isTold("Saved");
  await expect(page.getByLabel("Recipients in a day", { exact: true })).toHaveValue("100000");
  await send({ ...world.reporter, from: "reports@biology.example", to: ["anna@inst.example"], subject: "One of one" });
  await runs.type({ "Recipients in a day": "1", "New recipients of a project in a day": "" });
  await runs.press("Save limits");
  await runs.isTold("Saved");
  const reached = page.getByText("A limit of the platform is reached; programs are told to wait.");
  try {
    // Where they land, where their console begins, and where it is set.
    for (const place of ["/", "/admin", "/admin/settings"]) {
      await runs.open(place);
      await expect(reached, place).toBeVisible();
    }
  } finally {
    await runs.open("/admin/settings");
    await runs.type({ "Recipients in a day": "" });
    await runs.press("Save limits");
    await runs.isTold("Saved");
  }
  await runs.open("/");
  await expect(reached).toHaveCount(0);
});
