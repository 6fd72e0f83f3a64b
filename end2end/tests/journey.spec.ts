// From the setup link on the terminal to the story of a message, as most people walk it: with JavaScript.
import { journey } from "../support/journey";
import { Visitor } from "../support/people";
import { test } from "../support/test";

test("a newcomer sets the relay up, sends from a program, and reads what became of it", async ({ browser, freshRelay, page }) => {
  await journey(new Visitor(page, freshRelay), freshRelay, () => browser.newContext());
});
