//! `doctor`: what is wrong, where, and what to do. Works beside a running server: it only looks, and renews no tokens.

use std::{sync::Arc, time::Duration};

use super::{
    App, AppError, AppErrorKind, Diagnosis, checks,
    checkup::{Checkup, Expected},
    guarantee::Guarantee,
    wanted,
};
use crate::{
    portal::{BotTokens, Credentials, KeptTokens, NoGrants, PortalView, Registry},
    rest::{Api, HttpApi, HttpOptions, Limited, Limits},
    store::{self, PortalStatus},
};

/// How long an address may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Prints what is found; an error if something has to be mended.
pub(super) async fn run(app: App) -> Result<(), AppError> {
    let diagnosis = diagnose(app).await;
    super::print(&diagnosis.to_string())?;
    match diagnosis.wrong() {
        0 => Ok(()),
        _ => {
            Err(AppError::new(AppErrorKind::Unwell, "not all is as it should be; see the lines marked WRONG"))
        }
    }
}

/// Looks at everything that can be looked at.
pub(super) async fn diagnose(app: App) -> Diagnosis {
    let mut found = Diagnosis::default();
    found.note(Guarantee::of(&app.config).text());
    let credentials = settings(&app, &mut found);
    if let Some(url) = &app.config.public_url {
        public_address(url, &mut found).await;
    }
    let Some(credentials) = credentials else { return found };
    if let Credentials::OAuth(oauth) = &credentials {
        for origin in oauth.origins() {
            authorisation_server(&origin, &mut found).await;
        }
    }
    let Some(registry) = registry(&app, credentials, &mut found).await else { return found };
    let http = match HttpApi::new(Arc::new(KeptTokens(registry.clone())), HttpOptions::default()) {
        Ok(http) => http,
        Err(error) => {
            found.bad(format!("calls: {error}"));
            return found;
        }
    };
    let limited = Limited::new(http, Limits::standard(), app.clock.clone());
    let api: Arc<dyn Api> = Arc::new(BotTokens::new(limited, registry.clone()));
    if registry.portals().is_empty() {
        found.bad("portals: the bot is installed on none; start the server and install the application on a portal (its installation path is {OPENLINES_PUBLIC_URL}/install)");
    }
    let expected = Expected::of(&app);
    for portal in registry.portals() {
        if stands(&portal, &mut found) {
            let checkup =
                Checkup { api: api.as_ref(), registry: &registry, expected: &expected, portal: &portal };
            checkup.run(&mut found).await;
        }
    }
    found
}

/// Whether the portal can be asked, by what is known of it here.
fn stands(portal: &PortalView, found: &mut Diagnosis) -> bool {
    let name = format!("{} ({})", portal.domain, portal.key);
    match portal.status {
        PortalStatus::Active => found.good(format!("{name}: installed")),
        PortalStatus::Broken => found.bad(format!(
            "{name}: its tokens no longer work, so that nothing can be sent; open the application's page there once, or install it again"
        )),
        PortalStatus::Uninstalled => found.note(format!("{name}: the application was removed there")),
    }
    portal.status == PortalStatus::Active
}

/// Bots, addresses and keys; the credentials, if they are good.
fn settings(app: &App, found: &mut Diagnosis) -> Option<Credentials> {
    let before = found.wrong();
    if let Err(error) = checks::check_bots(&app.bots) {
        found.bad(format!("bots: {error}"));
    }
    if let Some(url) = &app.config.public_url
        && let Err(error) = checks::check_public_url(url)
    {
        found.bad(error.to_string());
    }
    if app.bots.len() > 1 {
        found.note(checks::several_bots(app.bots.len()));
    }
    let credentials = app.config.credentials();
    let usable = credentials.and_then(|credentials| app.config.vault(&credentials).map(|_| credentials));
    match usable {
        Ok(credentials) => {
            if found.wrong() == before {
                found.good("settings: complete");
            }
            Some(credentials)
        }
        Err(error) => {
            found.bad(error.to_string());
            None
        }
    }
}

/// Whether the portal would reach this very program by its public address.
async fn public_address(url: &str, found: &mut Diagnosis) {
    let address = wanted::handler_url(url);
    match asked(&address).await {
        // A GET is refused by the gate in words of its own.
        Ok(text) if text.contains("NOT_A_POST") => {
            found.good(format!("OPENLINES_PUBLIC_URL: {address} leads to a server of this kind"));
        }
        Ok(_) => found.bad(format!(
            "OPENLINES_PUBLIC_URL: something else answers at {address}; see that this address leads to OPENLINES_LISTEN of the running server"
        )),
        Err(why) => found.bad(format!(
            "OPENLINES_PUBLIC_URL: {address} does not answer ({why}); start the server, and see that this address leads to OPENLINES_LISTEN and has a certificate that is good"
        )),
    }
}

async fn authorisation_server(origin: &str, found: &mut Diagnosis) {
    match asked(origin).await {
        Ok(_) => found.good(format!("authorisation server: {origin} answers")),
        Err(why) => found.bad(format!(
            "authorisation server: {origin} does not answer ({why}), and without it tokens end within the hour; see the network, or BITRIX24_OAUTH_HOSTS"
        )),
    }
}

/// What a GET brings, or why it brings nothing: the innermost cause, which has no address in it.
async fn asked(address: &str) -> Result<String, String> {
    let ask = async {
        let client = reqwest::Client::builder().timeout(PATIENCE).build()?;
        client.get(address).send().await?.text().await
    };
    ask.await.map_err(|error: reqwest::Error| {
        let mut cause: &dyn std::error::Error = &error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        cause.to_string()
    })
}

/// The portals as the database has them, looked at beside whoever works on it.
async fn registry(app: &App, credentials: Credentials, found: &mut Diagnosis) -> Option<Registry> {
    let store = match &app.store {
        Some(store) => Ok(store.clone()),
        None => store::inspect(&app.config.database_url),
    };
    let opened = match store {
        Ok(store) => {
            found.good(format!("database: {} opens", app.config.database_url));
            app.config.vault(&credentials).map(|vault| (store, vault))
        }
        Err(error) => Err(AppError::database(&error)),
    };
    let loaded = match opened {
        // A refresh token works once, and it is the server's: nothing is renewed here.
        Ok((store, vault)) => {
            let grants = Arc::new(NoGrants);
            let loaded = Registry::load(store, app.clock.clone(), vault, grants, vec![credentials]).await;
            loaded.map_err(|error| format!("portals: {error}"))
        }
        Err(error) => Err(error.to_string()),
    };
    loaded.map_err(|why| found.bad(why)).ok()
}
