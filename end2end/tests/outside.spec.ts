// The pages for someone who is not signed in: they start, are accessible in both themes, fit, and need no JavaScript.
import { expect, test } from "../support/test";
import { sound } from "../support/pages";

for (const path of ["/login", "/setup"]) {
  test(`${path} is sound before anyone has set the relay up`, async ({ browser, page, freshRelay }) => {
    await sound(browser, page, freshRelay.url + path);
  });
}

test("someone who is not signed in is taken to the login", async ({ page, relay }) => {
  await page.goto(`${relay.url}/`);
  await expect(page).toHaveURL(/\/login\?next=/);
});
