//! What the domain asks receivers to do with mail that is not authenticated, and whether ours is (RFC 9989).

mod alignment;
mod record;
mod reports;

use super::{
    Subject,
    say::{finding, list, publish, unknown},
};
use crate::{
    Facts,
    dmarc::{Mode, Policy, Request, find},
    facts::Kind,
};
use relay_types::{
    finding::{Finding, Severity, Subject as About},
    spf::SpfEvaluation,
};

/// `dmarc.record`, and where there is one `dmarc.policy`, `dmarc.alignment` (of what this relay would send), and
/// `dmarc.reports`; `dmarc.old_tags` where there are such.
pub fn judge(facts: &Facts, subject: &Subject, evaluations: &[SpfEvaluation]) -> Vec<Finding> {
    let domain = subject.domain.as_str();
    let own = format!("_dmarc.{domain}");
    let found = match find(facts, domain) {
        Ok(found) => found,
        Err(why) => {
            let asked = [(own.as_str(), Kind::Txt)];
            return vec![unknown("dmarc.record", About::Dmarc, "what the DMARC policy is", &why, &asked)];
        }
    };
    let mut findings = vec![record::judge(facts, &subject.domain, &found)];
    let Some(policy) = &found.policy else { return findings };
    findings.extend(request(domain, policy));
    findings.extend(alignment::judge(facts, subject, evaluations, policy));
    findings.push(reports::judge(facts, policy));
    findings.extend(old_tags(policy));
    findings
}

/// Where a policy's record is, and what is there now.
fn place(policy: &Policy) -> (String, String) {
    (format!("_dmarc.{}", policy.of), policy.record.text.clone())
}

/// `dmarc.policy`: what receivers do with mail that fails.
fn request(domain: &str, policy: &Policy) -> Option<Finding> {
    let (name, _) = place(policy);
    let asked = [(name.as_str(), Kind::Txt)];
    let test = policy.record.testing;
    let (outcome, severity, title, effect) = match policy.request? {
        Request::None => (
            "none",
            Severity::Note,
            "DMARC asks for nothing yet (p=none)",
            "Forged mail that uses the domain's name is delivered as before, because receivers are only asked to report; \
             tighten the policy to p=quarantine or p=reject when the reports show that your own mail passes.",
        ),
        Request::Quarantine if test => (
            "testing",
            Severity::Note,
            "DMARC is being tried out (t=y)",
            "Forged mail that uses the domain's name is delivered as before, because t=y asks receivers to go one step \
             below the policy.",
        ),
        Request::Reject if test => (
            "testing",
            Severity::Note,
            "DMARC is being tried out (t=y)",
            "Forged mail that uses the domain's name goes to the spam folder and is not refused yet, because t=y asks \
             receivers to go one step below the policy.",
        ),
        Request::Quarantine => (
            "quarantine",
            Severity::Good,
            "Mail that fails DMARC is treated as spam",
            "Receivers put forged mail that uses the domain's name with the spam.",
        ),
        Request::Reject => (
            "reject",
            Severity::Good,
            "Mail that fails DMARC is refused",
            "Receivers refuse forged mail that uses the domain's name.",
        ),
    };
    let mut details = Vec::new();
    if policy.inherited {
        details.push(format!(
            "{domain} has no record of its own; the one of {} speaks for the names below it.",
            policy.of
        ));
    }
    if !policy.inherited
        && let Some(below) = policy.record.subdomains.filter(|below| Some(*below) != policy.record.policy)
    {
        details.push(format!("For names below the domain the policy is {} (sp=).", below.as_str()));
    }
    if let Some(below) = policy.record.nonexistent.filter(|below| Some(*below) != policy.record.policy) {
        details.push(format!("For names that do not exist it is {} (np=).", below.as_str()));
    }
    if policy.applied() == Some(Request::Reject) {
        // RFC 9989 §7.4.
        details.push(
            "What people of the domain write to mailing lists may be refused, too, where a list changes it; the standard \
             advises against p=reject for a domain of people."
                .to_owned(),
        );
    }
    details.push(format!("Signatures: {}; SPF: {}.", mode(policy.record.dkim), mode(policy.record.spf)));
    Some(Finding { details, ..finding(("dmarc.policy", outcome), About::Dmarc, severity, title, effect, &asked) })
}

fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Relaxed => "relaxed, a domain of the same organization will do",
        Mode::Strict => "strict, the domain must be exactly that of the sender",
    }
}

/// `dmarc.old_tags`: what RFC 9989 removed, and what became of it (RFC 9989 §A.6).
fn old_tags(policy: &Policy) -> Option<Finding> {
    let record = &policy.record;
    let first = record.old.first()?;
    let (name, text) = place(policy);
    let asked = [(name.as_str(), Kind::Txt)];
    let share = record.old.iter().find(|tag| tag.name == "pct").and_then(|tag| tag.value.parse::<u32>().ok());
    let enforced = policy.request.is_some_and(|request| request != Request::None);
    let partly = share.is_some_and(|share| share < 100) && enforced;
    let keep = |part: &str| {
        let tag = part.split('=').next().unwrap_or_default().trim().to_ascii_lowercase();
        !record.old.iter().any(|old| old.name == tag)
    };
    let mut parts: Vec<&str> = text.split(';').map(str::trim).filter(|part| !part.is_empty() && keep(part)).collect();
    // RFC 9989 §A.6: t=y is what pct=0 was used for.
    let tests = share == Some(0) && enforced && !record.testing;
    if tests {
        parts.push("t=y");
    }
    let mut change = publish(&name, Kind::Txt, vec![text.clone()], parts.join("; "));
    change.added = tests.then(|| "t=y".to_owned());
    let (severity, effect) = if partly {
        (
            Severity::Warning,
            "Receivers differ in what they do with mail that fails: those that follow RFC 9989 apply the policy to all of \
             it, older ones to a part.",
        )
    } else {
        (Severity::Note, "Mail does not suffer; receivers that follow RFC 9989 skip what was removed.")
    };
    let details = record.old.iter().map(|tag| {
        let meaning = match tag.name.as_str() {
            "pct" => "the part of mail that the policy was for; t=y took its place, for trying a policy out",
            "rf" => "the format of failure reports, of which there is only one",
            _ => "the time between reports, which is a day",
        };
        format!("{}={}: {meaning}.", tag.name, tag.value)
    });
    let title = if record.old.len() == 1 {
        format!("The DMARC record has a tag of the past ({}=)", first.name)
    } else {
        let names = list(record.old.iter().map(|tag| format!("{}=", tag.name)));
        format!("The DMARC record has tags of the past ({names})")
    };
    let outcome = if partly { "part" } else { "skipped" };
    Some(Finding {
        details: details.collect(),
        changes: vec![change],
        ..finding(("dmarc.old_tags", outcome), About::Dmarc, severity, title, effect, &asked)
    })
}

#[cfg(test)]
mod tests;
