//! The file of a campaign.
#![allow(clippy::unwrap_used, reason = "a test says by a panic what is wrong")]

use notifier::people;
use rstest::rstest;

fn read(file: &str, message: &str) -> Result<Vec<(i64, String)>, String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("people.csv");
    std::fs::write(&path, file).unwrap();
    let people =
        people(&path, message).map_err(|error| error.to_string().replace(path.to_str().unwrap(), "FILE"))?;
    Ok(people.into_iter().map(|one| (one.user.get(), one.text)).collect())
}

#[test]
fn columns_stand_where_the_message_names_them_and_are_not_read_again() {
    let people = read("\u{feff}user, name ,city\n7,\"{city}\",Riga\n", "{name} of { city }, {").unwrap();
    assert_eq!(people, [(7, "{city} of Riga, {".to_owned())]);
}

#[rstest]
#[case::no_users("id,name\n7,Ann\n", "x", "FILE: it has no column `user`")]
#[case::no_number("user\n7\nAnn\n", "x", "FILE: line 3: `Ann` is no user; a number from 1 is allowed")]
#[case::zero("user\n0\n", "x", "FILE: line 2: `0` is no user")]
#[case::no_column("user,name\n7,Ann\n", "Dear {nmae}", "FILE: it has no column `nmae`")]
#[case::too_few("user,name\n7\n", "x", "line: 2")]
#[case::blank("user,text\n7,\n", "{text}", "FILE: line 2: MESSAGE")]
fn what_is_wrong_is_named_by_file_and_line(#[case] file: &str, #[case] message: &str, #[case] named: &str) {
    let wrong = read(file, message).unwrap_err();
    assert!(wrong.contains(named), "{wrong}");
}
