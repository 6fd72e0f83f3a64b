//! What the relay says on the wire, fact by fact.

mod any_input;
mod describe;
mod transcript;

use transcript::check;

#[test]
fn greeting() {
    check("greeting");
}

#[test]
fn commands() {
    check("commands");
}

#[test]
fn lines() {
    check("lines");
}

#[test]
fn envelope() {
    check("envelope");
}

#[test]
fn addresses() {
    check("addresses");
}

#[test]
fn data() {
    check("data");
}

#[test]
fn extensions() {
    check("extensions");
}

#[test]
fn chunking() {
    check("chunking");
}

#[test]
fn terms() {
    check("terms");
}

#[test]
fn starttls() {
    check("starttls");
}

#[test]
fn auth() {
    check("auth");
}

#[test]
fn policy() {
    check("policy");
}

#[test]
fn limits() {
    check("limits");
}
