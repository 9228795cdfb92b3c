//! The install page: what an administrator sees in the portal's frame.

use super::Refusal;

/// Where the portals' frame library lives; scheme-relative, as the portals themselves include it.
const FRAME_LIBRARY: &str = "//api.bitrix24.com/api/v1/";

/// The page after the installation is kept. It calls `installFinish`, without which a portal sends no events.
pub(super) fn finished() -> String {
    page(
        "The application is being installed",
        "<p>Nothing more is needed from you. In the next seconds the installation is confirmed with the portal's \
         authorisation server, then the bots are registered and begin to answer.</p>\
         <p>If the bots do not appear within a few minutes, the log of the bot's server says why.</p>",
        &format!(
            "<script src=\"{FRAME_LIBRARY}\"></script>\
             <script>BX24.init(function () {{ BX24.installFinish(); }});</script>"
        ),
    )
}

/// The page of an installation that was not taken in.
pub(super) fn refused(refusal: &Refusal) -> String {
    page(
        "The application could not be installed",
        &format!("<p>{}</p><p><code>{}</code></p>", escaped(&refusal.to_string()), refusal.code()),
        "",
    )
}

fn page(title: &str, text: &str, end: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title}</title>\
         <style>body{{font:16px/1.5 sans-serif;max-width:40em;margin:3em auto;padding:0 1em}}</style></head>\
         <body><h1>{title}</h1>{text}{end}</body></html>"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::RefusalKind;

    #[test]
    fn only_an_installation_that_is_kept_is_finished() {
        assert!(finished().contains("BX24.installFinish()"));
        let refused = refused(&Refusal::new(RefusalKind::BadInstallation).detail("<script>"));
        assert!(!refused.contains("installFinish") && !refused.contains("<script>"));
    }
}
