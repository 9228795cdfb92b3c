//! A window of headless Chromium, with waits that end as soon as the page shows what is expected.

use std::fs;
use std::future::Future;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use thirtyfour::prelude::*;

/// Everything a page shows, it shows within this time.
const DEADLINE: Duration = Duration::from_secs(20);
const BETWEEN_LOOKS: Duration = Duration::from_millis(40);

#[derive(Clone)]
pub(crate) struct Window {
    driver: WebDriver,
}

/// The driver's process and the browser's profile; both go when it is dropped.
struct Driver {
    process: Child,
    /// Its output, open as long as it runs.
    _said: BufReader<ChildStdout>,
    port: u16,
    profile: PathBuf,
}

/// Runs a scenario in a fresh browser, and ends the browser whatever becomes of it.
pub(crate) async fn play(name: &str, scenario: impl AsyncFnOnce(Window) + Send) {
    let Some(driver) = Driver::start(name) else { return };
    let mut capabilities = DesiredCapabilities::chrome();
    for flag in [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars",
        // The emulator's own authority; nothing but loopback is reached.
        "--ignore-certificate-errors",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        &format!("--user-data-dir={}", driver.profile.display()),
    ] {
        capabilities.add_arg(flag).unwrap();
    }
    let address = format!("http://127.0.0.1:{}", driver.port);
    let web = WebDriver::new(&address, capabilities).await.unwrap();
    let window = Window { driver: web.clone() };
    let outcome =
        futures_util::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(scenario(window.clone()))).await;
    if outcome.is_err() {
        window.shot(&format!("failed-{name}")).await;
    }
    web.quit().await.unwrap();
    drop(driver);
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

/// `target/tmp`, also of an example, which is told of none.
fn scratch() -> PathBuf {
    option_env!("CARGO_TARGET_TMPDIR").map_or_else(
        || std::env::current_exe().unwrap().ancestors().nth(3).unwrap().join("tmp"),
        PathBuf::from,
    )
}

impl Driver {
    /// `None`, said aloud, where there is no browser.
    fn start(name: &str) -> Option<Self> {
        let there = |program: &str| {
            Command::new(program)
                .arg("--version")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok()
        };
        if !there("chromedriver") || !there("chromium") {
            let required = std::env::var("OPENLINES_BROWSER").is_ok_and(|value| value == "required");
            assert!(!required, "OPENLINES_BROWSER=required, but chromium or chromedriver is not installed");
            eprintln!(
                "\n!!!! SKIPPED: the page was NOT tested, chromium or chromedriver is not installed !!!!\n"
            );
            return None;
        }
        let profile = scratch().join(format!("chromium-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&profile);
        let mut process = Command::new("chromedriver")
            .args(["--port=0", "--allowed-ips=127.0.0.1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut said = BufReader::new(process.stdout.take().unwrap());
        let port =
            said.by_ref().lines().map_while(Result::ok).find_map(|line| {
                line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok()
            });
        let port = port.expect("chromedriver says on which port it listens");
        Some(Self { process, _said: said, port, profile })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.profile);
    }
}

impl Window {
    /// The page's own size, a phone's included.
    pub(crate) async fn size(&self, width: u32, height: u32) {
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.driver.cdp().send_raw("Emulation.setDeviceMetricsOverride", metrics).await.unwrap();
    }

    pub(crate) async fn dark(&self, on: bool) {
        let value = if on { "dark" } else { "light" };
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": value}]});
        self.driver.cdp().send_raw("Emulation.setEmulatedMedia", media).await.unwrap();
    }

    pub(crate) async fn open(&self, address: &str) {
        self.driver.goto(address).await.unwrap();
        self.sees("#link", "live").await;
    }

    /// Opens any page, of which nothing is expected yet.
    #[allow(dead_code)]
    pub(crate) async fn visit(&self, address: &str) {
        self.driver.goto(address).await.unwrap();
    }

    /// Looks into the frame from here on.
    #[allow(dead_code)]
    pub(crate) async fn enters_frame(&self, selector: &str) {
        let frame = self.driver.find(By::Css(selector)).await.unwrap();
        frame.enter_frame().await.unwrap();
    }

    pub(crate) async fn reload(&self) {
        self.driver.refresh().await.unwrap();
        self.sees("#link", "live").await;
    }

    pub(crate) async fn script(&self, script: &str) -> Value {
        self.driver.execute(script, Vec::new()).await.unwrap().json().clone()
    }

    /// Texts of what the selector finds and the window shows.
    async fn texts(&self, selector: &str) -> Vec<String> {
        let script = format!(
            "return [...document.querySelectorAll({})].filter(one => one.checkVisibility()).map(one => one.textContent)",
            Value::from(selector)
        );
        let found = self.script(&script).await;
        found.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    }

    /// Waits until one of the selected elements holds the text.
    #[track_caller]
    pub(crate) fn sees(&self, selector: &str, text: &str) -> impl Future<Output = ()> {
        let (selector, text) = (selector.to_owned(), text.to_owned());
        let what = format!("{selector} with {text:?}");
        self.wait(what, selector, move |texts| texts.iter().any(|shown| shown.contains(&text)))
    }

    /// Waits until so many elements are there and visible.
    #[track_caller]
    pub(crate) fn counts(&self, selector: &str, count: usize) -> impl Future<Output = ()> {
        let what = format!("{count} of {selector}");
        self.wait(what, selector.to_owned(), move |texts| texts.len() == count)
    }

    #[track_caller]
    pub(crate) fn hides(&self, selector: &str) -> impl Future<Output = ()> {
        self.counts(selector, 0)
    }

    #[track_caller]
    fn wait(
        &self,
        what: String,
        selector: String,
        enough: impl Fn(&[String]) -> bool,
    ) -> impl Future<Output = ()> {
        let place = std::panic::Location::caller();
        let window = self.clone();
        async move {
            let end = Instant::now() + DEADLINE;
            loop {
                let texts = window.texts(&selector).await;
                if enough(&texts) {
                    return;
                }
                assert!(Instant::now() < end, "{place}: waited in vain for {what}; there is {texts:#?}");
                tokio::time::sleep(BETWEEN_LOOKS).await;
            }
        }
    }

    pub(crate) async fn until(&self, what: &str, holds: impl Fn() -> bool) {
        let end = Instant::now() + DEADLINE;
        while !holds() {
            assert!(Instant::now() < end, "waited in vain for {what}");
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }

    /// The first visible one of the selector. Waits for it.
    async fn first(&self, selector: &str) -> WebElement {
        let end = Instant::now() + DEADLINE;
        loop {
            for found in self.driver.find_all(By::Css(selector)).await.unwrap() {
                if found.is_displayed().await.unwrap_or(false) {
                    return found;
                }
            }
            assert!(Instant::now() < end, "waited in vain for {selector}");
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
    }

    /// Clicks as a person does: what is covered or disabled cannot be.
    pub(crate) async fn clicks(&self, selector: &str) {
        let end = Instant::now() + DEADLINE;
        loop {
            let found = self.first(selector).await;
            let enabled = found.is_enabled().await.unwrap_or(false);
            match found.click().await {
                Ok(()) if enabled => return,
                // It was disabled, or drawn anew under the pointer.
                Ok(()) | Err(_) if Instant::now() < end => tokio::time::sleep(BETWEEN_LOOKS).await,
                outcome => panic!("{selector} cannot be clicked: {outcome:?}"),
            }
        }
    }

    pub(crate) async fn types(&self, selector: &str, text: &str) {
        let (text, enter) = text.strip_suffix('\n').map_or((text, false), |text| (text, true));
        let field = self.first(selector).await;
        field.send_keys(text).await.unwrap();
        if enter {
            field.send_keys(Key::Enter + "").await.unwrap();
        }
    }

    /// Chooses a file of this machine.
    pub(crate) async fn uploads(&self, selector: &str, path: &std::path::Path) {
        let field = self.driver.find(By::Css(selector)).await.unwrap();
        field.send_keys(path.to_str().unwrap()).await.unwrap();
    }

    pub(crate) async fn clears(&self, selector: &str) {
        let field = self.first(selector).await;
        field.send_keys(Key::Control + "a").await.unwrap();
        field.send_keys(Key::Delete + "").await.unwrap();
    }

    /// Chooses the option with this text.
    pub(crate) async fn chooses(&self, selector: &str, text: &str) {
        let field = self.first(selector).await;
        field.find(By::XPath(format!(".//option[.='{text}']"))).await.unwrap().click().await.unwrap();
    }

    /// Chooses the option with this value.
    pub(crate) async fn chooses_value(&self, selector: &str, value: &str) {
        let script = format!(
            "const field = document.querySelector({}); field.value = {}; field.dispatchEvent(new Event('change', {{bubbles: true}})); return field.value",
            Value::from(selector),
            Value::from(value)
        );
        assert_eq!(self.script(&script).await, value, "{selector} has no such option");
    }

    /// Presses a key while the element has the focus.
    pub(crate) async fn presses_key_on(&self, selector: &str, key: &str) {
        let element = self.first(selector).await;
        element.focus().await.unwrap();
        self.driver.active_element().await.unwrap().send_keys(key).await.unwrap();
    }

    /// Presses keys wherever the focus is.
    pub(crate) async fn presses(&self, keys: &str) {
        self.driver.active_element().await.unwrap().send_keys(keys).await.unwrap();
    }

    /// Chooses from the menu that is open.
    pub(crate) async fn chooses_entry(&self, text: &str) {
        self.sees(".menu button", text).await;
        let path = format!("//div[@role='menu']//button[span[.='{text}']]");
        self.driver.find(By::XPath(path)).await.unwrap().click().await.unwrap();
        self.counts(".menu", 0).await;
    }

    /// Writes into a field of settings and leaves it, which makes it count.
    pub(crate) async fn sets(&self, selector: &str, text: &str) {
        self.clears(selector).await;
        self.types(selector, text).await;
        self.presses("\u{e004}").await;
    }

    /// Controls below `selector` that say neither by text nor by label what they are.
    pub(crate) async fn nameless(&self, selector: &str) -> Value {
        let script = format!("return [...document.querySelectorAll({})].filter(one => one.checkVisibility())
            .filter(one => !(one.textContent.trim() && one.tagName === 'BUTTON') && !one.getAttribute('aria-label')
                && !document.getElementById(one.getAttribute('aria-labelledby')) && ![...(one.labels ?? [])].some(label => label.textContent.trim()))
            .map(one => one.outerHTML)", Value::from(format!("{selector} :is(button, input, select, textarea)")));
        self.script(&script).await
    }

    /// Presses Tab so many times from the top; ids of what had the focus.
    pub(crate) async fn tabs_through(&self, times: usize) -> Vec<String> {
        self.script("document.activeElement.blur()").await;
        let mut reached = Vec::new();
        for _ in 0..times {
            // Keys of the keyboard, not of the field: one for files takes nothing but paths.
            self.driver.action_chain().send_keys(Key::Tab + "").perform().await.unwrap();
            reached.push(self.script("return document.activeElement.id").await.as_str().unwrap().to_owned());
        }
        reached
    }

    /// Nothing sticks out of the window or of its pane, but what scrolls.
    pub(crate) async fn fits(&self) {
        let script = "return [document.scrollingElement, ...document.querySelectorAll('#top, .pane, .pane > *, .log, .message > :not(.more), .row, .filters, section')]
            .filter(one => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'inline')
            .map(one => `${one.tagName}#${one.id}.${one.className}: ${one.scrollWidth} > ${one.clientWidth}`)";
        let wide = self.script(script).await;
        assert_eq!(wide, json!([]), "these are wider than their place");
    }

    /// Keeps what the window shows.
    pub(crate) async fn shot(&self, name: &str) {
        let target = scratch().parent().unwrap().join("screens");
        fs::create_dir_all(&target).unwrap();
        self.driver.screenshot(&target.join(format!("{name}.png"))).await.unwrap();
    }
}
