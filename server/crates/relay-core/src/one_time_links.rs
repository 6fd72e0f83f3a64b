//! Links in mails: signed, one-time, expiring. Only a hash of the token is stored.
