//! Simulated recipients: what a mail exchanger would say of each. Opens no connection.

use super::Delivery;
use relay_types::{
    EmailAddress,
    message::{Cause, DialogueLine, Outcome},
    reply::Reply,
    simulator::Simulated,
};

/// A delivery to these, all at the simulator's domain.
pub fn deliver(recipients: &[EmailAddress]) -> Delivery {
    let outcomes: Vec<Outcome> = recipients.iter().map(outcome).collect();
    let said = recipients.iter().zip(&outcomes).flat_map(|(address, outcome)| {
        let reply = match outcome {
            Outcome::Delivered(reply) => reply,
            Outcome::TempFail(cause) | Outcome::PermFail(cause) => cause.reply(),
            Outcome::Captured => return Vec::new(),
        };
        let line = |ours, text| DialogueLine { ours, text };
        vec![line(true, format!("(simulated) RCPT TO:<{address}>")), line(false, reply.to_string())]
    });
    Delivery {
        host: recipients.first().map(|address| address.domain().to_string()),
        dialogue: said.collect(),
        outcomes,
        ..Delivery::default()
    }
}

fn outcome(address: &EmailAddress) -> Outcome {
    let delivered = |text: &str| Outcome::Delivered(Reply::new(250, (2, 0, 0), text));
    let failed = |text: &str| Outcome::PermFail(Cause::Recipient(Reply::new(550, (5, 1, 1), text)));
    match Simulated::of(address, address.domain()) {
        Some(Simulated::Success) => delivered("Simulated: delivered"),
        Some(Simulated::Complaint) => delivered("Simulated: delivered; a complaint follows"),
        Some(Simulated::Bounce) => failed("Simulated: no such mailbox"),
        // The relay's own mail is not judged at RCPT.
        Some(Simulated::Suppressed) => failed("Simulated: suppressed"),
        Some(Simulated::Defer) => {
            Outcome::TempFail(Cause::Recipient(Reply::new(451, (4, 2, 1), "Simulated: try again later")))
        }
        None => failed("No such simulated recipient; there are success, bounce, defer, complaint, suppressed"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_behaves_as_it_is_named() {
        let to = ["success+1", "bounce", "defer", "complaint", "suppressed", "other"];
        let to: Vec<_> = to.iter().map(|name| EmailAddress::parse(&format!("{name}@sim.example")).unwrap()).collect();
        let delivery = deliver(&to);
        let said = delivery.outcomes.iter().map(|outcome| match outcome {
            Outcome::Delivered(reply) => format!("delivered {reply}"),
            Outcome::TempFail(cause) => format!("later {}", cause.reply()),
            Outcome::PermFail(cause) => format!("never {}", cause.reply()),
            Outcome::Captured => "captured".to_owned(),
        });
        let said: Vec<_> = said.collect();
        assert_eq!(
            said[..5],
            [
                "delivered 250 2.0.0 Simulated: delivered",
                "never 550 5.1.1 Simulated: no such mailbox",
                "later 451 4.2.1 Simulated: try again later",
                "delivered 250 2.0.0 Simulated: delivered; a complaint follows",
                "never 550 5.1.1 Simulated: suppressed",
            ]
        );
        assert!(said[5].starts_with("never 550 5.1.1 No such simulated recipient"), "{}", said[5]);
        assert!(delivery.unreachable.is_none() && delivery.address.is_none());
        assert_eq!(delivery.dialogue.len(), 12);
    }
}
