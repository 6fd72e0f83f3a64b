// The same journey in a browser that runs no JavaScript.
import { journey } from "../support/journey";
import { Visitor } from "../support/people";
import { test } from "../support/test";

test.use({ javaScriptEnabled: false });

test("a newcomer without JavaScript sets the relay up, sends from a program, and reads what became of it", async ({
  browser,
  freshRelay,
  page,
}) => {
  const strangers = () => browser.newContext({ javaScriptEnabled: false });
  await journey(new Visitor(page, freshRelay, false), freshRelay, strangers);
});
