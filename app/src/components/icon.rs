//! Our own small set of icons: one stroked path each on a 24 by 24 grid, drawn inline, hidden from screen readers
//! (the word beside an icon says it).

use leptos::prelude::*;

/// Which icon. Each is named after what it stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Icon {
    Overview,
    Messages,
    Captured,
    Refusals,
    ServiceAccounts,
    Senders,
    Networks,
    Suppressions,
    Members,
    Activity,
    Settings,
    Projects,
    Queue,
    Listeners,
    Nodes,
    Menu,
    Close,
    Choose,
    Copy,
    Check,
    Search,
    Light,
    Dark,
    Auto,
    Person,
    Leave,
    Operator,
    Sorted,
    Download,
    Addresses,
    Tickets,
    DnsBackends,
    Sweep,
    Egress,
    ApiTokens,
}

impl Icon {
    fn path(self) -> &'static str {
        match self {
            Self::Overview => "M3 12h4l3-8 4 16 3-8h4",
            Self::Messages => "M3 6h18v12H3zM3 7l9 6 9-6",
            Self::Captured => "M4 13l2.5-8h11L20 13v6H4zM4 13h5a3 3 0 0 0 6 0h5",
            Self::Refusals => "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM6 6l12 12",
            Self::ServiceAccounts => "M14 8a4 4 0 1 1-8 0 4 4 0 0 1 8 0zM2 21c0-4 4-6 8-6M17 14v7M13.5 17.5h7",
            Self::Senders => "M4 12h16M14 6l6 6-6 6",
            Self::Networks => "M12 3v6M5 21v-6h14v6M12 9v6",
            Self::Suppressions => "M3 6h18v7M3 6v12h9M3 7l9 6 9-6M15 16l5 5M20 16l-5 5",
            Self::Members => {
                "M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2 20c0-4 3-6 7-6s7 2 7 6M16 4.5a3.5 3.5 0 0 1 0 6M18 14c3 .7 4 3 4 6"
            }
            Self::Activity => "M12 7v5l3 2M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
            Self::Settings => "M4 7h10M18 7h2M4 17h2M10 17h10M16 5v4M8 15v4",
            Self::Projects => "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
            Self::Queue => "M4 6h16M4 12h16M4 18h9",
            Self::Nodes => "M9 3h6v5H9zM3 16h6v5H3zM15 16h6v5h-6zM12 8v4M6 16v-4h12v4",
            Self::Listeners => "M4 5h16v6H4zM4 13h16v6H4zM8 8h.01M8 16h.01",
            Self::Menu => "M4 7h16M4 12h16M4 17h16",
            Self::Close => "M6 6l12 12M18 6L6 18",
            Self::Choose => "M8 10l4-4 4 4M8 14l4 4 4-4",
            Self::Copy => "M9 9h11v11H9zM15 9V4H4v11h5",
            Self::Check => "M5 13l4 4L19 7",
            Self::Search => "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14zM16 16l5 5",
            Self::Light => {
                "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6L19 19M5 19l1.4-1.4M17.6 6.4L19 5"
            }
            Self::Dark => "M20 14.5A8.5 8.5 0 1 1 9.5 4 7 7 0 0 0 20 14.5z",
            Self::Auto => "M12 3a9 9 0 1 0 0 18zM12 3a9 9 0 0 1 0 18",
            Self::Person => "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 3-7 8-7s8 3 8 7",
            Self::Leave => "M10 4H5v16h5M14 8l4 4-4 4M18 12H9",
            Self::Operator => "M12 3l8 3v6c0 5-3.500 8-8 9-4.500-1-8-4-8-9V6z",
            Self::Sorted => "M12 5v14M6 13l6 6 6-6",
            Self::Addresses => "M9 7H5v10h4M15 7h4v10h-4M8 12h8",
            Self::Tickets => "M4 5h16v5a2 2 0 0 0 0 4v5H4v-5a2 2 0 0 0 0-4z",
            Self::DnsBackends => "M5 4h14v5H5zM5 15h14v5H5zM12 9v6M8 6.5h.01M8 17.5h.01",
            Self::Sweep => "M20 12a8 8 0 1 1-2.300-5.700M20 3v4h-4",
            Self::Egress => "M4 12h11M11 7l5 5-5 5M20 4v16",
            Self::ApiTokens => "M15 9a4 4 0 1 1-8 0 4 4 0 0 1 8 0zM11 13v8M11 17h3M11 20.500h3",
            Self::Download => "M12 4v11M7 11l5 5 5-5M5 20h14",
        }
    }
}

/// Draws an icon, 16 pixels wide.
#[component]
pub fn Glyph(icon: Icon) -> impl IntoView {
    view! {
        <svg class="icon" width="16" height="16" viewBox="0 0 24 24" aria-hidden="true">
            <path d=icon.path()></path>
        </svg>
    }
}

/// The product's mark: a keep that holds a letter.
#[component]
pub fn Mark() -> impl IntoView {
    view! {
        <svg class="mark" width="22" height="22" viewBox="0 0 24 24" aria-hidden="true">
            <path d="M4 21V5h3v2h3.500V5h3v2H17V5h3v16z"></path>
            <path d="M4 12l8 5 8-5"></path>
        </svg>
    }
}

/// The mark as a `data:` address for the tab; the only `data:` the content policy lets in is images.
pub const FAVICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24' fill='none' stroke='%230b6e6a' stroke-width='2' stroke-linejoin='round'%3E%3Cpath d='M4 21V5h3v2h3.500V5h3v2H17V5h3v16zM4 12l8 5 8-5'/%3E%3C/svg%3E";
