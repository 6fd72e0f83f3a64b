//! DKIM keys: RSA-2048 and Ed25519 for each domain, sealed at rest, used once their record is seen in DNS.
