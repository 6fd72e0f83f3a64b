//! The submission side over real sockets: connections, TLS, time, and the end.

mod client;
mod connections;
mod harness;
mod messages;
mod proxy;
mod tls;
mod until;
