//! Argon2id: bounded work on threads of its own, behind everything else the processors have to do.

use crate::{Error, Result};
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use rustix::time::{ClockId, clock_gettime};
use std::{sync::Arc, thread, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, oneshot},
    time::sleep,
};
use zeroize::Zeroizing;

/// How much a thread that hashes stands back (nice(2)): beside one that works it gets about a tenth of the processor;
/// nobody notices it while there is room.
const STANDS_BACK: i32 = 10;

/// After a secret that was wrong its place stays empty for so many times as long as a processor worked on it: however many
/// guess, they have a twentieth of a processor for each place. Who is right leaves it at once, so that programs that all
/// sign in after a start do not wait for it.
const REST: u32 = 19;

/// One of the few that may hash at the same time.
pub(crate) struct Place {
    _permit: OwnedSemaphorePermit,
    /// How long a processor worked at it. Waiting for one, which work that stands back does, costs nobody anything.
    worked: Duration,
}

impl Place {
    /// The secret was wrong.
    pub(crate) fn failed(self) {
        tokio::spawn(async move {
            sleep(self.rest()).await;
            drop(self);
        });
    }

    fn rest(&self) -> Duration {
        REST * self.worked
    }
}

/// Hashes and verifies with a bound on how many run at the same time (each takes 19 MiB and tens of milliseconds).
pub(crate) struct Hasher {
    permits: Arc<Semaphore>,
    /// A hash nobody has the secret of: an unknown name costs the same as a wrong secret.
    decoy: String,
}

impl Hasher {
    /// At most `parallelism` at a time.
    pub(crate) fn new(parallelism: usize) -> Result<Self> {
        let decoy = hash(b"the decoy's secret is random in its salt")?;
        Ok(Self { permits: Arc::new(Semaphore::new(parallelism.max(1))), decoy })
    }

    /// A PHC string of `secret` with a random salt.
    pub(crate) async fn hash(&self, secret: Zeroizing<String>) -> Result<String> {
        self.run(move || hash(secret.as_bytes())).await?
    }

    /// Index of the first of `hashes` that is of `secret`. With no hashes it works as long as for one.
    pub(crate) async fn verify(&self, secret: Zeroizing<String>, hashes: Vec<String>) -> Result<Option<usize>> {
        let (found, _) = self.verify_at(self.place().await?, secret, hashes).await?;
        Ok(found)
    }

    /// Waits for a place.
    pub(crate) async fn place(&self) -> Result<Place> {
        let permit = self.permits.clone().acquire_owned().await.map_err(Error::internal)?;
        Ok(Place { _permit: permit, worked: Duration::ZERO })
    }

    /// As [`Self::verify`], at a place one has. Who keeps it until a failure is counted lets nobody guess meanwhile, and
    /// then tells the place of it.
    pub(crate) async fn verify_at(
        &self,
        place: Place,
        secret: Zeroizing<String>,
        hashes: Vec<String>,
    ) -> Result<(Option<usize>, Place)> {
        let unknown = hashes.is_empty();
        let hashes = if unknown { vec![self.decoy.clone()] } else { hashes };
        let (found, place) = self
            .run_at(place, move || {
                hashes.iter().position(|stored| {
                    PasswordHash::new(stored)
                        .is_ok_and(|parsed| Argon2::default().verify_password(secret.as_bytes(), &parsed).is_ok())
                })
            })
            .await?;
        Ok((if unknown { None } else { found }, place))
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let (done, _) = self.run_at(self.place().await?, work).await?;
        Ok(done)
    }

    async fn run_at<T: Send + 'static>(
        &self,
        mut place: Place,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<(T, Place)> {
        let (tell, told) = oneshot::channel();
        // The place goes with the work: that goes on when whoever asked has hung up.
        let hashing = move || {
            stand_back();
            let done = work();
            place.worked = worked();
            // Nobody waits any more: whoever it was may have guessed, and rests here.
            if let Err((_, place)) = tell.send((done, place)) {
                thread::sleep(place.rest());
            }
        };
        thread::Builder::new().name("hashing".to_owned()).spawn(hashing).map_err(Error::internal)?;
        told.await.map_err(Error::internal)
    }
}

/// The thread that calls it works when others leave room.
fn stand_back() {
    // On Linux alone a priority is one of a thread. Where it cannot be had the work is done all the same.
    #[cfg(target_os = "linux")]
    if rustix::process::getpriority_process(None).is_ok_and(|now| now < STANDS_BACK) {
        let _ = rustix::process::setpriority_process(None, STANDS_BACK);
    }
}

/// Processor time of the thread that calls it, since it began.
fn worked() -> Duration {
    clock_gettime(ClockId::ThreadCPUTime).try_into().unwrap_or_default()
}

fn hash(secret: &[u8]) -> Result<String> {
    Ok(Argon2::default().hash_password(secret).map_err(Error::internal)?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[tokio::test]
    async fn work_that_nobody_waits_for_any_more_keeps_its_place_until_it_is_done() {
        let hasher = Hasher::new(1).expect("a hasher");
        let (go_on, told) = std::sync::mpsc::channel::<()>();
        let mut given_up = Box::pin(hasher.run(move || told.recv()));
        assert!(futures_util::poll!(&mut given_up).is_pending());
        drop(given_up);
        assert_eq!(hasher.permits.available_permits(), 0);
        go_on.send(()).expect("it is waited for");
        hasher.run(|| ()).await.expect("there is a place again");
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn who_hashes_stands_back_and_nobody_else() {
        let hasher = Hasher::new(1).expect("a hasher");
        let here = || rustix::process::getpriority_process(None).expect("a priority");
        let before = here();
        assert_eq!(hasher.run(here).await.expect("a place"), before.max(STANDS_BACK));
        assert_eq!(here(), before);
    }

    #[tokio::test]
    async fn a_name_that_nobody_has_costs_as_much_work_as_one_that_somebody_has() {
        let hasher = Hasher::new(1).expect("a hasher");
        let right = hasher.hash(Zeroizing::new("right".to_owned())).await.expect("a hash");
        let mut worked = Vec::new();
        for hashes in [vec![right], Vec::new()] {
            let place = hasher.place().await.expect("a place");
            let judged = hasher.verify_at(place, Zeroizing::new("wrong".to_owned()), hashes).await;
            worked.push(judged.expect("a verdict").1.worked);
        }
        // Processor time, which others hardly change; without the work it is a thousandth.
        assert!(worked[1] * 4 > worked[0] && worked[0] * 4 > worked[1], "{worked:?}");
    }

    #[tokio::test]
    async fn a_place_is_taken_until_it_is_given_up_and_rests_after_a_wrong_secret() {
        let hasher = Hasher::new(1).expect("a hasher");
        let verify = async |secret: &str, hashes| {
            let place = hasher.place().await.expect("a place");
            hasher.verify_at(place, Zeroizing::new(secret.to_owned()), hashes).await.expect("a verdict")
        };
        let right = hasher.hash(Zeroizing::new("right".to_owned())).await.expect("a hash");
        let (found, place) = verify("right", vec![right]).await;
        assert_eq!((found, hasher.permits.available_permits()), (Some(0), 0));
        drop(place);
        assert_eq!(hasher.permits.available_permits(), 1);
        let (found, place) = verify("wrong", Vec::new()).await;
        let (rest, failed_at) = (place.rest(), Instant::now());
        place.failed();
        assert_eq!((found, hasher.permits.available_permits()), (None, 0));
        let _place = hasher.place().await.expect("a place");
        assert!(failed_at.elapsed() >= rest && !rest.is_zero());
    }
}
