//! Listeners as an administrator sets them up: several names by SNI, the legacy profile and its standing warning.

use crate::{
    harness::{Issued, Relaykeep, clients, free_port},
    submission::RULES,
};
use std::{fs, process::Command};

/// A certificate for this name in files of the relay's folder, as `NAME.pem` and `NAME.key`.
fn certificate(relay: &Relaykeep, name: &str) {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
    parameters.distinguished_name.push(rcgen::DnType::CommonName, name);
    fs::write(relay.path(&format!("{name}.pem")), parameters.self_signed(&key).unwrap().pem()).unwrap();
    fs::write(relay.path(&format!("{name}.key")), key.serialize_pem()).unwrap();
}

/// The subject of the certificate that a client is shown which asks for this name.
fn shown(port: u16, starttls: bool, arguments: &[&str]) -> String {
    let place = format!("127.0.0.1:{port}");
    let mut command = Command::new("openssl");
    command.args(["s_client", "-connect", &place]).args(arguments);
    if starttls {
        command.args(["-starttls", "smtp"]);
    }
    let (_, text) = clients::run(&mut command);
    text.lines().find_map(|line| line.strip_prefix("subject=")).unwrap_or(&text).trim().to_owned()
}

#[test]
fn row_2_12_a_listener_shows_each_client_the_certificate_of_the_name_it_asks_for() {
    let mut relay = Relaykeep::prepare("");
    let (one, other) = (free_port(), free_port());
    let mut files = Vec::new();
    for name in ["mail.first.test", "mail.second.test"] {
        certificate(&relay, name);
        let path = |ending: &str| relay.path(&format!("{name}.{ending}")).display().to_string();
        files.push(format!("certificate={},key={}", path("pem"), path("key")));
    }
    let listener = |name: &str, port: u16, tls: &str, host: &str| {
        format!("name={name},listen=127.0.0.1:{port},tls={tls},auth=required,hostname={host},{}", files.join(","))
    };
    let flags =
        [listener("one", one, "implicit", "mail.first.test"), listener("other", other, "starttls", "mail.second.test")];
    relay.run_with(&["--listener", &flags[0], "--listener", &flags[1]]);
    for (port, starttls) in [(one, false), (other, true)] {
        for (asked, subject) in [
            (&["-servername", "mail.first.test"][..], "mail.first.test"),
            (&["-servername", "mail.second.test"], "mail.second.test"),
            (&["-servername", "unknown.test"], "mail.first.test"),
            (&["-noservername"], "mail.first.test"),
        ] {
            let found = shown(port, starttls, asked);
            assert!(found.ends_with(subject), "{asked:?} on {port}: {found}");
        }
    }
    assert!(clients::dialogue(other, &["QUIT"])[0].starts_with("220 mail.second.test ESMTP"));
}

/// Python signs in without TLS and sends.
fn send_in_clear(port: u16, account: &Issued) -> (bool, String) {
    clients::python(&format!(
        "import smtplib\ns = smtplib.SMTP('127.0.0.1', {port})\ns.ehlo()\nprint(s.ehlo_resp.decode())\n\
         s.login('{}', '{}')\nprint(s.sendmail('sender@domain.com', ['a@other.test'], 'From: sender@domain.com\\n\\nhi'))",
        account.username, account.secret
    ))
}

#[test]
fn row_2_13_the_legacy_profile_is_for_listed_networks_only_and_is_warned_of_for_as_long_as_it_stands() {
    let mut relay = Relaykeep::prepare("");
    let (here, elsewhere) = (free_port(), free_port());
    let listener = |name: &str, port: u16, networks: &str| {
        format!("name={name},listen=127.0.0.1:{port},tls=starttls,auth=required,{networks}")
    };
    let old = listener("old", here, "plaintext_auth_from=127.0.0.1/32,plaintext_auth_from=192.0.2.0/24");
    let far = listener("far", elsewhere, "plaintext_auth_from=198.51.100.0/24");
    let flags = ["--listener", &old, "--listener", &far];
    relay.run_with(&flags);
    let account = &relay.apply(RULES)[0];
    let offer = &clients::dialogue(here, &["EHLO a.test"])[1];
    assert!(offer.contains("250-AUTH PLAIN LOGIN\r\n") && offer.contains("250 AUTH=LOGIN PLAIN\r\n"), "{offer}");
    let (sent, said) = send_in_clear(here, account);
    assert!(sent && said.contains("{}"), "{said}");
    // Who is not listed is offered nothing, and a secret that is sent all the same is not looked at.
    let replies = clients::dialogue(elsewhere, &["EHLO a.test", "AUTH PLAIN AGEAYg=="]);
    assert!(!replies[1].contains("AUTH"), "{replies:?}");
    assert!(replies[2].starts_with("538 5.7.11 ") || replies[2].starts_with("530 5.7.0 "), "{replies:?}");
    assert!(!send_in_clear(elsewhere, account).0);

    let warnings = [
        "Listener old takes secrets in clear from 127.0.0.1/32 and 192.0.2.0/24",
        "Listener far takes secrets in clear from 198.51.100.0/24",
    ];
    let operator = relay.operator();
    for page in ["/admin/listeners", "/admin/settings"] {
        let text = operator.get(page).text();
        assert!(warnings.iter().all(|warning| text.contains(warning)), "{page}: {text}");
    }
    let check = relay.subcommand(&[&["check"], &flags[..]].concat(), "");
    let text = String::from_utf8_lossy(&check.stdout).into_owned();
    assert!(
        check.status.success() && warnings.iter().all(|warning| text.contains(&format!("note  {warning}"))),
        "{text}"
    );

    for (networks, words) in [
        ("0.0.0.0/0", "A block of all addresses would let everyone in"),
        ("0.0.0.0/1", "secrets in clear are never taken from so many addresses"),
    ] {
        let open = listener("open", here, &format!("plaintext_auth_from={networks}"));
        let refused = relay.subcommand(&["serve", "--listener", &open], "");
        let text = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && text.contains(words), "{text}");
    }
}
