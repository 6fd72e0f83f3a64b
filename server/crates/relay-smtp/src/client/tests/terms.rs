//! Extensions that change how a message goes on: BDAT, DSN, REQUIRETLS, LIMITS.

use super::*;
use relay_types::terms::{Addressee, EnvelopeId, Notify, OriginalRecipient, RecipientTerms, Ret, TlsTerm};

fn opened(keywords: &str) -> String {
    let mut text = "S: 220 mx\nC: EHLO relay.example\n".to_owned();
    let mut lines = vec!["mx"];
    lines.extend(keywords.split(',').filter(|keyword| !keyword.is_empty()));
    let last = lines.pop().expect("a line");
    let before: String = lines.iter().map(|line| format!("250-{line}\\r\\n")).collect();
    text.push_str(&format!("S: {before}250 {last}\n"));
    text
}

fn binary() -> Transaction {
    Transaction { terms: MessageTerms { binary: true, ..MessageTerms::default() }, ..to(&["b@b.example"]) }
}

fn large() -> Transaction {
    Transaction { size: 300_000, ..to(&["b@b.example"]) }
}

#[test]
fn binary_content_goes_in_a_chunk() {
    check(
        config(TlsPolicy::Opportunistic),
        binary(),
        &(opened("PIPELINING,CHUNKING,BINARYMIME")
            + "C: MAIL FROM:<from@a.example> BODY=BINARYMIME
               C: RCPT TO:<b@b.example>
               S: 250 ok
               S: 250 ok
               C: BDAT 4310 LAST
               B:
               >: content sent
               S: 250 2.0.0 queued
               =: delivered 250 2.0.0 queued"),
    );
}

#[test]
fn binary_content_fails_at_once_where_it_would_have_to_be_converted() {
    for keywords in ["", "8BITMIME", "CHUNKING", "BINARYMIME"] {
        check(
            config(TlsPolicy::Opportunistic),
            binary(),
            &(opened(keywords)
                + "=: permfail 554 5.6.3 The message is binary (BODY=BINARYMIME), which the next hop does not offer; \
                   it is not converted, because that would break its signatures"),
        );
    }
}

#[test]
fn large_content_goes_in_a_chunk_where_it_may() {
    let mail = "C: MAIL FROM:<from@a.example>\nS: 250 ok\nC: RCPT TO:<b@b.example>\nS: 250 ok\n";
    for (transaction, keywords, content) in [
        (large(), "CHUNKING", "C: BDAT 300000 LAST\nB:"),
        (large(), "", "C: DATA"),
        (to(&["b@b.example"]), "CHUNKING", "C: DATA"),
    ] {
        check(config(TlsPolicy::Opportunistic), transaction, &format!("{}{mail}{content}", opened(keywords)));
    }
}

#[test]
fn no_chunk_is_sent_when_everybody_is_refused() {
    check(
        config(TlsPolicy::Opportunistic),
        large(),
        &(opened("PIPELINING,CHUNKING")
            + "C: MAIL FROM:<from@a.example>
               C: RCPT TO:<b@b.example>
               S: 250 ok
               S: 550 5.1.1 no
               =: permfail 550 5.1.1 no"),
    );
}

#[test]
fn a_chunk_that_is_refused_decides_for_all_accepted() {
    let sent = opened("CHUNKING")
        + "C: MAIL FROM:<from@a.example>\nS: 250 ok\nC: RCPT TO:<b@b.example>\nS: 250 ok\nC: BDAT 300000 LAST\nB:\n";
    for (rest, outcome) in [
        (">: content sent\nS: 554 5.7.1 spam", "=: permfail 554 5.7.1 spam"),
        (">: content sent\nS: 452 4.3.1 full", "=: tempfail 452 4.3.1 full"),
        ("S: 552 5.3.4 too large", "=: permfail 552 5.3.4 too large\nX:"),
    ] {
        check(config(TlsPolicy::Opportunistic), large(), &format!("{sent}{rest}\n{outcome}"));
    }
}

fn asked() -> Transaction {
    let mut transaction = to(&["b@b.example", "c@b.example"]);
    transaction.terms =
        MessageTerms { ret: Some(Ret::Full), envid: EnvelopeId::parse("QQ+2B1").ok(), ..MessageTerms::default() };
    transaction.recipients[0].terms = RecipientTerms {
        notify: Notify::parse("SUCCESS,FAILURE").ok(),
        orcpt: OriginalRecipient::parse("rfc822;B+2B@b.example").ok(),
    };
    transaction
}

#[test]
fn reports_are_asked_for_where_the_host_knows_them() {
    let session = check(
        config(TlsPolicy::Opportunistic),
        asked(),
        &(opened("PIPELINING,DSN")
            + "C: MAIL FROM:<from@a.example> RET=FULL ENVID=QQ+2B1
               C: RCPT TO:<b@b.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;B+2B@b.example
               C: RCPT TO:<c@b.example>
               C: DATA"),
    );
    assert!(session.passes_reports_on());
    let session = check(
        config(TlsPolicy::Opportunistic),
        asked(),
        &(opened("PIPELINING")
            + "C: MAIL FROM:<from@a.example>
               C: RCPT TO:<b@b.example>
               C: RCPT TO:<c@b.example>
               C: DATA"),
    );
    assert!(!session.passes_reports_on());
}

fn tls_required() -> Transaction {
    let terms = MessageTerms { tls: TlsTerm::Required, ret: Some(Ret::Full), ..MessageTerms::default() };
    Transaction { terms, ..to(&["b@b.example"]) }
}

#[test]
fn tls_on_the_whole_way_needs_a_verified_host_that_promises_it() {
    let secured = |verified: &str, keywords: &str| {
        let inside = opened(keywords).replace("S: 220 mx\n", "");
        format!("{}C: STARTTLS\nS: 220 go\nT:\n>: tls {verified}\n{inside}", opened("STARTTLS"))
    };
    check(
        config(TlsPolicy::Required),
        tls_required(),
        &(secured("verified", "REQUIRETLS,DSN") + "C: MAIL FROM:<from@a.example> REQUIRETLS RET=HDRS"),
    );
    let report = || Transaction { reverse_path: ReversePath::Null, ..tls_required() };
    for (keywords, mail) in [("REQUIRETLS,DSN", "C: MAIL FROM:<> REQUIRETLS"), ("DSN", "C: MAIL FROM:<>")] {
        check(config(TlsPolicy::Required), report(), &(secured("verified", keywords) + mail));
    }
    let why = "C: QUIT\n!: 550 5.7.30 REQUIRETLS support required: the sender asked for verified TLS, which the next hop does not have\nX:";
    check(config(TlsPolicy::Opportunistic), report(), &(secured("not verified", "REQUIRETLS") + why));
    for (begin, why) in [
        (secured("verified", "DSN"), "asked for TLS on the whole way, which the next hop does not promise"),
        (secured("not verified", "REQUIRETLS"), "asked for verified TLS, which the next hop does not have"),
        (opened("REQUIRETLS"), "asked for verified TLS, which the next hop does not have"),
    ] {
        let text = format!("C: QUIT\n!: 550 5.7.30 REQUIRETLS support required: the sender {why}\nX:");
        check(config(TlsPolicy::Opportunistic), tls_required(), &(begin + &text));
    }
    let text = "C: QUIT\n!: 550 5.7.30 REQUIRETLS support required: the sender asked for verified TLS, which the next hop does not have\nX:";
    check(config(TlsPolicy::Required), tls_required(), &(opened("REQUIRETLS") + text));
}

#[test]
fn no_more_recipients_at_once_than_the_host_takes() {
    let recipients = ["a@b.example", "b@b.example", "c@c.example", "d@b.example"];
    let rcpt = |count: usize| -> String {
        recipients[..count].iter().map(|address| format!("C: RCPT TO:<{address}>\n")).collect()
    };
    for (limits, count) in [
        ("RCPTMAX=1", 1),
        ("RCPTMAX=3", 3),
        ("RCPTMAX=9", 4),
        ("RCPTDOMAINMAX=1", 2),
        ("RCPTDOMAINMAX=2", 4),
        ("RCPTMAX=3 RCPTDOMAINMAX=1", 2),
        ("RCPTMAX=0 RCPTDOMAINMAX=x", 4),
    ] {
        let replies: String = (0..count).map(|_| "S: 250 ok\n").collect();
        let outcomes: String = (0..count).map(|_| "=: delivered 250 done\n").collect();
        let text = format!(
            "{}C: MAIL FROM:<from@a.example>\n{}C: DATA\nS: 250 ok\n{replies}S: 354 go\nD:\n>: content sent\nS: 250 done\n{outcomes}",
            opened(&format!("PIPELINING,LIMITS {limits}")),
            rcpt(count)
        );
        let session = check(config(TlsPolicy::Opportunistic), to(&recipients), &text);
        assert!(session.is_idle());
    }
}

#[test]
fn no_more_transactions_in_a_session_than_the_host_takes() {
    let one = "C: MAIL FROM:<from@a.example>\nS: 452 4.3.1 full\n=: tempfail 452 4.3.1 full\n";
    let two = format!("{one}>: next transaction\nC: RSET\nS: 250 ok\n{one}");
    for (transactions, idle) in [(one, true), (two.as_str(), false)] {
        let text = opened("LIMITS MAILMAX=2") + transactions;
        let session = check(config(TlsPolicy::Opportunistic), to(&["b@b.example"]), &text);
        assert_eq!(session.is_idle(), idle, "{transactions}");
    }
}

#[test]
fn terms_of_nothing_add_nothing() {
    let plain = Addressee::from(EmailAddress::parse("b@b.example").expect("an address"));
    let transaction = Transaction { recipients: vec![plain], ..to(&["b@b.example"]) };
    check(
        config(TlsPolicy::Opportunistic),
        transaction,
        &(opened("DSN,CHUNKING,BINARYMIME,REQUIRETLS")
            + "C: MAIL FROM:<from@a.example>\nS: 250 ok\nC: RCPT TO:<b@b.example>"),
    );
}
