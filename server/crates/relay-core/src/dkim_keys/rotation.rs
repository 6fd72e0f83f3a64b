//! How keys take each other's place: a new one signs once its record is seen, the one before stays in DNS until the queue
//! has nothing that it signed. Pure.

use super::{Model, algorithm, is_seen, state};
use crate::Result;
use relay_types::{
    Timestamp,
    domain::{DkimAlgorithm, DkimKeyState},
};
use std::time::Duration;
use uuid::Uuid;

/// The keys of a domain after a look at `now`: those that stay, and those that go.
///
/// Of each algorithm the newest is the one that shall sign. While it does, older ones retire for `lifetime`; when its
/// record is gone again, an older one whose record is still there signs in its stead.
pub(crate) fn settle(keys: Vec<Model>, now: Timestamp, lifetime: Duration) -> Result<(Vec<Model>, Vec<Uuid>)> {
    let (mut stay, mut go) = (Vec::new(), Vec::new());
    for one in DkimAlgorithm::ALL {
        let mut of_one = Vec::new();
        for key in keys.iter().filter(|key| algorithm(key).is_ok_and(|algorithm| algorithm == one)) {
            of_one.push((state(key)?, key.clone()));
        }
        of_one.sort_by_key(|(_, key)| std::cmp::Reverse((key.created_at, key.id)));
        let mut older = of_one.into_iter();
        let Some((newest, key)) = older.next() else { continue };
        stay.push(key);
        let mut signs = newest == DkimKeyState::Active;
        for (state, key) in older {
            let back = state == DkimKeyState::Retiring && newest == DkimKeyState::Missing && is_seen(&key, now);
            match state {
                DkimKeyState::Retiring if back && !signs => {
                    signs = true;
                    stay.push(with(key, DkimKeyState::Active, None));
                }
                DkimKeyState::Retiring if key.retires_at.is_none_or(|at| at <= now.0) => go.push(key.id),
                DkimKeyState::Pending if newest == DkimKeyState::Active => go.push(key.id),
                DkimKeyState::Active | DkimKeyState::Missing if newest == DkimKeyState::Active => {
                    stay.push(with(key, DkimKeyState::Retiring, Some(now.plus(lifetime))));
                }
                _ => stay.push(key),
            }
        }
    }
    Ok((stay, go))
}

fn with(key: Model, state: DkimKeyState, retires_at: Option<Timestamp>) -> Model {
    Model { state: state.as_str().to_owned(), retires_at: retires_at.map(|at| at.0), ..key }
}

/// What keys stand in the way of a rotation, in words; none when it may begin. Gives the keys that never signed, which
/// new ones replace at once, too.
pub(crate) fn may_begin(keys: &[Model]) -> Result<std::result::Result<Vec<Uuid>, &'static str>> {
    let (mut used, mut waiting) = (Vec::new(), Vec::new());
    for key in keys {
        match state(key)? {
            DkimKeyState::Active | DkimKeyState::Missing => used.push(algorithm(key)?),
            DkimKeyState::Pending => waiting.push((algorithm(key)?, key.id)),
            DkimKeyState::Retiring => {}
        }
    }
    if used.is_empty() {
        return Ok(Err("No key of the domain was seen in DNS yet, so there is nothing to rotate"));
    }
    if waiting.iter().any(|(algorithm, _)| used.contains(algorithm)) {
        return Ok(Err("New keys wait already; publish their records"));
    }
    Ok(Ok(waiting.into_iter().map(|(_, id)| id).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use DkimKeyState::{Active, Missing, Pending, Retiring};

    const T0: Timestamp = Timestamp(1_795_268_800_000);
    const DAY: Duration = Duration::from_secs(86_400);

    fn key(number: u128, state: DkimKeyState, seen: bool, retires_in: Option<i64>) -> Model {
        Model {
            id: Uuid::from_u128(number),
            domain_id: Uuid::nil(),
            selector: format!("s{number}"),
            algorithm: DkimAlgorithm::RsaSha256.as_str().to_owned(),
            private_sealed: Vec::new(),
            record_value: String::new(),
            state: state.as_str().to_owned(),
            seen_at: seen.then_some(T0.0),
            found: None,
            created_at: 0,
            retires_at: retires_in.map(|days| T0.0 + days * 86_400_000),
        }
    }

    #[test]
    fn the_newest_that_is_seen_signs_and_older_ones_leave_after_the_lifetime() {
        for (keys, stay, go) in [
            // Nothing changes before the new record is seen, whatever becomes of the old one.
            (vec![key(1, Active, true, None), key(2, Pending, false, None)], vec![(2, Pending), (1, Active)], vec![]),
            (
                vec![key(1, Missing, false, None), key(2, Pending, false, None)],
                vec![(2, Pending), (1, Missing)],
                vec![],
            ),
            (vec![key(1, Active, true, None), key(2, Active, true, None)], vec![(2, Active), (1, Retiring)], vec![]),
            (vec![key(1, Missing, false, None), key(2, Active, true, None)], vec![(2, Active), (1, Retiring)], vec![]),
            (vec![key(1, Pending, false, None), key(2, Active, true, None)], vec![(2, Active)], vec![1]),
            (
                vec![key(1, Retiring, true, Some(1)), key(2, Active, true, None)],
                vec![(2, Active), (1, Retiring)],
                vec![],
            ),
            (vec![key(1, Retiring, true, Some(0)), key(2, Active, true, None)], vec![(2, Active)], vec![1]),
            // The new record goes again: the old one is still there.
            (
                vec![key(1, Retiring, true, Some(1)), key(2, Missing, false, None)],
                vec![(2, Missing), (1, Active)],
                vec![],
            ),
            (
                vec![key(1, Retiring, false, Some(1)), key(2, Missing, false, None)],
                vec![(2, Missing), (1, Retiring)],
                vec![],
            ),
        ] {
            let shown = format!("{keys:?}");
            let (stayed, gone) = settle(keys, T0, DAY).expect("settled");
            let stayed: Vec<_> = stayed.iter().map(|key| (key.id.as_u128(), state(key).expect("a state"))).collect();
            assert_eq!(stayed, stay, "{shown}");
            assert_eq!(gone.iter().map(Uuid::as_u128).collect::<Vec<_>>(), go, "{shown}");
        }
    }

    #[test]
    fn a_rotation_begins_when_a_key_was_used_and_none_waits_to_take_its_place() {
        let begins = |keys: &[Model]| may_begin(keys).expect("read").map(|gone| gone.len()).ok();
        assert_eq!(begins(&[key(1, Pending, false, None)]), None);
        assert_eq!(begins(&[key(1, Active, true, None)]), Some(0));
        assert_eq!(begins(&[key(1, Missing, false, None)]), Some(0));
        assert_eq!(begins(&[key(1, Active, true, None), key(2, Pending, false, None)]), None);
        assert_eq!(begins(&[key(1, Retiring, true, Some(1)), key(2, Active, true, None)]), Some(0));
        let other =
            Model { algorithm: DkimAlgorithm::Ed25519Sha256.as_str().to_owned(), ..key(2, Pending, false, None) };
        assert_eq!(begins(&[key(1, Active, true, None), other]), Some(1), "a key that never signed is replaced");
    }
}
