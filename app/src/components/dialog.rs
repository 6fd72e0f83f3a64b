//! Dialogs that open without JavaScript (by invoker commands of the browser): danger, which asks for the name of the
//! thing, and a secret, which is shown once.

use crate::{
    components::{
        copy::CopyButton,
        field::{Hidden, StepUp, Submit, TextField},
        form::{FormReply, FormState, PostForm},
        icon::{Glyph, Icon},
        notice::Go,
        query::{NEW, query},
        views::Views,
    },
    error::AppError,
    next::encode,
    strings,
};
use leptos::{html, prelude::*};

/// A button and the dialog it opens. The server decides nothing by this dialog: it is for the person.
#[component]
pub fn Dialog(
    /// Unique on the page.
    #[prop(into)]
    id: String,
    /// Words on the button.
    #[prop(into)]
    button: String,
    /// Look of the button: `primary`, `danger`, `quiet`, or empty.
    #[prop(default = "")]
    kind: &'static str,
    /// Heading of the dialog.
    #[prop(into)]
    title: String,
    /// Open already: the page answers a plain post of the form in it, or a link led to it (see [`led_to`]).
    #[prop(optional)]
    open: bool,
    /// What the button is about, for screen readers: in a list each row has the same words.
    #[prop(optional, into)]
    about: String,
    /// Content.
    children: Children,
) -> impl IntoView {
    let heading = format!("{id}-title");
    let label = (!about.is_empty()).then(|| format!("{button} {about}"));
    let node = NodeRef::<html::Dialog>::new();
    if open {
        be_modal(node);
    }
    view! {
        <button
            type="button"
            class=format!("button {kind}")
            command="show-modal"
            commandfor=id.clone()
            on:click=move |_| open_if_not(node)
            aria-label=label
        >
            {button}
        </button>
        <dialog node_ref=node id=id.clone() class="dialog" open=open aria-labelledby=heading.clone()>
            <header>
                <h2 id=heading.clone()>{title}</h2>
            </header>
            <div class="pad">{children()}</div>
            // Last, so that the dialog opens with the focus in its first field.
            <button
                type="button"
                class="button quiet close"
                command="close"
                commandfor=id.clone()
                on:click=move |_| close_if_open(node)
                aria-label=strings::CANCEL
            >
                <Glyph icon=Icon::Close/>
            </button>
        </dialog>
    }
}

/// What a link wants added on this page, with `?new=…`. Nothing in the answer to a plain post: that shows its own dialog.
pub fn led_to() -> Option<String> {
    if use_context::<FormReply>().is_some() { None } else { untrack(query).text(NEW) }
}

/// In the browser: a dialog that is made open becomes a real modal one. By the next frame it stands in the page, which
/// a dialog must for that.
fn be_modal(node: NodeRef<html::Dialog>) {
    Effect::new(move || {
        node.track();
        request_animation_frame(move || {
            if let Some(dialog) = node.try_get_untracked().flatten().filter(|dialog| dialog.is_connected()) {
                dialog.close();
                let _ = dialog.show_modal();
            }
        });
    });
}

/// For browsers without invoker commands: what the buttons' own commands have not done by the next frame.
fn open_if_not(node: NodeRef<html::Dialog>) {
    request_animation_frame(move || {
        if let Some(dialog) = node.try_get_untracked().flatten()
            && !dialog.open()
        {
            let _ = dialog.show_modal();
        }
    });
}

fn close_if_open(node: NodeRef<html::Dialog>) {
    request_animation_frame(move || {
        if let Some(dialog) = node.try_get_untracked().flatten().filter(|dialog| dialog.open()) {
            dialog.close();
        }
    });
}

/// A dangerous act: names the consequence and asks for the name of the thing. The server function takes `confirm` and
/// checks it with `confirmed`. Children are the form's hidden inputs.
#[component]
pub fn Danger(
    /// From `use_form`.
    #[prop(into)]
    form: FormState,
    /// Unique on the page.
    #[prop(into)]
    id: String,
    /// Words on both buttons: `Remove sender`.
    button: &'static str,
    /// What will be so afterwards, in a sentence or two.
    #[prop(into)]
    consequence: String,
    /// What has to be typed.
    #[prop(into)]
    name: String,
    /// What that is, as the label of its input.
    #[prop(default = strings::NAME)]
    what: &'static str,
    /// Hidden inputs, and others the act needs.
    children: Children,
) -> impl IntoView {
    view! {
        <Dialog id button kind="danger" title=format!("{button}?") open=form.is_reply() about=name.clone()>
            <p>{consequence}</p>
            <PostForm form>
                {children()}
                <p class="type-this">"To go on, type " <b class="mono">{name}</b></p>
                <TextField name="confirm" label=what mono=true/>
                <StepUp/>
                <Submit kind="danger">{button}</Submit>
            </PostForm>
        </Dialog>
    }
}

/// Whether `typed` names the thing; the error stands at the `confirm` input of `Danger`.
pub fn confirmed(typed: &str, name: &str) -> Result<(), AppError> {
    if typed.trim() == name {
        Ok(())
    } else {
        Err(AppError::invalid("confirm", format!("Type {name} exactly as it is written")))
    }
}

/// A secret that is shown this once: to copy, to download as `.env`, and to put away. Children are the ready client
/// lines. `leave` is where the page goes on; going there is the acknowledgement.
#[component]
pub fn SecretOnce(
    /// Heading.
    #[prop(into)]
    title: String,
    /// Names and values: user name, secret, host, port. The secret is the last.
    facts: Vec<(&'static str, String)>,
    /// The content of the `.env` file.
    env: String,
    /// Where to go once it is kept, and the words for it.
    #[prop(into)]
    leave: Go,
    /// In the browser, when it goes there: forget the secret, read the page's data again.
    #[prop(optional, into)]
    on_leave: Option<Callback<()>>,
    /// Ready lines.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    be_modal(node);
    let on_click = move |_| {
        if let Some(on_leave) = on_leave {
            on_leave.run(());
        }
    };
    let file = format!("data:application/octet-stream,{}", encode(&env));
    view! {
        <dialog
            node_ref=node
            class="dialog secret"
            open=true
            closedby="none"
            // For browsers that do not know `closedby`: Escape would lose the secret.
            on:cancel=|event: leptos::ev::Event| event.prevent_default()
            on:close=move |_| open_if_not(node)
            aria-labelledby="secret-title"
        >
            <header>
                <h2 id="secret-title">{title}</h2>
            </header>
            <div class="pad">
                <p>"Keep it now: it is stored here only as a hash and cannot be shown again."</p>
                <div class="record">
                    {facts
                        .into_iter()
                        .map(|(name, value)| {
                            view! {
                                <div class="line">
                                    <span>{name}</span>
                                    <code>{value.clone()}</code>
                                    <CopyButton text=value what=name.to_lowercase()/>
                                </div>
                            }
                        })
                        .views()}
                </div>
                {children.map(|children| children())}
                <div class="actions">
                    <a class="button primary" href=leave.href on:click=on_click>
                        {leave.text}
                    </a>
                    <a class="button" href=file download="relaykeep.env">"Download .env"</a>
                </div>
            </div>
        </dialog>
    }
}

/// A hidden input for `Danger` with one id: the usual case.
#[component]
pub fn HiddenId(
    /// The id.
    #[prop(into)]
    id: String,
) -> impl IntoView {
    view! { <Hidden name="id" value=id/> }
}

/// The project of this page as a hidden input `slug`.
#[component]
pub fn HiddenSlug() -> impl IntoView {
    view! { <Hidden name="slug" value=crate::components::layout::use_slug().get_untracked()/> }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_name_confirms() {
        assert!(confirmed(" bio ", "bio").is_ok());
        assert_eq!(confirmed("Bio", "bio").map_err(|e| e.field().map(str::to_owned)), Err(Some("confirm".to_owned())));
    }
}
