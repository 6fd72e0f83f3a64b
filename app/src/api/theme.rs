//! The theme, in a cookie for a year. It is about this browser, not about the person, so nobody need be signed in.

use crate::error::AppError;
use leptos::prelude::*;

/// Remembers `light`, `dark` or `system`.
#[server]
pub async fn set_theme(theme: String) -> Result<(), AppError> {
    let theme = match theme.as_str() {
        "light" | "dark" | "system" => theme,
        _ => return Err(AppError::invalid("theme", "Choose light, dark or system")),
    };
    let secure = if crate::ssr::core()?.config().public_url.starts_with("https://") { "; Secure" } else { "" };
    crate::ssr::set_cookie(&format!("theme={theme}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly{secure}"));
    Ok(())
}
