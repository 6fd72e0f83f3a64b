//! Argon2id: bounded work off the runtime's threads.

use crate::{Error, Result};
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use std::sync::Arc;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

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
        let unknown = hashes.is_empty();
        let hashes = if unknown { vec![self.decoy.clone()] } else { hashes };
        let found = self
            .run(move || {
                hashes.iter().position(|stored| {
                    PasswordHash::new(stored)
                        .is_ok_and(|parsed| Argon2::default().verify_password(secret.as_bytes(), &parsed).is_ok())
                })
            })
            .await?;
        Ok(if unknown { None } else { found })
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let permit = self.permits.clone().acquire_owned().await.map_err(Error::internal)?;
        // It goes with the work: that goes on when whoever asked has hung up.
        let work = move || {
            let _permit = permit;
            work()
        };
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)
    }
}

fn hash(secret: &[u8]) -> Result<String> {
    Ok(Argon2::default().hash_password(secret).map_err(Error::internal)?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
