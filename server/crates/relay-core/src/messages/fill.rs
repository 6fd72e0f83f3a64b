//! SQL for SQLite that fills a project with messages: for the test of a search among many, and for the example `measure`.

/// The account of one message in a thousand; four others share the rest.
pub(crate) const RARE: &str = "00000000000070008000000000000009";

/// One message and one recipient every two seconds, written by the database itself.
pub(crate) fn fill(project: &str, messages: u32, started: i64) -> [String; 2] {
    let id = format!("unhex(printf('%012x70008%015x', {started} + i * 2000, i))");
    let rows = format!("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {messages} - 1)");
    let state = "CASE WHEN i % 100 < 94 THEN 'delivered' WHEN i % 100 < 97 THEN 'bounced' WHEN i % 100 < 98 THEN \
                 'deferred' WHEN i % 100 < 99 THEN 'held' ELSE 'cancelled' END";
    let source = format!("CASE WHEN i % 1000 = 0 THEN x'{RARE}' ELSE unhex(printf('%032x', i % 4)) END");
    [
        format!(
            "INSERT INTO message (id, project_id, accepted_at, source, source_id, source_label, reverse_path, \
             header_from, subject, message_id, first_recipient, recipients, size, eight_bit, smtputf8, prefix, state, \
             captured) {rows} SELECT {id}, x'{project}', {started} + i * 2000, 'service_account', {source}, 'cron', \
             'bounce@d.example', 'App <app@d.example>', 'Weekly report ' || i, '<' || i || '@d.example>', \
             'u' || (i % 50000) || '@e.example', 1, 5000, 0, 0, x'', {state}, 0 FROM n"
        ),
        format!(
            "INSERT INTO recipient (id, message_id, project_id, address, address_key, destination, state, attempts, \
             accepted_at, expires_at, delay_notified) {rows} SELECT {id}, {id}, x'{project}', 'u' || (i % 50000) || \
             '@e.example', 'u' || (i % 50000) || '@e.example', 'e.example', 'delivered', 1, {started} + i * 2000, 0, \
             0 FROM n"
        ),
    ]
}
