//! What the list and the page of service accounts share: the fields of the settings, and the secret that is shown once.

use crate::{
    api::service_accounts::Issued,
    components::{
        client_lines::AccountLines,
        dialog::SecretOnce,
        field::{Check, CheckField, RadioField, TextField, TextareaField},
        notice::Go,
        text,
    },
    error::AppError,
    typed,
};
use leptos::prelude::*;
use relay_types::{
    client_lines::{Login, env_file},
    limit::Limits,
    service_account::{AllowedSenders, ServiceAccount},
};

/// `any of the project's`, `noreply@d.example and 3 more`
pub fn senders_summary(allowed: &AllowedSenders) -> String {
    match allowed {
        AllowedSenders::All => "any of the project's senders".to_owned(),
        AllowedSenders::Only(patterns) => match patterns.as_slice() {
            [] => "nobody".to_owned(),
            [one] => one.to_string(),
            [one, two] => format!("{one}, {two}"),
            [one, rest @ ..] => format!("{one} and {} more", rest.len()),
        },
    }
}

/// `100 an hour, 1,000 a day`; none when the account has no limits of its own.
pub fn limits_summary(limits: Limits) -> Option<String> {
    let each = |limit: Option<u32>, period| limit.map(|limit| format!("{} {period}", text::number(limit.into())));
    let parts: Vec<String> =
        [each(limits.per_hour, "an hour"), each(limits.per_day, "a day")].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// The inputs of `SettingsForm`: what most accounts need, and the rest to open.
#[component]
pub fn SettingsFields(
    /// What they hold at first.
    #[prop(optional, into)]
    account: Option<ServiceAccount>,
    /// The form's last error: it opens the part it is in.
    error: Signal<Option<AppError>>,
    /// The usual sender of a new account.
    #[prop(optional, into)]
    sender: String,
) -> impl IntoView {
    let all = account.as_ref().is_none_or(|account| account.allowed_senders == AllowedSenders::All);
    let patterns = account.as_ref().map_or_else(String::new, |account| match &account.allowed_senders {
        AllowedSenders::All => String::new(),
        AllowedSenders::Only(patterns) => lines(patterns),
    });
    let sender = match &account {
        None => sender,
        Some(account) => account.default_sender.as_ref().map(ToString::to_string).unwrap_or_default(),
    };
    let label = account.as_ref().map(|account| account.label.clone());
    view! {
        <TextField
            name="label"
            label="What it is for"
            hint="The program's name in your words, such as: booking site."
            value=label.unwrap_or_default()
        />
        <RadioField
            name="allowed_senders"
            label="May send as"
            value=if all { "all" } else { "only" }
            options=vec![
                ("all", "Any verified sender of the project", ""),
                ("only", "Only these", "Each must also be a verified sender, or be in a verified domain."),
            ]
        />
        <TextareaField
            name="patterns"
            label="Addresses and patterns, if only these"
            hint="One a line: name@example.org, noreply+*@example.org, or *@example.org for a whole domain."
            value=patterns
            mono=true
            check=typed::check_patterns as Check
        />
        <TextField
            name="default_sender"
            label="Usual sender"
            hint="Stands in the ready lines. May stay empty."
            kind="email"
            required=false
            value=sender
            check=typed::check_address as Check
        />
        <MoreFields account error/>
    }
}

/// The names of the inputs in `MoreFields`.
const MORE: [&str; 6] = ["allowed_cidrs", "expires_at", "may_notify", "cut_through", "limit_per_hour", "limit_per_day"];

#[component]
fn MoreFields(account: Option<ServiceAccount>, error: Signal<Option<AppError>>) -> impl IntoView {
    let used = account.as_ref().is_some_and(|account| {
        !account.allowed_cidrs.is_empty()
            || account.expires_at.is_some()
            || account.may_notify
            || account.cut_through
            || account.limits != Limits::default()
    });
    let wrong = move || error.with(|error| error.as_ref().and_then(AppError::field).is_some_and(|f| MORE.contains(&f)));
    let cidrs = account.as_ref().map(|account| lines(&account.allowed_cidrs));
    let expires = account.as_ref().and_then(|account| account.expires_at).map(typed::day_before);
    let limits = account.as_ref().map_or_else(Limits::default, |account| account.limits);
    let limit = |limit: Option<u32>| limit.map_or_else(String::new, |limit| limit.to_string());
    view! {
        <details class="more" open=move || used || wrong()>
            <summary>"From where, until when, how much"</summary>
            <div class="form">
                <TextareaField
                    name="allowed_cidrs"
                    label="May sign in from"
                    hint="Addresses or blocks, one a line. Empty: from anywhere."
                    value=cidrs.unwrap_or_default()
                    mono=true
                    check=typed::check_cidrs as Check
                />
                <TextField
                    name="expires_at"
                    label="Expires"
                    hint="At the end of this day, in UTC. Empty: never."
                    kind="date"
                    required=false
                    value=expires.unwrap_or_default()
                />
                <TextField
                    name="limit_per_hour"
                    label="Recipients in an hour"
                    hint="Beyond it the program is told to wait. Empty: only the project's limit."
                    required=false
                    value=limit(limits.per_hour)
                    check=typed::check_limit as Check
                />
                <TextField
                    name="limit_per_day"
                    label="Recipients in a day"
                    required=false
                    value=limit(limits.per_day)
                    check=typed::check_limit as Check
                />
                <CheckField
                    name="may_notify"
                    label="May send notifications"
                    hint="Allows the null reverse-path, as bounces and vacation replies have. Most programs do not need it."
                    checked=account.as_ref().is_some_and(|account| account.may_notify)
                />
                <CheckField
                    name="cut_through"
                    label="Waits for the next hop"
                    hint="The program hears at once when the next hop refuses a message, and no notification is sent. For messages \
                    to one destination; without an answer in time the message is queued."
                    checked=account.is_some_and(|account| account.cut_through)
                />
            </div>
        </details>
    }
}

fn lines<T: ToString>(values: &[T]) -> String {
    values.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// The secret, shown this once, with everything a program needs to use it.
#[component]
pub fn SecretIssued(
    /// Heading.
    title: &'static str,
    /// What was issued.
    issued: Issued,
    /// Where to go once it is kept.
    #[prop(into)]
    leave: Go,
    /// In the browser, when it goes there.
    #[prop(optional, into)]
    on_leave: Option<Callback<()>>,
) -> impl IntoView {
    let Issued { username, secret, sender, access, .. } = issued;
    let env = env_file(&access, Login { username: &username, secret: &secret, sender: sender.as_ref() });
    let mut facts = vec![("Host", access.host.clone())];
    facts.extend(access.starttls_port.map(|port| ("STARTTLS port", port.to_string())));
    facts.extend(access.implicit_port.map(|port| ("TLS port", port.to_string())));
    facts.push(("User name", username.clone()));
    facts.push(("Secret", secret.clone()));
    let on_leave = on_leave.unwrap_or_else(|| Callback::new(|()| ()));
    view! {
        <SecretOnce title facts env leave on_leave>
            <h3>"Ready lines for your program"</h3>
            <AccountLines access=access.clone() username=username.clone() secret=secret.clone() sender=sender.clone()/>
        </SecretOnce>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use relay_types::SenderPattern;

    #[test]
    fn summaries_are_short() {
        let only = |patterns: &[&str]| {
            let patterns = patterns.iter().map(|p| SenderPattern::parse(p).expect("a pattern")).collect();
            senders_summary(&AllowedSenders::Only(patterns))
        };
        assert_eq!(only(&["a@d.example"]), "a@d.example");
        assert_eq!(only(&["a@d.example", "*@e.example"]), "a@d.example, *@e.example");
        assert_eq!(only(&["a@d.example", "b@d.example", "c@d.example"]), "a@d.example and 2 more");
        assert_eq!(limits_summary(Limits::default()), None);
        assert_eq!(
            limits_summary(Limits { per_hour: Some(100), per_day: Some(1_000), new_per_day: None }).as_deref(),
            Some("100 an hour, 1,000 a day")
        );
    }
}
