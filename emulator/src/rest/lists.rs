//! Lists in pages of fifty (protocol 8.5).

use serde_json::{Value, json};

use super::Answer;

/// Rows on one page.
pub(super) const PAGE: usize = 50;

/// The page that begins at `start`: `next` is absent on the last one. -1 turns counting off, and with it `next` and
/// `total`.
pub(super) fn page(rows: Vec<Value>, start: i64) -> Answer {
    let total = rows.len();
    let from = usize::try_from(start).unwrap_or(0);
    let result: Vec<Value> = rows.into_iter().skip(from).take(PAGE).collect();
    if start < 0 {
        return Answer::new(json!(result));
    }
    let end = from + result.len();
    let next = (end < total && !result.is_empty()).then(|| i64::try_from(end).unwrap_or(0));
    Answer { result: json!(result), next, total: i64::try_from(total).ok() }
}

#[cfg(test)]
mod tests {
    use super::page;
    use serde_json::{Value, json};

    fn rows() -> Vec<Value> {
        (0..120).map(|number| json!(number)).collect()
    }

    #[test]
    fn a_page_has_fifty_rows_and_the_last_one_names_no_next() {
        let first = page(rows(), 0);
        assert_eq!((first.next, first.total), (Some(50), Some(120)));
        let last = page(rows(), 100);
        assert_eq!((last.result.as_array().map(Vec::len), last.next), (Some(20), None));
        assert_eq!(page(rows(), 500).next, None);
    }

    #[test]
    fn minus_one_turns_counting_off() {
        let uncounted = page(rows(), -1);
        assert_eq!((uncounted.next, uncounted.total), (None, None));
        assert_eq!(uncounted.result.as_array().map(Vec::len), Some(50));
    }
}
