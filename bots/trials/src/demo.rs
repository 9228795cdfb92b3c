//! A bot in the browser.

use std::{
    ffi::OsStr,
    io::{BufRead, BufReader},
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use super::home::{ask, bare, free_address, get, tell_to_stop, until};

/// Starts `program demo`, and looks whether the chat page is at the address that it prints. Then SIGTERM: it has to end
/// within ten seconds with status 0.
pub fn demo(program: impl AsRef<OsStr>) {
    let home = tempfile::tempdir().expect("a directory for the trial");
    let mut child = bare(program.as_ref(), home.path())
        .args(["demo", "--portal-listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    // Open to the end: the program has more to say than the address.
    let mut lines = BufReader::new(child.stdout.take().expect("it was piped")).lines();
    let mut ends = Ends(child);
    let address = lines
        .by_ref()
        .map_while(Result::ok)
        .find_map(|line| Some(line.trim().strip_prefix("http://")?.trim_end_matches('/').to_owned()))
        .expect("it prints an address");
    let page = get(address.parse().expect("an address and a port"), "/").expect("the page answers");
    assert!(page.starts_with("HTTP/1.1 200") && page.contains("<html"), "{page}");

    ends.told_to_stop();
}

/// Starts `program demo` for nobody: whoever was to read the address is gone. It has to go on, and to end as it should.
pub async fn demo_unread(program: impl AsRef<OsStr>) {
    let home = tempfile::tempdir().expect("a directory for the trial");
    let address = free_address();
    let mut child = bare(program.as_ref(), home.path())
        .args(["demo", "--portal-listen", &address.to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let mut ends = Ends(child);
    let shows = |path: &str, what: &str| get(address, path).is_some_and(|page| page.contains(what));
    until("the bot is there", String::new, || shows("/page/state?client=Ann", r#""bots":1"#)).await;
    let said = ask(address, "POST /page/say", r#"{"client": "Ann", "text": "hello"}"#).expect("it is taken");
    assert!(said.starts_with("HTTP/1.1 200"), "{said}");
    until("the bot answers", String::new, || shows("/page/state?client=Ann", r#""side":"bot""#)).await;
    ends.told_to_stop();
}

struct Ends(Child);

impl Ends {
    /// SIGTERM: it has to end within ten seconds with status 0.
    fn told_to_stop(&mut self) {
        tell_to_stop(&self.0);
        let deadline = Instant::now() + Duration::from_secs(10);
        let status = loop {
            if let Some(status) = self.0.try_wait().expect("it can be asked") {
                break status;
            }
            assert!(Instant::now() < deadline, "told to stop, it goes on");
            std::thread::sleep(Duration::from_millis(5));
        };
        assert!(status.success(), "it ended with {status}");
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
