//! What providers publish of their replies, or were seen to say, as of 2026: each in its class.

use super::*;
use BounceClass::*;

pub(super) fn classed(provider: &str, replies: &[(&str, BounceClass, Option<&str>)]) {
    for (text, expected, about) in replies {
        let found = by_reply(&reply(text)).unwrap_or_else(|| panic!("nothing is known of: {text}"));
        assert_eq!((found.class, found.provider.as_deref()), (*expected, Some(provider)), "{text}: {found:?}");
        assert_eq!(found.about.as_deref(), *about, "{text}: {found:?}");
    }
}

#[test]
fn microsoft() {
    classed(
        "Microsoft 365",
        &[
            (
                "450 4.7.26 Access denied, a message sent over IPv6 [2001:db8::7] must pass either SPF or DKIM validation, this message is not signed.",
                Authentication,
                Some("spf"),
            ),
            (
                "550 5.7.25 Access denied, the sending IPv6 address [2001:db8::7] must have a reverse DNS record.",
                Ptr,
                None,
            ),
            ("550 5.7.506 Access Denied, Bad HELO", Ptr, None),
            ("550 5.7.507 Access denied, rejected by recipient", Blocklist, None),
            (
                "550 5.7.508 Access denied, [2001:db8::7] has exceeded permitted limits within 2001:db8::/64 range",
                Rate,
                None,
            ),
            ("550 5.7.511 Access denied, banned sender", Blocklist, None),
            ("550 5.7.512 Access denied, message must be RFC 5322 section 3.6.2 compliant", Content, None),
            (
                "550 5.7.513 Service unavailable, Client host [192.0.2.7] blocked by uni.example using Customer Block list (AS16012607)",
                Blocklist,
                None,
            ),
            ("550 5.7.649 Access denied, banned sending IP [192.0.2.7]", Blocklist, None),
            ("451 4.7.550 Access denied, please try again later", Blocklist, None),
            (
                "550 5.7.23 The message was rejected because of Sender Policy Framework violation",
                Authentication,
                Some("spf"),
            ),
            ("550 5.2.121 Recipient's per hour message receive limit from specific sender exceeded", Rate, None),
            ("432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded", Rate, None),
            ("451 5.7.3 STARTTLS is required to send mail [x.prod.protection.outlook.com]", Tls, None),
        ],
    );
    classed(
        "Outlook",
        &[
            (
                "550 5.7.1 Unfortunately, messages from [192.0.2.7] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3140).",
                Blocklist,
                None,
            ),
            (
                "451 4.7.651 The mail server [192.0.2.7] has been temporarily rate limited due to IP reputation. For e-mail delivery information, see https://postmaster.live.com (S3114)",
                Rate,
                None,
            ),
            ("451 4.7.500 Server busy. Please try again later from [192.0.2.7]. (AS761)", Rate, None),
        ],
    );
}

#[test]
fn yahoo_and_icloud() {
    classed(
        "Yahoo",
        &[
            (
                "421 4.7.0 [TSS05] Messages from 192.0.2.7 temporarily deferred due to unexpected volume or user complaints - 4.16.55.1",
                Rate,
                None,
            ),
            (
                "421 4.7.0 [IPTS04] Messages from 192.0.2.7 temporarily deferred due to user complaints - 4.16.55.1",
                Rate,
                None,
            ),
            ("450 User is receiving mail too quickly", Rate, None),
            (
                "553 5.7.1 [BL21] Connections will not be accepted from 192.0.2.7, because the ip is in Spamhaus's list; see http://postmaster.yahoo.com/550-bl23.html",
                Blocklist,
                None,
            ),
            (
                "554 Message not allowed - [PH01] Email not accepted for policy reasons. Please visit https://postmaster.yahooinc.com/error-codes",
                Content,
                None,
            ),
            (
                "550 5.7.9 This mail has been blocked because the sender is unauthenticated. Yahoo requires all senders to authenticate with either SPF or DKIM.",
                Authentication,
                Some("spf"),
            ),
            (
                "451 Message temporarily deferred due to unresolvable RFC.5321 from domain. See https://senders.yahooinc.com/error-codes#unresolvable-from-domain",
                Authentication,
                Some("mx"),
            ),
            (
                "554 30 Sorry, your message to x@aol.example cannot be delivered. This mailbox is disabled (554.30)",
                Recipient,
                None,
            ),
            ("554 delivery error: dd x@yahoo.example is no longer valid. [-20]", Recipient, None),
        ],
    );
    classed(
        "iCloud",
        &[
            (
                "554 5.7.1 [HME1] This message was blocked for failing both SPF and DKIM authentication checks. See https://support.apple.com/en-us/HT204137",
                Authentication,
                Some("dmarc"),
            ),
            (
                "550 5.7.1 [CS01] Message rejected due to local policy. Please visit https://support.apple.com/en-us/HT204137",
                Content,
                None,
            ),
            (
                "421 4.7.1 Messages to x@icloud.example deferred due to excessive volume. Try again later - https://support.apple.com/en-us/HT204137",
                Rate,
                None,
            ),
            (
                "550 5.7.1 Your email was rejected due to having a domain present in the Spamhaus DBL -- see https://www.spamhaus.org/dbl/",
                Blocklist,
                None,
            ),
            ("550 5.1.1 unknown or illegal alias: x@icloud.example", Recipient, None),
        ],
    );
}

#[test]
fn france() {
    classed(
        "Orange",
        &[
            (
                "550 mwinf5c04 ME Adresse IP source bloquee pour incident de spam. Client host blocked for spamming issues. OFR006_102 Ref",
                Blocklist,
                None,
            ),
            (
                "421 mwinf5c79 ME Trop de connexions, veuillez verifier votre configuration. Too many connections, slow down. OFR005_104 [104]",
                Rate,
                None,
            ),
            (
                "550 5.1.1 Adresse d au moins un destinataire invalide. Invalid recipient. OFR_416 [416]",
                Recipient,
                None,
            ),
            ("552 5.1.1 Boite du destinataire pleine. Recipient overquota. OFR_417 [417]", MailboxFull, None),
            ("550 5.2.0 Mail rejete. Mail rejected. OFR_506 [506]", Content, None),
            ("501 5.1.0 Emetteur invalide. Invalid Sender. OFR004_405 [405]", Authentication, Some("mx")),
        ],
    );
    classed(
        "La Poste",
        &[
            (
                "550 5.5.0 Les emails envoyes vers la messagerie Laposte.net ont ete bloques par nos services. LPN007_102",
                Blocklist,
                None,
            ),
            ("550 5.5.0 SPF: 192.0.2.7 is not allowed to send mail. LPN004_401", Authentication, Some("spf")),
            (
                "571 5.7.1 Message refused, DMARC verification Failed. Message refuse, verification DMARC en echec LPN007_517",
                Authentication,
                Some("dmarc"),
            ),
            ("550 5.1.1 Adresse d au moins un destinataire invalide. Invalid recipient. LPN416", Recipient, None),
        ],
    );
    classed(
        "Free",
        &[("421 Too many spams from your IP (192.0.2.7), please visit http://postmaster.free.fr/", Blocklist, None)],
    );
    classed(
        "SFR",
        &[
            ("450 4.7.1 Service refused due to bad behavior, SFR_IN_101", Blocklist, None),
            ("450 4.7.1 Service refused due to bad behavior, SFR_IN_205", Rate, None),
        ],
    );
}

#[test]
fn gateways() {
    classed(
        "Mimecast",
        &[
            (
                "550 Rejected by header-based Anti-Spoofing policy - https://community.mimecast.com/docs/DOC-1369#550",
                Authentication,
                Some("spf"),
            ),
            (
                "550 DKIM Sender Invalid - envelope rejected - https://community.mimecast.com/docs/DOC-1369#550",
                Authentication,
                Some("dmarc"),
            ),
            (
                "550 local CT IP Reputation - (reject) - https://community.mimecast.com/docs/DOC-1369#550",
                Blocklist,
                None,
            ),
            ("553 This route requires encryption (TLS) - https://community.mimecast.com/docs/DOC-1369#553", Tls, None),
        ],
    );
    classed("Barracuda", &[("550 permanent failure for one or more recipients (x@o.example:blocked)", Content, None)]);
}

/// RFC 9989 §7.2.
#[test]
fn the_example_of_dmarc() {
    let found = by_reply(&reply("550 5.7.1 Email rejected per DMARC policy for example.com")).expect("known words");
    assert_eq!((found.class, found.about.as_deref()), (Authentication, Some("dmarc")));
}
