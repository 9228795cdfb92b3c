//! Lists and their pages.

#![allow(
    clippy::unwrap_used,
    reason = "this is test code, which clippy does not see outside a test function"
)]

mod support;

use openlines_emulator::Emulator;
use serde_json::{Value, json};
use support::post;

async fn call(emulator: &Emulator, method: &str, params: Value) -> (u16, Value) {
    let url = format!("{}{method}", emulator.portal().webhook_url());
    post(&reqwest::Client::new(), &url, &params).await
}

fn ids(answer: &Value) -> Vec<i64> {
    let rows = answer["result"].as_array().unwrap();
    rows.iter().map(|row| row["ID"].as_str().unwrap().parse().unwrap()).collect()
}

#[tokio::test]
async fn a_list_comes_in_pages_of_fifty_and_the_last_has_no_next() {
    let emulator = Emulator::start().await;
    let mut all = Vec::new();
    let mut start = json!(0);
    loop {
        let (_, page) = call(&emulator, "crm.lead.list", json!({"start": start})).await;
        assert_eq!(page["total"], 120);
        all.extend(ids(&page));
        match page.get("next") {
            Some(next) => start = next.clone(),
            None => break,
        }
    }
    assert_eq!(all, (1..=120).collect::<Vec<i64>>());
    let (_, beyond) = call(&emulator, "crm.lead.list", json!({"start": 500})).await;
    assert_eq!((&beyond["result"], beyond.get("next")), (&json!([]), None));
}

#[tokio::test]
async fn a_start_of_minus_one_counts_nothing() {
    let emulator = Emulator::start().await;
    let params = json!({"start": -1, "order": {"ID": "ASC"}, "filter": {">ID": 100}, "select": ["TITLE"]});
    let (_, page) = call(&emulator, "crm.lead.list", params).await;
    assert_eq!(ids(&page), (101..=120).collect::<Vec<i64>>());
    assert_eq!((page.get("total"), page.get("next")), (None, None));
    assert_eq!(page["result"][0], json!({"ID": "101", "TITLE": "Lead 101"}));
}

#[tokio::test]
async fn a_list_is_filtered_and_ordered() {
    let emulator = Emulator::start().await;
    for (params, expected) in [
        (json!({"filter": {"ID": [3, "5", 300]}}), vec![3, 5]),
        (json!({"filter": {"@ID": [3, 5]}, "order": {"ID": "desc"}}), vec![5, 3]),
        (json!({"filter": {"<=ID": "4", "STATUS_ID": "NEW"}}), vec![3]),
        (json!({"filter": {"%TITLE": "ad 11", ">=ID": 118}}), vec![118, 119]),
        (json!({"FILTER": {"<ID": 4, "!ID": 2}}), vec![1, 3]),
    ] {
        let (_, page) = call(&emulator, "crm.lead.list", params.clone()).await;
        assert_eq!(ids(&page), expected, "{params}");
        assert_eq!(page["total"], expected.len(), "{params}");
    }
}

#[tokio::test]
async fn a_batch_reads_on_from_the_last_row_of_its_item_before() {
    let emulator = Emulator::start().await;
    let rest = "crm.lead.list?order[ID]=ASC&start=-1&filter[>ID]=";
    let cmd =
        json!({"a": format!("{rest}0"), "b": format!("{rest}$result[a][49][ID]"), "c": "crm.lead.list"});
    let (_, body) = call(&emulator, "batch", json!({"halt": 0, "cmd": cmd})).await;
    let second = json!({"result": body["result"]["result"]["b"]});
    assert_eq!(ids(&second), (51..=100).collect::<Vec<i64>>());
    assert_eq!(body["result"]["result_total"], json!({"c": 120}));
    assert_eq!(body["result"]["result_next"], json!({"c": 50}));
}

#[tokio::test]
async fn a_row_is_read_by_its_id() {
    let emulator = Emulator::start().await;
    let (_, body) = call(&emulator, "crm.lead.get", json!({"id": 7})).await;
    assert_eq!(body["result"]["TITLE"], "Lead 7");
    for id in [json!(121), json!(0), json!("x"), json!([1])] {
        let (status, body) = call(&emulator, "crm.lead.get", json!({"id": id})).await;
        assert_eq!(
            (status, &body["error"], &body["error_description"]),
            (400, &json!(""), &json!("Not found"))
        );
    }
}
