//! The driver of a session: one loop that carries bytes to the machine, its questions to the use cases, its replies back.
//!
//! It owns the socket and the time. It knows no command and no code but those of the connection itself.

use super::{Admission, Admitted, SubmissionSettings, answers, pace::Pace, questions::Client, wire::Wire};
use relay_core::{Core, listeners::Listener, submission::Arriving};
use relay_smtp::{Envelope, Output, Question, Session, SessionConfig, Verdict, reply_wire};
use relay_types::{Cidr, Timestamp, listener::ListenerTls};
use std::{io, net::IpAddr, sync::Arc, time::Duration};
use tokio::{
    net::TcpStream,
    time::{Instant, sleep_until, timeout},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// Octets read at once: of a message, and of commands, for which thousands of idle sessions wait.
const READ_CONTENT: usize = 16 * 1024;
const READ_COMMANDS: usize = 1024;
/// Replies that are gathered before they are written.
const GATHERED: usize = 16 * 1024;
/// How long a question may be without an answer. Clients wait for 5 minutes and more (RFC 5321 §4.5.3.2).
const ANSWER: Duration = Duration::from_secs(120);

/// What every session of a listener shares.
pub(crate) struct Context {
    pub(crate) core: Core,
    pub(crate) listener: Arc<Listener>,
    pub(crate) session: SessionConfig,
    pub(crate) settings: SubmissionSettings,
    pub(crate) admission: Arc<Admission>,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) proxy_protocol_from: Vec<Cidr>,
    pub(crate) plaintext_auth_from: Vec<Cidr>,
    /// The relay stops: idle sessions end, running transactions may finish.
    pub(crate) stop: CancellationToken,
    /// The grace time is over.
    pub(crate) kill: CancellationToken,
}

/// Serves one client to the end of its session.
pub(crate) async fn serve(context: &Context, stream: TcpStream, client: IpAddr) {
    let plaintext_auth = context.plaintext_auth_from.iter().any(|network| network.contains(client));
    let connection = Connection {
        context,
        session: Session::new(SessionConfig {
            plaintext_auth,
            hold_limit: hold_limit(&context.settings, context.core.now()),
            ..context.session.clone()
        }),
        client: Client::new(context.core.clone(), context.listener.clone(), client),
        admitted: context.admission.admit(client),
        content: Arriving::new(&context.core),
        buffer: Vec::new(),
        gathered: Vec::new(),
        pace: Pace::new(&context.settings, Instant::now()),
    };
    if let Err(error) = Box::pin(connection.run(Wire::Plain(stream))).await {
        tracing::debug!(cause = %error, "connection lost");
    }
}

/// What FUTURERELEASE announces: seconds, and the moment that they reach from now on (RFC 4865 §4).
fn hold_limit(settings: &SubmissionSettings, now: Timestamp) -> Option<(u64, Timestamp)> {
    // RFC 4865 §4: nine digits.
    let seconds = settings.hold.as_secs().min(999_999_999);
    (seconds > 0).then(|| (seconds, now.plus(Duration::from_secs(seconds))))
}

struct Connection<'a> {
    context: &'a Context,
    session: Session,
    client: Client,
    /// The place among the sessions; none when there are too many.
    admitted: Option<Admitted>,
    /// The message that is being received.
    content: Arriving,
    buffer: Vec<u8>,
    /// Replies to be written.
    gathered: Vec<u8>,
    pace: Pace,
}

/// What the session wants of its driver next.
enum Next {
    Read,
    StartTls,
    Close,
}

impl Connection<'_> {
    async fn run(mut self, mut wire: Wire) -> io::Result<()> {
        let implicit_tls = self.context.listener.tls == ListenerTls::Implicit;
        match &self.admitted {
            // A handshake for the sake of a 421 is too dear when there are too many already.
            None if implicit_tls => return Ok(()),
            None => self.session.interrupt(answers::too_many_sessions(&self.context.listener.hostname)),
            Some(_) => {
                if implicit_tls {
                    wire = self.start_tls(wire).await?;
                }
                self.wait_before_greeting(&mut wire).await?;
            }
        }
        loop {
            match self.advance(&mut wire).await? {
                Next::Read => self.read(&mut wire).await?,
                Next::StartTls => wire = self.start_tls(wire).await?,
                Next::Close => break,
            }
        }
        self.admitted = None;
        wire.close().await;
        Ok(())
    }

    /// A client that talks before the greeting shows itself within this time. Programs that have just sent mail or
    /// signed in do not wait for it again: at a connection for each message, the wait would bound them.
    async fn wait_before_greeting(&mut self, wire: &mut Wire) -> io::Result<()> {
        let mut early = [0; 512];
        // Of one that is known, what is here already is looked at, and nothing is waited for.
        let known = self.context.admission.knows(self.client.address);
        let wait = if known { Duration::ZERO } else { self.context.settings.greeting_wait };
        let until = Instant::now() + self.context.settings.greeting_wait;
        if let Ok(read) = timeout(wait, wire.read(&mut early)).await {
            match read? {
                0 => self.session.eof(),
                read => {
                    self.session.receive(&early[..read]);
                    sleep_until(until).await;
                }
            }
        }
        self.session.greet();
        Ok(())
    }

    /// Does what the session says until it needs octets.
    async fn advance(&mut self, wire: &mut Wire) -> io::Result<Next> {
        let mut next = Next::Read;
        while let Some(output) = self.session.poll() {
            match output {
                Output::Reply(reply) => {
                    if reply.code >= 400 {
                        // A refusal may come without a question, which is where the name is noted else.
                        self.client.helo = self.session.client_name().map(str::to_owned);
                    }
                    let reply = self.client.replied(reply);
                    reply_wire::write(&reply, &mut self.gathered);
                    if self.gathered.len() > GATHERED {
                        self.write(wire).await?;
                    }
                }
                Output::Content(piece) => self.keep(&piece).await,
                Output::DiscardContent => self.discard(),
                Output::Ask(question) => {
                    // A database that neither answers nor fails must hold no session: not for its client, and not
                    // when the relay stops.
                    let no_answer = match &question {
                        Question::Authenticate(_) => answers::no_authentication,
                        _ => answers::no_answer,
                    };
                    let verdict = timeout(ANSWER, self.find_answer(question)).await;
                    let verdict = verdict.unwrap_or_else(|_| {
                        self.discard();
                        Verdict::Refuse(no_answer())
                    });
                    self.session.answer(verdict);
                }
                Output::StartTls => next = Next::StartTls,
                Output::Close => next = Next::Close,
            }
        }
        self.write(wire).await?;
        Ok(next)
    }

    /// Each way to an answer is on the heap: the largest of them would else be moved with every question.
    async fn find_answer(&mut self, question: Question) -> Verdict {
        self.client.helo = self.session.client_name().map(str::to_owned);
        match question {
            Question::Authenticate(credentials) => {
                let verdict = Box::pin(self.client.authenticate(credentials)).await;
                if matches!(verdict, Verdict::Accept) {
                    self.context.admission.know(self.client.address);
                }
                verdict
            }
            Question::Mail { reverse_path, .. } => Box::pin(self.client.mail(&reverse_path)).await,
            Question::Rcpt { address, already } => Box::pin(self.client.rcpt(&address, already)).await,
            Question::Data => {
                self.discard();
                if self.has_room(1) { Verdict::Accept } else { Verdict::Refuse(answers::no_room()) }
            }
            Question::EndOfData(envelope) => Box::pin(self.end_of_data(envelope)).await,
        }
    }

    async fn end_of_data(&mut self, envelope: Envelope) -> Verdict {
        let content = std::mem::replace(&mut self.content, Arriving::new(&self.context.core));
        let verdict = match content.end(envelope.terms.binary).await {
            Ok(content) => {
                let patience = self.context.settings.cut_through;
                self.client.end_of_data(envelope, content, self.session.tls(), patience).await
            }
            Err(error) => Verdict::Refuse(answers::no_verdict(&error)),
        };
        if matches!(verdict, Verdict::Queued(_)) {
            self.context.admission.know(self.client.address);
        }
        self.discard();
        verdict
    }

    /// Keeps a piece of the message, while there is room for it and a store that takes it; without, the message is gone
    /// and so is the session.
    async fn keep(&mut self, piece: &[u8]) {
        let refusal = if !self.has_room(self.content.held() + piece.len() as u64) {
            answers::no_room()
        } else if timeout(ANSWER, self.content.push(piece)).await.is_err() {
            answers::no_answer()
        } else {
            return;
        };
        self.discard();
        self.session.interrupt(refusal);
    }

    fn has_room(&mut self, octets: u64) -> bool {
        self.admitted.as_mut().is_some_and(|admitted| admitted.hold(octets))
    }

    /// Gives back the room of a message: another one begins, or none.
    fn discard(&mut self) {
        self.pace.another_message();
        self.content = Arriving::new(&self.context.core);
        if let Some(admitted) = &mut self.admitted {
            admitted.release();
        }
    }

    async fn write(&mut self, wire: &mut Wire) -> io::Result<()> {
        if !self.gathered.is_empty() {
            wire.write(&self.gathered).await?;
            self.gathered.clear();
            // One that was refused is over with its reply, however many octets came behind the refusal.
            if !self.session.in_message() {
                self.pace.another_message();
            }
            self.pace.replied(Instant::now());
        }
        Ok(())
    }

    /// Waits for octets, the end of patience, or the stop of the relay.
    async fn read(&mut self, wire: &mut Wire) -> io::Result<()> {
        let size = if self.session.in_content() { READ_CONTENT } else { READ_COMMANDS };
        if self.buffer.len() != size {
            self.buffer = vec![0; size];
        }
        let hostname = &self.context.listener.hostname;
        tokio::select! {
            biased;
            () = self.context.kill.cancelled() => self.session.interrupt(answers::stopping(hostname)),
            () = self.context.stop.cancelled(), if !self.session.is_shutting_down() => self.session.shutdown(),
            read = wire.read(&mut self.buffer) => match read? {
                0 => self.session.eof(),
                read => {
                    if self.session.in_message() {
                        self.pace.received(read, self.session.in_content(), Instant::now());
                    }
                    self.session.receive(&self.buffer[..read]);
                }
            },
            () = sleep_until(self.pace.deadline()) => self.session.idle_timeout(),
        }
        Ok(())
    }

    async fn start_tls(&mut self, wire: Wire) -> io::Result<Wire> {
        let Some(acceptor) = &self.context.tls else { return Err(io::Error::other("this listener has no TLS")) };
        let (wire, facts) = wire.start_tls(acceptor, self.context.settings.handshake).await?;
        self.client.forget();
        self.session.tls_established(facts);
        self.pace.replied(Instant::now());
        Ok(wire)
    }
}
