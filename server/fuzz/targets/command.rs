//! A command line of a client: verb, path and parameters. Whatever is accepted can be written again and is the same.

#![no_main]

use libfuzzer_sys::fuzz_target;
use relay_smtp::{
    command::Command,
    parameters,
    path::{self, Path},
};
use relay_types::EmailAddress;

fuzz_target!(|line: &str| {
    match Command::parse(line) {
        Command::Mail(rest) => {
            let Ok((_, written, rest)) = path::parse(rest) else { return };
            assert!(written.len() <= path::PATH_LIMIT);
            if let Ok(parameters) = parameters::parse_mail(rest)
                && let Some(envid) = parameters.envid
            {
                assert!(envid.as_xtext().len() <= 100);
                assert!(envid.decoded().bytes().all(|b| (b' '..=b'~').contains(&b)));
            }
        }
        Command::Rcpt(rest) => {
            let Ok((path, _, rest)) = path::parse(rest) else { return };
            if let Path::Mailbox(address) = path {
                let again = EmailAddress::parse(&address.to_string());
                assert_eq!(again.as_ref(), Ok(&address));
                assert_eq!(again.map(|again| again.key()), Ok(address.key()));
            }
            for smtputf8 in [false, true] {
                let Ok(terms) = parameters::parse_rcpt(rest, smtputf8) else { continue };
                let mut written = String::new();
                if let Some(notify) = terms.notify {
                    written.push_str(&format!(" NOTIFY={notify}"));
                }
                if let Some(original) = &terms.orcpt {
                    let value = original.as_parameter();
                    assert!(value.bytes().all(|b| b.is_ascii_graphic()), "{value:?}");
                    // `\x{…}` is longer than the letter that was sent.
                    if value.len() <= 500 {
                        written.push_str(&format!(" ORCPT={value}"));
                    }
                }
                let again = parameters::parse_rcpt(&written, false).expect("what was accepted and written");
                assert_eq!(again.notify, terms.notify);
                assert!(again.orcpt.is_none() || again.orcpt == terms.orcpt);
            }
        }
        _ => {}
    }
});
