//! Delivery status notifications (RFC 3464, RFC 6522): written from facts, no I/O.
