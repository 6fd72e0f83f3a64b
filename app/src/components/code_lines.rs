//! Ready lines for programs: one block a client, each with its copy button. Only one is open at a time.

use crate::components::copy::CopyButton;
use leptos::prelude::*;

/// What one client needs.
#[derive(Debug, Clone)]
pub struct CodeBlock {
    /// `Python`, `Postfix`, …
    pub title: &'static str,
    /// Where the lines go: `/etc/postfix/main.cf`.
    pub place: String,
    /// The lines.
    pub code: String,
}

/// Blocks to open one at a time; the first is open. `name` is unique on the page.
#[component]
pub fn CodeBlocks(
    /// Groups the blocks.
    name: &'static str,
    /// The blocks.
    blocks: Vec<CodeBlock>,
) -> impl IntoView {
    view! {
        <div class="code-blocks">
            {blocks
                .into_iter()
                .enumerate()
                .map(|(i, block)| {
                    view! {
                        <details name=name open=i == 0>
                            <summary>{block.title} " " <small>{block.place}</small></summary>
                            <Code code=block.code what=block.title/>
                        </details>
                    }
                })
                .collect_view()}
        </div>
    }
}

/// Lines to copy.
#[component]
pub fn Code(
    /// The lines.
    code: String,
    /// What they are, for screen readers; unique on the page.
    #[prop(into)]
    what: String,
) -> impl IntoView {
    view! {
        <div class="code">
            <pre tabindex="0" role="region" aria-label=what.clone()>{code.clone()}</pre>
            <CopyButton text=code what/>
        </div>
    }
}
