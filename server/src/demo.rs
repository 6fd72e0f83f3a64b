//! `relaykeep serve --demo`: a project with accounts, senders, addresses, tickets and a month of messages, made by the use
//! cases themselves with a clock that stands in the past. Nothing is written round them, so what the demonstration shows
//! is what the product does. Its recipients are nobody's: with `--demo` the platform must capture.

mod health;
mod letters;
mod names;

use crate::settings::Settings;
use anyhow::{Context, Result, anyhow, bail, ensure};
use relay_core::{
    Actor, Clock, Core, domains, networks, policy, queue, refusals,
    refusals::NewRefusal,
    senders, service_accounts, submission,
    submission::{Arrival, Submission},
    users,
};
use relay_dns::{FixedAnswers, Resolver};
use relay_types::{
    Cidr, DomainName, EmailAddress, ReversePath,
    message::{Attempt, Cause, DialogueLine, MessageId, Outcome},
    project::Slug,
    refusal::Rule,
    reply::Reply,
    route::RouteKind,
    service_account::{AllowedSenders, ServiceAccountSettings},
    tls::{AttemptTls, TlsReason, TlsResult},
};
use std::{net::IpAddr, time::Duration};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

const OPERATOR: &str = "operator@demo.example";
const DAYS: u64 = 30;
const HOUR: Duration = Duration::from_secs(3600);

/// Subject, local part of the sender, recipient, and how it ends.
const MAIL: &[(&str, &str, &str, End)] = &[
    ("Your analysis is ready", "results", "anna@uni.example", End::Taken),
    ("Job 88121 finished", "hpc", "kai@uni.example", End::Taken),
    ("Weekly digest", "news", "lab@greylist.example", End::Later),
    ("Reset your password", "results", "tomas@old.example", End::Refused),
    ("Welcome to the portal", "results", "ines@inst.example", End::Taken),
    ("Disk quota at 90 %", "hpc", "storage@uni.example", End::Taken),
    ("Invoice", "billing", "accounts@inst.example", End::Taken),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Taken,
    Later,
    Refused,
    Captured,
}

/// Fills an empty database; one in which a user exists is left alone. The operator's password is new each time, and
/// told here alone: the portal may be open to others.
pub async fn fill(settings: &Settings, present: &Core) -> Result<()> {
    if settings.core.route.kind() != RouteKind::Capture {
        bail!("the demonstration's mail must not leave this machine: it needs delivery.route = \"capture\"");
    }
    if !users::setup_needed(present).await? {
        println!("Demo    the database is filled already; nothing is added, and its users keep their passwords");
        return Ok(());
    }
    let now = present.now();
    let clock = Clock::manual(now.minus(HOUR * 24 * u32::try_from(DAYS)?));
    // Domains of the demonstration are marked verified, so DNS is not asked.
    let core = Core::open(settings.core.clone(), Resolver::fixed(FixedAnswers::new()), clock.clone()).await?;
    let password = password()?;
    let setup = users::Setup {
        code: users::setup_code(&core),
        email: OPERATOR.to_owned(),
        name: "Operator".to_owned(),
        password: password.clone(),
        project_name: "Bioinformatics".to_owned(),
        project_slug: "bioinformatics".to_owned(),
    };
    let (_, slug) = users::set_up(&core, None, setup).await?;
    let actors = rules(&core, &slug).await?;
    println!("Demo    making {DAYS} days of mail");
    let stop = CancellationToken::new();
    stop.cancel();
    while core.now() < now.minus(HOUR * 3) {
        let busy = (8..19).contains(&core.now().utc().hour());
        clock.advance(if busy { HOUR } else { HOUR * 3 });
        let count = core.now().seconds().unsigned_abs() / 3600;
        let (subject, local, to, end) = MAIL[usize::try_from(count * 5 % 7)?];
        let actor = &actors[usize::from(local == "hpc")];
        let id = send(&core, actor, local, to, end, |from| letters::notice(from, to, subject)).await?;
        if end == End::Later && core.now() > now.minus(HOUR * 24) {
            // Held, as what is only deferred would be captured within a minute and the queue would show nothing.
            queue::hold(&core, &Actor::System, &slug, id).await?;
        }
        if count % 11 == 0 {
            refused(&core, actor).await?;
            // The writer keeps what it gathered with the hour it is now.
            refusals::run_writer(core.clone(), stop.clone()).await;
        }
    }
    names::fill(settings, now, &slug).await?;
    health::fill(settings, now, &slug).await?;
    // The newest mail came after the route was set to capture, as it is.
    let pause = now.since(core.now()) / 4;
    for (local, to, subject, parts) in letters::CAPTURED {
        clock.advance(pause);
        let letter = |from: &str| letters::letter(from, to, subject, parts);
        send(&core, &actors[0], local, to, End::Captured, letter).await?;
    }
    println!("Demo    sign in as {OPERATOR} with the password {}", *password);
    Ok(())
}

/// 100 bits in letters that are read aloud without mistakes.
fn password() -> Result<Zeroizing<String>> {
    const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut octets = Zeroizing::new([0u8; 20]);
    aws_lc_rs::rand::fill(&mut octets[..]).context("no randomness")?;
    Ok(Zeroizing::new(octets.iter().map(|octet| char::from(LETTERS[usize::from(octet & 31)])).collect()))
}

/// The project, its senders and networks, and its two accounts as actors.
async fn rules(core: &Core, slug: &Slug) -> Result<[Actor; 2]> {
    let system = &Actor::System;
    domains::mark_verified(core, system, slug, DomainName::parse("gene-portal.example")?).await?;
    senders::mark_verified(core, system, slug, "bio-admins@uni.example").await?;
    networks::add(core, system, slug, Cidr::parse("10.4.0.0/16")?, "virtual machines").await?;
    let settings = |label: &str, from: &str| -> Result<ServiceAccountSettings> {
        Ok(ServiceAccountSettings {
            label: label.to_owned(),
            expires_at: None,
            allowed_cidrs: vec![],
            allowed_senders: AllowedSenders::All,
            default_sender: Some(EmailAddress::parse(from)?),
            may_notify: false,
            cut_through: false,
            limits: relay_types::limit::Limits::default(),
        })
    };
    let web = account(core, slug, settings("portal-web", "results@gene-portal.example")?).await?;
    let cron = account(core, slug, settings("cron-host", "hpc@gene-portal.example")?).await?;
    Ok([web, cron])
}

/// A service account, signed in once with its own secret.
async fn account(core: &Core, slug: &Slug, settings: ServiceAccountSettings) -> Result<Actor> {
    let (id, secret) = service_accounts::create(core, &Actor::System, slug, settings).await?;
    let username = service_accounts::get(core, &Actor::System, slug, id).await?.account.username;
    let secret = Zeroizing::new(secret.reveal().to_owned());
    let client: IpAddr = "10.4.2.11".parse()?;
    service_accounts::authenticate(core, client, &username, secret)
        .await
        .map_err(|failure| anyhow!("the demonstration's account: {failure:?}"))
}

/// Sends what `write` makes for the sender's address.
async fn send(
    core: &Core,
    actor: &Actor,
    local: &str,
    to: &str,
    end: End,
    write: impl FnOnce(&str) -> String,
) -> Result<MessageId> {
    let from = format!("{local}@gene-portal.example");
    let content = write(&from);
    let submission = Submission {
        arrival: Arrival::Smtp {
            listener: "submission".to_owned(),
            hostname: core.config().hostname.to_string(),
            client: "10.4.2.11".parse()?,
            helo: "portal.gene-portal.example".to_owned(),
            esmtp: true,
            tls: Some("TLS 1.3".to_owned()),
            mechanism: Some("PLAIN".to_owned()),
        },
        reverse_path: ReversePath::Address(EmailAddress::parse(&from)?),
        recipients: vec![EmailAddress::parse(to)?],
        terms: Default::default(),
        smtputf8: false,
        content: content.into_bytes().into(),
    };
    let accepted = submission::accept(core, actor, submission).await?;
    let id = accepted.map_err(|rejection| anyhow!("the demonstration's message was refused: {rejection:?}"))?;
    attempt(core, end).await?;
    Ok(id)
}

/// One attempt for everything that is due.
async fn attempt(core: &Core, end: End) -> Result<()> {
    for claimed in queue::claim(core, 100, 100, &[]).await? {
        let reply = match end {
            End::Captured => None,
            End::Taken => Some(("mx1", Reply::new(250, (2, 0, 0), "Ok: queued as 4bXk2p1"))),
            End::Later => Some(("mx1", Reply::new(451, (4, 7, 1), "Greylisted, see you in a minute"))),
            End::Refused => Some(("mx2", Reply::new(550, (5, 1, 1), "User unknown"))),
        };
        let attempt = Attempt {
            number: claimed.attempts + 1,
            started_at: core.now(),
            milliseconds: 1,
            host: None,
            address: None,
            tls: None,
            passes_reports_on: false,
            dialogue: vec![],
            outcomes: vec![],
        };
        let attempt = match &reply {
            None => attempt,
            Some((host, reply)) => talked(attempt, host, reply, &claimed.address),
        };
        let outcome = match (reply, end) {
            (None, _) => Outcome::Captured,
            (Some((_, reply)), End::Later) => Outcome::TempFail(Cause::Recipient(reply)),
            (Some((_, reply)), End::Refused) => Outcome::PermFail(Cause::Recipient(reply)),
            (Some((_, reply)), _) => Outcome::Delivered(reply),
        };
        queue::record(core, claimed.message_id, attempt, vec![(claimed, outcome)]).await?;
    }
    Ok(())
}

/// The attempt with what a host of the recipient's domain said.
fn talked(attempt: Attempt, host: &str, reply: &Reply, to: &EmailAddress) -> Attempt {
    let host = format!("{host}.{}", to.domain());
    let said = |ours: bool, text: String| DialogueLine { ours, text };
    Attempt {
        milliseconds: 140 + u64::from(attempt.number) * 40,
        address: Some("192.0.2.25".to_owned()),
        tls: Some(AttemptTls::Result(TlsResult {
            version: "TLS 1.3".to_owned(),
            cipher: "TLS_AES_256_GCM_SHA384".to_owned(),
            unverified: None,
            reason: TlsReason::Nobody,
        })),
        dialogue: vec![
            said(false, format!("220 {host} ESMTP")),
            said(true, format!("RCPT TO:<{to}>")),
            said(false, reply.to_string()),
        ],
        host: Some(host),
        ..attempt
    }
}

/// A program that uses an address nobody verified.
async fn refused(core: &Core, actor: &Actor) -> Result<()> {
    let address = EmailAddress::parse("root@vm0120.kaj.example")?;
    let verdict = policy::judge_mail(core, actor, &ReversePath::Address(address.clone())).await;
    ensure!(matches!(verdict, Ok(Err(_))), "the address of the demonstration's refusal is verified");
    let refusal = NewRefusal {
        actor: actor.clone(),
        rule: Rule::ReversePathNotVerified,
        client: IpAddr::from([10, 4, 2, 11]),
        helo: Some("vm0120.kaj.example".to_owned()),
        listener: "submission".to_owned(),
        username: None,
        address: Some(address.to_string()),
        cause: None,
    };
    let code = refusals::code_for(core, &refusal);
    let text = format!("{address} is not a verified sender of this project; see {}", refusals::short_url(core, &code));
    refusals::record(core, refusal, &code, &Reply::new(550, (5, 7, 1), text).to_string());
    Ok(())
}
