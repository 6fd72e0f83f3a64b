// The project of specs that need one whose program may send, and no more of the world.
// Owns its rules. Never starts the relay.
import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { Mail } from "./programs";
import type { Relaykeep } from "./relaykeep";

const FROM = "reports@biology.example";

const RULES = {
  projects: [
    {
      slug: "biology",
      name: "Biology",
      sandbox: false,
      domains: [{ name: "biology.example", verified: true }],
      service_accounts: [{ label: "reporter", default_sender: FROM }],
    },
  ],
};

/** Makes the project on a relay, which need not run; gives how its program signs in and as whom it sends. */
export async function biology(relay: Relaykeep): Promise<Pick<Mail, "port" | "user" | "secret" | "from">> {
  const file = path.join(relay.folder, "rules.yaml");
  await writeFile(file, JSON.stringify(RULES));
  const [account] = JSON.parse(await relay.must(["apply", file])).issued;
  return { port: relay.ports.submission, user: account.username, secret: account.secret, from: FROM };
}
