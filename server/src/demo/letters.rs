//! What the demonstration's programs write: plain notices, and for the captured mail's viewer one letter with HTML, one
//! with an attachment and one in a script of its own.

/// A plain notice.
pub(super) fn notice(from: &str, to: &str, subject: &str) -> String {
    let text =
        "Content-Type: text/plain; charset=utf-8\r\n\r\nHello,\r\n\r\nthis message is part of the demonstration.\r\n";
    letter(from, to, subject, text)
}

/// A letter that is captured: local part of its sender, recipient, subject, and its parts.
pub(super) const CAPTURED: [(&str, &str, &str, &str); 3] = [
    ("results", "anna@uni.example", "Your analysis is ready", RESULTS),
    ("billing", "accounts@inst.example", "Invoice 2026-118", INVOICE),
    ("results", "aino@inst.example", "=?utf-8?q?Tervetuloa_k=C3=A4ytt=C3=A4j=C3=A4ksi?=", WELCOME),
];

/// A letter with these parts.
pub(super) fn letter(from: &str, to: &str, subject: &str, parts: &str) -> String {
    format!("From: Gene portal <{from}>\r\nTo: <{to}>\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\n{parts}")
}

/// Text and HTML of the same letter.
const RESULTS: &str = "Content-Type: multipart/alternative; boundary=\"demo\"\r\n\r\n\
    --demo\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
    Hello Anna,\r\n\r\nthe run BRCA-2026-11 has ended: 12 samples, none failed.\r\n\r\nGene portal\r\n\
    --demo\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
    <h1>Your analysis is ready</h1>\r\n<p>Hello Anna,</p>\r\n\
    <p>the run <b>BRCA-2026-11</b> has ended.</p>\r\n\
    <table border=\"1\" cellpadding=\"6\"><tr><th>Samples</th><th>Failed</th></tr><tr><td>12</td><td>0</td></tr></table>\r\n\
    <p>Gene portal</p>\r\n--demo--\r\n";

/// A text with a table to download.
const INVOICE: &str = "Content-Type: multipart/mixed; boundary=\"demo\"\r\n\r\n\
    --demo\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
    Hello,\r\n\r\nthe hours of November are in the table.\r\n\r\nGene portal\r\n\
    --demo\r\nContent-Type: text/csv; charset=utf-8\r\nContent-Disposition: attachment; filename=\"2026-118.csv\"\r\n\r\n\
    item,hours,price\r\nSequencing,14,980.00\r\nStorage,30,120.00\r\n--demo--\r\n";

/// Letters beyond ASCII, as programs write them.
const WELCOME: &str = "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
    Hei Aino,\r\n\r\ntunnuksesi on valmis. K=C3=A4ytt=C3=B6ohje on etusivulla.\r\n\r\nGene portal\r\n";
