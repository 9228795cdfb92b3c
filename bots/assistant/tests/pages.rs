//! Pages and budget by themselves.
#![allow(clippy::unwrap_used)]

use assistant::{Ledger, knowledge::Knowledge};

fn first(knowledge: &Knowledge, question: &str) -> Option<String> {
    knowledge.find(question, 4).unwrap().into_iter().next().map(|passage| passage.place)
}

#[test]
fn a_page_is_cut_at_its_headings_and_code_has_none() {
    let page = "Preface\n# One\nfirst\n```\n# inside\n```\n## Two\nsecond\n#hashtag\n";
    let knowledge = Knowledge::of_pages([("a.md", page)]).unwrap();
    for (question, place, text) in [
        ("preface", "a.md", "Preface"),
        ("inside", "a.md, One", "first\n```\n# inside\n```"),
        ("hashtag", "a.md, Two", "second\n#hashtag"),
    ] {
        let found = &knowledge.find(question, 4).unwrap()[0];
        assert_eq!((found.place.as_str(), found.text.as_str()), (place, text));
    }
}

#[test]
fn endings_do_not_matter_and_signs_of_the_query_language_do_no_harm() {
    let pages = [
        ("a.md", "# Доставка\nЗаказы везём два дня, её оплачивает покупатель."),
        ("b.md", "# Payment\nBy card \"or\" in cash."),
    ];
    let knowledge = Knowledge::of_pages(pages).unwrap();
    assert_eq!(first(&knowledge, "сколько ждать доставку заказа?").as_deref(), Some("a.md, Доставка"));
    assert_eq!(first(&knowledge, "do you take CARDS* AND NOT \"x").as_deref(), Some("b.md, Payment"));
    assert_eq!(first(&knowledge, "how do you do? (\"*"), None);
    assert_eq!(first(&knowledge, "weather tomorrow"), None);
}

#[test]
fn a_folder_is_read_with_the_folders_in_it_and_what_cannot_be_read_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = Knowledge::of_folder(&folder.path().join("none")).unwrap_err().to_string();
    assert!(error.contains("none: "), "{error}");
    let error = Knowledge::of_folder(folder.path()).unwrap_err().to_string();
    assert!(error.ends_with("there is no .md file"), "{error}");
    std::fs::create_dir(folder.path().join("shop")).unwrap();
    std::fs::write(folder.path().join("shop/delivery.MD"), "# Delivery\nTwo days.").unwrap();
    std::fs::write(folder.path().join("notes.txt"), "delivery").unwrap();
    let knowledge = Knowledge::of_folder(folder.path()).unwrap();
    assert_eq!(first(&knowledge, "delivery").as_deref(), Some("delivery.MD, Delivery"));
    std::fs::write(folder.path().join("broken.md"), [0xff, 0xfe]).unwrap();
    let error = Knowledge::of_folder(folder.path()).unwrap_err().to_string();
    assert!(error.contains("broken.md: "), "{error}");
}

#[test]
fn a_day_has_its_budget_and_what_was_not_spent_is_there_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let ledger = Ledger::open(&path, 100).unwrap();
    assert!(ledger.reserve(1, 60).unwrap());
    assert!(!ledger.reserve(1, 60).unwrap());
    assert!(ledger.reserve(2, 60).unwrap(), "another day");
    ledger.settle(1, 60, 20).unwrap();
    drop(ledger);
    let ledger = Ledger::open(&path, 100).unwrap();
    assert!(!ledger.reserve(1, 81).unwrap(), "a restart does not forget");
    assert!(ledger.reserve(1, 80).unwrap());
}

#[test]
fn the_file_of_settings_shows_the_defaults() {
    let shown: assistant::Settings = toml::from_str(include_str!("../assistant.toml")).unwrap();
    assert_eq!(format!("{shown:?}"), format!("{:?}", assistant::Settings::default()));
}
