use super::*;
use mail_parser::MessageParser;
use proptest::prelude::*;

/// What another reader of mail sees, without its display names.
fn other_reader(value: &str) -> Vec<String> {
    let message = format!("From:{value}\r\n\r\n");
    let parsed = MessageParser::default().parse(message.as_bytes()).expect("a message");
    let from = parsed.from().expect("From");
    from.iter().map(|one| one.address().unwrap_or_default().to_lowercase()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]
    #[test]
    fn what_is_read_is_what_another_reader_reads(
        value in "([ \t,;:@<>()\"\\\\ab.]|a@d\\.example|<b@e\\.example>|\r\n |\"q\"|\\(c\\)|=\\?utf-8\\?q\\?x=40\\?=|=\\?utf-8\\?q\\?x\\?=){0,9}"
    ) {
        if let Ok(found) = mailboxes("From", value.as_bytes()) {
            let ours: Vec<String> = found.iter().map(|one| one.to_string().to_lowercase()).collect();
            // mail-parser drops the quotes of a local part.
            let ours: Vec<String> = ours.iter().map(|one| one.replace(['"', '\\'], "")).collect();
            let theirs: Vec<String> = other_reader(&value).iter().map(|one| one.replace(['"', '\\'], "")).collect();
            prop_assert_eq!(ours, theirs, "{:?}", value);
        }
    }

    #[test]
    fn no_octets_make_it_panic(value: Vec<u8>) {
        let _ = mailboxes("From", &value);
    }
}

fn check(value: &str) -> Result<String, String> {
    let found = mailboxes("From", value.as_bytes()).map_err(|why| why.0)?;
    Ok(found.iter().map(ToString::to_string).collect::<Vec<_>>().join(" & "))
}

#[test]
fn mailboxes_that_all_readers_see_alike_are_read() {
    for (value, expected) in [
        (" a@d.example", "a@d.example"),
        (" <a@d.example>", "a@d.example"),
        ("a@d.example", "a@d.example"),
        (" SENDER NAME <a@d.example>", "a@d.example"),
        (" John Q. Public <a@d.example>", "a@d.example"),
        (" \"Public, John\" <a@d.example>", "a@d.example"),
        (" \"b@e.example\" <a@d.example>", "a@d.example"),
        (" \"say \\\"hi\\\"\" <a@d.example>", "a@d.example"),
        (" John<a@d.example>", "a@d.example"),
        (" A.B@D.Example", "A.B@d.example"),
        (" a@d.example (Cron Daemon)", "a@d.example"),
        (" (Cron Daemon) a@d.example", "a@d.example"),
        (" John (the first) Doe <a@d.example> (at work)", "a@d.example"),
        (" a@d.example, B <b@e.example>", "a@d.example & b@e.example"),
        (" =?UTF-8?Q?J=C3=B6rg_M=C3=BCller?= <a@d.example>", "a@d.example"),
        (" =?UTF-8?B?TcO8bGxlciwgSsO2cmc=?= <a@d.example>", "a@d.example"),
        (" =?UTF-8?Q?J=C3=B6rg?=\r\n =?UTF-8?Q?M?= <a@d.example>", "a@d.example"),
        (" a@d.example (=?UTF-8?Q?J=C3=B6rg?=)", "a@d.example"),
        (" Jörg Müller <a@d.example>", "a@d.example"),
        ("\r\n\ta@d.example\r\n ", "a@d.example"),
        (" jörg@käse.example", "jörg@xn--kse-qla.example"),
        (" a@xn--kse-qla.example", "a@xn--kse-qla.example"),
        (" \"a b\"@d.example", "\"a b\"@d.example"),
        (" \"a@e.example\"@d.example", "\"a@e.example\"@d.example"),
        (" <\"a>b\"@d.example>", "\"a>b\"@d.example"),
        (" a+tag=x@d.example", "a+tag=x@d.example"),
        (" O'Brien & Sons <a@d.example>", "a@d.example"),
    ] {
        assert_eq!(check(value), Ok(expected.to_owned()), "{value:?}");
    }
}

#[test]
fn what_two_readers_could_read_in_two_ways_is_refused() {
    for value in [
        // Nothing there.
        "",
        " ",
        " ,",
        " a@d.example,",
        " ,a@d.example",
        " a@d.example,,b@d.example",
        " <>",
        " Name <>",
        " root",
        " root (Cron Daemon)",
        // Groups.
        " Friends: a@d.example;",
        " Friends: a@d.example, b@d.example;",
        " Undisclosed: ;",
        " a@d.example; b@d.example",
        " a@d.example:b@e.example",
        // Source routes, percent hack as a second at, bang path without a domain.
        " <@e.example:a@d.example>",
        " <@e.example,@f.example:a@d.example>",
        " a@e.example@d.example",
        " <a@e.example@d.example>",
        " e.example!a",
        // Addresses beside the address.
        " b@e.example <a@d.example>",
        " a@d.example b@e.example",
        " <a@d.example> <b@e.example>",
        " <a@d.example> b@e.example",
        " <a@d.example> Name",
        " <a@d.example>b",
        " Name a@d.example",
        " \"<b@e.example>\" <a@d.example>",
        " \"b\"@e.example <a@d.example>",
        " <<a@d.example>>",
        " <a@d.example>>",
        // Addresses in pieces.
        " a @d.example",
        " a@ d.example",
        " a@d .example",
        " a@d. example",
        " <a@d.example >",
        " < a@d.example>",
        " <a\r\n @d.example>",
        " a(x)@d.example",
        " a@(x)d.example",
        " a@d(x).example",
        " <a(x)@d.example>",
        " \"a\".b@d.example",
        " a.\"b\"@d.example",
        // Comments that hide or do not end.
        " (b@e.example) a@d.example",
        " a@d.example (<b@e.example>)",
        " a@d.example (b (c) d)",
        " a@d.example (b\\) <c@e.example>)",
        " a@d.example (\") <c@e.example>\"",
        " a@d.example (",
        " a@d.example )",
        // Encoded words.
        " =?utf-8?q?b=40e=2Eexample?= <a@d.example>",
        " =?utf-8?q?b=40e.example=3E?= <a@d.example>",
        " =?utf-8?b?PGJAZS5leGFtcGxlPg==?= <a@d.example>",
        " =?utf-7?q?+ADw-b+AEA-e+AD4-?= <a@d.example>",
        " \"=?utf-8?q?b=40e=2Eexample?=\" <a@d.example>",
        " a@d.example (=?utf-8?q?b=40e=2Eexample?=)",
        " =?utf-8?q?a?=@d.example",
        " <=?utf-8?q?a?=@d.example>",
        " =?utf-8?q?a=40d.example?=",
        " =?utf-8?q?a=00?= <a@d.example>",
        " =?utf-8?x?a?= <a@d.example>",
        " =?cp037?b?gpaiong=?= <a@d.example>",
        " =?x-unknown?q?a?= <a@d.example>",
        " =?iso-2022-kr?q?a?= <a@d.example>",
        " =?hz-gb-2312?q?a?= <a@d.example>",
        " =?utf-8?q?a <a@d.example>",
        " =? <a@d.example>",
        // Quotes and brackets that do not end.
        " \"John <a@d.example>",
        " John\" <a@d.example>",
        " <a@d.example",
        " a@d.example>",
        " \"a@d.example",
        // Domains.
        " a@d.example.",
        " a@[192.0.2.1]",
        " a@localhost",
        " a@-d.example",
        " a@d..example",
        " a@d_x.example",
        " a@",
        " @d.example",
        // Octets.
        " a\0@d.example",
        " a@d.example\0",
        " \"\0\" <a@d.example>",
        " a\u{85}@d.example",
        " a\\@d.example",
        " b＠e.example <a@d.example>",
        " ..a@d.example",
        " [a] <a@d.example>",
    ] {
        assert!(check(value).is_err(), "{value:?} was read as {:?}", check(value));
    }
    assert!(mailboxes("From", b" J\xf6rg <a@d.example>").is_err());
    assert!(mailboxes("From", b" a@d.example \xff").is_err());
}

#[test]
fn the_reason_is_in_words() {
    for (value, words) in [
        (" Friends: a@d.example;", "From has a group, which is not allowed here"),
        (" b@e.example <a@d.example>", "From has an address in its display name"),
        (" root", "From has \"root\", which has no domain"),
    ] {
        assert_eq!(check(value), Err(words.to_owned()));
    }
}

#[test]
fn the_number_of_mailboxes_is_bounded() {
    let list = vec!["a@d.example"; MOST];
    assert!(check(&list.join(",")).is_ok());
    assert!(check(&format!("{},b@d.example", list.join(","))).is_err());
}

#[test]
fn a_field_without_measure_is_refused_at_once_and_not_told_in_full() {
    let long = check(&format!(" <{}@d.example>", "a".repeat(20_000_000)));
    assert_eq!(long, Err(format!("From is longer than {LONGEST} octets")));
    for value in [format!(" <{}@d.example>", "a".repeat(60_000)), format!(" {}", "a".repeat(60_000))] {
        assert!(check(&value).is_err_and(|words| words.len() < 500), "{}", value.len());
    }
}
