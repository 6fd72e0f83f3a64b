//! Whether a block may be given to a project, judged from what is around it in the inventory.

use crate::{
    Error,
    audit::{Entry, field, yes_no},
    egress, name_changes,
    projects::Named,
    tables::{address::Model, address_range},
    tickets,
};
use relay_types::{Cidr, Timestamp, audit::FieldChange};
use sea_orm::ConnectionTrait;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// What is wanted of a block.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) block: Cidr,
    pub(super) project: Option<Uuid>,
    /// None leaves it as it is.
    pub(super) note: Option<String>,
    /// None leaves it as it is.
    pub(super) egress: Option<bool>,
}

/// What the inventory has there.
#[derive(Debug, Default)]
pub(super) struct Around {
    /// The row of this very block.
    pub(super) own: Option<Model>,
    /// Another prefix that shares addresses with it.
    pub(super) prefix: Option<Model>,
    /// Rows in the block, when it is a prefix; those may be left out that belong to the wanted project.
    pub(super) inside: Vec<Model>,
}

/// What both judgement and the audit trail need to know of the rest.
pub(super) struct Known<'a> {
    pub(super) projects: &'a HashMap<Uuid, Named>,
    pub(super) held: &'a Held,
    pub(super) now: Timestamp,
}

/// What keeps addresses where they are.
#[derive(Default)]
pub(super) struct Held {
    /// Open tickets by address.
    pub(super) tickets: HashMap<Uuid, u64>,
    /// Addresses whose name is being changed.
    pub(super) changing: HashSet<Uuid>,
    /// Those the relay sends from.
    pub(super) egress: HashSet<String>,
}

impl Held {
    /// What keeps these.
    pub(super) async fn of<'a>(
        connection: &impl ConnectionTrait,
        rows: impl Iterator<Item = &'a Model>,
    ) -> Result<Self, Error> {
        let ids: Vec<Uuid> = rows.filter(|row| !row.prefix).map(|row| row.id).collect();
        let mut held = Self { egress: egress::texts(connection).await?, ..Default::default() };
        // A statement takes so many values and no more.
        for ids in ids.chunks(500) {
            held.tickets.extend(tickets::open_for(connection, ids).await?);
            held.changing.extend(name_changes::unfinished_of(connection, ids).await?);
        }
        Ok(held)
    }
}

/// What follows: rows to insert or update (none when all is so already), and what the audit trail says of it.
#[derive(Default)]
pub(super) struct Placed {
    pub(super) id: Uuid,
    pub(super) insert: Option<Model>,
    pub(super) update: Vec<Model>,
    pub(super) entries: Vec<Entry>,
    /// Whether the relay sends from it, when that changes.
    pub(super) egress: Option<bool>,
}

/// Judges; the error is the reason in words. `id` is that of a new row.
pub(super) fn place(
    wanted: Wanted,
    range: &address_range::Model,
    around: Around,
    known: &Known<'_>,
    id: Uuid,
) -> Result<Placed, String> {
    let single = wanted.block.single().is_some();
    let whose = |row: &Model| known.whose(row.project_id);
    if let Some(project) = wanted.project.and_then(|id| known.projects.get(&id))
        && project.closed_at.is_some()
    {
        return Err(format!("The project {} is closed", project.slug));
    }
    if let Some(prefix) = &around.prefix {
        if !single {
            return Err(format!("It shares addresses with {} of {}", prefix.text, whose(prefix)));
        }
        if prefix.project_id.is_some() && prefix.project_id != wanted.project {
            return Err(format!("It lies in {} of {}", prefix.text, whose(prefix)));
        }
    }
    let before = around.own.as_ref();
    let from = before.and_then(|row| row.project_id);
    let moved = before.is_none() || from != wanted.project;
    for row in &around.inside {
        if row.prefix {
            return Err(format!("{} of {} lies in it", row.text, whose(row)));
        }
        if row.project_id.is_some() && row.project_id != from && row.project_id != wanted.project {
            return Err(format!("{} in it belongs to {}", row.text, whose(row)));
        }
        if row.project_id.is_none() && known.sends_from(row) {
            return Err(format!("The relay sends from {}, which lies in it", row.text));
        }
    }
    if let Some(own) = before.filter(|_| moved) {
        if wanted.project.is_none() {
            return Err(format!("It belongs to {}; release it first", whose(own)));
        }
        for row in around.inside.iter().filter(|row| row.project_id != wanted.project).chain([own]) {
            known.may_move(row)?;
        }
    }
    let after = match before {
        Some(row) => {
            let note = wanted.note.unwrap_or_else(|| row.note.clone());
            let row = Model { note, ..row.clone() };
            if moved { given(row, wanted.project) } else { row }
        }
        None => new(id, &wanted, range, known.now),
    };
    let sent = known.sends_from(&after);
    let sends = wanted.egress.unwrap_or(sent);
    if sends && !single {
        return Err("The relay sends from single addresses; note each of them".to_owned());
    }
    let mut placed = Placed { id: after.id, egress: Some(sends).filter(|_| sends != sent), ..Default::default() };
    if before == Some(&after) && placed.egress.is_none() {
        return Ok(placed);
    }
    if moved {
        let inside = around.inside.into_iter().filter(|row| row.project_id != wanted.project);
        placed.update.extend(inside.map(|row| given(row, wanted.project)));
    }
    placed.entries = entries(before, &after, (sent, sends), known);
    match before {
        Some(before) if *before == after => {}
        Some(_) => placed.update.push(after),
        None => placed.insert = Some(after),
    }
    Ok(placed)
}

impl Known<'_> {
    /// A project as the reasons name it.
    pub(super) fn whose(&self, project: Option<Uuid>) -> String {
        match project {
            Some(id) => self.projects.get(&id).map_or("another project", |project| &project.slug).to_owned(),
            None => "no project".to_owned(),
        }
    }

    fn sends_from(&self, row: &Model) -> bool {
        self.held.egress.contains(&row.text)
    }

    /// Why an address may not leave its project now.
    pub(super) fn may_move(&self, row: &Model) -> Result<(), String> {
        let whose = self.whose(row.project_id);
        if let Some(name) = &row.wanted {
            return Err(format!("{} has the name {name} of {whose}; release it first", row.text));
        }
        if self.held.changing.contains(&row.id) {
            return Err(format!("The name of {} is being changed; wait until that has ended", row.text));
        }
        match self.held.tickets.get(&row.id) {
            Some(number) => Err(format!("T-{number} of {whose} is open for {}; it must be closed first", row.text)),
            None => Ok(()),
        }
    }
}

/// A row that goes to another project takes nothing of the old one along.
fn given(row: Model, project: Option<Uuid>) -> Model {
    Model { project_id: project, missing_since: None, warned_at: None, kept: false, ..row }
}

fn new(id: Uuid, wanted: &Wanted, range: &address_range::Model, now: Timestamp) -> Model {
    let (first, last) = wanted.block.bounds();
    Model {
        id,
        range_id: range.id,
        project_id: wanted.project,
        text: wanted.block.short(),
        prefix: wanted.block.single().is_none(),
        first: first.to_vec(),
        last: last.to_vec(),
        note: wanted.note.clone().unwrap_or_default(),
        wanted: None,
        ptr: None,
        names: None,
        forward: None,
        fcrdns: None,
        checked_at: None,
        missing_since: None,
        warned_at: None,
        kept: false,
        created_at: now.0,
    }
}

/// One entry for who has it now, and one for who had it before.
fn entries(before: Option<&Model>, after: &Model, (sent, sends): (bool, bool), known: &Known<'_>) -> Vec<Entry> {
    let filled = |row: &Model| Some(row.note.clone()).filter(|note| !note.is_empty());
    let project = |row: &Model| row.project_id.map(|id| known.whose(Some(id)));
    let mut changes: Vec<FieldChange> = vec![
        field("project", before.and_then(project), project(after)),
        field("note", before.and_then(filled), filled(after)),
        field("egress", before.map(|_| yes_no(sent)), Some(yes_no(sends))),
    ];
    changes.retain(|change| change.before != change.after);
    let from =
        before.and_then(|row| row.project_id).filter(|_| before.map(|row| row.project_id) != Some(after.project_id));
    let action = match (before, after.project_id) {
        (Some(row), project) if row.project_id == project => "address.edit",
        (None, None) => "address.add",
        _ => "address.assign",
    };
    let left = from.map(|from| Entry {
        project: Some(from),
        action: "address.release",
        subject: after.text.clone(),
        changes: vec![field("project", Some(known.whose(Some(from))), None::<&str>)],
    });
    let entry = Entry { project: after.project_id, action, subject: after.text.clone(), changes };
    left.into_iter().chain([entry]).collect()
}
