//! How many streams may be open at a time, of one person and of all.

use relay_types::user::UserId;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// Streams of one person: as many visible windows as anybody has.
const OF_ONE: usize = 12;
/// Streams of this node.
const OF_ALL: usize = 1_000;

/// The places that are taken.
#[derive(Clone, Default)]
pub struct Places(Arc<Mutex<HashMap<UserId, usize>>>);

/// A place of one stream; free again when it is dropped.
pub struct Place {
    places: Places,
    user: UserId,
}

impl Places {
    /// A place for one more stream of the person, when there is one.
    pub fn take(&self, user: UserId) -> Option<Place> {
        let mut taken = self.lock();
        if taken.values().sum::<usize>() >= OF_ALL || taken.get(&user).is_some_and(|&own| own >= OF_ONE) {
            return None;
        }
        *taken.entry(user).or_default() += 1;
        Some(Place { places: self.clone(), user })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, usize>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.lock();
        if let Some(own) = taken.get_mut(&self.user) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(number: u128) -> UserId {
        format!("{number:026}").parse().expect("an identifier")
    }

    #[test]
    fn a_person_has_a_few_places_and_gets_them_back() {
        let places = Places::default();
        let mut own: Vec<_> = (0..OF_ONE).map(|_| places.take(user(1)).expect("a place")).collect();
        assert!(places.take(user(1)).is_none());
        assert!(places.take(user(2)).is_some());
        own.pop();
        assert!(places.take(user(1)).is_some());
        drop(own);
        assert!(places.lock().is_empty());
    }

    #[test]
    fn all_together_have_places_too() {
        let places = Places::default();
        let people = 0..u128::try_from(OF_ALL).expect("a number");
        let _all: Vec<_> = people.map(|number| places.take(user(number)).expect("a place")).collect();
        assert!(places.take(user(99_999)).is_none());
    }
}
