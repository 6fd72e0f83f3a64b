//! Programs that send by themselves: msmtp, Python, Java, curl. Each sends one message to its own sender.

use super::{ClientFile, ClientLines, ClientTls, Submission, quote};

fn one(client: &'static str, place: &'static str, text: String, note: Option<&'static str>) -> ClientLines {
    ClientLines { client, files: vec![ClientFile { place, text }], note }
}

/// What is said where a certificate is not checked.
const TRIAL: &str = "The relay's certificate was made for a trial, so it is not checked here. With a real certificate, \
                     leave those lines out.";

fn trial(at: &Submission<'_>) -> Option<&'static str> {
    at.self_signed.then_some(TRIAL)
}

pub(super) fn msmtp(at: &Submission<'_>) -> ClientLines {
    let starttls = if at.tls == ClientTls::Starttls { "on" } else { "off" };
    let check = if at.self_signed {
        "# Trial certificate: encrypted, but not checked.\ntls_certcheck off\n"
    } else {
        "tls_trust_file /etc/ssl/certs/ca-certificates.crt\n"
    };
    let text = format!(
        "account relaykeep\n\
         host {}\n\
         port {}\n\
         tls on\n\
         tls_starttls {starttls}\n\
         {check}\
         auth plain\n\
         user {}\n\
         password {}\n\
         from {}\n\
         \n\
         account default : relaykeep\n",
        at.host,
        at.port,
        quote::msmtp(at.username),
        quote::msmtp(at.secret),
        quote::msmtp(&at.sender),
    );
    one("msmtp", "~/.msmtprc", text, Some("The file holds a secret: chmod 600 ~/.msmtprc"))
}

pub(super) fn python(at: &Submission<'_>) -> ClientLines {
    let (host, sender) = (quote::string(at.host), quote::string(&at.sender));
    let unchecked = if at.self_signed {
        "# Trial certificate: encrypted, but not checked.\n\
         context.check_hostname = False\n\
         context.verify_mode = ssl.CERT_NONE\n"
    } else {
        ""
    };
    let (open, starttls) = match at.tls {
        ClientTls::Starttls => (format!("Client({host}, {})", at.port), "    smtp.starttls(context=context)\n"),
        ClientTls::Implicit => (format!("Client({host}, {}, context=context)", at.port), ""),
    };
    let printing = printing(if at.tls == ClientTls::Starttls { "SMTP" } else { "SMTP_SSL" });
    let text = format!(
        "import smtplib\n\
         import ssl\n\
         from email.message import EmailMessage\n\
         \n\
         {printing}\
         message = EmailMessage()\n\
         message[\"From\"] = {sender}\n\
         message[\"To\"] = {sender}\n\
         message[\"Subject\"] = \"Test\"\n\
         message.set_content(\"This is a test message.\")\n\
         \n\
         context = ssl.create_default_context()\n\
         {unchecked}\
         with {open} as smtp:\n\
         {starttls}    \
         smtp.login({}, {})\n    \
         smtp.send_message(message)\n",
        quote::string(at.username),
        quote::string(at.secret),
    );
    one("Python", "send.py", text, trial(at))
}

/// A client of Python's `smtplib` that prints what the relay answered, which `smtplib` keeps to itself.
fn printing(class: &str) -> String {
    format!(
        "class Client(smtplib.{class}):\n    \
         def data(self, message):  # prints the relay's reply\n        \
         code, text = super().data(message)\n        \
         print(code, text.decode())\n        \
         return code, text\n\
         \n"
    )
}

/// The `smtplib` sample that the documentation of such services shows: no authentication, no TLS.
pub(super) fn network_python(host: &str, port: u16, sender: &str) -> ClientLines {
    let sender = quote::string(sender);
    let printing = printing("SMTP");
    let text = format!(
        "import smtplib\n\
         \n\
         {printing}\
         sender = {sender}\n\
         receivers = [{sender}]\n\
         \n\
         message = \"\"\"From: %s\n\
         To: %s\n\
         Subject: SMTP e-mail test\n\
         \n\
         This is a test e-mail message.\n\
         \"\"\" % (sender, receivers[0])\n\
         \n\
         with Client({}, {port}) as smtp:\n    \
         smtp.sendmail(sender, receivers, message)\n",
        quote::string(host),
    );
    one("Python", "send.py", text, None)
}

pub(super) fn java(at: &Submission<'_>) -> ClientLines {
    let put =
        |name: &str, value: &str| format!("        properties.put(\"mail.smtp.{name}\", {});\n", quote::string(value));
    let mut properties = put("host", at.host) + &put("port", &at.port.to_string()) + &put("auth", "true");
    properties += &match at.tls {
        ClientTls::Starttls => put("starttls.enable", "true") + &put("starttls.required", "true"),
        ClientTls::Implicit => put("ssl.enable", "true"),
    };
    properties += &if at.self_signed {
        "        // Trial certificate: encrypted, but not checked.\n".to_owned()
            + &put("ssl.trust", at.host)
            + &put("ssl.checkserveridentity", "false")
    } else {
        put("ssl.checkserveridentity", "true")
    };
    let sender = quote::string(&at.sender);
    let text = format!(
        "import jakarta.mail.*;\n\
         import jakarta.mail.internet.*;\n\
         import java.util.Properties;\n\
         \n\
         public class Send {{\n    \
         public static void main(String[] arguments) throws MessagingException {{\n        \
         Properties properties = new Properties();\n\
         {properties}        \
         Session session = Session.getInstance(properties, new Authenticator() {{\n            \
         @Override\n            \
         protected PasswordAuthentication getPasswordAuthentication() {{\n                \
         return new PasswordAuthentication({}, {});\n            \
         }}\n        \
         }});\n        \
         session.setDebug(true); // prints the relay's replies\n        \
         MimeMessage message = new MimeMessage(session);\n        \
         message.setFrom(new InternetAddress({sender}));\n        \
         message.setRecipient(Message.RecipientType.TO, new InternetAddress({sender}));\n        \
         message.setSubject(\"Test\");\n        \
         message.setText(\"This is a test message.\");\n        \
         Transport.send(message);\n    \
         }}\n\
         }}\n",
        quote::string(at.username),
        quote::string(at.secret),
    );
    one(
        "Java",
        "Send.java",
        text,
        Some("Needs Jakarta Mail: org.eclipse.angus:angus-mail, or libjakarta-mail-java on Debian."),
    )
}

pub(super) fn curl(at: &Submission<'_>) -> ClientLines {
    let scheme = if at.tls == ClientTls::Starttls { "smtp" } else { "smtps" };
    let url = format!("{scheme}://{}:{}", at.host, at.port);
    let insecure = if at.self_signed { " --insecure" } else { "" };
    let sender = quote::shell(&at.sender);
    let text = format!(
        "curl --url {} --ssl-reqd{insecure} --crlf \\\n  \
         --silent --show-error --dump-header - \\\n  \
         --user {} \\\n  \
         --mail-from {sender} --mail-rcpt {sender} \\\n  \
         --upload-file - <<'MESSAGE'\n\
         From: {from}\n\
         To: {from}\n\
         Subject: Test\n\
         \n\
         This is a test message.\n\
         MESSAGE\n",
        quote::shell(&url),
        quote::shell(&format!("{}:{}", at.username, at.secret)),
        from = at.sender,
    );
    let note = if at.self_signed {
        "--insecure: the relay's certificate was made for a trial and is not checked. --crlf: SMTP wants CRLF at line ends. \
         --dump-header: prints the relay's replies."
    } else {
        "--crlf: SMTP wants CRLF at line ends. --dump-header: prints the relay's replies."
    };
    one("curl", "in a shell", text, Some(note))
}
