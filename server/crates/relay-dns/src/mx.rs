//! From MX records to hosts in the order to try (RFC 5321 §5, RFC 7505). Pure.
