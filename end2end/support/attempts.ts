// What a person could send by hand: the forms of pages as they stand, and the calls the browser side makes.
// Owns gathering, changing and sending them. Never decides what the right answer is.
import type { BrowserContext, Page } from "@playwright/test";

/** One call of a server function: the address a form posts to, and its fields. */
export interface Attempt {
  path: string;
  fields: Record<string, string>;
}

/** What came of one. */
export interface Answer {
  status: number;
  body: string;
}

/** What to type where a form has nothing yet, so that the refusal is about the person and not about what is typed. */
const TYPED: Record<string, string> = {
  address: "intruder@lab.example",
  allowed_senders: "all",
  bounce_contact: "intruder@lab.example",
  cidr: "10.77.0.0/24",
  email: "intruder@lab.example",
  from: "reports@biology.example",
  label: "Intruder",
  name: "intruder.example",
  reason: "Because",
  slug: "intruder",
  to: "intruder@lab.example",
};

/** Forms that everyone has, about themselves alone. */
const OWN = /\/(sign_out|set_theme|change_password)\d*$/;

/** Every posting form of the open page, filled in; one attempt for each of its buttons that says what it does. */
export async function formsOf(page: Page): Promise<Attempt[]> {
  const found = await page.locator("form[method=post]").evaluateAll((forms) =>
    (forms as HTMLFormElement[]).flatMap((form) => {
      const fields = Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
      const confirm = form.querySelector(".type-this b")?.textContent;
      if (confirm) fields.confirm = confirm;
      const inputs = [...form.elements] as (HTMLInputElement | HTMLButtonElement)[];
      for (const { type, name, value } of inputs) if (type === "checkbox" && name) fields[name] ??= value;
      const path = new URL(form.action).pathname;
      const buttons = inputs.filter(({ type, name }) => type === "submit" && name);
      if (buttons.length === 0) return [{ path, fields }];
      return buttons.map(({ name, value }) => ({ path, fields: { ...fields, [name]: value } }));
    }),
  );
  for (const { fields } of found) {
    for (const [name, value] of Object.entries(fields)) fields[name] = value || (TYPED[name] ?? "");
  }
  return found.filter(({ path }) => !OWN.test(path));
}

/** The calls the browser side makes while `walk` goes on: what pages are read with. */
export async function callsDuring(page: Page, walk: () => Promise<void>): Promise<Attempt[]> {
  const calls: Attempt[] = [];
  page.on("request", (request) => {
    const path = new URL(request.url()).pathname;
    if (request.method() !== "POST" || !path.startsWith("/api/") || OWN.test(path)) return;
    calls.push({ path, fields: Object.fromEntries(new URLSearchParams(request.postData() ?? "")) });
  });
  await walk();
  return calls;
}

/** Each once. */
export function distinct(attempts: Attempt[]): Attempt[] {
  return [...new Map(attempts.map((attempt) => [JSON.stringify(attempt), attempt])).values()];
}

/** Whether it names one thing besides its project. */
export function namesAThing({ fields }: Attempt): boolean {
  return "slug" in fields && ["id", "ids[]", "account"].some((name) => name in fields);
}

/** The name of the function: `remove_sender`. */
export const nameOf = ({ path }: Attempt) => path.split("/").pop()?.replace(/\d+$/, "") ?? path;

/** Posts it with the cookies of `context`, as the browser side would; `headers` say otherwise. */
export async function post(
  context: BrowserContext,
  portal: string,
  { path, fields }: Attempt,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const answer = await context.request.post(portal + path, {
    form: fields,
    headers: { accept: "application/json", origin: portal, ...headers },
    maxRedirects: 0,
  });
  return { status: answer.status(), body: await answer.text() };
}
