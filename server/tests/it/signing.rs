//! Signatures as others see them: dkimpy, opendkim and Mail::DKIM verify what arrives, over a corpus of odd and plain
//! messages. And without a signature: what arrives is what was handed in.

use crate::{
    harness::{Dns, Postfix, Received, Relaykeep, Session, Sink, clients, html, until},
    submission::{RULES, routed},
};
use std::{collections::BTreeMap, fs, process::Command};

const RECORDS: &str = "sink.test. IN A 127.0.0.1\ndomain.com. IN MX 10 sink.test.\ndomain.test. IN MX 10 sink.test.\n\
                       other.test. IN MX 10 sink.test.\n";

/// Header fields and bodies in many shapes; each with From.
fn corpus() -> Vec<Vec<u8>> {
    let plain = "From: web@domain.test\r\nTo: a@other.test\r\nSubject: plain\r\n";
    let folded = "Subject: a long subject\r\n that is\r\n\tfolded twice\r\nFROM:web@domain.test  \r\nto:\r\n a@other.test\r\n\
                  Date: Fri, 21 Nov 2025 10:00:00 +0000\r\nMessage-Id: <1@domain.test>\r\nX-Empty:\r\n";
    let several = "From: web@domain.test\r\nReceived: from a by b; Fri, 21 Nov 2025 10:00:00 +0000\r\nTo: a@other.test\r\n\
                   To: b@other.test\r\nCc: c@other.test,\r\n d@other.test\r\nReply-To: r@domain.test\r\nSubject:\r\n";
    let utf8 = "From: web@domain.test\r\nSubject: Gr\u{fc}\u{df}e \u{2603}\r\nMIME-Version: 1.0\r\n\
                Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n";
    let line = "y".repeat(990);
    let bodies = [
        "hello\r\n".to_owned(),
        String::new(),
        "\r\n".to_owned(),
        "\r\n\r\n\r\n".to_owned(),
        // What mail-auth keeps and dkimpy does not: white space alone on the last lines.
        "hello\r\n \r\n\t\r\n\r\n".to_owned(),
        "hello \t\r\nthere  \r\n  \r\n".to_owned(),
        " \r\n".to_owned(),
        "a  b\t\tc\r\n\r\n\r\nd \r\n\r\n\r\n".to_owned(),
        ".\r\n..\r\n.hidden\r\n...\r\n".to_owned(),
        format!("{line}\r\n{line}\r\n"),
        "Gr\u{fc}\u{df}e \u{1f4e8} \u{a0}\r\n".to_owned(),
        "big: 0123456789 abcdefghijklmnopqrstuvwxyz\r\n".repeat(20_000),
    ];
    let mut all = Vec::new();
    for header in [plain, folded, several, utf8] {
        for body in &bodies {
            all.push(format!("{header}\r\n{body}").into_bytes());
        }
    }
    // Octets that are no UTF-8, and no body at all.
    all.push([plain.as_bytes(), b"\r\n\xff\xfe latin \xe9\r\n"].concat());
    all.push(plain.as_bytes().to_vec());
    all
}

/// Publishes what the domain's page says, asks for a look at DNS there, and returns the keys' records by name.
fn publish(relay: &Relaykeep, dns: &Dns) -> BTreeMap<String, String> {
    let portal = relay.operator();
    let page = portal.get("/p/bio/senders").link("/p/bio/domains/");
    let codes = html::contents(&portal.get(&page).body, "code");
    let lines: Vec<&str> = codes.iter().map(String::as_str).filter(|text| text.contains(". IN TXT \"")).collect();
    assert_eq!(lines.iter().filter(|line| line.contains("._domainkey.")).count(), 2, "two keys: {codes:#?}");
    dns.replace(2, &format!("{RECORDS}{}\n", lines.join("\n")));
    until("both keys seen in DNS", || {
        portal.change(&page, "check_domain", &[]);
        portal.get(&page).text().contains("2 of 2 keys sign").then_some(())
    });
    let keys = lines.iter().filter(|line| line.contains("._domainkey."));
    keys.map(|line| {
        let (name, strings) = line.split_once(". IN TXT ").unwrap();
        (name.to_owned(), strings.split('"').skip(1).step_by(2).collect())
    })
    .collect()
}

/// Writes the messages to files, numbered.
fn written(relay: &Relaykeep, received: &[Received]) -> Vec<String> {
    let files = received.iter().enumerate().map(|(number, one)| {
        let path = relay.path(&format!("{number}.eml"));
        fs::write(&path, &one.content).unwrap();
        path.display().to_string()
    });
    files.collect()
}

/// The verdict of dkimpy on each signature of each file: `FILE s=selector True`.
fn dkimpy(files: &[String], keys: &BTreeMap<String, String>) -> Vec<String> {
    let script = format!(
        "import dkim, json\nkeys = json.loads({:?})\n\
         def dns(name, timeout=5):\n    name = name.decode() if isinstance(name, bytes) else name\n    return keys[name.rstrip('.')].encode()\n\
         for path in json.loads({:?}):\n    d = dkim.DKIM(open(path, 'rb').read())\n    for i in range(2):\n        try:\n            good = d.verify(idx=i, dnsfunc=dns)\n        except Exception as e:\n            good = repr(e)\n        print(path, d.selector, good)\n",
        serde_json::to_string(keys).unwrap(),
        serde_json::to_string(files).unwrap(),
    );
    let (ran, said) = clients::python(&script);
    assert!(ran, "{said}");
    said.lines().map(str::to_owned).collect()
}

/// What opendkim says of each file: its Authentication-Results.
fn opendkim(relay: &Relaykeep, files: &[String], keys: &BTreeMap<String, String>) -> Vec<String> {
    let table: String = keys.iter().map(|(name, record)| format!("{name} {record}\n")).collect();
    fs::write(relay.path("opendkim.keys"), table).unwrap();
    let config = format!(
        "Mode v\nTestPublicKeys {}\nTemporaryDirectory {}\nSyslog no\n",
        relay.path("opendkim.keys").display(),
        relay.path("").display()
    );
    fs::write(relay.path("opendkim.conf"), config).unwrap();
    let verdict = |file: &String| {
        let mut command = Command::new("opendkim");
        command.arg("-x").arg(relay.path("opendkim.conf")).args(["-vvv", "-t", file]);
        clients::run(&mut command).1
    };
    files.iter().map(verdict).collect()
}

/// The verdict of Mail::DKIM on each file, `FILE pass`, with the keys it finds in DNS itself. It knows RSA alone, as many
/// receivers do, and passes over the other signature.
fn mail_dkim(dns: &Dns, files: &[String]) -> Vec<String> {
    let script = "use Mail::DKIM::Verifier; use Mail::DKIM::DNS; use Net::DNS::Resolver;\n\
        my ($host, $port) = split /:/, shift;\n\
        Mail::DKIM::DNS::resolver(Net::DNS::Resolver->new(nameservers => [$host], port => $port));\n\
        for my $path (@ARGV) {\n\
            open(my $file, '<:raw', $path) or die $path;\n\
            my $verifier = Mail::DKIM::Verifier->new;\n\
            $verifier->PRINT(do { local $/; <$file> });\n\
            $verifier->CLOSE;\n\
            print $path, ' ', $verifier->result, \"\\n\";\n\
        }";
    let (ran, said) = clients::run(Command::new("perl").args(["-e", script, &dns.address()]).args(files));
    assert!(ran, "{said}");
    said.lines().map(str::to_owned).collect()
}

/// Both signatures of every message are good for each verifier that knows their algorithm.
fn assert_good(dns: &Dns, relay: &Relaykeep, received: &[Received], keys: &BTreeMap<String, String>) {
    let files = written(relay, received);
    let verdicts = mail_dkim(dns, &files);
    assert_eq!(verdicts.len(), files.len(), "{verdicts:#?}");
    for verdict in verdicts {
        assert!(verdict.ends_with(" pass"), "Mail::DKIM: {verdict}\n{}", shown(&verdict));
    }
    for verdict in dkimpy(&files, keys) {
        assert!(verdict.ends_with(" True"), "dkimpy: {verdict}\n{}", shown(&verdict));
    }
    for (file, verdict) in files.iter().zip(opendkim(relay, &files, keys)) {
        for algorithm in ["rsa-sha256", "ed25519-sha256"] {
            let results: Vec<&str> = verdict.split("dkim=").collect();
            let of = results.iter().find(|result| result.contains(&format!("header.a={algorithm}")));
            assert!(of.is_some_and(|result| result.starts_with("pass")), "opendkim: {verdict}\n{}", shown(file));
        }
    }
}

fn shown(verdict: &str) -> String {
    let path = verdict.split(' ').next().unwrap_or_default();
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).chars().take(3_000).collect()
}

/// A relay whose mail goes to this port by MX, with both keys of `domain.test` published.
fn signing_relay(port: u16) -> (Dns, Relaykeep, BTreeMap<String, String>) {
    let dns = Dns::start(RECORDS);
    let relay = Relaykeep::start(&routed(&dns, port, "retry = [\"1s\"]\n"));
    relay.apply(RULES);
    let keys = publish(&relay, &dns);
    (dns, relay, keys)
}

fn send_corpus(relay: &Relaykeep, corpus: &[Vec<u8>]) {
    let mut session = Session::open(relay.networks);
    for (number, content) in corpus.iter().enumerate() {
        let to = format!("{number}@other.test");
        let reply = session.send("web@domain.test", &[&to, "copy@other.test"], content);
        assert!(reply.starts_with("250 2.0.0 "), "{number}: {reply}");
    }
}

#[test]
fn row_1_7_every_signed_message_verifies_in_three_verifiers_and_is_else_untouched() {
    let sink = Sink::start();
    let (dns, relay, keys) = signing_relay(sink.port);
    let corpus = corpus();
    send_corpus(&relay, &corpus);
    let received = sink.wait_for(corpus.len());
    for one in &received {
        let number: usize = one.rcpt[0].split('@').next().unwrap().parse().unwrap();
        let submitted = &corpus[number];
        // A message without a body has its separating line added by nobody: the content ends as it was handed in.
        assert!(one.content.ends_with(submitted), "{number} was touched: {}", one.text());
        assert_eq!(one.header("DKIM-Signature").len(), 2, "{}", one.text());
    }
    assert_good(&dns, &relay, &received, &keys);
    // The verifiers can say no.
    let mut forged = received[0].clone();
    forged.content.extend_from_slice(b"forged\r\n");
    let files = written(&relay, &[forged]);
    assert!(dkimpy(&files, &keys).iter().all(|verdict| !verdict.ends_with(" True")));
    assert!(!opendkim(&relay, &files, &keys)[0].contains("dkim=pass"));
    assert!(!mail_dkim(&dns, &files)[0].ends_with(" pass"));
}

#[test]
fn signatures_survive_a_hop_through_postfix() {
    if !Postfix::can_run() {
        return;
    }
    let sink = Sink::start();
    let postfix = Postfix::start(&format!("relayhost = [127.0.0.1]:{}\n", sink.port), &[]);
    let (dns, relay, keys) = signing_relay(postfix.port);
    let corpus = corpus();
    send_corpus(&relay, &corpus);
    let received = sink.wait_for(corpus.len());
    assert!(received[0].text().contains("by client.test (Postfix)"), "{}", received[0].text());
    assert_good(&dns, &relay, &received, &keys);
}

#[test]
fn without_a_signature_what_was_handed_in_arrives_octet_for_octet_behind_our_fields() {
    let (dns, sink) = (Dns::start(RECORDS), Sink::start());
    let relay = Relaykeep::start(&routed(&dns, sink.port, "retry = [\"1s\"]\n"));
    relay.apply(RULES);
    let corpus = corpus();
    send_corpus(&relay, &corpus);
    for one in sink.wait_for(corpus.len()) {
        let number: usize = one.rcpt[0].split('@').next().unwrap().parse().unwrap();
        let submitted = &corpus[number];
        let prefix = one.content.strip_suffix(submitted.as_slice());
        let prefix = String::from_utf8_lossy(prefix.unwrap_or_else(|| panic!("{number} was touched: {}", one.text())));
        let lines = prefix.split_terminator("\r\n").filter(|line| !line.starts_with('\t'));
        let names: Vec<&str> = lines.map(|line| line.split(':').next().unwrap_or(line)).collect();
        let has_both = String::from_utf8_lossy(submitted).contains("\r\nMessage-Id:");
        let ours: &[&str] = if has_both { &["Received"] } else { &["Received", "Date", "Message-ID"] };
        assert_eq!(names, ours, "{number}: {prefix}");
    }
    // RFC 5321 §4.4: Return-Path is for who delivers at last.
    let kept = b"From: web@domain.test\r\nReceived: from a by b; Fri, 21 Nov 2025 10:00:00 +0000\r\n\r\nhello\r\n";
    let content = [b"Return-Path: <web@domain.test>\r\n".as_slice(), kept].concat();
    assert!(Session::open(relay.networks).send("web@domain.test", &["a@other.test"], &content).starts_with("250 "));
    let last = sink.wait_for(corpus.len() + 1).pop().unwrap();
    assert!(last.content.ends_with(kept) && last.header("Return-Path").is_empty(), "{}", last.text());
}

#[test]
fn a_key_signs_only_once_its_record_is_seen() {
    let (dns, sink) = (Dns::start(RECORDS), Sink::start());
    let relay = Relaykeep::start(&routed(&dns, sink.port, "retry = [\"1s\"]\n"));
    relay.apply(RULES);
    let mut session = Session::open(relay.networks);
    let content = b"From: web@domain.test\r\n\r\nhello\r\n";
    assert!(session.send("web@domain.test", &["a@other.test"], content).starts_with("250 "));
    assert!(sink.wait_for(1)[0].header("DKIM-Signature").is_empty());
    publish(&relay, &dns);
    assert!(session.send("web@domain.test", &["a@other.test"], content).starts_with("250 "));
    assert_eq!(sink.wait_for(2)[1].header("DKIM-Signature").len(), 2);
    let portal = relay.operator();
    let page = portal.get("/p/bio/senders").link("/p/bio/domains/");
    let shown = portal.get(&page).text();
    let asked = format!("asked {} · TTL 1 s", dns.address());
    assert!(shown.matches(&asked).count() == 2 && shown.contains("as it should be"), "{shown}");
    // One record is taken away: its key stops, the other goes on.
    let codes = html::contents(&portal.get(&page).body, "code");
    let kept: Vec<&str> =
        codes.iter().map(String::as_str).filter(|c| c.contains(". IN TXT \"") && !c.contains("k=ed25519")).collect();
    dns.replace(3, &format!("{RECORDS}{}\n", kept.join("\n")));
    until("the key that is missing", || {
        portal.change(&page, "check_domain", &[]);
        portal.get(&page).text().contains("1 of 2 keys sign").then_some(())
    });
    let shown = portal.get(&page).text();
    let absent = format!("asked {} · absence is kept 1 s", dns.address());
    assert!(shown.contains(&absent) && shown.contains("nothing at this name"), "{shown}");
    assert!(session.send("web@domain.test", &["a@other.test"], content).starts_with("250 "));
    let signatures = sink.wait_for(3)[2].header("DKIM-Signature");
    assert!(signatures.len() == 1 && signatures[0].contains("a=rsa-sha256"), "{signatures:?}");
}

/// `name. IN TXT "…"` in strings of 255 octets.
fn txt(name: &str, value: &str) -> String {
    let strings: Vec<String> =
        value.as_bytes().chunks(255).map(|part| format!("\"{}\"", String::from_utf8_lossy(part))).collect();
    format!("{name}. IN TXT {}\n", strings.join(" "))
}

#[test]
fn the_story_of_a_test_message_says_what_our_own_verifier_says() {
    let sink = Sink::start();
    let (dns, relay, keys) = signing_relay(sink.port);
    let operator = relay.operator();
    operator.change("/admin/egress", "add_egress", &[("address", "192.0.2.10"), ("ehlo", "")]);
    operator.submit("/p/bio/senders", "add_sender", &[("address", "web@domain.test")]);
    let verdict = || {
        let sent =
            operator.submit("/p/bio", "send_test_message", &[("from", "web@domain.test"), ("to", "a@other.test")]);
        let story = sent.header("location").first().cloned().unwrap_or_else(|| panic!("{}", sent.text()));
        let story = &story[story.find("/p/").unwrap()..];
        until("the verdict", || {
            let text = operator.get(story).text();
            text.contains("Our own verifier:").then_some(text)
        })
    };
    let said = verdict();
    assert!(said.contains("no DMARC policy"), "{said}");
    let more =
        "domain.test. IN TXT \"v=spf1 ip4:192.0.2.10 -all\"\n_dmarc.domain.test. IN TXT \"v=DMARC1; p=reject\"\n";
    let records: String = keys.iter().map(|(name, value)| txt(name, value)).collect();
    dns.replace(3, &format!("{RECORDS}{records}{more}"));
    let said = until("caches to forget", || {
        let said = verdict();
        said.contains("DMARC passes").then_some(said)
    });
    for name in keys.keys() {
        assert!(said.contains(&format!("{name} verifies")), "{name}: {said}");
    }
    assert!(said.contains("SPF from 192.0.2.10 pass"), "{said}");
    let received = sink.wait_for(2);
    assert_eq!(received[0].header("DKIM-Signature").len(), 2, "{}", received[0].text());
    // Other keys in DNS than those that sign.
    let wrong: String = keys.keys().map(|name| txt(name, "v=DKIM1; p=")).collect();
    dns.replace(4, &format!("{RECORDS}{wrong}_dmarc.domain.test. IN TXT \"v=DMARC1; p=reject\"\n"));
    until("the verdict to fail", || verdict().contains("DMARC fails").then_some(()));
}
