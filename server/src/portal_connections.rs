//! The portal's connections: how many there may be, how long a client may take to say what it wants, the orderly end.
//!
//! It knows HTTP/1.1 as far as one header section; what is asked is the router's matter. Whoever opens connections and
//! says nothing, or one octet at a time, or does not read what he asked for, gives them back soon, so that he takes no
//! file descriptors from the relay and no places from others.

use axum::{Router, body::Body, extract::ConnectInfo, http::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    time::sleep,
};
use tokio_io_timeout::TimeoutStream;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;

/// Connections at the same time; more wait to be accepted.
const CONNECTIONS: usize = 1000;
/// How long a client may take for the header of a request, and how long it may be silent between two.
const HEADER: Duration = Duration::from_secs(20);
/// How long a client may take nothing of an answer.
const UNREAD: Duration = Duration::from_secs(60);
/// How long accepting rests when the system can give no more (no file descriptors, no memory).
const REST: Duration = Duration::from_millis(200);

/// Serves `router` until `stop`; then running requests may finish.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    serve_within(Waits { header: HEADER, unread: UNREAD }, listener, router, stop).await;
}

/// See [`HEADER`] and [`UNREAD`].
#[derive(Clone, Copy)]
struct Waits {
    header: Duration,
    unread: Duration,
}

async fn serve_within(waits: Waits, listener: TcpListener, router: Router, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let connections = TaskTracker::new();
    while let Some(Ok(place)) = stop.run_until_cancelled(places.clone().acquire_owned()).await {
        match stop.run_until_cancelled(listener.accept()).await {
            None => break,
            Some(Ok((stream, peer))) => {
                let (router, stop) = (router.clone(), stop.clone());
                connections.spawn(async move {
                    connection(stream, peer, waits, router, stop).await;
                    drop(place);
                });
            }
            Some(Err(error)) => {
                tracing::error!(%error, "the portal cannot accept connections");
                sleep(REST).await;
            }
        }
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

async fn connection(stream: TcpStream, peer: SocketAddr, waits: Waits, router: Router, stop: CancellationToken) {
    // Answers are whole: waiting for more would only cost time.
    let _ = stream.set_nodelay(true);
    let mut stream = TimeoutStream::new(stream);
    stream.set_write_timeout(Some(waits.unread));
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().oneshot(request)
    });
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(waits.header);
    let mut serving = std::pin::pin!(builder.serve_connection(TokioIo::new(Box::pin(stream)), service));
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        () = stop.cancelled() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a portal connection ended early");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::{get, post};
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        time::timeout,
    };

    const WAITS: Waits = Waits { header: HEADER, unread: UNREAD };
    const SHORT: Duration = Duration::from_millis(200);

    async fn started(waits: Waits) -> (SocketAddr, CancellationToken, tokio::task::JoinHandle<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let echo = |ConnectInfo(peer): ConnectInfo<SocketAddr>, body: String| async move { format!("{peer} {body}") };
        let large = || async { vec![0; 64 << 20] };
        let router = Router::new().route("/", get(large)).route("/echo", post(echo));
        let stop = CancellationToken::new();
        let serving = tokio::spawn(serve_within(waits, listener, router, stop.clone()));
        (address, stop, serving)
    }

    async fn heard(stream: &mut TcpStream) -> String {
        let mut answer = vec![0; 4096];
        let read = stream.read(&mut answer).await.expect("an answer");
        String::from_utf8_lossy(&answer[..read]).into_owned()
    }

    #[tokio::test]
    async fn requests_are_answered_and_the_end_waits_for_none_that_are_silent() {
        let (address, stop, serving) = started(WAITS).await;
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let here = stream.local_addr().expect("an address");
        stream.write_all(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi").await.expect("sent");
        assert!(heard(&mut stream).await.ends_with(&format!("\r\n\r\n{here} hi")));
        stop.cancel();
        timeout(Duration::from_secs(5), serving).await.expect("the end").expect("no panic");
    }

    #[tokio::test]
    async fn who_never_ends_a_header_is_cut_off() {
        let (address, stop, serving) = started(Waits { header: SHORT, ..WAITS }).await;
        let mut silent = TcpStream::connect(address).await.expect("a connection");
        let mut slow = TcpStream::connect(address).await.expect("a connection");
        slow.write_all(b"GET / HTTP/1.1\r\nHost: a\r\nX:").await.expect("sent");
        let trickle = async {
            while slow.write_all(b"a").await.is_ok() {
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(20), trickle).await.expect("a header that trickles is cut off");
        let mut rest = Vec::new();
        // It may be told `408` first, or be reset; then it is closed.
        let _ = timeout(Duration::from_secs(20), silent.read_to_end(&mut rest)).await.expect("silence is cut off");
        stop.cancel();
        let _ = serving.await;
    }

    #[tokio::test]
    async fn who_does_not_read_is_cut_off() {
        let (address, stop, serving) = started(Waits { unread: SHORT, ..WAITS }).await;
        let mut client = TcpStream::connect(address).await.expect("a connection");
        client.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").await.expect("sent");
        // The answer has begun.
        assert!(heard(&mut client).await.starts_with("HTTP/1.1 200 "));
        stop.cancel();
        timeout(Duration::from_secs(20), serving).await.expect("nobody waits for it").expect("no panic");
        let mut rest = Vec::new();
        let whole = client.read_to_end(&mut rest).await.is_ok_and(|_| rest.len() >= 64 << 20);
        assert!(!whole);
    }
}
