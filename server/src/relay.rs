//! The relay as configured: sockets bound, listeners made.

use crate::settings::{ListenerSettings, Settings};
use anyhow::{Context, Result};
use relay_core::{Core, listeners::Elsewhere};
use relay_mta::{CertificateFiles, ListenerConfig, Relay, SubmissionSettings, tls::certificates};
use relay_types::{listener::ListenerTls, node::Role};
use std::net::SocketAddr;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Binds every listener where the settings say.
pub async fn bind(core: &Core, settings: &Settings, stop: &CancellationToken) -> Result<Relay> {
    bind_at(core, settings, stop, |listener| listener.listen).await
}

/// Binds every listener where `place` says.
pub async fn bind_at(
    core: &Core,
    settings: &Settings,
    stop: &CancellationToken,
    place: impl Fn(&ListenerSettings) -> SocketAddr,
) -> Result<Relay> {
    let common = SubmissionSettings {
        sessions: settings.smtp_sessions,
        sessions_per_address: settings.smtp_sessions_per_address,
        message_size: settings.core.message_size,
        recipients: settings.smtp_recipients,
        cut_through: settings.cut_through,
        // The rest of the time is for telling whoever is cut off.
        grace: settings.shutdown_grace * 4 / 5,
        hold: settings.smtp_hold,
        ..SubmissionSettings::default()
    };
    let mut relay = Relay::new(core.clone(), common, stop.clone());
    for listener in &settings.listeners {
        if !settings.has(Role::Submission) {
            let hostname = listener.hostname.as_ref().unwrap_or(&settings.hostname).to_string();
            core.listeners().elsewhere(Elsewhere {
                address: listener.listen,
                hostname,
                tls: listener.tls,
                auth: listener.auth,
            });
            continue;
        }
        let address = place(listener);
        let socket = TcpListener::bind(address)
            .await
            .with_context(|| format!("listener {}: {address} cannot be bound", listener.name))?;
        relay.listen(&config(core, settings, listener)?, socket)?;
    }
    Ok(relay)
}

fn config(core: &Core, settings: &Settings, listener: &ListenerSettings) -> Result<ListenerConfig> {
    let hostname = listener.hostname.as_ref().unwrap_or(&settings.hostname);
    let certificates = match listener.tls {
        ListenerTls::None => Vec::new(),
        _ if listener.certificates.is_empty() => {
            vec![certificates::self_signed(&settings.data_dir, hostname.as_str(), core.now())?]
        }
        _ => {
            let files = listener.certificates.iter().cloned();
            files.map(|(certificate, key)| CertificateFiles { certificate, key, self_signed: false }).collect()
        }
    };
    Ok(ListenerConfig {
        name: listener.name.clone(),
        hostname: hostname.to_string(),
        tls: listener.tls,
        auth: listener.auth,
        plaintext_auth_from: listener.plaintext_auth_from.clone(),
        certificates,
        proxy_protocol_from: listener.proxy_protocol_from.clone(),
    })
}
