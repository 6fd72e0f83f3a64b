//! The questions of a session, taken to the use cases.
//!
//! Nothing is remembered of an earlier verdict but who signed in: what was changed in the portal holds at the next
//! question.

use super::answers;
use crate::self_test;
use relay_core::{
    Actor, Core,
    listeners::Listener,
    networks,
    policy::{self, NewSoFar},
    refusals::{self, NewRefusal},
    service_accounts,
    submission::{self, Arrival, Content, Submission, Terms},
};
use relay_smtp::{Credentials, Envelope, TlsFacts, Verdict};
use relay_types::{EmailAddress, ReversePath, listener::ListenerAuth, refusal::Rule, reply::Reply};
use std::{
    net::IpAddr,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use zeroize::Zeroizing;

/// Who is at the other end, and in whose name the running transaction is.
pub(super) struct Client {
    pub(super) core: Core,
    pub(super) listener: Arc<Listener>,
    pub(super) address: IpAddr,
    /// What the client calls itself.
    pub(super) helo: Option<String>,
    signed_in: Option<(Actor, &'static str)>,
    /// The actor of the running transaction: who signed in, or the trusted network at the time of MAIL.
    sender: Option<Actor>,
    /// Those of its recipients that are new to the project.
    new: NewSoFar,
    /// The refusal that was given as verdict and its code, until its reply has been seen.
    refused: Option<(NewRefusal, String)>,
    /// The reply of a next hop is passed on: it is no refusal of ours.
    passed_on: bool,
}

impl Client {
    pub(super) fn new(core: Core, listener: Arc<Listener>, address: IpAddr) -> Self {
        Self {
            core,
            listener,
            address,
            helo: None,
            signed_in: None,
            sender: None,
            new: NewSoFar::default(),
            refused: None,
            passed_on: false,
        }
    }

    /// TLS begins: who signed in before has not any more (RFC 3207 §4.2).
    pub(super) fn forget(&mut self) {
        self.signed_in = None;
        self.sender = None;
    }

    pub(super) async fn authenticate(&mut self, credentials: Credentials) -> Verdict {
        let Credentials { mechanism, username, secret } = credentials;
        let secret = Zeroizing::new(secret.expose().to_owned());
        match service_accounts::authenticate(&self.core, self.address, &username, secret).await {
            Ok(actor) => {
                self.signed_in = Some((actor, mechanism.name()));
                Verdict::Accept
            }
            Err(failure) => {
                let (reply, rule, cause) = answers::authentication(&failure);
                self.refused = rule.map(|rule| self.refusal(rule, None, Some(username), cause));
                Verdict::Refuse(reply)
            }
        }
    }

    pub(super) async fn mail(&mut self, reverse_path: &ReversePath) -> Verdict {
        let actor = match self.identify().await {
            Ok(Some(actor)) => actor,
            Ok(None) => return Verdict::Refuse(answers::authentication_required()),
            Err(error) => return Verdict::Refuse(answers::no_verdict(&error)),
        };
        let judged = policy::judge_mail(&self.core, &actor, reverse_path).await;
        self.sender = Some(actor);
        self.new = NewSoFar::default();
        self.verdict(judged)
    }

    pub(super) async fn rcpt(&mut self, address: &EmailAddress, already: usize) -> Verdict {
        let Some(actor) = &self.sender else { return Verdict::Refuse(answers::authentication_required()) };
        let judged = policy::judge_rcpt(&self.core, actor, address, already, &mut self.new).await;
        self.verdict(judged)
    }

    pub(super) async fn end_of_data(
        &mut self,
        envelope: Envelope,
        content: Content,
        tls: Option<&TlsFacts>,
        patience: Duration,
    ) -> Verdict {
        let Some(actor) = self.sender.take() else { return Verdict::Refuse(answers::authentication_required()) };
        let (recipients, recipient_terms): (Vec<_>, Vec<_>) =
            envelope.recipients.into_iter().map(|one| (one.address, one.terms)).unzip();
        // Of most mail nothing is asked.
        let asked = recipient_terms.iter().any(|terms| !terms.are_usual());
        let submission = Submission {
            arrival: Arrival::Smtp {
                listener: self.listener.name.clone(),
                hostname: self.listener.hostname.clone(),
                client: self.address,
                helo: envelope.helo,
                esmtp: envelope.extended,
                tls: tls.map(|facts| facts.version.clone()),
                mechanism: self.signed_in.as_ref().map(|(_, mechanism)| (*mechanism).to_owned()),
            },
            reverse_path: envelope.reverse_path,
            recipients,
            terms: Terms {
                message: envelope.terms,
                recipients: if asked { recipient_terms } else { Vec::new() },
                hold: envelope.hold,
            },
            smtputf8: envelope.smtputf8,
            content,
        };
        let accepted = submission::accept_through(&self.core, &actor, submission, patience).await;
        // Kept for the refusals page until the reply is out; the next MAIL replaces it.
        self.sender = Some(actor);
        match accepted {
            Ok(Ok((id, heard))) => {
                self.listener.accepted_total.fetch_add(1, Ordering::Relaxed);
                metrics::counter!("relaykeep_messages_accepted_total", "listener" => self.listener.name.clone())
                    .increment(1);
                tracing::info!(message.id = %id, "accepted");
                match heard.map(answers::heard) {
                    None => Verdict::Queued(id.to_string()),
                    Some(Ok(words)) => Verdict::Queued(format!("{id}{words}")),
                    Some(Err(reply)) => {
                        self.passed_on = true;
                        Verdict::Refuse(reply)
                    }
                }
            }
            Ok(Err(rejection)) => self.refuse(rejection),
            Err(error) => Verdict::Refuse(answers::no_verdict(&error)),
        }
    }

    /// A reply goes out: when it refuses, it is counted and kept for the refusals page, and says where that is. What our
    /// own test is refused is nobody's refusal.
    pub(super) fn replied(&mut self, reply: Reply) -> Reply {
        if std::mem::take(&mut self.passed_on) {
            return reply;
        }
        let listener = self.listener.address.ip();
        if reply.code < 400 || self_test::is_this(self.address, self.helo.as_deref(), listener) {
            return reply;
        }
        let given = self.refused.take().map(|(refusal, code)| (refusal, code, reply.clone()));
        let own = || {
            let (refusal, code) = self.refusal(answers::rule_of(&reply)?, None, None, None);
            let url = refusals::short_url(&self.core, &code);
            let reply = answers::with_page(reply.clone(), refusal.rule, &url);
            Some((refusal, code, reply))
        };
        let Some((refusal, code, reply)) = given.or_else(own) else { return reply };
        self.listener.refused_total.fetch_add(1, Ordering::Relaxed);
        metrics::counter!(
            "relaykeep_refusals_total",
            "listener" => self.listener.name.clone(),
            "rule" => refusal.rule.as_str(),
        )
        .increment(1);
        tracing::info!(rule = refusal.rule.as_str(), code = reply.code, "refused");
        refusals::record(&self.core, refusal, &code, &reply.to_string());
        reply
    }

    /// A refusal of this client, and the code of its page.
    fn refusal(
        &self,
        rule: Rule,
        address: Option<String>,
        username: Option<String>,
        cause: Option<&'static str>,
    ) -> (NewRefusal, String) {
        let refusal = NewRefusal {
            actor: self.actor(),
            rule,
            client: self.address,
            helo: self.helo.clone(),
            listener: self.listener.name.clone(),
            username,
            address,
            cause,
        };
        let code = refusals::code_for(&self.core, &refusal);
        (refusal, code)
    }

    fn actor(&self) -> Actor {
        let signed_in = self.signed_in.as_ref().map(|(actor, _)| actor);
        signed_in.or(self.sender.as_ref()).cloned().unwrap_or(Actor::Anonymous { client: Some(self.address) })
    }

    /// Who signed in, or the project that this address belongs to where the listener lets networks in.
    async fn identify(&self) -> relay_core::Result<Option<Actor>> {
        match &self.signed_in {
            Some((actor, _)) => Ok(Some(actor.clone())),
            None if self.listener.auth == ListenerAuth::Required => Ok(None),
            None => networks::identify(&self.core, self.address).await,
        }
    }

    fn verdict(&mut self, judged: relay_core::Result<Result<(), policy::Rejection>>) -> Verdict {
        match judged {
            Ok(Ok(())) => Verdict::Accept,
            Ok(Err(rejection)) => self.refuse(rejection),
            Err(error) => Verdict::Refuse(answers::no_verdict(&error)),
        }
    }

    fn refuse(&mut self, rejection: policy::Rejection) -> Verdict {
        let (refusal, code) = self.refusal(rejection.rule, rejection.address.clone(), None, None);
        let reply = answers::rejection(&rejection, &refusals::short_url(&self.core, &code));
        self.refused = Some((refusal, code));
        Verdict::Refuse(reply)
    }
}
