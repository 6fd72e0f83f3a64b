//! The pieces pages are made of. They fetch nothing and know no URL but their own parameters.

// Guards
pub mod boot;
pub mod raw_text;

// What a page is made of
pub mod card;
pub mod chart;
pub mod choose_all;
pub mod client_lines;
pub mod code_lines;
pub mod copy;
pub mod dkim_key;
pub mod dns_record;
pub mod due;
pub mod filters;
pub mod icon;
pub mod job;
pub mod load;
pub mod notice;
pub mod page_header;
pub mod platform_limits;
pub mod query;
pub mod report;
pub mod service_account;
pub mod status;
pub mod table;
pub mod text;
pub mod time;
pub mod timeline;
pub mod triage;
pub mod views;

// What a person changes
pub mod dialog;
pub mod field;
pub mod form;
pub mod hydrated;
pub mod pick_file;
pub mod slug;
pub mod theme;

// What is around a page
pub mod flash;
pub mod keys;
pub mod layout;
pub mod live;
pub mod places;
pub mod sidebar;

/// Everything a page usually needs: `use crate::components::prelude::*`.
pub mod prelude {
    pub use super::{
        card::{Card, Fact, Facts, Item, Items, Tile, Tiles},
        chart::Chart,
        choose_all::ChooseAll,
        code_lines::Code,
        copy::CopyButton,
        dialog::{Danger, Dialog, HiddenId, HiddenSlug, SecretOnce, led_to},
        dns_record::Record,
        field::{CheckField, Hidden, RadioField, SelectField, StepUp, Submit, TextField, TextareaField},
        filters::{Choice, Choose, CsvLink, Filters, Pager, SearchField, Segments, Tabs, any_choice, periods},
        form::{FormHandle, PostForm, use_form, use_form_for},
        layout::{use_abilities, use_frame, use_me, use_param, use_slug},
        live::use_live,
        load::{DeadLink, ErrorPage, Load, read, read_again},
        notice::{EmptyState, Go, Notice},
        page_header::PageHeader,
        query::{Query, SORT, done, query, search, use_done_at},
        slug::SlugFollows,
        status::{Dot, Pill, Status, Tone},
        table::{Cell, Column, Key, Table, sort},
        text::{self, Unseen},
        time::{Time, TimeStyle},
        timeline::{Day, Dialogue, Moment, Timeline, new_days},
        views::Views,
    };
}
