// A DNS server of this machine that knows what a test publishes, and nothing else: resolver and authority of all names.
// Owns the few octets of RFC 1035 that this needs. Never asks anyone else; what it does not know does not exist.
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import type { AddressInfo } from "node:net";

const TYPES = { A: 1, NS: 2, MX: 15, TXT: 16 } as const;
type Kind = keyof typeof TYPES;

export class Dns {
  private readonly records = new Map<string, string[]>();

  private constructor(private readonly socket: Socket) {}

  static async start(): Promise<Dns> {
    const socket = createSocket("udp4");
    const dns = new Dns(socket);
    socket.on("message", (question, from) => socket.send(dns.answer(question), from.port, from.address));
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    for (const top of ["example", "org", "arpa", "test"]) dns.publish(top, "NS", "ns.test");
    dns.publish("ns.test", "A", "127.0.0.1");
    return dns;
  }

  /** What goes into `dns.nameservers`. */
  get address(): string {
    return `127.0.0.1:${(this.socket.address() as AddressInfo).port}`;
  }

  /** Where authoritative servers listen. */
  get port(): number {
    return (this.socket.address() as AddressInfo).port;
  }

  /** Makes a domain that takes mail. */
  domain(name: string): void {
    this.publish(name, "MX", `mx.${name}`);
    this.publish(`mx.${name}`, "A", "127.0.0.1");
  }

  /** Adds a record. */
  publish(name: string, kind: Kind, value: string): void {
    const key = `${name.toLowerCase()} ${TYPES[kind]}`;
    this.records.set(key, [...(this.records.get(key) ?? []), value]);
  }

  async stop(): Promise<void> {
    this.socket.close();
    await once(this.socket, "close");
  }

  /** The answer to a message with one question (RFC 1035 §4). */
  private answer(message: Buffer): Buffer {
    const { name, end } = readName(message);
    const type = message.readUInt16BE(end);
    const question = message.subarray(12, end + 4);
    const found = this.records.get(`${name} ${type}`) ?? [];
    const exists = [...this.records.keys()].some((key) => key.split(" ")[0]?.endsWith(name));
    const header = Buffer.alloc(12);
    message.copy(header, 0, 0, 2);
    // An authoritative answer, recursion available; 3 says that the name does not exist.
    header.writeUInt16BE(0x8580 | (exists ? 0 : 3), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(found.length, 6);
    return Buffer.concat([header, question, ...found.map((value) => record(type, data(type, value)))]);
  }
}

function readName(message: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString("latin1", at + 1, at + 1 + length).toLowerCase());
    at += length + 1;
  }
  return { name: labels.join("."), end: at + 1 };
}

/** A record for the name of the question, to be forgotten at once. */
function record(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

function data(type: number, value: string): Buffer {
  switch (type) {
    case TYPES.A:
      return Buffer.from(value.split(".").map(Number));
    case TYPES.NS:
      return Buffer.concat([...value.split(".").map(text), Buffer.from([0])]);
    case TYPES.MX:
      return Buffer.concat([Buffer.from([0, 10]), ...value.split(".").map(text), Buffer.from([0])]);
    default:
      return Buffer.concat((value.match(/.{1,255}/gs) ?? [""]).map(text));
  }
}

function text(value: string): Buffer {
  const octets = Buffer.from(value, "latin1");
  return Buffer.concat([Buffer.from([octets.length]), octets]);
}
