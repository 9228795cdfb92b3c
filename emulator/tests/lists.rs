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
    let invalid = "ID is not defined or invalid.";
    for (id, text) in
        [(json!(121), "Not found"), (json!(0), invalid), (json!("x"), invalid), (json!([1]), invalid)]
    {
        let (status, body) = call(&emulator, "crm.lead.get", json!({"id": id})).await;
        assert_eq!((status, &body["error"], &body["error_description"]), (400, &json!(""), &json!(text)));
    }
}

#[tokio::test]
async fn leads_that_were_there_and_new_ones_are_one_list() {
    let emulator = Emulator::start().await;
    let (_, new) = call(&emulator, "crm.lead.add", json!({"fields": {"TITLE": "Lead of Ann"}})).await;
    let new = new["result"].as_i64().unwrap();
    let change = json!({"id": 7, "fields": {"TITLE": "Lead of Ann", "STATUS_ID": "JUNK"}});
    assert_eq!(call(&emulator, "crm.lead.update", change).await.1["result"], true);
    let of_ann = json!({"filter": {"TITLE": "Lead of Ann"}, "order": {"STATUS_ID": "DESC", "ID": "ASC"}});
    let (_, page) = call(&emulator, "crm.lead.list", of_ann.clone()).await;
    assert_eq!(ids(&page), [new, 7], "a new lead has the status NEW");
    let (_, all) = call(&emulator, "crm.lead.list", json!({})).await;
    assert_eq!(all["total"], 121);
    for id in [7, new] {
        assert_eq!(call(&emulator, "crm.lead.delete", json!({"id": id})).await.1["result"], true);
        let (_, gone) = call(&emulator, "crm.lead.get", json!({"id": id})).await;
        assert_eq!(gone["error_description"], "Not found");
        let (status, _) = call(&emulator, "crm.lead.delete", json!({"id": id})).await;
        assert_eq!(status, 400, "it is gone");
    }
    let (_, page) = call(&emulator, "crm.lead.list", of_ann).await;
    assert_eq!((ids(&page), &page["total"]), (vec![], &json!(0)));
}

#[tokio::test]
async fn rows_are_ordered_by_the_first_field_in_which_they_differ() {
    let emulator = Emulator::start().await;
    let params = json!({"filter": {"<=ID": 12}, "order": {"STATUS_ID": "ASC", "OPPORTUNITY": "DESC"}});
    let (_, page) = call(&emulator, "crm.lead.list", params).await;
    assert_eq!(ids(&page), [11, 8, 5, 2, 10, 7, 4, 1, 12, 9, 6, 3], "110 is more than 80");
}
