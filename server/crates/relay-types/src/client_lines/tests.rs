use super::*;

const LOGIN: Login<'static> = Login { username: "sa-k3x", secret: "s3-cr_et", sender: None };

fn access(self_signed: bool) -> ClientAccess {
    ClientAccess {
        host: "relay.example".to_owned(),
        starttls_port: Some(587),
        implicit_port: Some(465),
        network_port: Some(25),
        self_signed,
    }
}

fn lines(self_signed: bool, tls: ClientTls, client: &str) -> ClientLines {
    let all = for_account(&access(self_signed), tls, LOGIN).expect("a listener");
    all.into_iter().find(|lines| lines.client == client).expect(client)
}

#[test]
fn postfix_with_a_checked_certificate() {
    let lines = lines(false, ClientTls::Starttls, "Postfix");
    assert_eq!(
        lines.file("/etc/postfix/main.cf"),
        Some(
            "relayhost = [relay.example]:587\n\
             smtp_sasl_auth_enable = yes\n\
             smtp_sasl_password_maps = texthash:/etc/postfix/sasl_passwd\n\
             smtp_sasl_security_options = noanonymous\n\
             smtp_tls_security_level = secure\n\
             # On Red Hat: /etc/pki/tls/certs/ca-bundle.crt\n\
             smtp_tls_CAfile = /etc/ssl/certs/ca-certificates.crt\n\
             # Mail of cron and root leaves as root@this-machine, and is refused.\n\
             # To send all mail as one address:\n\
             #sender_canonical_maps = static:sender@example.org\n"
        )
    );
    assert_eq!(lines.file("/etc/postfix/sasl_passwd"), Some("[relay.example]:587 sa-k3x:s3-cr_et\n"));
}

/// What must and must not stand in each client's lines: for STARTTLS, for implicit TLS, and for a trial certificate.
#[test]
fn each_way_to_tls_is_told_to_each_client() {
    for (client, starttls, implicit, checked, unchecked) in [
        ("Postfix", ":587\n", "smtp_tls_wrappermode = yes", "level = secure", "level = encrypt"),
        (
            "Exim",
            "port = 587\n  hosts_require_auth",
            "protocol = smtps",
            "tls_verify_hosts = *",
            "tls_verify_hosts = :",
        ),
        ("msmtp", "tls_starttls on", "tls_starttls off", "tls_trust_file", "tls_certcheck off"),
        ("Python", "smtp.starttls(context", "class Client(smtplib.SMTP_SSL)", "create_default_context", "CERT_NONE"),
        ("Java", "starttls.required\", \"true", "ssl.enable\", \"true", "identity\", \"true", "ssl.trust\", \"relay"),
        (
            "curl",
            "'smtp://relay.example:587' --ssl-reqd",
            "'smtps://relay.example:465'",
            "--ssl-reqd --crlf \\\n  --silent --show-error --dump-header -",
            "--insecure",
        ),
    ] {
        let text = |self_signed, tls| -> String {
            lines(self_signed, tls, client).files.into_iter().map(|file| file.text).collect()
        };
        let plain = text(false, ClientTls::Starttls);
        let wrapped = text(false, ClientTls::Implicit);
        let trial = text(true, ClientTls::Starttls);
        assert!(plain.contains(starttls) && !plain.contains(implicit), "{plain}");
        assert!(wrapped.contains(implicit) && !wrapped.contains(starttls), "{wrapped}");
        assert!(plain.contains(checked) && !plain.contains(unchecked), "{plain}");
        assert!(trial.contains(unchecked), "{trial}");
    }
}

#[test]
fn sendmail_gets_a_smart_host_with_its_secret_and_only_by_starttls() {
    let starttls = lines(true, ClientTls::Starttls, "sendmail");
    assert!(starttls.file("/etc/mail/sendmail.mc").is_some_and(|text| {
        text.contains(
            "define(`SMART_HOST', `relay:[relay.example]')dnl\ndefine(`RELAY_MAILER_ARGS', `TCP $h 587')dnl\n",
        ) && text.contains("confCACERT_PATH")
    }));
    assert_eq!(
        starttls.file("/etc/mail/authinfo"),
        Some("AuthInfo:relay.example \"I:sa-k3x\" \"P:s3-cr_et\" \"M:PLAIN\"\n")
    );
    assert_eq!(starttls.file("/etc/mail/access"), Some("TLS_Srv:relay.example ENCR:128\n"));
    assert_eq!(lines(true, ClientTls::Implicit, "sendmail").files, []);
}

#[test]
fn without_a_listener_there_are_no_lines() {
    let none = ClientAccess { starttls_port: None, implicit_port: None, network_port: None, ..access(false) };
    assert_eq!(for_account(&none, ClientTls::Starttls, LOGIN), None);
    assert_eq!(for_account(&none, ClientTls::Implicit, LOGIN), None);
    assert_eq!(for_network(&none, None), None);
}

#[test]
fn a_machine_in_a_trusted_network_needs_no_secret() {
    let all = for_network(&access(false), None).expect("a listener");
    assert_eq!(
        all[0].file("/etc/postfix/main.cf"),
        Some("relayhost = [relay.example]:25\nsmtp_tls_security_level = may\n")
    );
    for file in all.iter().flat_map(|lines| &lines.files) {
        assert!(!file.text.contains("sasl") && !file.text.contains("login"), "{}", file.text);
    }
}

#[test]
fn the_env_file_names_what_a_program_needs() {
    let sender = EmailAddress::parse("no-reply@d.example").expect("an address");
    assert_eq!(
        env_file(&access(false), Login { sender: Some(&sender), ..LOGIN }),
        "SMTP_HOST=relay.example\nSMTP_PORT=587\nSMTP_TLS=starttls\nSMTP_USERNAME=sa-k3x\nSMTP_PASSWORD=s3-cr_et\n\
         SMTP_FROM=no-reply@d.example\n"
    );
    let only_implicit = ClientAccess { starttls_port: None, ..access(false) };
    assert!(env_file(&only_implicit, LOGIN).contains("SMTP_PORT=465\nSMTP_TLS=implicit\n"));
}

#[test]
fn a_senders_quotes_stay_in_their_string() {
    let sender = EmailAddress::parse("\"a'b\\\"c\"@d.example").expect("an address");
    let all = for_account(&access(false), ClientTls::Starttls, Login { sender: Some(&sender), ..LOGIN });
    let all = all.expect("a listener");
    let text = |client| all.iter().find(|lines| lines.client == client).expect("a client").files[0].text.clone();
    assert!(text("Python").contains(r#"message["From"] = "\"a'b\\\"c\"@d.example""#), "{}", text("Python"));
    assert!(text("curl").contains(r#"--mail-from '"a'\''b\"c"@d.example'"#), "{}", text("curl"));
}
