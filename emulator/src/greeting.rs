//! What the command line prints at the start: where the page is, and commands that start a bot when they are pasted.

use std::fmt::Write as _;
use std::path::Path;

use openlines_emulator::{Emulator, Entrance};

use crate::installing::Plan;

/// The bot of the printed commands.
const BOT: &str = "cargo run --example echo";

pub(super) fn text(
    emulator: &Emulator,
    plan: Option<&Plan>,
    identity: Option<&Path>,
    installed: bool,
) -> String {
    let portal = emulator.portal();
    let app = portal.app();
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(out, "Chat page        {}/", emulator.url());
    if let Some(ca) = emulator.ca_path() {
        let _ = writeln!(out, "CA certificate   {}", ca.display());
    }
    let _ = writeln!(out, "Webhook          {}", portal.webhook_url());
    let _ = writeln!(out, "Client id        {}", app.client_id);
    let _ = writeln!(out, "Client secret    {}", app.client_secret);
    let _ = writeln!(out, "OAuth host       {}", app.oauth_host);
    let _ = writeln!(out, "Network line     {}", portal.network_code());
    let _ = writeln!(out, "\nStart a bot from another terminal, by webhook:\n");
    out.push_str(&command(&portal.bot_environment(Entrance::Webhook)));
    let _ = writeln!(out, "\nor as an application, which hears more:\n");
    out.push_str(&command(&portal.bot_environment(Entrance::Application)));
    let _ = match plan {
        Some(plan) => {
            writeln!(out, "\nThe application is installed as soon as a bot listens at {}.", plan.url())
        }
        None if installed => writeln!(
            out,
            "\nThe application counts as installed already, without a handler: it hears the events that it binds itself."
        ),
        None => {
            writeln!(out, "\nThe application is not installed: a button of the page does it, under Portal.")
        }
    };
    let _ = writeln!(out, "The first open-line bot that registers meets the clients of the page.");
    let _ = match identity {
        Some(file) => writeln!(
            out,
            "Ctrl-C stops the portal. The next start with {} takes the same commands, without chats and bots.",
            file.display()
        ),
        None => writeln!(
            out,
            "Ctrl-C stops the portal, and with it all of this is gone: the next start is another portal with other \
             secrets. With --identity FILE it stays the same."
        ),
    };
    out
}

/// The command for a POSIX shell, a line for each variable.
fn command(environment: &[(String, String)]) -> String {
    let mut out = String::new();
    for (name, value) in environment {
        let _ = writeln!(out, "  {name}={} \\", quoted(value));
    }
    let _ = writeln!(out, "  {BOT}");
    out
}

fn quoted(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_./:=@%+,-".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_commands_have_everything_that_a_bot_asks_for() {
        let emulator = Emulator::builder().tls().start().await.expect("a free port");
        let text = text(&emulator, None, None, false);
        assert!(text.contains("not installed: a button of the page does it"), "{text}");
        for name in [
            "BITRIX24_WEBHOOK_URL",
            "BITRIX24_BOT_TOKEN",
            "BITRIX24_CLIENT_ID",
            "BITRIX24_CLIENT_SECRET",
            "BITRIX24_OAUTH_HOSTS",
            "OPENLINES_MASTER_KEY",
            "OPENLINES_PUBLIC_URL",
            "OPENLINES_DATABASE_URL",
            "SSL_CERT_FILE",
        ] {
            assert!(text.contains(&format!("  {name}=")), "{name} is missing: {text}");
        }
        assert_eq!(text.matches(BOT).count(), 2);
    }

    #[tokio::test]
    async fn an_application_that_is_installed_from_the_start_needs_no_button() {
        let emulator = Emulator::builder().installed().start().await.expect("a free port");
        let text = text(&emulator, None, None, true);
        assert!(text.contains("counts as installed already") && !text.contains("button"), "{text}");
    }

    #[test]
    fn a_shell_takes_every_value_as_one_word() {
        assert_eq!(quoted("sqlite:///tmp/a-b.db"), "sqlite:///tmp/a-b.db");
        assert_eq!(quoted("/tmp/o'clock and more"), r"'/tmp/o'\''clock and more'");
        assert_eq!(quoted(""), "''");
    }
}
