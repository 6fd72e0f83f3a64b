//! `relaykeep dns check DOMAIN` and `relaykeep dns spf`: what the domain's page would say, on the machine itself.

use anyhow::{Context, Result};
use clap::{Arg, ArgAction, ArgMatches, Command};
use relay_core::{Actor, Core, dns_health};
use relay_dns::spf::Question;
use relay_types::{
    DomainName,
    finding::{Finding, Report},
    prediction::Fate,
    spf::{SpfEvaluation, SpfResult},
};
use serde_json::Value;
use std::{fmt::Write, process::ExitCode};

/// The subcommands; `reading` makes one that reads the configuration.
pub fn command(reading: impl Fn(&'static str, &'static str) -> Command) -> Command {
    let json = || Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print the report as JSON");
    let value = |name: &'static str, help: &'static str| Arg::new(name).long(name).value_name("VALUE").help(help);
    Command::new("dns")
        .about("DNS health")
        .subcommand_required(true)
        .subcommand(
            reading("check", "Judge a domain's DNS as its page does; fails when something is to be mended")
                .arg(Arg::new("domain").value_name("DOMAIN").required(true))
                .arg(json()),
        )
        .subcommand(
            reading("spf", "Say how SPF judges an address; fails when it does not pass")
                .arg(value("ip", "The address that sends").required(true))
                .arg(value("domain", "The domain whose record decides; that of the sender when left out"))
                .arg(value("sender", "The reverse-path; the null one when left out"))
                .arg(value("helo", "The name in EHLO"))
                .arg(json()),
        )
}

/// Prints a domain's report; fails when something is to be mended.
pub async fn check(core: &Core, matches: &ArgMatches) -> Result<ExitCode> {
    let domain: &String = matches.get_one("domain").context("DOMAIN is missing")?;
    let domain: DomainName =
        domain.strip_suffix('.').unwrap_or(domain).parse().with_context(|| format!("{domain} is no domain"))?;
    let report = dns_health::report(core, &Actor::System, &domain).await?;
    print(&report, matches.get_flag("json"))?;
    Ok(exit(report.to_mend() == 0))
}

/// Prints how SPF judges an address; fails when it does not pass.
pub async fn spf(core: &Core, matches: &ArgMatches) -> Result<ExitCode> {
    let value = |name: &str| matches.get_one::<String>(name).cloned().unwrap_or_default();
    let ip = value("ip");
    let question = Question {
        ip: ip.parse().with_context(|| format!("--ip {ip}"))?,
        domain: value("domain"),
        sender: value("sender"),
        helo: value("helo"),
    };
    let report = dns_health::spf(core, &Actor::System, &question).await?;
    print(&report, matches.get_flag("json"))?;
    let passes = report.evaluations.iter().all(|evaluation| evaluation.result == SpfResult::Pass);
    Ok(exit(passes && report.to_mend() == 0))
}

fn exit(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn print(report: &Report, json: bool) -> Result<()> {
    if json {
        println!("{}", escaped(&serde_json::to_string_pretty(report)?));
    } else {
        print!("{}", text(&safe(report)?));
    }
    Ok(())
}

/// The report for a terminal, the worst of each subject first.
fn text(report: &Report) -> String {
    let mut text = String::new();
    let to_mend = report.to_mend();
    let _ = match to_mend {
        0 => writeln!(text, "{}: nothing to mend", report.about),
        1 => writeln!(text, "{}: 1 thing to mend", report.about),
        more => writeln!(text, "{}: {more} things to mend", report.about),
    };
    for finding in &report.findings {
        say(&mut text, finding);
    }
    for evaluation in &report.evaluations {
        tell(&mut text, evaluation);
    }
    for prediction in &report.predictions {
        let through = prediction.egress.map_or_else(String::new, |egress| format!(" through {egress}"));
        let _ = writeln!(text, "\nMail from {}{through}", prediction.from);
        let _ = writeln!(text, "  SPF {}: {}", prediction.spf.as_str(), prediction.spf_because);
        let _ = writeln!(text, "  DKIM: {}", prediction.dkim_because);
        let _ = writeln!(text, "  DMARC: {}", prediction.dmarc_because);
        for receiver in &prediction.receivers {
            let _ = writeln!(text, "  {}: {}. {}", receiver.receiver, word(receiver.fate), receiver.because);
        }
        if let Some(forwarded) = &prediction.forwarded {
            let _ = writeln!(text, "  When forwarded: {}. {}", word(forwarded.fate), forwarded.because);
        }
    }
    text
}

fn word(fate: Fate) -> &'static str {
    match fate {
        Fate::Accepted => "takes it",
        Fate::Doubtful => "may hide it",
        Fate::Refused => "refuses it",
        Fate::Unknown => "unknown",
    }
}

fn say(text: &mut String, finding: &Finding) {
    let Finding { severity, subject, title, effect, details, changes, link, .. } = finding;
    let _ = writeln!(text, "\n{:<8} {}: {title}", severity.as_str(), subject.title());
    let _ = writeln!(text, "         {effect}");
    for detail in details {
        let _ = writeln!(text, "         {detail}");
    }
    for change in changes {
        for found in &change.found {
            let _ = writeln!(text, "       - {} {} {found}", change.name, change.kind);
        }
        if let Some(publish) = &change.publish {
            let _ = writeln!(text, "       + {} {} {publish}", change.name, change.kind);
        }
    }
    if let Some(link) = link {
        let _ = writeln!(text, "         {}: {}", link.text, link.url);
    }
}

fn tell(text: &mut String, evaluation: &SpfEvaluation) {
    let SpfEvaluation { ip, domain, result, because, lookups, voids, steps, explanation, .. } = evaluation;
    let _ = writeln!(text, "\nSPF of {domain} for {ip}: {}", result.as_str());
    let _ = writeln!(text, "  {because}");
    for step in steps {
        let indent = "  ".repeat(usize::try_from(step.depth).unwrap_or(0).min(20) + 1);
        let mark = if step.decided { " (decides)" } else { "" };
        let _ = writeln!(text, "{indent}{}: {}{mark}", step.term, step.said);
    }
    let _ = writeln!(text, "  Look-ups: {lookups} of 10, without an answer: {voids} of 2");
    if let Some(explanation) = explanation {
        let _ = writeln!(text, "  The domain says: {explanation}");
    }
}

/// What others published is shown and not obeyed: no character of it moves the cursor, begins a line of its own or turns
/// the direction.
fn safe(report: &Report) -> Result<Report> {
    let mut value = serde_json::to_value(report)?;
    make_safe(&mut value);
    Ok(serde_json::from_value(value)?)
}

fn make_safe(value: &mut Value) {
    match value {
        Value::String(text) if text.contains(is_odd) => *text = text.replace(is_odd, "\u{FFFD}"),
        Value::Array(values) => values.iter_mut().for_each(make_safe),
        Value::Object(fields) => fields.values_mut().for_each(make_safe),
        _ => {}
    }
}

/// JSON that says the same, for a terminal: the library escapes what is below the space and leaves the rest.
fn escaped(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        // Between the texts a line ends; within them the end of a line is escaped already. All are of one UTF-16 unit.
        match c != '\n' && is_odd(c) {
            true => text += &format!("\\u{:04x}", u32::from(c)),
            false => text.push(c),
        }
    }
    text
}

fn is_odd(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200E}' | '\u{200F}' | '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests;
