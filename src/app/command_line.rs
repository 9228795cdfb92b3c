//! The command line of every bot.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Command, CommandFactory as _, Parser, Subcommand};
use secrecy::SecretString;

use super::Config;

const ABOUT: &str = "A chat bot for Bitrix24 open lines.";

#[derive(Debug, Parser)]
#[command(about = ABOUT, disable_help_subcommand = true)]
pub(super) struct CommandLine {
    #[command(flatten)]
    pub(super) settings: Settings,
    #[command(subcommand)]
    pub(super) command: Option<Task>,
}

impl CommandLine {
    /// The command line with subcommands of a bot's own.
    pub(super) fn with<T: Subcommand>() -> Command {
        // Said again, for what is said of the subcommands would stand in its place.
        T::augment_subcommands(Self::command()).about(ABOUT).long_about(None)
    }
}

/// What the bot is to do.
#[derive(Debug, Clone, Subcommand)]
pub(super) enum Task {
    /// Work for the portals (the default).
    Serve,
    /// Try the bot on an emulated portal, in the browser.
    #[cfg(feature = "emulator")]
    Demo {
        /// Where the emulated portal listens; port 0 takes a free one.
        #[arg(long, default_value = "127.0.0.1:8024")]
        portal_listen: SocketAddr,
    },
    /// Try the bot on an emulated portal, in the terminal: a line is the client's next message.
    #[cfg(feature = "emulator")]
    Chat,
    /// Look for what is wrong: settings, addresses, portals. Works beside a running server.
    Doctor,
    /// Look at the portals the bot is installed on, or remove one.
    Portals {
        #[command(subcommand)]
        command: PortalsTask,
    },
    /// Look at what needs a person: parked events, calls that were perhaps made.
    Inbox {
        #[command(subcommand)]
        command: InboxTask,
    },
}

#[derive(Debug, Clone, Subcommand)]
pub(super) enum InboxTask {
    /// List what needs a person, oldest first.
    List {
        /// Also list what is merely waiting for its turn.
        #[arg(long)]
        pending: bool,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: u32,
    },
    /// Show one entry with its content, without tokens.
    Show {
        /// As `list` prints it: `event:12` or `call:7`.
        id: String,
    },
    /// Put one back to work. A running server acts on it within a second.
    Retry {
        /// As `list` prints it.
        id: String,
    },
    /// Give one up for good.
    Drop {
        /// As `list` prints it.
        id: String,
    },
}

#[derive(Debug, Clone, Subcommand)]
pub(super) enum PortalsTask {
    /// List the portals.
    List,
    /// Remove a portal and everything kept of it. The server must be stopped.
    Forget {
        /// As `list` prints it.
        id: String,
    },
}

/// An address of a setting, with an error that names its variable.
fn address(name: &'static str) -> impl Fn(&str) -> Result<SocketAddr, String> + Clone {
    move |text| text.parse().map_err(|_| format!("{name} is an address and a port, such as 127.0.0.1:8080"))
}

#[derive(Debug, Args)]
pub(super) struct Settings {
    /// Public address to listen on.
    #[arg(
        long,
        alias = "openlines-listen",
        env = "OPENLINES_LISTEN", value_parser = address("OPENLINES_LISTEN"),
        global = true,
        default_value = "127.0.0.1:8080"
    )]
    listen: SocketAddr,
    /// Address of health, readiness and metrics; keep it private.
    #[arg(
        long,
        alias = "openlines-admin-listen",
        env = "OPENLINES_ADMIN_LISTEN", value_parser = address("OPENLINES_ADMIN_LISTEN"),
        global = true,
        default_value = "127.0.0.1:9180"
    )]
    admin_listen: SocketAddr,
    /// How the portal reaches the bot; without it events are fetched.
    #[arg(long, alias = "openlines-public-url", env = "OPENLINES_PUBLIC_URL", global = true)]
    public_url: Option<String>,
    /// Where events are kept: sqlite://PATH.
    #[arg(
        long,
        alias = "openlines-database-url",
        env = "OPENLINES_DATABASE_URL",
        global = true,
        default_value = "sqlite://openlines.db"
    )]
    database_url: String,
    /// 32 bytes in base64, encrypts tokens at rest.
    #[arg(
        long,
        alias = "openlines-master-key",
        env = "OPENLINES_MASTER_KEY",
        global = true,
        hide_env_values = true
    )]
    master_key: Option<SecretString>,
    /// The OAuth application.
    #[arg(long, alias = "bitrix24-client-id", env = "BITRIX24_CLIENT_ID", global = true)]
    client_id: Option<String>,
    /// Its secret.
    #[arg(
        long,
        alias = "bitrix24-client-secret",
        env = "BITRIX24_CLIENT_SECRET",
        global = true,
        hide_env_values = true
    )]
    client_secret: Option<SecretString>,
    /// One portal by incoming webhook, instead of OAuth.
    #[arg(
        long,
        alias = "bitrix24-webhook-url",
        env = "BITRIX24_WEBHOOK_URL",
        global = true,
        hide_env_values = true
    )]
    webhook_url: Option<SecretString>,
    /// Token of your own, at most 40 characters, under which a webhook portal knows the bot.
    #[arg(
        long,
        alias = "bitrix24-bot-token",
        env = "BITRIX24_BOT_TOKEN",
        global = true,
        hide_env_values = true
    )]
    bot_token: Option<SecretString>,
    /// Authorisation servers that may see the client secret, `host[:port]` by commas.
    #[arg(long, alias = "bitrix24-oauth-hosts", env = "BITRIX24_OAUTH_HOSTS", global = true)]
    oauth_hosts: Option<String>,
    /// File of the bot's own settings, TOML.
    #[arg(long, alias = "openlines-settings", env = "OPENLINES_SETTINGS", global = true)]
    settings: Option<PathBuf>,
}

impl Settings {
    /// The file of the bot's own settings.
    pub(super) fn own(&self) -> Option<PathBuf> {
        self.settings.clone()
    }

    /// The settings as a [`Config`].
    pub(super) fn config(self) -> Config {
        let empty = |text: &String| text.trim().is_empty();
        let mut config = Config::new().listen(self.listen).admin_listen(self.admin_listen);
        if !empty(&self.database_url) {
            config = config.database_url(self.database_url);
        }
        config.public_url = self.public_url.filter(|url| !empty(url));
        config.master_key = self.master_key;
        config.client = self
            .client_id
            .filter(|id| !empty(id))
            .map(|id| (id, self.client_secret.unwrap_or_else(|| SecretString::from(String::new()))));
        config.webhook_url = self.webhook_url;
        config.bot_token = self.bot_token;
        config.oauth_hosts = self.oauth_hosts.filter(|hosts| !empty(hosts));
        config
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What it does beside what every bot does.
    ///
    /// And more of that.
    #[derive(Debug, Subcommand)]
    enum Own {
        /// Counts.
        Count,
    }

    #[test]
    fn subcommands_of_its_own_do_not_change_what_a_bot_says_of_itself() {
        let mut line = CommandLine::with::<Own>();
        let help = line.render_long_help().to_string();
        assert!(help.starts_with("A chat bot for Bitrix24 open lines."), "{help}");
        assert!(help.contains("Counts") && !help.contains("beside what"), "{help}");
        assert!(Own::has_subcommand("count"));
    }
}
