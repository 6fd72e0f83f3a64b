// One running Relaykeep of its own: fresh data folder, fresh database, free ports, nothing leaving the machine.
// Owns starting, asking and stopping the binary. Never knows what a page looks like.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes, randomInt } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { Dns } from "./dns";

export type Database = "sqlite" | "postgres";

const target = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../target");
const binary = process.env.RELAYKEEP_BIN ?? path.join(target, "debug/relaykeep");
const site = process.env.RELAYKEEP_SITE_DIR ?? path.join(target, "site");

/** How long the binary may take to be ready, or to stop, on a busy machine. */
const PATIENCE_MS = 60_000;

/** What `relaykeep` printed and how it ended. */
export interface Outcome {
  code: number | null;
  stdout: string;
  stderr: string;
}

export class Relaykeep {
  /** Ports of the listeners: STARTTLS with AUTH, implicit TLS with AUTH, and for trusted networks. */
  readonly ports: { portal: number; submission: number; submissions: number; networks: number };
  private server?: ChildProcess;
  private log = "";

  private constructor(
    /** Its data folder, with `relaykeep.toml` in it. */
    readonly folder: string,
    ports: number[],
    /** The DNS it asks. */
    readonly dns: Dns,
    private readonly dropDatabase: () => Promise<void>,
  ) {
    const [portal, submission, submissions, networks] = ports as [number, number, number, number];
    this.ports = { portal, submission, submissions, networks };
  }

  /** Makes everything a server needs, without starting it. `settings` are further keys by their environment names. */
  static async prepare(database: Database, settings: Record<string, string> = {}): Promise<Relaykeep> {
    const folder = await mkdtemp(path.join(tmpdir(), "relaykeep-end2end-"));
    const { url, drop } = await makeDatabase(database, folder);
    const relay = new Relaykeep(folder, await freePorts(4), await Dns.start(), drop);
    await writeFile(path.join(folder, "relaykeep.toml"), relay.configuration(url));
    relay.settings = settings;
    return relay;
  }

  private settings: Record<string, string> = {};

  /** The portal's address, without a slash at the end. */
  get url(): string {
    return `http://127.0.0.1:${this.ports.portal}`;
  }

  /** Everything the server has printed: its address lines, then its log. */
  get output(): string {
    return this.log;
  }

  /** Starts the server and waits until it is ready to serve. */
  async start(...flags: string[]): Promise<void> {
    const server = spawn(binary, ["serve", ...this.config, ...flags], { env: this.environment, stdio: ["ignore", "pipe", "pipe"] });
    this.server = server;
    let failed: Error | undefined;
    server.on("error", (error) => (failed = error));
    const keep = (chunk: Buffer) => (this.log += chunk.toString());
    server.stdout.on("data", keep);
    server.stderr.on("data", keep);
    const end = Date.now() + PATIENCE_MS;
    while (!(await this.ready())) {
      if (failed || server.exitCode !== null || Date.now() > end) {
        await this.stop();
        throw new Error(`relaykeep serve is not ready: ${failed ?? `exit code ${server.exitCode}`}\n${this.log}`);
      }
      await pause(50);
    }
  }

  /** Ends the server as an administrator would, with SIGTERM, and waits until it is gone. */
  async stop(): Promise<void> {
    const server = this.server;
    this.server = undefined;
    if (!server || server.exitCode !== null || server.signalCode !== null || server.pid === undefined) return;
    const gone = once(server, "exit");
    server.kill("SIGTERM");
    const late = setTimeout(() => server.kill("SIGKILL"), PATIENCE_MS);
    await gone;
    clearTimeout(late);
  }

  /** Ends the server and removes all it kept. */
  async remove(): Promise<void> {
    await this.stop();
    await this.dns.stop();
    await this.dropDatabase();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Runs another subcommand of the binary on the same data, such as `apply FILE`. */
  async run(subcommand: string[], input = ""): Promise<Outcome> {
    const child = spawn(binary, [...subcommand, ...this.config], { env: this.environment, stdio: "pipe" });
    const outcome: Outcome = { code: null, stdout: "", stderr: "" };
    child.stdout.on("data", (chunk: Buffer) => (outcome.stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (outcome.stderr += chunk.toString()));
    child.stdin.end(input);
    [outcome.code] = (await once(child, "close")) as [number | null];
    return outcome;
  }

  /** Runs a subcommand that must succeed, and gives what it printed. */
  async must(subcommand: string[], input = ""): Promise<string> {
    const { code, stdout, stderr } = await this.run(subcommand, input);
    if (code !== 0) throw new Error(`relaykeep ${subcommand.join(" ")} ended with ${code}\n${stdout}${stderr}`);
    return stdout;
  }

  private get config(): string[] {
    return ["--config", path.join(this.folder, "relaykeep.toml")];
  }

  private get environment(): NodeJS.ProcessEnv {
    // Settings of whoever runs the tests are not ours.
    const kept = Object.entries(process.env).filter(([name]) => !name.startsWith("RELAYKEEP_"));
    return { ...Object.fromEntries(kept), ...this.settings };
  }

  private configuration(database: string): string {
    const listener = (name: string, port: number, tls: string, auth: string) =>
      `\n[[listener]]\nname = "${name}"\nlisten = "127.0.0.1:${port}"\ntls = "${tls}"\nauth = "${auth}"\n`;
    return [
      `data_dir = ${JSON.stringify(path.join(this.folder, "data"))}`,
      `hostname = "relay.example.org"`,
      `\n[database]\nurl = ${JSON.stringify(database)}`,
      `\n[dns]\nnameservers = ["${this.dns.address}"]\nauthoritative_port = ${this.dns.port}`,
      `\n[portal]\nlisten = "127.0.0.1:${this.ports.portal}"\nsite_dir = ${JSON.stringify(site)}`,
      `\n[delivery]\nroute = "capture"\n`,
      listener("submission", this.ports.submission, "starttls", "required"),
      listener("submissions", this.ports.submissions, "implicit", "required"),
      listener("networks", this.ports.networks, "none", "networks"),
    ].join("\n");
  }

  private async ready(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/readyz`)).ok;
    } catch {
      return false;
    }
  }
}

async function makeDatabase(database: Database, folder: string): Promise<{ url: string; drop: () => Promise<void> }> {
  if (database === "sqlite") {
    return { url: `sqlite://${path.join(folder, "relaykeep.sqlite")}`, drop: async () => {} };
  }
  const server = process.env.RELAYKEEP_TEST_POSTGRES;
  if (!server) throw new Error("RELAYKEEP_TEST_POSTGRES must name a PostgreSQL in which databases may be made");
  const name = `end2end_${randomBytes(6).toString("hex")}`;
  await ask(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => ask(server, `DROP DATABASE ${name} WITH (FORCE)`) };
}

async function ask(server: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** Below the ports that the system gives to connections (32768 and more): else one of them takes it before we do. */
const PORTS = { first: 10_000, last: 32_000 };

/** Listens on a port left to chance that nobody has. */
async function listenSomewhere(): Promise<ReturnType<typeof createServer>> {
  for (;;) {
    const server = createServer().listen(randomInt(PORTS.first, PORTS.last), "127.0.0.1");
    try {
      await once(server, "listening");
      return server;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }
}

/** Ports nothing listens on, all different because all are held until the last is known. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, listenSomewhere));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))));
  return ports;
}

const pause = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));
