//! Dynamic updates (RFC 2136), signed with TSIG (RFC 8945): one atomic message a change, over TCP.
//!
//! The library's own client loses the server's code when a signature is wrong, so the message is framed and judged here:
//! code and TSIG error first, then the answer's signature. What is not signed is advice and never success.

use super::{PtrChange, WriteError, same};
use crate::{
    name::{from_text, to_text},
    wire::{self, Question, code_text},
    zones::is_certain,
};
use hickory_proto::{
    op::{Message, MessageType, OpCode, Query, ResponseCode},
    rr::{
        DNSClass, Name, RData, Record, RecordType, TSigner,
        rdata::{
            PTR,
            tsig::{TsigAlgorithm as Algorithm, TsigError},
        },
    },
};
use relay_types::{ZoneName, reverse::TsigAlgorithm};
use std::{
    fmt,
    net::SocketAddr,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use zeroize::Zeroizing;

/// How long the server may take for one message.
const PATIENCE: Duration = Duration::from_secs(5);
/// How far clocks may be apart, in seconds (RFC 8945 §10).
const FUDGE: u16 = 300;

/// A name server that takes updates, and the key it knows.
#[derive(Clone)]
pub struct UpdateServer {
    /// `HOST:PORT`; without a port it is 53. A host name is looked up with the system's resolver.
    pub server: String,
    /// Name of the key, as in the server's configuration.
    pub key_name: String,
    /// How updates are signed.
    pub algorithm: TsigAlgorithm,
    /// The secret, decoded from base64.
    pub key: Zeroizing<Vec<u8>>,
}

/// What is at a name on the server that is written to.
enum Here {
    Names(Vec<Name>),
    Alias(Name),
    /// The server does not say; the update's prerequisites decide.
    Unknown,
}

/// The judged answer to an update.
struct Reply {
    code: ResponseCode,
    tsig_error: Option<TsigError>,
    authentic: bool,
}

impl UpdateServer {
    /// The change as an `nsupdate` script.
    pub(super) fn describe(&self, change: &PtrChange) -> String {
        let owner = format!("{}.", change.owner);
        let (host, port) = self.place();
        let mut text = format!("; signed with the key {}, {}\n", self.key_name, self.algorithm.as_str());
        text += &format!("server {host} {port}\nzone {}.\nprereq nxrrset {owner} CNAME\n", change.zone);
        if change.before.is_empty() {
            text += &format!("prereq nxrrset {owner} PTR\n");
        }
        for name in &change.before {
            text += &format!("prereq yxrrset {owner} PTR {name}.\n");
        }
        text += &format!("update delete {owner} PTR\n");
        if let Some(name) = &change.after {
            text += &format!("update add {owner} {} PTR {name}.\n", change.ttl);
        }
        text + "send\n"
    }

    pub(super) async fn test(&self, zone: &ZoneName) -> Result<String, WriteError> {
        let server = self.look_up().await?;
        let apex = self.name(zone.as_str())?;
        let mut message = update_of(&apex);
        message.answers.push(exists(&apex, RecordType::SOA));
        let reply = self.send(server, message).await?;
        self.judge(&reply, zone)?;
        // Rules for single names or types are judged by servers only when something changes.
        Ok(format!(
            "{} serves {zone} and takes updates that are signed with the key {} ({}). Rules for single names or types \
             show at the first change",
            self.server,
            self.key_name,
            self.algorithm.as_str()
        ))
    }

    pub(super) async fn write(&self, change: &PtrChange) -> Result<(), WriteError> {
        let server = self.look_up().await?;
        let owner = self.name(&change.owner)?;
        let seen = match self.read(server, &owner).await {
            Here::Alias(target) => return Err(alias_in_the_way(change, &target)),
            Here::Unknown => change.before.iter().map(|name| self.name(name)).collect::<Result<_, _>>()?,
            Here::Names(names) => {
                let found: Vec<String> = names.iter().map(to_text).collect();
                if change.is_done(&found) {
                    return Ok(());
                }
                if !change.is_as_before(&found) {
                    return Err(change.changed(Some(found)));
                }
                // As the server spells them: prerequisites may be compared octet by octet.
                names
            }
        };
        let reply = self.send(server, self.message(change, &owner, seen)?).await?;
        match (self.judge(&reply, &change.zone), reply.code) {
            (Err(_), ResponseCode::YXRRSet | ResponseCode::NXRRSet | ResponseCode::NXDomain) if reply.authentic => {
                match self.read(server, &owner).await {
                    Here::Alias(target) => Err(alias_in_the_way(change, &target)),
                    Here::Names(names) => Err(change.changed(Some(names.iter().map(to_text).collect()))),
                    Here::Unknown => Err(change.changed(None)),
                }
            }
            (judgement, _) => judgement,
        }
    }

    /// Prerequisites and the change in one message: the server does all of it or nothing (RFC 2136 §3).
    fn message(&self, change: &PtrChange, owner: &Name, seen: Vec<Name>) -> Result<Message, WriteError> {
        let mut message = update_of(&self.name(change.zone.as_str())?);
        message.answers.push(absent(owner, RecordType::CNAME));
        if seen.is_empty() {
            message.answers.push(absent(owner, RecordType::PTR));
        }
        for name in seen {
            message.answers.push(Record::from_rdata(owner.clone(), 0, RData::PTR(PTR(name))));
        }
        message.authorities.push(exists(owner, RecordType::PTR));
        if let Some(name) = &change.after {
            let target = RData::PTR(PTR(self.name(name)?));
            message.authorities.push(Record::from_rdata(owner.clone(), change.ttl, target));
        }
        Ok(message)
    }

    async fn send(&self, server: SocketAddr, mut message: Message) -> Result<Reply, WriteError> {
        let algorithm = match self.algorithm {
            TsigAlgorithm::HmacSha256 => Algorithm::HmacSha256,
            TsigAlgorithm::HmacSha512 => Algorithm::HmacSha512,
        };
        let signer = TSigner::new(self.key.to_vec(), algorithm, self.name(&self.key_name)?, FUDGE)
            .map_err(|error| WriteError::Refused(format!("The key {} cannot be used: {error}", self.key_name)))?;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let unfit = |_| WriteError::Refused("The change cannot be written as an update".to_owned());
        let verifier = message.finalize(&signer, now).map_err(unfit)?;
        let octets = message.to_vec().map_err(unfit)?;
        let answer = wire::exchange(server, &octets, PATIENCE).await.map_err(|why| self.away(why))?;
        let unreadable = || self.away("its answer cannot be read");
        let read = Message::from_vec(&answer).map_err(|_| unreadable())?;
        let header = &read.metadata;
        if header.id != message.metadata.id
            || header.message_type != MessageType::Response
            || header.op_code != OpCode::Update
        {
            return Err(unreadable());
        }
        let tsig = read.signature.as_ref().map(|record| &record.data);
        // The library subtracts one from the other.
        let sane = tsig.is_some_and(|tsig| tsig.time >= u64::from(tsig.fudge));
        Ok(Reply {
            code: header.response_code,
            tsig_error: tsig.and_then(|tsig| tsig.error),
            authentic: sane && verifier.is_some_and(|mut verifier| verifier.verify(&answer).is_ok()),
        })
    }

    /// The reply in words. Prerequisites that failed are `Changed` without what is there.
    fn judge(&self, reply: &Reply, zone: &ZoneName) -> Result<(), WriteError> {
        let (server, key) = (&self.server, &self.key_name);
        let refused = |text: String| Err(WriteError::Refused(text));
        match &reply.tsig_error {
            Some(TsigError::BadKey) => {
                return refused(format!(
                    "{server} does not know the key {key} with {}, or does not let it update {zone} (NOTAUTH, BADKEY). \
                     Compare the key's name and algorithm on both sides, and see what it may do there",
                    self.algorithm.as_str()
                ));
            }
            Some(TsigError::BadSig | TsigError::BadTrunc) => {
                return refused(format!(
                    "{server} does not accept the signature of the key {key} (NOTAUTH, BADSIG). The secret is not the \
                     same on both sides"
                ));
            }
            Some(TsigError::BadTime) => {
                return refused(format!(
                    "The clock of {server} and the clock of this machine differ by more than five minutes (NOTAUTH, \
                     BADTIME). Set them right"
                ));
            }
            Some(TsigError::Unknown(0)) | None => {}
            Some(TsigError::Unknown(error)) => {
                return refused(format!("{server} does not accept the signature (TSIG error {error})"));
            }
        }
        let code = code_text(reply.code);
        match reply.code {
            ResponseCode::ServFail => Err(self.away(format!("it could not do it ({code}); its log says why"))),
            ResponseCode::NotAuth => refused(format!(
                "{server} does not serve {zone} as its primary, or not for the key {key} ({code}). Check the zone, the \
                 server and what the key may do"
            )),
            ResponseCode::Refused => refused(format!(
                "{server} refuses updates of {zone} with the key {key} ({code}). Allow them in its configuration"
            )),
            ResponseCode::NotZone => refused(format!("{server} says that the name is not in {zone} ({code})")),
            ResponseCode::NotImp | ResponseCode::FormErr => refused(format!(
                "{server} does not understand updates ({code}). It may not take dynamic updates at all"
            )),
            _ if !reply.authentic => Err(self.away(format!(
                "its answer ({code}) is not signed with the key {key} and is not believed. Something between here and \
                 there may answer in its place"
            ))),
            ResponseCode::NoError => Ok(()),
            ResponseCode::YXRRSet | ResponseCode::NXRRSet | ResponseCode::NXDomain | ResponseCode::YXDomain => {
                Err(WriteError::Changed {
                    found: None,
                    text: format!("{server} does not hold what was expected in {zone} ({code}). Nothing was written"),
                })
            }
            _ => refused(format!("{server} does not take the change ({code})")),
        }
    }

    /// Asks the server itself what is at a name.
    async fn read(&self, server: SocketAddr, owner: &Name) -> Here {
        let question = Question { name: owner, kind: RecordType::PTR, recursive: false, patience: PATIENCE };
        let Ok(answer) = question.ask_over_tcp(server).await else { return Here::Unknown };
        if !is_certain(&answer) || !answer.metadata.authoritative {
            return Here::Unknown;
        }
        let mut names = Vec::new();
        for record in answer.answers.iter().filter(|record| record.name == *owner) {
            match &record.data {
                RData::CNAME(target) => return Here::Alias(target.0.clone()),
                RData::PTR(name) => names.push(name.0.clone()),
                _ => {}
            }
        }
        Here::Names(names)
    }

    async fn look_up(&self) -> Result<SocketAddr, WriteError> {
        let (host, port) = self.place();
        let Ok(port) = port.parse::<u16>() else {
            return Err(WriteError::Refused(format!("{} has no port between 1 and 65535", self.server)));
        };
        let found = tokio::time::timeout(PATIENCE, tokio::net::lookup_host((host, port))).await;
        let address = found.ok().and_then(Result::ok).and_then(|mut addresses| addresses.next());
        address.ok_or_else(|| self.away("its address could not be found"))
    }

    /// Host and port; brackets around an IPv6 address are dropped.
    fn place(&self) -> (&str, &str) {
        let text = self.server.as_str();
        let bare = |host: &'_ str| host.parse::<std::net::Ipv6Addr>().is_ok();
        if bare(text) {
            return (text, "53");
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ => (text, "53"),
        };
        (host.trim_matches(['[', ']']), port)
    }

    fn name(&self, text: &str) -> Result<Name, WriteError> {
        from_text(text).ok_or_else(|| WriteError::Refused(format!("{text} cannot be written in DNS")))
    }

    fn away(&self, why: impl fmt::Display) -> WriteError {
        WriteError::Away(format!("{} is not able to answer now: {why}", self.server))
    }
}

/// Everything but the secret.
impl fmt::Debug for UpdateServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpdateServer")
            .field("server", &self.server)
            .field("key_name", &self.key_name)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

fn update_of(zone: &Name) -> Message {
    let mut message = Message::query();
    message.metadata.op_code = OpCode::Update;
    message.add_query(Query::query(zone.clone(), RecordType::SOA));
    message
}

/// As a prerequisite: records of this type are there (RFC 2136 §2.4.1). As an update: they go (§2.5.2).
fn exists(name: &Name, kind: RecordType) -> Record {
    let mut record = Record::update0(name.clone(), 0, kind);
    record.dns_class = DNSClass::ANY;
    record
}

/// As a prerequisite: no record of this type is there (RFC 2136 §2.4.3).
fn absent(name: &Name, kind: RecordType) -> Record {
    let mut record = Record::update0(name.clone(), 0, kind);
    record.dns_class = DNSClass::NONE;
    record
}

fn alias_in_the_way(change: &PtrChange, target: &Name) -> WriteError {
    let target = to_text(target);
    let where_to = if same(&target, &change.owner) { "itself".to_owned() } else { target };
    WriteError::Refused(format!(
        "{} is an alias (CNAME) of {where_to}, so it cannot hold a PTR record. Name the zone of {where_to} as the reverse \
         zone (RFC 2317), or have the alias removed",
        change.owner
    ))
}
