//! Mail servers that hand everything to the relay: Postfix, sendmail, Exim.

use super::{ClientFile, ClientLines, ClientTls, Submission, quote};

const CA_FILE: &str = "/etc/ssl/certs/ca-certificates.crt";
/// Where the commands go.
const SHELL: &str = "in a shell, as root";

fn file(place: &'static str, text: String) -> ClientFile {
    ClientFile { place, text }
}

pub(super) fn postfix(at: &Submission<'_>) -> ClientLines {
    let Submission { host, port, .. } = at;
    let mut main = format!(
        "relayhost = [{host}]:{port}\n\
         smtp_sasl_auth_enable = yes\n\
         smtp_sasl_password_maps = texthash:/etc/postfix/sasl_passwd\n\
         smtp_sasl_security_options = noanonymous\n"
    );
    if at.tls == ClientTls::Implicit {
        main.push_str("smtp_tls_wrappermode = yes\n");
    }
    main.push_str(&if at.self_signed {
        "# Trial certificate: encrypted, but not checked.\n\
         smtp_tls_security_level = encrypt\n"
            .to_owned()
    } else {
        format!(
            "smtp_tls_security_level = secure\n\
             # On Red Hat: /etc/pki/tls/certs/ca-bundle.crt\n\
             smtp_tls_CAfile = {CA_FILE}\n"
        )
    });
    main.push_str(&format!(
        "# Mail of cron and root leaves as root@this-machine, and is refused.\n\
         # To send all mail as one address:\n\
         #sender_canonical_maps = static:{}\n",
        quote::main_cf(&at.sender)
    ));
    let password = format!("[{host}]:{port} {}:{}\n", at.username, at.secret);
    ClientLines {
        client: "Postfix",
        files: vec![
            file("/etc/postfix/main.cf", main),
            file("/etc/postfix/sasl_passwd", password),
            file(SHELL, "chmod 600 /etc/postfix/sasl_passwd\npostfix reload\n".to_owned()),
        ],
        note: Some(
            "Postfix signs in with the SASL plug-ins of its system: package libsasl2-modules on Debian, \
             cyrus-sasl-plain on Red Hat.",
        ),
    }
}

pub(super) fn sendmail(at: &Submission<'_>) -> ClientLines {
    if at.tls == ClientTls::Implicit {
        return ClientLines {
            client: "sendmail",
            files: Vec::new(),
            note: Some("sendmail knows STARTTLS only. Use the port with STARTTLS, or another program."),
        };
    }
    let Submission { host, port, .. } = at;
    let config = format!(
        "{}define(`confAUTH_MECHANISMS', `PLAIN LOGIN')dnl\n\
         dnl # On Red Hat: /etc/pki/tls/certs and /etc/pki/tls/certs/ca-bundle.crt. Without both, nothing verifies.\n\
         define(`confCACERT_PATH', `/etc/ssl/certs')dnl\n\
         define(`confCACERT', `{CA_FILE}')dnl\n\
         FEATURE(`authinfo', `hash -o /etc/mail/authinfo.db')dnl\n\
         dnl # Leave this out where the file has such a line:\n\
         FEATURE(`access_db', `hash -T<TMPF> -o /etc/mail/access.db')dnl\n",
        smart_host(host, *port)
    );
    let authinfo = format!(
        "AuthInfo:{host} {} {} \"M:PLAIN\"\n",
        quote::authinfo('I', at.username),
        quote::authinfo('P', at.secret)
    );
    let access = format!("TLS_Srv:{host} {}\n", if at.self_signed { "ENCR:128" } else { "VERIFY:128" });
    ClientLines {
        client: "sendmail",
        files: vec![
            file("/etc/mail/sendmail.mc", config),
            file("/etc/mail/authinfo", authinfo),
            file("/etc/mail/access", access),
            file(
                SHELL,
                "cd /etc/mail\n\
                 chmod 600 authinfo\n\
                 makemap hash authinfo < authinfo\n\
                 makemap hash access < access\n\
                 make\n\
                 service sendmail restart\n"
                    .to_owned(),
            ),
        ],
        note: Some(if at.self_signed {
            "The relay's certificate was made for a trial: the line in access asks for encryption, not for a certificate \
             that can be checked. sendmail signs in with the SASL plug-ins of its system: package libsasl2-modules on \
             Debian."
        } else {
            "The line in access makes sendmail keep mail back rather than send it to a server it cannot verify. sendmail \
             signs in with the SASL plug-ins of its system: package libsasl2-modules on Debian."
        }),
    }
}

/// Everything goes to one host and port. The mailer is named, because sendmail strikes a smart host out that is an
/// address of its own machine, as in a trial.
fn smart_host(host: &str, port: u16) -> String {
    format!(
        "dnl # before the MAILER lines\n\
         define(`SMART_HOST', `relay:[{host}]')dnl\n\
         define(`RELAY_MAILER_ARGS', `TCP $h {port}')dnl\n"
    )
}

pub(super) fn exim(at: &Submission<'_>) -> ClientLines {
    let Submission { host, port, .. } = at;
    let mut transport = format!(
        "# after: begin transports\n\
         relaykeep_smtp:\n  driver = smtp\n  port = {port}\n"
    );
    if at.tls == ClientTls::Implicit {
        transport.push_str("  protocol = smtps\n");
    }
    transport.push_str("  hosts_require_auth = *\n  hosts_require_tls = *\n");
    transport.push_str(if at.self_signed {
        "  # Trial certificate: encrypted, but not checked.\n  tls_verify_hosts = :\n  \
         tls_try_verify_hosts = :\n"
    } else {
        "  tls_verify_certificates = system\n  tls_verify_hosts = *\n"
    });
    let authenticator = format!(
        "# after: begin authenticators\n\
         relaykeep_plain:\n  driver = plaintext\n  public_name = PLAIN\n  client_condition = ${{if eq{{$host}}{{{host}}}}}\n  \
         client_send = ^{}^{}\n",
        quote::client_send(at.username),
        quote::client_send(at.secret)
    );
    ClientLines {
        client: "Exim",
        files: vec![file("exim.conf", format!("{}\n{transport}\n{authenticator}", router(host)))],
        note: Some(
            "Each part goes into its section of the configuration. On Debian with split files: conf.d/router, \
             conf.d/transport and conf.d/auth.",
        ),
    }
}

fn router(host: &str) -> String {
    // Exim holds mail back whose next hop is its own machine, unless it is told that another program listens there.
    let here = host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    let myself = if here { "  self = send\n" } else { "" };
    format!(
        "# after: begin routers, as the first\n\
         relaykeep:\n  driver = manualroute\n  domains = ! +local_domains\n  transport = relaykeep_smtp\n  \
         route_list = * {host} byname\n{myself}  no_more\n"
    )
}

pub(super) fn network_postfix(host: &str, port: u16) -> ClientLines {
    ClientLines {
        client: "Postfix",
        files: vec![
            file("/etc/postfix/main.cf", format!("relayhost = [{host}]:{port}\nsmtp_tls_security_level = may\n")),
            file(SHELL, "postfix reload\n".to_owned()),
        ],
        note: None,
    }
}

pub(super) fn network_sendmail(host: &str, port: u16) -> ClientLines {
    ClientLines {
        client: "sendmail",
        files: vec![
            file("/etc/mail/sendmail.mc", smart_host(host, port)),
            file(SHELL, "cd /etc/mail\nmake\nservice sendmail restart\n".to_owned()),
        ],
        note: None,
    }
}

pub(super) fn network_exim(host: &str, port: u16) -> ClientLines {
    let transport = format!("# after: begin transports\nrelaykeep_smtp:\n  driver = smtp\n  port = {port}\n");
    ClientLines {
        client: "Exim",
        files: vec![file("exim.conf", format!("{}\n{transport}", router(host)))],
        note: Some("Each part goes into its section of the configuration."),
    }
}
