//! What Gmail publishes of its replies.

use super::{providers::classed, *};
use BounceClass::*;

/// "Gmail SMTP errors and codes" of 2026-02-12. Gmail gives 7.27 to 7.30 other meanings than the registry.
#[test]
fn gmail() {
    classed(
        "Gmail",
        &[
            (
                "450 4.2.1 The user you are trying to contact is receiving email too quickly. Please resend your message at a later time.",
                Rate,
                None,
            ),
            (
                "450 4.2.1 The user you are trying to contact is receiving email at a rate that prevents additional messages from being delivered.",
                Rate,
                None,
            ),
            ("450 4.2.1 Peak SMTP relay limit exceeded for this customer.", Rate, None),
            ("452 4.2.2 The recipient's inbox is out of storage space.", MailboxFull, None),
            (
                "421 4.7.0 The IP address sending this message does not have a PTR record, or the corresponding forward DNS entry does not point to the sending IP. To protect our users from spam, email sent from your IP address has been temporarily rate limited.",
                Ptr,
                None,
            ),
            ("421 4.7.0 TLS required for RCPT domain, closing connection.", Tls, None),
            (
                "421 4.7.0 This message is suspicious due to the very low reputation of the sending IP address. To protect our users from spam, email sent from your IP address has been temporarily rate limited.",
                Blocklist,
                None,
            ),
            (
                "421 4.7.0 This message is suspicious due to the nature of the content or the links within.",
                Content,
                None,
            ),
            (
                "451 4.7.23 [192.0.2.7] The sending IP address for this message doesn't have a PTR record, or the PTR record's forward DNS entry doesn't match the sending IP address.",
                Ptr,
                None,
            ),
            (
                "451 4.7.24 The SPF record of the sending domain has one or more suspicious entries.",
                Authentication,
                Some("spf"),
            ),
            (
                "421 4.7.26 This email has been rate limited because it is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM.",
                Authentication,
                Some("spf"),
            ),
            (
                "421 4.7.27 Your email has been rate limited because SPF authentication didn't pass for this message.",
                Authentication,
                Some("spf"),
            ),
            (
                "421 4.7.28 Gmail has detected an unusual rate of email. To protect our users from spam, email has been temporarily rate limited.",
                Rate,
                None,
            ),
            (
                "421 4.7.28 Gmail has detected an unusual rate of unsolicited email originating from your DKIM domain gene.example. To protect our users from spam, email sent from your domain has been temporarily rate limited.",
                Rate,
                None,
            ),
            (
                "421 4.7.28 Gmail has detected an unusual amount of unsolicited email originating from your IP address. To protect our users from spam, email sent from your IP address has been temporarily blocked.",
                Blocklist,
                None,
            ),
            (
                "421 4.7.28 Gmail has detected this sender exceeded the quota for sending messages that have the same Message-ID:.",
                Rate,
                None,
            ),
            ("421 4.7.29 Your email has been rate limited because you're not using a TLS connection.", Tls, None),
            (
                "421 4.7.30 Your email has been rate limited because DKIM authentication didn't pass for this message.",
                Authentication,
                Some("dkim"),
            ),
            (
                "421 4.7.32 Your email has been rate limited because the From: header (RFC5322) in this message isn't aligned with either the authenticated SPF or DKIM organizational domain.",
                Authentication,
                Some("dmarc"),
            ),
            (
                "421 4.7.40 Your email has been rate limited because the sending domain doesn't have a DMARC record, or the DMARC record doesn't specify a DMARC policy.",
                Authentication,
                Some("dmarc"),
            ),
            ("550 5.2.1 The email account that you tried to reach is inactive.", Recipient, None),
            ("550 5.4.5 Daily SMTP relay limit exceeded for user.", Rate, None),
            (
                "552 5.7.0 This message was blocked because its content presents a potential security issue.",
                Content,
                None,
            ),
            (
                "550 5.7.1 The user or domain that you are sending to (or from) has a policy that prohibits the email that you sent.",
                Content,
                None,
            ),
            (
                "550 5.7.1 This message is likely unsolicited email. To reduce the amount of spam sent to Gmail, this message has been blocked.",
                Content,
                None,
            ),
            (
                "550 5.7.1 This message does not meet IPv6 sending guidelines regarding PTR records and authentication.",
                Ptr,
                None,
            ),
            (
                "550 5.7.1 This message is likely suspicious due to the very low reputation of the sending domain.",
                Blocklist,
                None,
            ),
            ("550 5.7.1 Messages missing a valid Message-ID: header are not accepted.", Content, None),
            ("550 5.7.1 This message is not RFC 5322 compliant because it has duplicate headers.", Content, None),
            (
                "550 5.7.1 The IP you're using to send email is not authorized to send email directly to our servers.",
                Blocklist,
                None,
            ),
            ("550 5.7.1 Daily SMTP relay sending limit exceeded for this customer.", Rate, None),
            (
                "550 5.7.25 This message was blocked because the sending IP address doesn't have a PTR record, or the forwarding DNS entry doesn't reference the sending IP address.",
                Ptr,
                None,
            ),
            (
                "550 5.7.26 The (E)MAIL FROM domain [gene.example] has an SPF record with a hard fail policy (-all) but it fails to pass SPF checks with the ip: [192.0.2.7].",
                Authentication,
                Some("spf"),
            ),
            (
                "550 5.7.26 Unauthenticated email from gene.example is not accepted due to domain's DMARC policy.",
                Authentication,
                Some("dmarc"),
            ),
            (
                "550 5.7.27 This message was blocked because it didn't pass SPF authentication.",
                Authentication,
                Some("spf"),
            ),
            (
                "550 5.7.28 There is an unusual rate of unsolicited email originating from your IP address. To protect our users from spam, email sent from your IP address has been blocked.",
                Blocklist,
                None,
            ),
            ("550 5.7.29 This message was blocked because it wasn't sent over a TLS connection.", Tls, None),
            (
                "550 5.7.30 This message was blocked because it didn't pass DKIM authentication.",
                Authentication,
                Some("dkim"),
            ),
            (
                "421 5.7.32 Your email was blocked because the From: header (RFC5322) in this message isn't aligned with either the authenticated SPF or DKIM organizational domain.",
                Authentication,
                Some("dmarc"),
            ),
            (
                "550 5.7.40 Your message was blocked because the sending domain doesn't have a DMARC record or the DMARC record doesn't specify a DMARC policy.",
                Authentication,
                Some("dmarc"),
            ),
        ],
    );
}
