// Live pages: what happens is seen by itself, and nothing moves under the hands of who works on the page.
import type { Page } from "@playwright/test";
import { biology } from "../support/biology";
import { complaintsOf } from "../support/complaints";
import { hydrated } from "../support/pages";
import { Visitor } from "../support/people";
import { send } from "../support/programs";
import { Sink } from "../support/sink";
import { expect, operator, Relaykeep, test as base } from "../support/test";

interface Scene {
  relay: Relaykeep;
  sink: Sink;
  /** A program of the project sends a message with this subject. */
  mail: (subject: string, from?: string) => Promise<void>;
  /** Starts the relay again, after it was stopped. */
  start: () => Promise<void>;
}

const test = base.extend<{ scene: Scene }>({
  // Before the page, so that the page is closed before the relay ends.
  scene: [
    async ({ database }, use) => {
      const sink = await Sink.start();
      const relay = await Relaykeep.prepare(database);
      try {
        relay.dns.domain("inst.example");
        await relay.must(["operator", "create", "--email", operator.email, "--password-stdin"], operator.password);
        const program = await biology(relay);
        const start = () => relay.start("--delivery-route", "mx", "--delivery-port", String(sink.port), "--delivery-local-mx", "true");
        await start();
        const mail = async (subject: string, from = program.from) => {
          await send({ ...program, from, to: ["anna@inst.example"], subject });
        };
        await use({ relay, sink, mail, start });
      } finally {
        // A relay that is told to stop waits for what it is sending.
        sink.release();
        await relay.remove();
        await sink.stop();
      }
    },
    { auto: true },
  ],
});

async function at(page: Page, scene: Scene, place: string): Promise<Visitor> {
  const olga = new Visitor(page, scene.relay);
  await olga.signIn(operator.email, operator.password);
  await olga.open(place);
  await expect(dot(page)).toHaveText("Live");
  return olga;
}

const dot = (page: Page) => page.locator("main .live");

test("a message's page follows it until it is delivered", async ({ page, scene }) => {
  await at(page, scene, "/p/biology/messages");
  await scene.mail("Spring report");
  const link = page.getByRole("link", { name: "Spring report" });
  await expect(link, "the list shows it by itself").toBeVisible();
  await link.click();
  const header = page.locator(".page-header");
  await expect(header.getByText("Queued")).toBeVisible();
  await expect(page.getByText("250 2.0.0 taken")).toHaveCount(0);
  await expect(dot(page)).toHaveText("Live");
  scene.sink.release();
  await expect(header.getByText("Delivered"), "the page shows it by itself").toBeVisible();
  await expect(page.getByText("2.0.0 taken").first()).toBeVisible();
});

test("the numbers, the refusals and the queue follow what happens", async ({ page, scene, anotherPage }) => {
  await at(page, scene, "/p/biology");
  const queue = await anotherPage();
  await at(queue, scene, "/admin/queue");
  await expect(queue.getByText("The queue is empty")).toBeVisible();
  await scene.mail("Spring report");
  await expect(page.locator("main").getByRole("link", { name: /Accepted/ })).toContainText("1");
  await expect(queue.getByRole("cell", { name: "inst.example" })).toBeVisible();
  await scene.mail("Forged", "chief@bank.example");
  await expect(page.getByText("chief@bank.example")).toBeVisible();
  scene.sink.release();
  await expect(queue.getByText("The queue is empty")).toBeVisible();
});

test("a list is read again under its filter, and not under the hands of who types", async ({ page, scene }) => {
  await at(page, scene, "/p/biology/messages?q=spring");
  const search = page.getByRole("searchbox");
  await search.focus();
  await search.fill("spring rep");
  await scene.mail("Autumn report");
  await scene.mail("Spring report");
  await expect(dot(page)).toHaveText("Paused");
  await expect(search).toBeFocused();
  await expect(search).toHaveValue("spring rep");
  await expect(page.getByRole("link", { name: "Spring report" })).toHaveCount(0);
  await search.blur();
  await expect(page.getByRole("link", { name: "Spring report" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Autumn report" })).toHaveCount(0);
  await expect(dot(page)).toHaveText("Live");
  await expect(page).toHaveURL(/\?q=spring$/);
});

test("one box chooses all that wait, and the choice stays while the list goes on", async ({ page, scene }) => {
  for (const subject of ["Spring report", "Autumn report"]) await scene.mail(subject);
  await at(page, scene, "/p/biology/messages");
  const [all, status] = [page.getByRole("checkbox", { name: "Choose all 2" }), page.locator(".chosen").getByRole("status")];
  const each = page.getByRole("row").getByRole("checkbox", { name: /^Choose (Spring|Autumn) report$/ });
  await expect(each).toHaveCount(2);
  await expect(status).toHaveText("");
  await all.press("Space");
  for (const box of await each.all()) await expect(box).toBeChecked();
  await expect(status).toHaveText("2 of 2 chosen");
  await scene.mail("Winter report");
  await expect(dot(page)).toHaveText("Paused");
  await expect(each.first()).toBeChecked();
  await each.first().press("Space");
  await expect(all).toBeChecked({ indeterminate: true });
  await expect(status).toHaveText("1 of 2 chosen");
  await all.press("Space");
  await expect(all).toBeChecked();
  await all.press("Space");
  for (const box of await each.all()) await expect(box).not.toBeChecked();
  await all.blur();
  await expect(page.getByRole("checkbox", { name: "Choose all 3" })).not.toBeChecked();
});

test("a stream that broke is opened again, and the page goes on", async ({ page, scene }) => {
  await at(page, scene, "/p/biology/messages");
  const refused = page.waitForEvent("requestfailed", (request) => request.url().includes("/events"));
  await scene.relay.stop();
  await expect(dot(page)).toHaveText("Reconnecting");
  await refused;
  await scene.start();
  await scene.mail("Spring report");
  await expect(page.getByRole("link", { name: "Spring report" })).toBeVisible({ timeout: 30_000 });
  await expect(dot(page)).toHaveText("Live");
  complaintsOf(page).expected(/ERR_CONNECTION_REFUSED/);
});

test("an answer that does not come leaves the page as it is, and is asked for again", async ({ page, scene }) => {
  await scene.mail("Spring report");
  await at(page, scene, "/p/biology/messages");
  await page.route(/\/api\/load_messages/, (route) => route.abort());
  const failed = page.waitForEvent("requestfailed", (request) => request.url().includes("/api/load_messages"));
  await scene.mail("Autumn report");
  await failed;
  await expect(page.getByRole("link", { name: "Spring report" })).toBeVisible();
  await expect(dot(page)).toHaveText("Live");
  await page.unroute(/\/api\/load_messages/);
  await expect(page.getByRole("link", { name: "Autumn report" })).toBeVisible();
  complaintsOf(page).expected(/ERR_FAILED/);
});

test("the palette finds messages and service accounts", async ({ page, scene }) => {
  scene.sink.release();
  await scene.mail("Spring report");
  await at(page, scene, "/p/biology");
  await page.keyboard.press("Control+k");
  const palette = page.getByRole("dialog", { name: "Go to" });
  const field = palette.getByRole("combobox", { name: "Go to" });
  await expect(field).toBeFocused();
  await page.keyboard.type("spring");
  const found = palette.getByRole("option", { name: /Spring report/ });
  await expect(found).toBeVisible();
  await expect(palette.getByRole("status")).toHaveText("1 result");
  await expect(found).toHaveAttribute("aria-selected", "true");
  await expect(field).toHaveAttribute("aria-activedescendant", (await found.getAttribute("id")) as string);
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "Spring report" })).toBeVisible();
  await expect(palette).toBeHidden();

  await page.keyboard.press("Control+k");
  await expect(field).toHaveValue("");
  await page.keyboard.type("repor");
  const account = palette.getByRole("option", { name: /reporter/ });
  await expect(account).toBeVisible();
  await page.keyboard.press("ArrowUp");
  await expect(account).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { level: 1, name: "reporter" })).toBeVisible();

  // The page of an account is another module's: it was loaded anew.
  await hydrated(page);
  await page.keyboard.press("Control+k");
  await expect(field).toBeFocused();
  await page.keyboard.type("nothing like it");
  await expect(palette.getByText("Nothing matches")).toBeVisible();
  await expect(palette.getByRole("status")).toHaveText("0 results");
});
