// A real authoritative DNS server (Knot) with a forward and a reverse zone that take signed updates.
// Owns its configuration, its process and the questions of dig. Other records than those here do not exist.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

const SECRET = Buffer.from("0123456789abcdef0123456789abcdef").toString("base64");

export class Knot {
  /** The key that may change its zones, as it is typed into the portal. */
  readonly key = { name: "writer", secret: SECRET };
  private server?: ChildProcess;
  private log = "";

  private constructor(
    private readonly folder: string,
    readonly port: number,
  ) {}

  /** Starts with these zones, each with its records beside SOA and NS. */
  static async start(zones: Record<string, string>): Promise<Knot> {
    const knot = new Knot(await mkdtemp(path.join(tmpdir(), "relaykeep-knot-")), await freePort());
    await knot.configure({ ".": "ns1.test. A 127.0.0.1\nready.test. TXT ready\n", ...zones });
    const program = ["/usr/sbin/knotd", "/usr/bin/knotd"].find(existsSync) ?? "knotd";
    knot.server = spawn(program, ["-c", path.join(knot.folder, "knot.conf")], { stdio: ["ignore", "pipe", "pipe"] });
    const keep = (chunk: Buffer) => (knot.log += chunk.toString());
    knot.server.stdout?.on("data", keep);
    knot.server.stderr?.on("data", keep);
    const end = Date.now() + 30_000;
    while (!(await knot.dig("ready.test", "TXT")).length) {
      if (knot.server.exitCode !== null || Date.now() > end) throw new Error(`knot is not ready:\n${knot.log}`);
      await new Promise((done) => setTimeout(done, 50));
    }
    return knot;
  }

  /** Settings that make a relay ask this server, as resolver and as authority. */
  get settings(): Record<string, string> {
    return { RELAYKEEP_DNS_NAMESERVERS: this.address, RELAYKEEP_DNS_AUTHORITATIVE_PORT: String(this.port) };
  }

  /** HOST:PORT of the server. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** What dig says in short. */
  async dig(...question: string[]): Promise<string[]> {
    const server = ["@127.0.0.1", "-p", String(this.port), "+short", "+tries=1", "+time=2"];
    const { stdout } = await run("dig", [...server, ...question]).catch(() => ({ stdout: "" }));
    return stdout.split("\n").filter((line) => line && !line.startsWith(";;"));
  }

  /** The names of an address. */
  async names(address: string): Promise<string[]> {
    return this.dig("-x", address);
  }

  /** Changes a zone as somebody else would: lines of nsupdate such as `add www.bio.example. 5 A 192.0.2.7`. */
  async change(zone: string, ...lines: string[]): Promise<void> {
    const script = path.join(this.folder, "change");
    await writeFile(script, [`server 127.0.0.1 ${this.port}`, `zone ${zone}.`, ...lines, "send", ""].join("\n"));
    await run("knsupdate", ["-y", `hmac-sha256:${this.key.name}:${SECRET}`, script]);
  }

  async stop(): Promise<void> {
    const server = this.server;
    if (server && server.exitCode === null) {
      const gone = once(server, "exit");
      server.kill("SIGTERM");
      await gone;
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  private async configure(zones: Record<string, string>): Promise<void> {
    await mkdir(path.join(this.folder, "db"));
    const blocks = await Promise.all(
      Object.entries(zones).map(async ([name, records], number) => {
        const file = path.join(this.folder, `zone${number}`);
        const origin = name === "." ? "." : `${name}.`;
        const head = `$ORIGIN ${origin}\n$TTL 2\n@ SOA ns1.test. hostmaster.test. 1 60 60 600 1\n@ NS ns1.test.\n`;
        await writeFile(file, `${head}${records}\n`);
        return `  - domain: ${origin}\n    file: ${file}\n    acl: writers\n`;
      }),
    );
    const text = [
      `server:\n  listen: 127.0.0.1@${this.port}\n  rundir: ${this.folder}`,
      "  udp-workers: 1\n  tcp-workers: 1\n  background-workers: 1",
      "log:\n  - target: stderr\n    any: warning",
      `database:\n  storage: ${this.folder}/db`,
      `key:\n  - id: ${this.key.name}\n    algorithm: hmac-sha256\n    secret: ${SECRET}`,
      `acl:\n  - id: writers\n    key: [${this.key.name}]\n    action: update`,
      "template:\n  - id: default\n    zonefile-sync: -1\n    zonefile-load: whole\n    journal-content: changes",
      `zone:\n${blocks.join("")}`,
    ];
    await writeFile(path.join(this.folder, "knot.conf"), text.join("\n"));
  }
}

/** A port of TCP and UDP below those the kernel gives to what goes out: a question to DNS may take one of those at any moment. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    const udp = createSocket("udp4");
    const tcp = createServer();
    try {
      udp.bind(port, "127.0.0.1");
      await once(udp, "listening");
      tcp.listen(port, "127.0.0.1");
      await once(tcp, "listening");
      return port;
    } catch {
      // Taken: another one is tried.
    } finally {
      await new Promise<void>((done) => udp.close(done));
      if (tcp.listening) await new Promise((done) => tcp.close(done));
    }
  }
}
