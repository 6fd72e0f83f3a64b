use super::*;
use aws_lc_rs::{
    digest,
    rsa::KeySize,
    signature::{Ed25519KeyPair, KeyPair, RsaKeyPair},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use mail_auth::{
    AuthenticatedMessage, DkimResult, MessageAuthenticator, Parameters, ResolverCache, Txt,
    common::{
        crypto::{Ed25519Key, RsaKey},
        parse::TxtRecordParser,
        verify::DomainKey,
    },
    hickory_resolver::config::{ResolverConfig, ResolverOpts},
};
use proptest::prelude::*;
use std::{borrow::Borrow, collections::HashMap, hash::Hash, sync::LazyLock};

/// Two signers and the records a verifier finds.
struct Keys {
    signers: Vec<ActiveKey>,
    records: Records,
}

struct Records(HashMap<Box<str>, Txt>);

impl ResolverCache<Box<str>, Txt> for Records {
    fn get<Q: Hash + Eq + ?Sized>(&self, name: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
    {
        self.0.get(name).cloned()
    }
    fn remove<Q: Hash + Eq + ?Sized>(&self, _: &Q) -> Option<Txt>
    where
        Box<str>: Borrow<Q>,
    {
        None
    }
    fn insert(&self, _: Box<str>, _: Txt, _: std::time::Instant) {}
}

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let rsa = RsaKeyPair::generate(KeySize::Rsa2048).expect("an RSA key");
    let rsa_private = aws_lc_rs::encoding::AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&rsa).expect("PKCS 8");
    let ed_private = Ed25519KeyPair::generate_pkcs8(&aws_lc_rs::rand::SystemRandom::new()).expect("an Ed25519 key");
    let ed = Ed25519KeyPair::from_pkcs8(ed_private.as_ref()).expect("the same key");
    let signers = vec![
        ActiveKey {
            selector: "r".to_owned(),
            key: Arc::new(
                RsaKey::<Sha256>::from_key_der(mail_auth_key(rsa_private.as_ref())).expect("a signing key").into(),
            ),
        },
        ActiveKey {
            selector: "e".to_owned(),
            key: Arc::new(Ed25519Key::from_pkcs8_der(ed_private.as_ref()).expect("a signing key").into()),
        },
    ];
    let record = |text: String| Txt::DomainKey(Arc::new(DomainKey::parse(text.as_bytes()).expect("a record")));
    let records = HashMap::from([
        (
            "r._domainkey.d.example.".into(),
            record(format!("v=DKIM1; k=rsa; p={}", STANDARD.encode(rsa.public_key().as_ref()))),
        ),
        (
            "e._domainkey.d.example.".into(),
            record(format!("v=DKIM1; k=ed25519; p={}", STANDARD.encode(ed.public_key().as_ref()))),
        ),
    ]);
    Keys { signers, records: Records(records) }
});

fn mail_auth_key(pkcs8: &[u8]) -> rustls_pki_types::PrivateKeyDer<'_> {
    rustls_pki_types::PrivatePkcs8KeyDer::from(pkcs8).into()
}

fn signed(added: &str, content: &[u8]) -> Vec<u8> {
    let section = HeaderSection::scan(content).expect("a header");
    let domain = DomainName::parse("d.example").expect("a domain");
    let fields = sign(
        &domain,
        &KEYS.signers,
        added,
        &section,
        &content[..section.body],
        &BodyHash::of(&content[section.body..]),
    )
    .expect("signatures");
    [fields.as_bytes(), added.as_bytes(), content].concat()
}

/// Results of mail-auth's verifier, one for each signature.
fn verified(message: &[u8]) -> Vec<bool> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let verifier =
            MessageAuthenticator::new(ResolverConfig::default(), ResolverOpts::default()).expect("a verifier");
        let message = AuthenticatedMessage::parse(message).expect("a message");
        let outputs = verifier.verify_dkim(Parameters::new(&message).with_txt_cache(&KEYS.records)).await;
        outputs.iter().map(|output| *output.result() == DkimResult::Pass).collect()
    })
}

/// RFC 6376 §3.4.3 and §3.4.4, written again from the text: the other verifier's opinion of a body.
fn canonical_body(body: &[u8], relaxed: bool) -> Vec<u8> {
    let text = String::from_utf8_lossy(body).into_owned();
    let mut lines: Vec<String> = text.split("\r\n").map(str::to_owned).collect();
    if relaxed {
        for line in &mut lines {
            let trimmed = line.trim_end_matches([' ', '\t']);
            let mut reduced = String::new();
            for c in trimmed.chars() {
                let white = c == ' ' || c == '\t';
                if !white {
                    reduced.push(c);
                } else if !reduced.ends_with(' ') {
                    reduced.push(' ');
                }
            }
            *line = reduced;
        }
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    if lines.is_empty() {
        return if relaxed { Vec::new() } else { b"\r\n".to_vec() };
    }
    (lines.join("\r\n") + "\r\n").into_bytes()
}

/// The body hash in the first signature, and whether it says relaxed.
fn body_hash(message: &[u8]) -> (String, bool) {
    let text = String::from_utf8_lossy(message);
    let field: String = text.split("\r\n").take_while(|line| !line.starts_with("From")).collect::<Vec<_>>().concat();
    let field: String = field.chars().filter(|c| !c.is_whitespace()).collect();
    let hash = field.split("bh=").nth(1).and_then(|rest| rest.split(';').next()).expect("a body hash");
    (hash.to_owned(), field.contains("c=relaxed/relaxed"))
}

fn check_body(body: &[u8]) {
    let content = [b"From: a@d.example\r\nTo: b@e.example\r\nSubject: x\r\n\r\n", body].concat();
    let message = signed("", &content);
    assert_eq!(verified(&message), [true, true], "{body:?}");
    let (hash, relaxed) = body_hash(&message);
    let expected = digest::digest(&digest::SHA256, &canonical_body(body, relaxed));
    assert_eq!(hash, STANDARD.encode(expected.as_ref()), "{body:?} relaxed: {relaxed}");
}

#[test]
fn odd_bodies_have_the_hash_the_standard_says() {
    for body in [
        "",
        "\r\n",
        "\r\n\r\n\r\n",
        " \r\n",
        "\t\r\n\r\n",
        "Hello\r\n",
        "Hello\r\n\r\n\r\n",
        "Hello\r\n \r\n\t\r\n\r\n",
        "Hello  \t\r\n",
        " Hello   World\t \t!\r\n",
        "\r\nHello\r\n",
        " \r\nHello\r\n",
        "a\r\n \r\nb\r\n",
        "a\r\n\r\n\r\nb\r\n",
        "Hello\r\n ",
        "no end",
        "..\r\n.\r\n",
        "--=20\r\nGr\u{fc}\u{df}e\r\n",
    ] {
        check_body(body.as_bytes());
    }
    check_body(format!("{}\r\n", "x".repeat(998)).as_bytes());
    check_body(format!("{}\r\n", "x ".repeat(50_000)).as_bytes());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_body_has_the_hash_the_standard_says(body in "([ab \t]|\r\n){0,24}") {
        check_body(body.as_bytes());
    }
}

#[test]
fn odd_headers_verify() {
    for header in [
        "From: a@d.example\r\n",
        "from:a@d.example\r\nSUBJECT:\r\nTo:\r\n b@e.example\r\n",
        "From: A  B\r\n\t<a@d.example>  \r\nSubject: x\r\n \r\n y\r\n",
        "Received: one\r\nReceived: two\r\nFrom: a@d.example\r\nTo: x@e.example\r\nTo: y@e.example\r\n",
        "Subject : spaced\r\nFrom: a@d.example\r\n",
        "From: J\u{f6}rg <a@d.example>\r\nSubject: Gr\u{fc}\u{df}e\r\n",
    ] {
        for added in ["", "Date: Sat, 21 Nov 2026 13:58:02 +0000\r\nMessage-ID: <1@relay.example>\r\n"] {
            let message = signed(added, format!("{header}\r\nbody\r\n").as_bytes());
            assert_eq!(verified(&message), [true, true], "{header:?} {added:?}");
            assert_eq!(verified(&signed(added, header.as_bytes())), [true, true], "no body: {header:?}");
        }
    }
}

#[test]
fn a_second_from_a_changed_subject_or_another_body_breaks_both_signatures() {
    let message = signed("", b"From: a@d.example\r\nSubject: x\r\n\r\nbody\r\n");
    let text = String::from_utf8(message).expect("text");
    for changed in [
        format!("From: z@e.example\r\n{text}"),
        text.replace("Subject: x", "From: z@e.example\r\nSubject: x"),
        text.replace("Subject: x", "Subject: y"),
        text.replace("body", "bodies"),
        format!("{text}more\r\n"),
    ] {
        assert_eq!(verified(changed.as_bytes()), [false, false], "{changed}");
    }
    let received = format!("Received: by later.example; Sat, 21 Nov 2026 13:58:02 +0000\r\n{text}");
    assert_eq!(verified(received.as_bytes()), [true, true]);
}

#[test]
fn signatures_say_what_was_signed() {
    let message = signed("Date: x\r\n", b"From: a@d.example\r\nX-Other: x\r\nSubject: x\r\n\r\nbody\r\n");
    let text = String::from_utf8(message).expect("text");
    let unfolded: String =
        text.split("From: a@").next().unwrap_or_default().chars().filter(|c| !c.is_whitespace()).collect();
    assert_eq!(unfolded.matches("h=Subject:From:Date:From;").count(), 2, "{text}");
    assert_eq!(unfolded.matches("d=d.example").count(), 2);
    assert!(!unfolded.contains(";l="));
    assert!(text.lines().all(|line| line.len() <= 78), "{text}");
}
