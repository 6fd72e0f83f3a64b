//! Simulated recipients: addresses at the platform's simulator domain that behave as they are named, so that a program's
//! handling of bounces, delays and complaints can be tried without anybody's mailbox. Nothing of theirs leaves the machine.

use crate::{DomainName, EmailAddress};

/// A simulated recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Simulated {
    /// Takes the message.
    Success,
    /// Has no mailbox: `550 5.1.1`.
    Bounce,
    /// Has no time, each time: `451 4.2.1`, until the message is too old.
    Defer,
    /// Takes the message and complains.
    Complaint,
    /// Is refused in the session as one on the suppression list.
    Suppressed,
}

impl Simulated {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Success, Self::Bounce, Self::Defer, Self::Complaint, Self::Suppressed];

    /// The part before the `@`; `+anything` may stand behind it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Bounce => "bounce",
            Self::Defer => "defer",
            Self::Complaint => "complaint",
            Self::Suppressed => "suppressed",
        }
    }

    /// What becomes of a message to it, in words.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Success => "is delivered",
            Self::Bounce => "bounces with 550 5.1.1; the reverse-path is told",
            Self::Defer => "is deferred with 451 4.2.1 each time, until it is too old",
            Self::Complaint => "is delivered, then the recipient complains",
            Self::Suppressed => "is refused at once with 550 5.1.1, as an address on the suppression list",
        }
    }

    /// Which one the address is; none for others, also for others at the simulator's domain.
    pub fn of(address: &EmailAddress, simulator: &DomainName) -> Option<Self> {
        if address.domain() != simulator {
            return None;
        }
        let name = address.local().split('+').next().unwrap_or_default();
        Self::ALL.into_iter().find(|one| name.eq_ignore_ascii_case(one.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::Simulated;
    use crate::{DomainName, EmailAddress};

    #[test]
    fn an_address_is_known_by_its_name_in_any_case_with_any_tag() {
        let simulator = DomainName::parse("simulator.relay.example").expect("a name");
        for (text, expected) in [
            ("success@simulator.relay.example", Some(Simulated::Success)),
            ("Bounce+42@Simulator.Relay.Example", Some(Simulated::Bounce)),
            ("defer+a+b@simulator.relay.example", Some(Simulated::Defer)),
            ("complaint@simulator.relay.example", Some(Simulated::Complaint)),
            ("suppressed@simulator.relay.example", Some(Simulated::Suppressed)),
            ("successful@simulator.relay.example", None),
            ("success@relay.example", None),
            ("success@a.simulator.relay.example", None),
        ] {
            let address = EmailAddress::parse(text).expect(text);
            assert_eq!(Simulated::of(&address, &simulator), expected, "{text}");
        }
    }
}
