//! What replies of real servers are taken for, and where the page of each leads.

use super::*;
use relay_types::Id;
use uuid::Uuid;

mod gmail;
mod providers;

fn context() -> Context {
    Context {
        slug: "bio".parse().expect("a slug"),
        operator: false,
        recipient: Some(EmailAddress::parse("t+x@o.example").expect("an address")),
        domain: None,
        egress: vec!["192.0.2.7".parse().expect("an address")],
    }
}

/// As the client's session reads it: lines apart by `|`, codes at their beginning taken off.
fn reply(text: &str) -> Reply {
    let mut reply = stored_reply(text.split('|').next().unwrap_or_default());
    reply.lines.extend(text.split('|').skip(1).map(str::to_owned));
    reply
}

fn class(text: &str) -> (BounceClass, Option<String>) {
    let explained = explain(&Cause::Reply(reply(text)), &context());
    (explained.class, explained.provider)
}

#[test]
fn real_replies_are_classed() {
    use BounceClass::*;
    for (text, expected, provider) in [
        // The replies of the guide that users know by heart.
        (
            "554 gmx.net (mxgmx116) Nemesis ESMTP Service not available|No SMTP service|Bad DNS PTR resource record.|For explanation visit http://postmaster.gmx.com/en/error-messages?ip=167.114.229.225&c=rdns",
            Ptr,
            "GMX",
        ),
        (
            "550 5.7.26 Unauthenticated email from laudate.ee is not accepted due to domain's|DMARC policy. Please contact the administrator of|laudate.ee domain if this was a legitimate mail.|Please visit|https://support.google.com/mail/answer/2451690|to learn about the 550 5.7.26 DMARC initiative. x - gsmtp",
            Authentication,
            "Gmail",
        ),
        ("550 Email blocked", Blocklist, ""),
        ("550 Requested action not taken: mailbox unavailable|Sender address has null MX", Authentication, ""),
        // Gmail
        (
            "550 5.7.25 [192.0.2.7] The IP address sending this message does not have a PTR record setup, or the corresponding forward DNS entry does not match the sending IP.",
            Ptr,
            "Gmail",
        ),
        (
            "550 5.7.26 Your email has been blocked because the sender is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM.",
            Authentication,
            "Gmail",
        ),
        (
            "421 4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your IP address. To protect our users from spam, mail sent from your IP address has been temporarily rate limited.",
            Rate,
            "Gmail",
        ),
        (
            "550 5.7.1 [192.0.2.7] Our system has detected an unusual rate of unsolicited mail originating from your IP address. To protect our users from spam, mail sent from your IP address has been blocked.",
            Blocklist,
            "Gmail",
        ),
        (
            "550 5.7.1 [192.0.2.7] Our system has detected that this message is likely unsolicited mail.",
            Content,
            "Gmail",
        ),
        (
            "550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking the recipient's email address for typos or unnecessary spaces. - gsmtp",
            Recipient,
            "Gmail",
        ),
        ("452 4.2.2 The email account that you tried to reach is over quota.", MailboxFull, "Gmail"),
        (
            "450 4.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages from being delivered.",
            Rate,
            "Gmail",
        ),
        // Microsoft
        (
            "550 5.7.509 Access denied, sending domain gene.example does not pass DMARC verification and has a DMARC policy of reject.",
            Authentication,
            "Microsoft 365",
        ),
        (
            "550 5.7.515 Access denied, sending domain GENE.EXAMPLE does not meet the required authentication level.",
            Authentication,
            "Outlook",
        ),
        (
            "550 5.7.1 Unfortunately, messages from [192.0.2.7] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3150).",
            Blocklist,
            "Outlook",
        ),
        (
            "550 5.7.606 Access denied, banned sending IP [192.0.2.7]. To request removal from this list please visit https://sender.office.com/",
            Blocklist,
            "Microsoft 365",
        ),
        (
            "451 4.7.650 The mail server [192.0.2.7] has been temporarily rate limited due to IP reputation.",
            Rate,
            "Outlook",
        ),
        (
            "550 5.4.1 Recipient address rejected: Access denied. [x.prod.protection.outlook.com]",
            Recipient,
            "Microsoft 365",
        ),
        (
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
            Recipient,
            "Microsoft 365",
        ),
        (
            "450 4.7.25 Service unavailable, sending IPv6 address [2001:db8::7] must have reverse DNS record",
            Ptr,
            "Microsoft 365",
        ),
        // Yahoo, iCloud
        (
            "421 4.7.0 [TSS04] Messages from 192.0.2.7 temporarily deferred due to unexpected volume or user complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes",
            Rate,
            "Yahoo",
        ),
        (
            "553 5.7.2 [TSS09] All messages from 192.0.2.7 will be permanently deferred; Retrying will NOT succeed.",
            Blocklist,
            "Yahoo",
        ),
        (
            "554 5.7.9 Message not accepted for policy reasons. See https://postmaster.yahooinc.com/error-codes",
            Authentication,
            "Yahoo",
        ),
        ("554 delivery error: dd This user doesn't have a yahoo.com account (x@yahoo.com) [0]", Recipient, "Yahoo"),
        (
            "550 5.7.1 [CS01] Message rejected due to local policy. Please visit https://support.apple.com/en-us/HT204137",
            Content,
            "iCloud",
        ),
        ("550 5.7.1 Your message was rejected due to gene.example DMARC policy.", Authentication, "iCloud"),
        // Germany
        (
            "554 gmx.net (mxgmx104) Nemesis ESMTP Service not available|No SMTP service|IP address is block listed.|For explanation visit https://postmaster.gmx.net/en/case?c=r0201&i=ip&v=198.51.100.42",
            Blocklist,
            "GMX",
        ),
        (
            "550 Reject due to SPF policy. The originating IP of the message is not permitted by the domain owner",
            Authentication,
            "GMX",
        ),
        (
            "554 IP=192.0.2.7 - None/bad reputation. Ask your postmaster for help or to contact tobr@rx.t-online.de for reset. (NOWL)",
            Blocklist,
            "T-Online",
        ),
        // Filters and lists
        ("554 5.7.0 Blocked - see https://ipcheck.proofpoint.com/?ip=192.0.2.7", Blocklist, "Proofpoint"),
        (
            "451 Internal resource is temporarily unavailable - https://community.mimecast.com/docs/DOC-1369#451 [Aj3Q]",
            Rate,
            "Mimecast",
        ),
        (
            "550 Rejected by header based Anti-Spoofing policy: x - https://community.mimecast.com/docs/DOC-1369#550",
            Authentication,
            "Mimecast",
        ),
        (
            "554 Service unavailable; Client host [mx.example] blocked using Barracuda Reputation; http://www.barracudanetworks.com/reputation/?r=1&ip=192.0.2.7",
            Blocklist,
            "Barracuda",
        ),
        (
            "554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.7",
            Blocklist,
            "Spamhaus",
        ),
        (
            "554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using bl.spamcop.net; Blocked - see https://www.spamcop.net/bl.shtml?192.0.2.7",
            Blocklist,
            "SpamCop",
        ),
        // Servers
        ("450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.7]", Ptr, "Postfix"),
        ("554 5.7.1 Client host rejected: cannot find your reverse hostname, [2001:db8::7]", Ptr, "Postfix"),
        (
            "550 5.1.1 <x@o.example>: Recipient address rejected: User unknown in virtual mailbox table",
            Recipient,
            "Postfix",
        ),
        ("450 4.1.8 <a@gene.example>: Sender address rejected: Domain not found", Authentication, "Postfix"),
        (
            "450 4.2.0 <x@o.example>: Recipient address rejected: Greylisted, see http://postgrey.example/",
            Rate,
            "Postfix",
        ),
        ("550 Sender verify failed", Authentication, "Exim"),
        ("550 Unrouteable address", Recipient, "Exim"),
        ("554 5.7.1 Spam message rejected", Content, "rspamd"),
        ("550 5.7.1 Message refused by SpamAssassin, score 12.3", Content, "SpamAssassin"),
        ("550 5.7.1 Message identified as SPAM", Content, ""),
        // In words, and by code
        (
            "451 4.7.1 Your IP address does not resolve to an existing hostname - no proper reverse mapping exists",
            Ptr,
            "",
        ),
        ("550 no such user here", Recipient, ""),
        ("552 Requested mail action aborted: exceeded storage allocation", MailboxFull, ""),
        ("421 Too many connections, try again later", Rate, ""),
        ("530 5.7.0 Must issue a STARTTLS command first", Tls, ""),
        ("550 5.1.1 <spam@virus.example> gone, blocked by nobody", Recipient, ""),
        ("550 5.7.1 Delivery not authorized, message refused", Other, ""),
        ("550 5.7.23 SPF validation failed", Authentication, ""),
        ("550 5.7.27 Sender address has null MX", Authentication, ""),
        ("552 5.2.2 Full", MailboxFull, ""),
        ("552 5.3.4 Too big", Content, ""),
        ("556 5.1.10 Null MX", Recipient, ""),
        ("421 4.3.2 Going down", Network, ""),
        ("451 Local error in processing", Network, ""),
        ("554 Transaction failed", Other, ""),
        ("521 No mail here", Recipient, ""),
    ] {
        let expected = (expected, (!provider.is_empty()).then(|| provider.to_owned()));
        assert_eq!(class(text), expected, "{text}");
    }
}

#[test]
fn what_is_ours_is_read_by_its_code_alone() {
    use BounceClass::*;
    let network = |code, text: &str| Cause::Network(Reply::new(451, code, text));
    let local = |code, text: &str| Cause::Local(Reply::new(554, code, text));
    for (cause, expected) in [
        (Cause::Dns(Reply::new(550, (5, 1, 2), "spam.example does not exist")), Recipient),
        (Cause::Dns(Reply::new(451, (4, 4, 3), "o.example cannot be looked up: time-out")), Network),
        (network((4, 4, 1), "No host could be tried in time"), Network),
        (network((4, 7, 5), "TLS failed: blocklist"), Tls),
        (network((4, 7, 10), "The route asks for TLS"), Tls),
        (local((5, 6, 7), "The next hop does not know SMTPUTF8"), Content),
        (local((5, 3, 4), "The next hop takes 1 MB"), Content),
        (Cause::Recipient(Reply::plain(553, "no")), Recipient),
        (Cause::Recipient(Reply::plain(552, "no")), MailboxFull),
        (Cause::Reply(Reply::plain(552, "no")), Content),
        (Cause::Network(Reply::plain(451, "no")), Network),
    ] {
        assert_eq!(explain(&cause, &context()).class, expected, "{cause:?}");
    }
}

#[test]
fn a_message_that_grew_too_old_is_explained_by_its_last_reason() {
    let text = "Message expired: it could not be delivered in 5 days; the last reason was: 450 4.7.25 Client host \
                rejected: cannot find your hostname, [192.0.2.9]";
    let explained = explain(&Cause::Local(Reply::new(554, (5, 4, 7), text)), &context());
    assert_eq!((explained.class, explained.provider.as_deref()), (BounceClass::Ptr, Some("Postfix")));
    assert!(explained.meaning.starts_with("It could not be delivered in time. The receiving Postfix"));
    assert_eq!(explained.page.expect("a page").0, "/p/bio/tickets?new=set-ptr&address=192.0.2.9");
}

#[test]
fn each_class_leads_to_the_page_that_mends_it() {
    let domain = SenderDomain {
        id: Id::from_uuid(Uuid::nil()),
        to_mend: vec![(Subject::Mx, "mx.null".to_owned()), (Subject::Spf, "spf.egress".to_owned())],
    };
    let own = format!("/p/bio/domains/{}", domain.id);
    let (member, operator) = (context(), Context { operator: true, ..context() });
    let proven = Context { domain: Some(domain.clone()), ..context() };
    let unjudged = Context { domain: Some(SenderDomain { to_mend: Vec::new(), ..domain }), ..context() };
    for (text, context, page) in [
        ("550 5.1.1 No such user", &member, Some("/p/bio/suppressions?q=t%2Bx%40o.example")),
        ("550 5.1.2 No such domain", &member, None),
        ("450 4.1.1 Not yet known", &member, None),
        ("550 5.7.26 DMARC", &member, Some("/p/bio/senders")),
        ("550 5.7.26 DMARC", &proven, Some(&format!("{own}#check-spf.egress"))),
        ("550 5.7.27 Null MX", &proven, Some(&format!("{own}#check-mx.null"))),
        ("550 5.7.26 DMARC", &unjudged, Some(&own)),
        ("550 5.7.25 [192.0.2.7] has no PTR", &member, Some("/p/bio/tickets?new=set-ptr&address=192.0.2.7")),
        ("550 5.7.25 [192.0.2.7] has no PTR", &operator, Some("/admin/egress")),
        ("550 5.7.25 [192.0.2.8] has no PTR", &operator, Some("/p/bio/tickets?new=set-ptr&address=192.0.2.8")),
        ("550 5.7.25 2001:db8::7 has no PTR", &member, Some("/p/bio/tickets?new=set-ptr&address=2001%3Adb8%3A%3A7")),
        (
            "554 5.7.25 see http://gmx.example/?ip=192.0.2.9&c=rdns",
            &member,
            Some("/p/bio/tickets?new=set-ptr&address=192.0.2.9"),
        ),
        ("550 5.7.25 no PTR", &member, Some("/p/bio/tickets?new=set-ptr")),
        ("550 5.7.25 no PTR", &operator, Some("/admin/egress")),
        ("554 blocked using zen.spamhaus.org", &operator, Some("/admin/egress")),
        ("554 blocked using zen.spamhaus.org", &member, None),
        ("535 5.7.8 Wrong password", &member, Some("/p/bio/settings")),
        ("421 4.3.2 Going down", &operator, Some("/admin/queue")),
        ("421 4.3.2 Going down", &member, None),
        ("552 5.2.2 Full", &operator, None),
        ("554 5.6.0 Odd", &operator, None),
    ] {
        let explained = explain(&Cause::Recipient(stored_reply(text)), context);
        assert_eq!(explained.page.as_ref().map(|(path, _)| path.as_str()), page, "{text}");
    }
}

#[test]
fn the_files_are_whole() {
    let mut codes = std::collections::BTreeSet::new();
    for entry in known::TEXTS.iter().chain(known::CODES.iter()) {
        assert!(entry.source.starts_with("https://"), "{entry:?}");
        assert!(entry.meaning.ends_with('.') && !entry.meaning.contains('!'), "{entry:?}");
        assert_eq!(entry.texts.is_empty(), entry.code.is_some(), "{entry:?}");
        for text in &entry.texts {
            assert_eq!(*text, text.to_lowercase(), "{entry:?}");
            assert!(!text.split_whitespace().any(|word| word.contains('@')), "addresses are not read: {entry:?}");
        }
        if let Some(about) = &entry.about {
            assert!(["spf", "dkim", "dmarc", "mx", "route"].contains(&about.as_str()), "{entry:?}");
        }
        if let Some(code) = &entry.code {
            assert!(codes.insert(code.clone()), "{code} twice");
        }
    }
    let classes =
        |entries: &[Entry]| entries.iter().map(|entry| entry.class).collect::<std::collections::BTreeSet<_>>();
    let mut known = classes(&known::TEXTS);
    known.extend(classes(&known::CODES));
    assert_eq!(known.len(), BounceClass::ALL.len(), "a class is never said");
}

#[test]
fn hostile_replies_are_read_in_bounds() {
    let long = "x".repeat(100_000);
    for text in [format!("550 {long}"), format!("550 {}", "dmarc ".repeat(50_000)), "550".to_owned(), String::new()] {
        let explained = explain_line(&text, &context());
        assert!(explained.meaning.len() < 300);
    }
}

#[test]
fn what_is_not_about_the_mailbox_never_suppresses() {
    for entry in known::CODES.iter() {
        let code = entry.code.as_deref().and_then(|code| code.split_once('.')).expect("a code");
        let (subject, detail) = (code.0.parse().expect("a number"), code.1.parse().expect("a number"));
        let cause = Cause::Recipient(Reply::new(550, (5, subject, detail), "no"));
        if suppressions::says_nobody(&cause).is_some() {
            assert_eq!(entry.class, BounceClass::Recipient, "5.{subject}.{detail}");
        }
    }
}
