// The page of nodes: who runs, what it does, and what is missing.
import { biology } from "../support/biology";
import { Visitor } from "../support/people";
import { send } from "../support/programs";
import { expect, operator, Relaykeep, test as base } from "../support/test";

const test = base.extend<{ node: Relaykeep }>({
  // Before the page, so that the page is closed before the relay ends.
  node: [
    async ({ database }, use) => {
      const relay = await Relaykeep.prepare(database);
      try {
        await relay.must(["operator", "create", "--email", operator.email, "--password-stdin"], operator.password);
        await use(relay);
      } finally {
        await relay.remove();
      }
    },
    { auto: true },
  ],
});

test("a node shows its version, its roles, when it was seen, its load and that it leads", async ({ page, node }) => {
  const version = /^relaykeep (\d+\.\d+\.\d+)/.exec(await node.must(["--version"]))?.[1];
  expect(version, "the binary says its version").toBeTruthy();
  const program = await biology(node);
  await node.start();
  const olga = new Visitor(page, node);
  await olga.signIn(operator.email, operator.password);
  await olga.open("/admin/nodes");
  const row = page.getByRole("table", { name: "Nodes" }).getByRole("row").nth(1);
  const cell = (column: string) => row.locator(`td[data-label="${column}"]`);
  await expect(cell("Node")).toContainText(`version ${version}`);
  await expect(row).toContainText("Running");
  await expect(row).toContainText("web, submission, delivery");
  await expect(row).toContainText("answers this page");
  await expect(row, "it says so with its next sign of life").toContainText("leader", { timeout: 30_000 });
  const seen = cell("Last seen").locator("time").first();
  await expect(seen).toContainText("just now");
  const at = Date.parse((await seen.getAttribute("datetime")) ?? "");
  expect(Math.abs(Date.now() - at), "the moment of its last sign of life").toBeLessThan(60_000);
  await expect(cell("Last seen")).toContainText(/started (just now|\d+ min ago)/);
  await expect(cell("Deliveries")).toContainText(/\d/);
  await expect(cell("Sessions")).toContainText(/\d/);
  await expect(cell("Memory")).toContainText(/\d MB/);
  await expect(cell("Recovered")).toContainText(/^\s*0/);
  await expect(cell("Commits")).toContainText(/\d\/s/);
  const answer = await send({ ...program, to: ["anna@inst.example"], subject: "Load" });
  expect(answer.code, answer.text).toBe(250);
  const took = /\d[\d.]* ms, \d[\d.]* jobs? each; fsync \d[\d.]* ms/;
  await expect(cell("Commits"), "of what was committed since").toContainText(took, { timeout: 45_000 });
  await expect(page.getByText("A role has no node.")).toHaveCount(0);
});

test("a role that no node has is told", async ({ page, node }) => {
  await node.start("--roles", "web");
  const olga = new Visitor(page, node);
  await olga.signIn(operator.email, operator.password);
  await olga.open("/admin/nodes");
  await expect(page.getByText("A role has no node.")).toBeVisible();
  await expect(page.getByText("submission, delivery.")).toBeVisible();
});
