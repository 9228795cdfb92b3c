//! A bot at the terminal.

use std::{
    ffi::OsStr,
    io::Write,
    process::{Output, Stdio},
};

use super::home::bare;

/// Pipes the lines of `scenario` into `program chat` and returns its transcript: what the bot's messages say, in order.
///
/// `settings` is the bot's TOML file. Panics if the program does not end with status 0.
pub fn chat(program: impl AsRef<OsStr>, settings: &str, scenario: &str) -> String {
    let output = run(program.as_ref(), "chat", settings, scenario);
    let said = text(&output.stdout);
    assert!(output.status.success(), "chat ended with {}: {said}\n{}", output.status, text(&output.stderr));
    said
}

/// Starts `program serve` with settings that cannot work and returns what it says of them on standard error.
///
/// Panics if it does not end with status 2.
pub fn refused(program: impl AsRef<OsStr>, settings: &str) -> String {
    let output = run(program.as_ref(), "serve", settings, "");
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    said
}

fn run(program: &OsStr, command: &str, settings: &str, input: &str) -> Output {
    let home = tempfile::tempdir().expect("a directory for the trial");
    let file = home.path().join("settings.toml");
    std::fs::write(&file, settings).expect("the settings are written");
    let mut child = bare(program, home.path())
        .arg(command)
        .env("OPENLINES_SETTINGS", &file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    // One that refuses its settings ends without reading.
    let _ = child.stdin.take().expect("it was piped").write_all(input.as_bytes());
    child.wait_with_output().expect("the program ends")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
