// The page of nodes: who runs, what it does, and what is missing.
import { Visitor } from "../support/people";
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

test("a node shows its version, its roles, its load and that it leads", async ({ page, node }) => {
  await node.start();
  const olga = new Visitor(page, node);
  await olga.signIn(operator.email, operator.password);
  await olga.open("/admin/nodes");
  const row = page.getByRole("table", { name: "Nodes" }).getByRole("row").nth(1);
  await expect(row).toContainText("Running");
  await expect(row).toContainText("web, submission, delivery");
  await expect(row).toContainText("answers this page");
  await expect(row, "it says so with its next sign of life").toContainText("leader", { timeout: 30_000 });
  await expect(row).toContainText("MB");
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
