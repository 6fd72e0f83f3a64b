//! What can go wrong in a use case. Translated to replies and pages at the edges only.

/// The result of a use case.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a use case did nothing.
#[derive(Debug, thiserror::Error)]
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
        use sea_orm::DbErr;
        // Use cases look before they write; who comes second at the same time is told by the constraint.
        if let Some(sea_orm::SqlErr::UniqueConstraintViolation(_)) = error.sql_err() {
            return Self::conflict("It was added by someone else at the same time");
        }
        match error {
            DbErr::RecordNotFound(_) => Self::NotFound,
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Self::Unavailable { cause: error.to_string() },
            other => Self::Unavailable { cause: other.to_string() },
        }
    }
}
