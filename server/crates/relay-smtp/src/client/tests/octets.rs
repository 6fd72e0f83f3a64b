//! Any octets in any segments.

use super::*;
use proptest::prelude::*;

/// Everything that comes out of a session fed with these pieces, with the driver's part played by rote.
fn play(pieces: &[&[u8]]) -> Vec<String> {
    let mut session = ClientSession::new(config(TlsPolicy::Opportunistic));
    session.next_transaction(to(&["b@b.example", "c@b.example"]));
    let mut all = VecDeque::new();
    for piece in pieces {
        session.receive(piece);
        let before = all.len();
        render(&mut session, &mut all);
        if all.range(before..).any(|line| line == "D:") {
            session.content_sent();
        }
    }
    all.into()
}

fn server_talk() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        Just("220 mx\r\n"),
        Just("250-mx\r\n250 PIPELINING\r\n"),
        Just("250 ok\r\n"),
        Just("354 go\r\n"),
        Just("550 5.1.1 no\r\n"),
        Just("451 4.3.0 later\r\n"),
        Just("421 bye\r\n"),
        Just("junk\r\n"),
        Just("250-"),
    ];
    prop::collection::vec(line, 0..12).prop_map(|lines| lines.concat().into_bytes())
}

proptest! {
    #[test]
    fn any_octets_give_at_most_one_end_and_one_outcome_a_recipient(talk in prop_oneof![server_talk(), prop::collection::vec(any::<u8>(), 0..400)], cuts in prop::collection::vec(1usize..9, 0..60)) {
        let mut pieces = Vec::new();
        let mut rest = talk.as_slice();
        for cut in cuts {
            let (now, later) = rest.split_at(cut.min(rest.len()));
            pieces.push(now);
            rest = later;
        }
        pieces.push(rest);
        let said = play(&pieces);
        let outcomes = said.iter().filter(|line| line.starts_with("=:")).count();
        let unusable = said.iter().filter(|line| line.starts_with("!:")).count();
        let closed = said.iter().filter(|line| *line == "X:").count();
        prop_assert!(outcomes == 0 || outcomes == 2, "{said:?}");
        prop_assert!(unusable <= 1 && closed <= 1 && (unusable == 0 || outcomes == 0), "{said:?}");
    }

    #[test]
    fn segments_of_a_dialogue_do_not_matter(cuts in prop::collection::vec(1usize..30, 0..60)) {
        let turns: [&[u8]; 4] = [
            b"220 mx\r\n",
            b"250-mx\r\n250-PIPELINING\r\n250 SIZE 100000\r\n",
            b"250 ok\r\n250 2.1.5 ok\r\n550 5.1.1 no\r\n354 go\r\n",
            b"250 2.0.0 queued\r\n",
        ];
        let whole = play(&turns);
        prop_assert_eq!(whole.last().map(String::as_str), Some("=: permfail 550 5.1.1 no"));
        let mut cuts = cuts.into_iter();
        let mut pieces = Vec::new();
        for turn in turns {
            let mut rest = turn;
            while !rest.is_empty() {
                let (now, later) = rest.split_at(cuts.next().unwrap_or(usize::MAX).min(rest.len()));
                pieces.push(now);
                rest = later;
            }
        }
        prop_assert_eq!(play(&pieces), whole);
    }
}
