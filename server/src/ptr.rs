//! `relaykeep ptr check ADDRESS NAME`: what the ticket would say, on the machine itself.

use anyhow::{Context, Result};
use clap::ArgMatches;
use relay_core::{Actor, Core, tickets};
use relay_types::ticket::{PtrVerdict, TicketState};
use std::{fmt::Write, process::ExitCode};

/// Prints the verdict; fails when no ticket would be taken.
pub async fn check(core: &Core, matches: &ArgMatches) -> Result<ExitCode> {
    let argument = |name: &str| matches.get_one::<String>(name).with_context(|| format!("{name} is missing"));
    let verdict = tickets::verdict(core, &Actor::System, argument("address")?, argument("name")?).await?;
    print!("{}", text(&verdict));
    Ok(if verdict.state.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn text(verdict: &PtrVerdict) -> String {
    let mut text = String::new();
    let mut line = |name: &str, value: &str| {
        let _ = writeln!(text, "{name:<9} {value}");
    };
    line("Project", verdict.project.as_ref().map_or("none", |slug| slug.as_str()));
    match &verdict.current {
        Some(names) if names.is_empty() => line("PTR now", "none"),
        Some(names) => line("PTR now", &names.join(", ")),
        None => line("PTR now", "unknown: the servers of the reverse zone do not answer with certainty"),
    }
    for answer in verdict.forward.iter().flat_map(|forward| &forward.servers) {
        line("Forward", &format!("{} said {}", answer.server, answer.said));
    }
    if let Some(record) = &verdict.forward_record {
        line("Publish", record);
    }
    match (&verdict.problem, verdict.state) {
        (Some(problem), _) => line("Refused", problem),
        (None, Some(TicketState::Ready)) => line("Ticket", "ready: the service desk could approve it"),
        (None, _) => line("Ticket", "would wait until the name points to the address"),
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use relay_types::{
        Timestamp,
        reverse::{ForwardFound, ServerAnswer},
    };

    #[test]
    fn the_verdict_says_what_is_missing_and_what_to_publish() {
        let answer = ServerAnswer {
            server: "ns1.uni.example (192.0.2.1)".to_owned(),
            said: "no such name (NXDOMAIN)".to_owned(),
            records: Vec::new(),
            temporary: false,
        };
        let forward = ForwardFound {
            name: "www.uni.example".to_owned(),
            addresses: Vec::new(),
            zone: "uni.example".to_owned(),
            ttl: Some(300),
            servers: vec![answer],
            certain: true,
            asked_at: Timestamp(0),
        };
        let verdict = PtrVerdict {
            project: Some("bio".parse().unwrap()),
            problem: None,
            current: Some(vec!["vm7.example".to_owned()]),
            forward: Some(forward),
            forward_record: Some("www.uni.example. 3600 IN A 192.0.2.7".to_owned()),
            state: Some(TicketState::Waiting),
        };
        let expected = "Project   bio\n\
                        PTR now   vm7.example\n\
                        Forward   ns1.uni.example (192.0.2.1) said no such name (NXDOMAIN)\n\
                        Publish   www.uni.example. 3600 IN A 192.0.2.7\n\
                        Ticket    would wait until the name points to the address\n";
        assert_eq!(text(&verdict), expected);
        let refused = PtrVerdict { problem: Some("192.0.2.7 is in no project's addresses".to_owned()), ..verdict };
        assert!(text(&refused).ends_with("Refused   192.0.2.7 is in no project's addresses\n"));
    }
}
