// Two projects, seen from outside: what a member of one, a viewer and someone who is not signed in get when they open
// and post everything of the other. The use cases have tests of their own; these go through the doors people use.
import type { BrowserContext } from "@playwright/test";
import { type Attempt, callsDuring, distinct, formsOf, nameOf, namesAThing, post } from "../support/attempts";
import { complaintsOf } from "../support/complaints";
import { hydrated } from "../support/pages";
import { CONTENT, DOWNLOADS, LISTS, PLATFORM, PLATFORM_FILES, PROJECT } from "../support/paths";
import { expect, people, type Role, test, type World } from "../support/world";

/** A word that stands on every page of the project, and in every address in it. */
const WORD = /biology|olga@|reports@|Your report/i;

const ALL = [...PROJECT, ...CONTENT, ...DOWNLOADS, ...LISTS];

/** The templates that name one thing of the project. */
const THINGS = ALL.filter((path) => path.startsWith("/p/") && path.includes(":"));

async function as<T>(world: World, role: Role | undefined, act: (context: BrowserContext) => Promise<T>): Promise<T> {
  const context = await world.context(role, { javaScriptEnabled: false });
  try {
    return await act(context);
  } finally {
    await context.close();
  }
}

/** What was gathered from a world already; it takes a while, and tests leave the world as it is. */
const gathered = new WeakMap<World, Map<string, Promise<Attempt[]>>>();

function once(world: World, key: string, gather: () => Promise<Attempt[]>): Promise<Attempt[]> {
  const known = gathered.get(world) ?? new Map<string, Promise<Attempt[]>>();
  gathered.set(world, known);
  const found = known.get(key) ?? gather();
  known.set(key, found);
  return found;
}

/** Every form on these pages, as `role` sees them. */
const forms = (world: World, role: Role, paths: string[]) => once(world, `${role} ${paths}`, () => findForms(world, role, paths));

/** The calls that read the project's pages when the owner walks through them. */
const reads = (world: World) => once(world, "reads", () => findReads(world));

function findForms(world: World, role: Role, paths: string[]): Promise<Attempt[]> {
  return as(world, role, async (context) => {
    const page = await context.newPage();
    const found: Attempt[] = [];
    for (const path of paths) {
      await page.goto(world.relay.url + world.at(path));
      found.push(...(await formsOf(page)));
    }
    return distinct(found);
  });
}

/** Two pages of the module that has `path`. */
function neighbours(path: string): [string, string] {
  const [, place, , noun = ""] = path.split(/[/?]/);
  if (place !== "p") return ["/account", "/"];
  if (/^(service-accounts|senders|domains|networks|suppressions|api-tokens)$/.test(noun)) return ["/p/biology/networks", "/p/biology/senders"];
  if (/^(addresses|tickets)$/.test(noun)) return ["/p/biology/addresses", "/p/biology/tickets"];
  return ["/p/biology/settings", "/p/biology/members"];
}

async function findReads(world: World): Promise<Attempt[]> {
  const context = await world.context("owner");
  const page = await context.newPage();
  const calls = await callsDuring(page, async () => {
    for (const path of [...PROJECT, ...CONTENT].map((path) => world.at(path))) {
      // A link is followed by the browser side itself only from a page of the same module.
      const [from, other] = neighbours(path);
      if (neighbours(new URL(page.url()).pathname)[0] !== from || path === from) {
        await page.goto(world.relay.url + (path === from ? other : from));
        await hydrated(page);
      }
      const read = page.waitForResponse((answer) => /\/api\/(load|list)_(?!console)/.test(answer.url()));
      await page.evaluate((href) => {
        const link = document.body.appendChild(document.createElement("a"));
        link.href = href;
        link.click();
        link.remove();
      }, path);
      await page.waitForURL((url) => url.pathname + url.search === path);
      await read;
    }
  });
  await context.close();
  return distinct(calls).filter(({ fields }) => "slug" in fields || "code" in fields);
}

/** What the project holds, as the owner's own calls tell it. The overview is left out: its figures are of the moment. */
async function contents(world: World, calls: Attempt[]): Promise<Record<string, string>> {
  return as(world, "owner", async (context) => {
    const told: Record<string, string> = {};
    for (const call of calls.filter((call) => nameOf(call) !== "load_overview")) {
      const { body } = await post(context, world.relay.url, call);
      // The relay itself asks DNS again every now and then, and notes when.
      told[JSON.stringify(call)] = body.replaceAll(/"(checked_at|asked_at|next_check_at)":(\d+|null)/g, '"$1":0');
    }
    return told;
  });
}

test("a member of another project finds no page, no message, no file, and no word of it", async ({ world }) => {
  await as(world, "outsider", async ({ request }) => {
    for (const path of [...ALL.map((path) => world.at(path)), ...THINGS.map((path) => elsewhere(world.at(path)))]) {
      const answer = await request.get(world.relay.url + path, { maxRedirects: 0 });
      expect(answer.status(), path).toBe(404);
      expect(await answer.text(), path).not.toMatch(WORD);
    }
    for (const path of [...PLATFORM, ...PLATFORM_FILES].map((path) => world.at(path))) {
      const answer = await request.get(world.relay.url + path, { maxRedirects: 0 });
      expect(answer.status(), path).toBe(403);
      expect(await answer.text(), path).not.toMatch(WORD);
    }
  });
});

test("the files that others are refused are there for the operator", async ({ world }) => {
  await as(world, "operator", async ({ request }) => {
    for (const path of [...LISTS, ...PLATFORM_FILES.filter((path) => path.endsWith(".csv"))]) {
      const answer = await request.get(world.relay.url + path, { maxRedirects: 0 });
      expect(answer.status(), path).toBe(200);
    }
  });
});

test("what a member of another project sees there is a page that says so and leads home", async ({ page, world }) => {
  await page.context().addCookies(world.state("outsider").cookies);
  for (const [path, heading] of [
    [world.at("/p/biology/messages/:message"), "Not found"],
    [elsewhere(world.at("/p/biology/service-accounts/:account")), "Not found"],
    ["/admin/users", "Not allowed"],
  ] as const) {
    await page.goto(world.relay.url + path);
    await hydrated(page);
    await expect(page.getByRole("heading", { level: 1, name: heading })).toBeVisible();
    await expect(page.getByRole("link", { name: "Your projects" })).toHaveAttribute("href", "/");
    complaintsOf(page).expected(/status of 40[34]/);
  }
});

test("nothing of a project can be read or changed by a member of another, whatever is posted", async ({ world }) => {
  test.slow();
  const { url } = world.relay;
  const [read, owned, operated] = [
    await reads(world),
    await forms(world, "owner", PROJECT),
    await forms(world, "operator", [...PROJECT, ...PLATFORM]),
  ];
  expect(read.length, "calls that read").toBeGreaterThan(12);
  expect(new Set(owned.map(nameOf)).size, "forms of the owner").toBeGreaterThan(15);
  const chosen = owned.filter((attempt) => nameOf(attempt) === "change_messages").map(({ fields }) => fields);
  expect(chosen.map(({ wish }) => wish).sort()).toEqual(["cancel", "hold", "release", "retry"]);
  expect(chosen.every((fields) => fields["ids[]"]), "of a message that waits").toBe(true);
  const before = await contents(world, read);
  expect(Object.values(before).join()).toMatch(WORD);

  await as(world, "outsider", async (context) => {
    const whole = distinct([...read, ...owned, ...operated]);
    const swapped = whole.filter(namesAThing).map(({ path, fields }) => ({ path, fields: { ...fields, slug: "chemistry" } }));
    for (const attempt of [...whole, ...swapped]) {
      const { status, body } = await post(context, url, attempt);
      // Of several things chosen in a list, those of another project are as if they were not there.
      const none = attempt.fields.slug === "chemistry" && "ids[]" in attempt.fields ? [409] : [];
      expect([403, 404, ...none], `${nameOf(attempt)} ${JSON.stringify(attempt.fields)}: ${body}`).toContain(status);
      expect(body).not.toMatch(WORD);
    }
    for (const attempt of owned) {
      const referer = url + world.at("/p/biology/settings");
      const { status, body } = await post(context, url, attempt, { accept: "text/html", referer });
      expect(status, `${nameOf(attempt)} as a plain form`).toBeGreaterThanOrEqual(400);
      expect(body).not.toMatch(WORD);
    }
  });
  expect(await contents(world, read)).toEqual(before);
});

test("a viewer may change nothing and read no content, whatever is posted", async ({ world }) => {
  test.slow();
  const { url } = world.relay;
  const read = await reads(world);
  const [owned, operated] = [await forms(world, "owner", PROJECT), await forms(world, "operator", [...PROJECT, ...PLATFORM])];
  const before = await contents(world, read);
  await as(world, "viewer", async (context) => {
    // Who is in a project may leave it.
    const leaves = ({ fields }: Attempt) => fields.confirm === people.viewer.email;
    for (const attempt of distinct([...owned, ...operated]).filter((attempt) => !leaves(attempt))) {
      const { status, body } = await post(context, url, attempt);
      const right = attempt.fields.slug === "chemistry" ? 404 : 403;
      expect(status, `${nameOf(attempt)} ${JSON.stringify(attempt.fields)}: ${body}`).toBe(right);
    }
    for (const call of read) {
      const content = nameOf(call) === "load_captured_message";
      expect((await post(context, url, call)).status, nameOf(call)).toBe(content ? 403 : 200);
    }
    for (const path of [...CONTENT, ...DOWNLOADS, ...PLATFORM_FILES]) {
      const answer = await context.request.get(url + world.at(path), { maxRedirects: 0 });
      expect(answer.status(), path).toBe(403);
      expect(await answer.text(), path).not.toContain("Your report");
    }
    for (const path of LISTS) {
      const answer = await context.request.get(url + path, { maxRedirects: 0 });
      expect(answer.status(), path).toBe(200);
      expect(answer.headers()["content-type"], path).toContain("text/csv");
    }
  });
  expect(await contents(world, read)).toEqual(before);
});

test("a member may not do what is the owner's", async ({ world }) => {
  const { url } = world.relay;
  const owners = /^(save_general|save_route|invite_member|set_role|resend_invitation|withdraw_invitation)$/;
  const attempts = (await forms(world, "owner", PROJECT)).filter((attempt) => owners.test(nameOf(attempt)));
  expect(new Set(attempts.map(nameOf)).size).toBe(6);
  await as(world, "member", async (context) => {
    for (const attempt of attempts) {
      expect((await post(context, url, attempt)).status, nameOf(attempt)).toBe(403);
    }
  });
});

test("someone who is not signed in is asked to sign in, and changes nothing", async ({ world }) => {
  test.slow();
  const { url } = world.relay;
  const [read, owned, operated] = [
    await reads(world),
    await forms(world, "owner", PROJECT),
    await forms(world, "operator", [...PROJECT, ...PLATFORM]),
  ];
  const before = await contents(world, read);
  await as(world, undefined, async (context) => {
    for (const path of [...PROJECT, ...CONTENT, ...PLATFORM, "/", "/account"].map((path) => world.at(path))) {
      const answer = await context.request.get(url + path, { maxRedirects: 0 });
      expect(answer.status(), path).toBe(302);
      expect(answer.headers().location, path).toBe(`/login?next=${encodeURIComponent(path)}`);
      expect((await answer.text()).replaceAll(path, ""), path).not.toMatch(/olga@|reports@|Your report/);
    }
    for (const path of [...DOWNLOADS, ...LISTS, ...PLATFORM_FILES]) {
      const answer = await context.request.get(url + world.at(path), { maxRedirects: 0 });
      expect(answer.status(), path).toBe(401);
      expect(await answer.text(), path).not.toMatch(WORD);
    }
    for (const attempt of distinct([...read, ...owned, ...operated])) {
      const { status, body } = await post(context, url, attempt);
      expect(status, `${nameOf(attempt)} ${JSON.stringify(attempt.fields)}: ${body}`).toBe(401);
      expect(body).not.toMatch(WORD);
    }
  });
  expect(await contents(world, read)).toEqual(before);
});

test("what another site makes the browser send is refused", async ({ world }) => {
  const { url } = world.relay;
  const [attempt] = (await forms(world, "owner", ["/p/biology/networks"])).filter((one) => nameOf(one) === "add_network");
  expect(attempt).toBeTruthy();
  await as(world, "owner", async (context) => {
    for (const headers of [{ origin: "https://evil.example" }, { origin: "null" }, { "sec-fetch-site": "cross-site" }]) {
      expect((await post(context, url, attempt as Attempt, headers as {})).status, JSON.stringify(headers)).toBe(403);
    }
  });
});

const elsewhere = (path: string) => path.replace("/p/biology", "/p/chemistry");
