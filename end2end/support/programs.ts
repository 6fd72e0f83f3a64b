// Programs that send: Python's smtplib, as a person would write it and as the portal prints it.
// Owns running them. Never decides whether an answer is the right one.
import { execFile } from "node:child_process";

/** What a program printed, with its exit code. */
export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a Python program; `input` is what it reads. */
export function python(program: string, input = ""): Promise<Ran> {
  return new Promise((done, failed) => {
    const child = execFile("python3", ["-c", program], { timeout: 60_000 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== "number") failed(error);
      else done({ code: Number(error?.code ?? 0), stdout, stderr });
    });
    child.stdin?.end(input);
  });
}

export interface Mail {
  port: number;
  user: string;
  secret: string;
  /** Reverse-path; the header From too, unless that is forged. */
  from: string;
  headerFrom?: string;
  to: string[];
  subject: string;
  text?: string;
  /** A further part of type text/html. */
  html?: string;
  /** The name of an attached file. */
  attachment?: string;
}

/** The relay's answer to a message: what it said to the end of data, or how it refused before that. */
export interface Answer {
  code: number;
  text: string;
}

const SEND = `
import email.policy, json, smtplib, ssl, sys
from email.message import EmailMessage

mail = json.load(sys.stdin)
message = EmailMessage()
message["From"] = mail.get("headerFrom") or mail["from"]
message["To"] = ", ".join(mail["to"])
message["Subject"] = mail["subject"]
message.set_content(mail.get("text") or "Written by a program.")
if mail.get("html"):
    message.add_alternative(mail["html"], subtype="html")
if mail.get("attachment"):
    message.add_attachment(b"octets", maintype="application", subtype="pdf", filename=mail["attachment"])
context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
with smtplib.SMTP("127.0.0.1", mail["port"]) as smtp:
    smtp.starttls(context=context)
    try:
        smtp.login(mail["user"], mail["secret"])
        code, text = smtp.mail(mail["from"])
        for recipient in mail["to"]:
            if code == 250:
                code, text = smtp.rcpt(recipient)
        if code == 250:
            code, text = smtp.data(message.as_bytes(policy=email.policy.SMTP))
    except smtplib.SMTPResponseException as refusal:
        code, text = refusal.smtp_code, refusal.smtp_error
    print(json.dumps({"code": code, "text": text.decode()}))
`;

/** Signs in over STARTTLS and sends one message. */
export async function send(mail: Mail): Promise<Answer> {
  const { code, stdout, stderr } = await python(SEND, JSON.stringify(mail));
  if (code !== 0) throw new Error(`the program failed: ${stderr}`);
  return JSON.parse(stdout) as Answer;
}
