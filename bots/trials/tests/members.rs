//! What every deployable bot has.
#![allow(clippy::unwrap_used, reason = "a test says by a panic what is wrong")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// More than that is no longer read in an evening.
const LINES: usize = 499;

fn bots() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut bots: Vec<PathBuf> = all.filter(|path| path.is_dir() && !path.ends_with("trials")).collect();
    bots.sort();
    bots
}

fn name(bot: &Path) -> &str {
    bot.file_name().unwrap().to_str().unwrap()
}

/// Lines that are neither blank nor a comment.
fn lines(folder: &Path) -> usize {
    let all = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    all.filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| {
            let text = fs::read_to_string(path).unwrap();
            text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("//")).count()
        })
        .sum()
}

#[test]
fn each_is_short() {
    assert!(!bots().is_empty());
    for bot in bots() {
        let lines = lines(&bot.join("src"));
        println!("{}: {lines} lines", name(&bot));
        assert!(lines <= LINES, "{} has {lines} lines in src/, more than {LINES}", name(&bot));
    }
}

#[test]
fn each_tells_what_it_does_and_what_can_be_set() {
    for bot in bots() {
        let readme = fs::read_to_string(bot.join("README.md")).unwrap();
        let file = format!("{}.toml", name(&bot));
        assert!(bot.join(&file).is_file(), "{} has no {file}", name(&bot));
        assert!(bot.join("screen.png").is_file(), "{} has no picture", name(&bot));
        let picture = "](screen.png)".to_owned();
        for part in [format!("cargo run -p {} -- demo", name(&bot)), "## Settings".to_owned(), file, picture]
        {
            assert!(readme.contains(&part), "the README of {} lacks `{part}`", name(&bot));
        }
    }
}

#[test]
fn each_leaves_the_emulated_portal_out_of_its_container() {
    for bot in bots() {
        let manifest = fs::read_to_string(bot.join("Cargo.toml")).unwrap();
        for part in [
            format!("name = \"{}\"", name(&bot)),
            "default = [\"emulator\"]".into(),
            "emulator = [\"openlines/emulator\"]".into(),
            "default-features = false".into(),
        ] {
            assert!(manifest.contains(&part), "the manifest of {} lacks `{part}`", name(&bot));
        }
    }
}
