//! What the configuration accepts and how it refuses.

use super::*;
use relay_types::route::RouteKind;

fn read(text: &str) -> Result<Settings> {
    let (values, listeners) = file::parse(text)?;
    Settings::judge(&values, listeners)
}

fn refusal(text: &str) -> String {
    match read(text) {
        Ok(_) => panic!("accepted: {text}"),
        Err(error) => format!("{error:#}"),
    }
}

#[test]
fn an_empty_file_gives_a_trial_that_sends_nothing() {
    let settings = read("").expect("defaults");
    assert_eq!(settings.portal.listen.to_string(), "127.0.0.1:3000");
    assert_eq!(settings.core.route.kind(), RouteKind::Capture);
    let places: Vec<_> = settings.listeners.iter().map(|listener| listener.listen.to_string()).collect();
    assert_eq!(places, ["127.0.0.1:2587", "127.0.0.1:2465", "127.0.0.1:2525"]);
}

#[test]
fn waits_lives_and_sizes_are_what_the_product_promises_when_nothing_is_set() {
    let settings = read("").expect("defaults");
    let waits: Vec<u64> = settings.core.retry_schedule.iter().map(Duration::as_secs).collect();
    assert_eq!(waits, [60, 300, 900, 1_800, 3_600, 7_200, 14_400], "the last one repeats");
    assert_eq!(settings.core.queue_lifetime, Duration::from_secs(432_000), "five days");
    assert_eq!(settings.core.delay_warning, Duration::from_secs(14_400), "four hours");
    assert_eq!(settings.core.message_size, 50_000_000);
    assert_eq!(settings.smtp_recipients, 100);
    // There is no key for it: every relay has this one.
    assert_eq!(relay_mta::SubmissionSettings::default().idle, Duration::from_secs(300), "five minutes");
}

#[test]
fn the_manual_is_a_valid_file_and_names_every_key() {
    let manual = print_manual();
    read(&manual).expect("the manual as a file");
    let uncommented: Vec<&str> = manual.lines().filter_map(|line| line.strip_prefix("# ").or(Some(line))).collect();
    let is_key = |line: &&&str| {
        line.starts_with('[')
            || line.split_once(" = ").is_some_and(|(name, value)| {
                value != "\"\"" && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
            })
    };
    let uncommented: Vec<&str> =
        uncommented.iter().filter(is_key).filter(|line| !line.starts_with("[[")).copied().collect();
    let before_listeners = uncommented.iter().take_while(|line| !line.starts_with("tls")).copied().collect::<Vec<_>>();
    assert!(before_listeners.len() > 20, "{before_listeners:?}");
    read(&before_listeners.join("\n")).expect("with every default written out");
    for key in KEYS {
        assert!(manual.contains(&environment::name_of(key.name)), "{}", key.name);
    }
}

#[test]
fn unknown_keys_are_refused_with_the_nearest_name() {
    assert_eq!(refusal("[portal]\nlissen = \"127.0.0.1:1\""), "unknown key portal.lissen; did you mean portal.listen?");
    assert_eq!(
        refusal("[[listener]]\nlisten = \"127.0.0.1:1\"\nhostnam = \"a.example\""),
        "listener: unknown key hostnam; did you mean hostname?"
    );
}

#[test]
fn what_cannot_work_is_refused_in_words() {
    for (text, words) in [
        ("[delivery]\nroute = \"smarthost\"", "set delivery.smarthost to HOST:PORT"),
        ("[delivery]\nroute = \"out\"", "must be mx, smarthost or capture"),
        ("[delivery]\nretry = \"5 minutes\"", "write 30s, 5m, 4h or 5d"),
        ("[smtp]\nrecipients = 10", "smtp.recipients: must be between 100 and 100000, not 10"),
        ("[dns]\nnameservers = [\"resolver\"]", "is not an address"),
        ("[[listener]]\nlisten = \"127.0.0.1:1\"\ntls = \"none\"", "could never be used"),
        ("[[listener]]\nlisten = \"127.0.0.1\"", "is not ADDRESS:PORT"),
        ("[delivery]\ntls = \"always\"", "delivery.tls: must be opportunistic, require or verify, not always"),
        ("[delivery]\ntls_for = \"a.example\"", "a.example is not DOMAIN=RULE"),
        ("[delivery]\ntls_for = [\"a.example=verify\", \"A.example=require\"]", "two rules for a.example"),
        (
            "[delivery]\nroute = \"smarthost\"\nsmarthost = \"h.example:25\"\nsmarthost_tls = \"require\"\nsmarthost_username = \"u\"\nsmarthost_password = \"p\"",
            "never sent",
        ),
        ("[[listener]]\nlisten = \"127.0.0.1:1\"\ncertificate = \"a\"", "belong together"),
        ("[[listener]]\nlisten = \"127.0.0.1:1\"\ncertificate = [\"a\", \"b\"]\nkey = \"k\"", "belong together"),
        (
            "[[listener]]\nlisten = \"127.0.0.1:1\"\nplaintext_auth_from = [\"10.0.0.0/8\", \"0.0.0.0/0\"]",
            "A block of all addresses would let everyone in",
        ),
        (
            "[[listener]]\nlisten = \"127.0.0.1:1\"\nplaintext_auth_from = \"128.0.0.0/1\"",
            "plaintext_auth_from has 128.0.0.0/1: secrets in clear are never taken from so many",
        ),
        ("[[listener]]\nlisten = \"127.0.0.1:1\"\nplaintext_auth_from = \"2000::/3\"", "(/16 or longer)"),
        (
            "[[listener]]\nlisten = \"127.0.0.1:1\"\ntls = \"implicit\"\nplaintext_auth_from = \"10.0.0.0/8\"",
            "of no use with tls = \"implicit\"",
        ),
        (
            "[[listener]]\nlisten = \"127.0.0.1:1\"\nauth = \"networks\"\nplaintext_auth_from = \"10.0.0.0/8\"",
            "of no use with auth = \"networks\"",
        ),
        (
            "[delivery]\nroute = \"smarthost\"\nsmarthost = \"h.example:25\"\nsmarthost_tls = \"opportunistic\"\nsmarthost_username = \"u\"\nsmarthost_password = \"p\"",
            "never sent",
        ),
    ] {
        let refusal = refusal(text);
        assert!(refusal.contains(words), "{text}\n{refusal}");
    }
}

#[test]
fn a_number_that_would_stop_the_relay_in_silence_is_refused_with_its_key() {
    for (section, name, value, range) in [
        ("smtp", "message_size", "0", "between 65536 and 1000000000 octets"),
        ("smtp", "message_size", "\"65 KB\"", "between 65536 and 1000000000 octets"),
        ("smtp", "sessions", "0", "between 1 and 1000000"),
        ("smtp", "sessions_per_address", "0", "between 1 and 1000000"),
        ("delivery", "port", "0", "between 1 and 65535"),
        ("delivery", "workers", "0", "between 1 and 10000"),
        ("delivery", "per_destination", "0", "between 1 and 1000"),
        ("delivery", "retry", "\"1m, 0s\"", "between 1s and 31536000s, not 0s"),
        ("delivery", "lifetime", "\"0d\"", "between 1s and 31536000s"),
        ("delivery", "lifetime", "\"5000d\"", "between 1s and 31536000s"),
        ("delivery", "delay_warning", "\"0s\"", "between 1s and 31536000s"),
        ("delivery", "lease", "\"0m\"", "between 1s and 31536000s"),
        ("security", "hashing_parallelism", "0", "between 1 and 1024"),
        ("security", "sandbox_per_hour", "0", "between 1 and 2147483647"),
        ("shutdown", "grace", "\"2h\"", "between 0s and 3600s"),
    ] {
        let refusal = refusal(&format!("[{section}]\n{name} = {value}"));
        assert!(refusal.starts_with(&format!("{section}.{name}: must be {range}")), "{refusal}");
    }
    let refusal = refusal("[delivery]\nport = 70000");
    assert!(refusal.contains("delivery.port") && refusal.contains("70000"), "{refusal}");
}

#[test]
fn an_unknown_variable_is_refused_with_the_nearest_name() {
    let judge = |name: &str| environment::judge(std::iter::once(name.to_owned())).map_err(|error| error.to_string());
    for known in ["RELAYKEEP_DELIVERY_ROUTE", "RELAYKEEP_CONFIG", "RELAYKEEP_LISTENER", "RELAYKEEP_TEST_POSTGRES"] {
        assert_eq!(judge(known), Ok(()));
    }
    assert_eq!(judge("PATH"), Ok(()));
    let words = "unknown environment variable RELAYKEEP_DELIVERY_ROUT; did you mean RELAYKEEP_DELIVERY_ROUTE?";
    assert_eq!(judge("RELAYKEEP_DELIVERY_ROUT"), Err(words.to_owned()));
}

#[test]
fn a_listener_may_have_several_certificates_and_a_legacy_profile() {
    let text = "[[listener]]\nlisten = \"127.0.0.1:1\"\ntls = \"none\"\ncertificate = [\"a.crt\", \"b.crt\"]\n\
                key = [\"a.key\", \"b.key\"]\nplaintext_auth_from = [\"10.0.0.0/8\", \"192.0.2.7\"]";
    let listener = &read(text).expect("a file").listeners[0];
    let flag = "listen=127.0.0.1:1,tls=none,certificate=a.crt,key=a.key,certificate=b.crt,key=b.key,\
                plaintext_auth_from=10.0.0.0/8,plaintext_auth_from=192.0.2.7";
    for listener in [listener, &ListenerSettings::from_flag(flag).expect("a flag")] {
        let pairs = [("a.crt", "a.key"), ("b.crt", "b.key")].map(|(one, other)| (one.into(), other.into()));
        assert_eq!(listener.certificates, pairs);
        let networks: Vec<_> = listener.plaintext_auth_from.iter().map(ToString::to_string).collect();
        assert_eq!(networks, ["10.0.0.0/8", "192.0.2.7/32"]);
    }
}
