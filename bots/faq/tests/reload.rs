//! The file of answers changes while the bot runs.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test says by a panic what is wrong")]

use std::{path::PathBuf, sync::Arc};

use faq::{Faq, Look, Shelf, Unanswered};
use openlines::testing::Conversation;

struct Stand {
    _dir: tempfile::TempDir,
    file: PathBuf,
    shelf: Arc<Shelf>,
}

fn stand(text: &str) -> Stand {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("answers.toml");
    std::fs::write(&file, text).unwrap();
    let shelf = Arc::new(Shelf::open(Some(&file)).unwrap());
    Stand { _dir: dir, file, shelf }
}

const OLD: &str = r#"topics = [{ label = "Tea", answer = "60" }, { label = "Cup", answer = "40" }]"#;
const NEW: &str = r#"topics = [{ label = "Cup", answer = "45" }, { label = "Pot", answer = "80" }]"#;

impl Stand {
    fn write(&self, text: &str) {
        std::fs::write(&self.file, text).unwrap();
    }

    fn talk(&self) -> Conversation {
        Conversation::with(Faq::new(self.shelf.clone(), Unanswered::default()))
    }
}

#[test]
fn what_was_saved_counts_at_the_second_look_that_finds_it_the_same() {
    let stand = stand(OLD);
    assert_eq!(stand.shelf.look(), Look::Nothing);
    stand.write(NEW);
    assert_eq!(stand.shelf.look(), Look::Nothing, "it may still be being written");
    assert_eq!(stand.shelf.look(), Look::Taken);
    assert_eq!(stand.shelf.look(), Look::Nothing);
    stand.talk().client_says("pot").expect("80");
}

#[test]
fn a_file_that_is_still_being_written_waits() {
    let stand = stand(OLD);
    stand.write(&NEW[..NEW.len() / 2]);
    assert_eq!(stand.shelf.look(), Look::Nothing);
    stand.write(NEW);
    assert_eq!((stand.shelf.look(), stand.shelf.look()), (Look::Nothing, Look::Taken));
}

#[test]
fn a_broken_file_keeps_the_old_answers_and_is_told_of_once() {
    let stand = stand(OLD);
    stand.write("topics = [{ label = \"Tea\", anwser = \"60\" }]");
    stand.shelf.look();
    let Look::Broken(why) = stand.shelf.look() else { panic!("it is broken") };
    assert!(why.contains("answers.toml: `topics[0].anwser`"), "{why}");
    assert_eq!(stand.shelf.look(), Look::Nothing);
    stand.talk().client_says("tea").expect("60");

    std::fs::remove_file(&stand.file).unwrap();
    stand.shelf.look();
    let Look::Broken(why) = stand.shelf.look() else { panic!("it is gone") };
    assert!(why.contains("cannot be read"), "{why}");
    stand.talk().client_says("tea").expect("60");

    stand.write(NEW);
    stand.shelf.look();
    assert_eq!(stand.shelf.look(), Look::Taken);
}

#[test]
fn a_number_means_what_the_client_was_shown_and_not_what_the_file_says_by_now() {
    let stand = stand(OLD);
    let mut talk = stand.talk();
    talk.client_says("menu").expect_menu("What is it about?", ["Tea", "Cup"]);
    stand.write(NEW);
    stand.shelf.look();
    assert_eq!(stand.shelf.look(), Look::Taken);
    talk.client_says("2").expect("45");
    talk.client_says("1")
        .expect_menu("This has changed in the meantime. Please choose again:", ["Cup", "Pot"]);
    talk.client_says("1").expect("45");
}
