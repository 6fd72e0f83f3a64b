// A mail server of this machine that takes a message only when it is told to, so that a test can look while it waits.
// Owns the few commands of RFC 5321 that this needs.
import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";

export class Sink {
  private readonly waiting: (() => void)[] = [];
  private released = false;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Sink> {
    const server = createServer();
    const sink = new Sink(server);
    server.on("connection", (socket) => sink.serve(socket));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return sink;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  /** From now on every message is taken, also those whose end it has read already. */
  release(): void {
    this.released = true;
    for (const take of this.waiting.splice(0)) take();
  }

  async stop(): Promise<void> {
    const closed = once(this.server, "close");
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    let [read, inData] = ["", false];
    const say = (line: string) => socket.write(`${line}\r\n`);
    socket.on("close", () => this.sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    socket.on("data", (octets) => {
      read += octets.toString("latin1");
      for (let end = read.indexOf("\r\n"); end >= 0; end = read.indexOf("\r\n")) {
        const line = read.slice(0, end);
        read = read.slice(end + 2);
        if (inData) {
          if (line !== ".") continue;
          inData = false;
          const take = () => say("250 2.0.0 taken");
          if (this.released) take();
          else this.waiting.push(take);
        } else if (line === "DATA") {
          inData = true;
          say("354 go on");
        } else {
          say(line === "QUIT" ? "221 bye" : "250 ok");
        }
      }
    });
    say("220 sink ESMTP");
  }
}
