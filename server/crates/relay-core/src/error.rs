//! What can go wrong in a use case. Translated to replies and pages at the edges only.

/// The result of a use case.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a use case did nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// There is no such thing, or the one who asks may not know of it.
    #[error("not found")]
    NotFound,
    /// The one who asks may see it, but not do this.
    #[error("not allowed")]
    Forbidden,
    /// Nobody is signed in.
    #[error("not signed in")]
    SignedOut,
    /// An input cannot be used; `reason` says what to enter instead.
    #[error("{field}: {reason}")]
    Invalid {
        /// Name of the form field.
        field: &'static str,
        /// In words, for the person who typed it.
        reason: String,
    },
    /// It is in the way of something that exists; `reason` says of what.
    #[error("{reason}")]
    Conflict {
        /// In words.
        reason: String,
    },
    /// Asked too often; may be asked again after the wait.
    #[error("too many attempts; wait {seconds} s")]
    TooMany {
        /// The wait.
        seconds: u64,
    },
    /// The database or DNS cannot be reached now; nothing was changed.
    #[error("unavailable: {cause}")]
    Unavailable {
        /// For the log only.
        cause: String,
    },
    /// The disk of the database is full; nothing was changed.
    #[error("storage full: {cause}")]
    Full {
        /// For the log only.
        cause: String,
    },
    /// A fault of ours.
    #[error("internal: {cause}")]
    Internal {
        /// For the log only.
        cause: String,
    },
}

impl Error {
    /// An input that cannot be used.
    pub fn invalid(field: &'static str, reason: impl Into<String>) -> Self {
        Self::Invalid { field, reason: reason.into() }
    }

    /// Something is in the way.
    pub fn conflict(reason: impl Into<String>) -> Self {
        Self::Conflict { reason: reason.into() }
    }

    /// A fault of ours, with its cause for the log.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        Self::Internal { cause: cause.to_string() }
    }
}

impl From<sea_orm::DbErr> for Error {
    fn from(error: sea_orm::DbErr) -> Self {
        use sea_orm::{DbErr, RuntimeErr};
        // Use cases look before they write; who comes second at the same time is told by the constraint.
        if let Some(sea_orm::SqlErr::UniqueConstraintViolation(_)) = error.sql_err() {
            return Self::conflict("It was added by someone else at the same time");
        }
        let cause = error.to_string();
        match error {
            DbErr::RecordNotFound(_) => Self::NotFound,
            DbErr::ConnectionAcquire(_) => Self::Unavailable { cause },
            DbErr::Conn(RuntimeErr::SqlxError(error))
            | DbErr::Exec(RuntimeErr::SqlxError(error))
            | DbErr::Query(RuntimeErr::SqlxError(error)) => match fault(&error) {
                Fault::Full => Self::Full { cause },
                Fault::Away => Self::Unavailable { cause },
                Fault::Ours => Self::Internal { cause },
            },
            DbErr::Conn(_) => Self::Unavailable { cause },
            _ => Self::Internal { cause },
        }
    }
}

/// Whose fault it is that a statement failed.
#[derive(Debug, PartialEq, Eq)]
enum Fault {
    /// No room is left.
    Full,
    /// The store cannot be used now: away, locked, too busy. Another time it may.
    Away,
    /// A statement that can never succeed.
    Ours,
}

fn fault(error: &sqlx::Error) -> Fault {
    use sqlx::Error as Sql;
    match error {
        Sql::Database(error) => {
            let code = error.code().unwrap_or_default();
            if error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some() {
                fault_of_postgres(&code)
            } else {
                fault_of_sqlite(&code)
            }
        }
        Sql::Io(_) | Sql::Tls(_) | Sql::Protocol(_) | Sql::PoolTimedOut | Sql::PoolClosed | Sql::WorkerCrashed => {
            Fault::Away
        }
        _ => Fault::Ours,
    }
}

/// By SQLSTATE: `53100` is disk_full; the rest of its class, `08` (connection), `57` (operator intervention, among
/// them statement_timeout), `58` (system error), `40` (rollback, among them deadlocks), `25P03` (idle for too long in
/// a transaction), `25006` (a standby) and `55P03` (lock_timeout) pass.
fn fault_of_postgres(code: &str) -> Fault {
    match code {
        "53100" => Fault::Full,
        "25P03" | "25006" | "55P03" => Fault::Away,
        code if ["08", "40", "53", "57", "58"].iter().any(|class| code.starts_with(class)) => Fault::Away,
        _ => Fault::Ours,
    }
}

/// By the primary result code, which is the low octet of what SQLite says. It says FULL when a write meets ENOSPC; a
/// quota (EDQUOT) and a limit on a file's size (EFBIG) are its IOERR_WRITE, or IOERR_SHMSIZE beside the log.
fn fault_of_sqlite(code: &str) -> Fault {
    let code = code.parse::<u32>().unwrap_or_default();
    match code & 0xff {
        // FULL
        13 => Fault::Full,
        10 if [778, 4874].contains(&code) => Fault::Full,
        // BUSY, LOCKED, NOMEM, READONLY, INTERRUPT, IOERR, CANTOPEN, PROTOCOL
        5 | 6 | 7 | 8 | 9 | 10 | 14 | 15 => Fault::Away,
        _ => Fault::Ours,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::{Test, word};
    use sea_orm::ConnectionTrait;

    #[test]
    fn a_code_says_whether_another_time_may_do() {
        for (code, expected) in [
            ("53100", Fault::Full),
            ("53300", Fault::Away),
            ("08006", Fault::Away),
            ("57014", Fault::Away),
            ("40P01", Fault::Away),
            ("55P03", Fault::Away),
            ("42601", Fault::Ours),
            ("22021", Fault::Ours),
            ("23514", Fault::Ours),
        ] {
            assert_eq!(fault_of_postgres(code), expected, "{code}");
        }
        for (code, expected) in [
            ("13", Fault::Full),
            ("5", Fault::Away),
            ("517", Fault::Away),
            ("778", Fault::Full),
            ("4874", Fault::Full),
            ("266", Fault::Away),
            ("1", Fault::Ours),
            ("275", Fault::Ours),
        ] {
            assert_eq!(fault_of_sqlite(code), expected, "{code}");
        }
    }

    #[tokio::test]
    async fn a_statement_that_is_wrong_is_our_fault_and_a_closed_store_is_not() {
        let test = Test::new().await;
        let wrong = test.core.db.read().execute_unprepared("SELECT nothing FROM nowhere").await;
        assert_eq!(word(&wrong.map_err(Error::from)), "Internal");
        test.core.db.close().await;
        assert_eq!(word(&test.core.db.begin().await), "Unavailable");
    }
}
