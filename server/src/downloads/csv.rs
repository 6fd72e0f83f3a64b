//! A list as CSV (RFC 4180), streamed page after page: at most one page is in memory, and a slow reader holds no
//! connection to the database.
//!
//! It trusts that `fetch` authorizes each page, as the use cases do: who loses the right to see meanwhile gets no more.

use super::{Refused, saved_as};
use axum::{
    body::{Body, Bytes},
    response::{IntoResponse, Response},
};
use futures_util::{StreamExt, stream};
use relay_core::Error;
use relay_types::page::Page;

const MEDIA_TYPE: &str = "text/csv; charset=utf-8";

/// The text of a cell: quoted where it must be, and never a formula.
///
/// A cell that begins with `=`, `+`, `-`, `@`, a tab or CR is run as a formula by spreadsheets, and subjects, HELO
/// names, user names and replies are written by strangers: such a cell could send the rows beside it elsewhere when an
/// operator opens the file. An apostrophe before it makes it text to them. A program that reads the file takes it off.
///
/// Where the comma is in numbers, a spreadsheet takes semicolons for the ends of cells, sees no quotes that stand within
/// such a cell, and ends a row at each line end: so what stands behind those begins a cell, too.
fn cell(text: &str) -> String {
    let text = guarded(text);
    if text.contains([',', '"', '\r', '\n']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// The text with an apostrophe wherever a spreadsheet may see a formula begin.
fn guarded(text: &str) -> String {
    let mut guarded = String::with_capacity(text.len());
    let (mut first, mut behind_end) = (true, false);
    for c in text.chars() {
        if (first || behind_end) && matches!(c, '=' | '+' | '-' | '@' | '\t' | '\r') {
            guarded.push('\'');
        }
        guarded.push(c);
        first = false;
        // Spaces and quotes before a formula do not make it a text.
        behind_end = matches!(c, ';' | '\r' | '\n') || (behind_end && matches!(c, ' ' | '"'));
    }
    guarded
}

/// A line with its end.
fn line<S: AsRef<str>>(cells: &[S]) -> String {
    let cells: Vec<String> = cells.iter().map(|text| cell(text.as_ref())).collect();
    cells.join(",") + "\r\n"
}

/// Answers with a short list, which is in memory already.
pub fn whole<T, const N: usize>(
    name: &str,
    head: [&str; N],
    rows: impl IntoIterator<Item = T>,
    row: fn(T) -> [String; N],
) -> Response {
    let lines: String = rows.into_iter().map(|item| line(&row(item))).collect();
    (saved_as(name, MEDIA_TYPE), line(&head) + &lines).into_response()
}

/// Answers with the whole list. The first page is fetched before the answer begins, so that a refusal is a status;
/// should a later one fail, the answer breaks off, which a client sees.
pub async fn answer<T, F, P, const N: usize>(
    name: &str,
    head: [&str; N],
    fetch: F,
    row: fn(T) -> [String; N],
) -> Result<Response, Refused>
where
    T: Send + 'static,
    F: Fn(Option<String>) -> P + Send + 'static,
    P: Future<Output = relay_core::Result<Page<T>>> + Send,
{
    let lines = move |page: Page<T>| page.items.into_iter().map(|item| line(&row(item))).collect::<String>();
    let first = fetch(None).await?;
    let next = first.next.clone();
    let begin = line(&head) + &lines(first);
    let rest = stream::try_unfold((fetch, next), move |(fetch, next)| async move {
        let Some(after) = next else { return Ok::<_, Error>(None) };
        let page = fetch(Some(after)).await.inspect_err(|error| tracing::error!(%error, "a download broke off"))?;
        let next = page.next.clone();
        Ok(Some((Bytes::from(lines(page)), (fetch, next))))
    });
    let whole = stream::once(async move { Ok(Bytes::from(begin)) }).chain(rest);
    Ok((saved_as(name, MEDIA_TYPE), Body::from_stream(whole)).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    #[test]
    fn a_cell_is_quoted_where_it_must_be_and_is_never_a_formula() {
        for (text, expected) in [
            ("plain", "plain"),
            ("", ""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\r\nlines", "\"two\r\nlines\""),
            ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "\"'\r'=1\""),
            ("a=1", "a=1"),
            ("a;=1", "a;'=1"),
            ("550 no;  @SUM(A1)", "550 no;  '@SUM(A1)"),
            ("a;\"=1", "\"a;\"\"'=1\""),
            ("a\n-1", "\"a\n'-1\""),
            ("a; b=1; c-2", "a; b=1; c-2"),
            ("\"=1\"", "\"\"\"=1\"\"\""),
            ("Grüße", "Grüße"),
        ] {
            assert_eq!(cell(text), expected, "{text:?}");
        }
    }

    #[tokio::test]
    async fn pages_are_fetched_as_they_are_read() {
        let fetched = Arc::new(AtomicUsize::new(0));
        let counter = fetched.clone();
        let fetch = move |after: Option<String>| {
            let number = after.map_or(0, |after| after.parse::<u8>().expect("a cursor"));
            counter.fetch_add(1, Ordering::SeqCst);
            async move { Ok(Page { items: vec![number], next: (number < 2).then(|| (number + 1).to_string()) }) }
        };
        let answer = answer("list.csv", ["number"], fetch, |number: u8| [number.to_string()]).await;
        let Ok(answer) = answer else { panic!("refused") };
        assert_eq!(fetched.load(Ordering::SeqCst), 1, "the second page waits for a reader");
        assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
        assert_eq!(answer.headers()["content-disposition"], "attachment; filename=\"list.csv\"");
        let body = answer.into_body().collect().await.expect("a body").to_bytes();
        assert_eq!(&body[..], b"number\r\n0\r\n1\r\n2\r\n");
    }

    #[tokio::test]
    async fn a_page_that_fails_breaks_the_answer_off() {
        let fetch = async |after: Option<String>| match after {
            None => Ok(Page { items: vec![()], next: Some("x".to_owned()) }),
            Some(_) => Err(Error::NotFound),
        };
        let answer = answer("list.csv", ["a"], fetch, |()| [String::new()]).await;
        let Ok(answer) = answer else { panic!("refused") };
        assert!(answer.into_body().collect().await.is_err());
    }
}
