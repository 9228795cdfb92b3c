//! A page of the application, as a portal opens it in a frame (protocol 2.6).

use std::{borrow::Cow, sync::Arc};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, RawQuery},
    http::{HeaderValue, StatusCode, header},
    response::Response,
    routing::get,
};
use serde_json::{Value, json};

use super::answer;
use crate::portal::{Registry, Verification};

/// The form of a frame has a dozen short fields.
const FORM_LIMIT: usize = 64 * 1024;
const HTML: &str = "text/html; charset=utf-8";

/// Path and text of a page, and its content security policy.
pub(crate) struct Page {
    pub(crate) path: String,
    pub(crate) html: Cow<'static, str>,
    pub(crate) policy: Option<String>,
}

impl Page {
    pub(super) fn router(&self, registry: Registry) -> Router {
        let html: Arc<str> = Arc::from(self.html.as_ref());
        let bare = Arc::clone(&html);
        let policy = self.policy.as_deref().and_then(|policy| HeaderValue::from_str(policy).ok());
        let same = policy.clone();
        let opened = async move |RawQuery(query): RawQuery, body: Bytes| {
            under(policy.as_ref(), open(&registry, &html, query.as_deref().unwrap_or_default(), &body))
        };
        // Looked at outside of a portal it is the same page without a user.
        let looked_at =
            async move || under(same.as_ref(), answer(StatusCode::OK, HTML, with_visit(&bare, &Value::Null)));
        Router::new().route(&self.path, get(looked_at).post(opened)).layer(DefaultBodyLimit::max(FORM_LIMIT))
    }
}

fn under(policy: Option<&HeaderValue>, mut page: Response) -> Response {
    if let Some(policy) = policy {
        page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy.clone());
    }
    page
}

fn open(registry: &Registry, html: &str, query: &str, body: &[u8]) -> Response {
    let fields = Fields::of(&[body, query.as_bytes()]);
    let app = registry.app(fields.get("app"));
    let (member, proof) = (fields.get("member_id"), fields.get("APPLICATION_TOKEN"));
    let genuine = app.map(|app| registry.verify(&app, member, proof));
    if !matches!(genuine, Some(Verification::Verified(_))) {
        let text = "This page was not opened by a portal that the application is installed on.";
        return answer(StatusCode::FORBIDDEN, "text/plain; charset=utf-8", text.into());
    }
    let text = |name: &str| fields.get(name).unwrap_or_default().to_owned();
    let options: Value =
        fields.get("PLACEMENT_OPTIONS").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let visit = json!({
        "memberId": text("member_id"),
        "accessToken": text("AUTH_ID"),
        "domain": text("DOMAIN"),
        "language": text("LANG"),
        "placement": text("PLACEMENT"),
        "placementOptions": options,
    });
    answer(StatusCode::OK, HTML, with_visit(html, &visit))
}

/// The page with the visit as JSON in it, where `rt.js` finds it: before the first script, else at the end.
fn with_visit(html: &str, visit: &Value) -> String {
    // JSON in a page must not end its script.
    let visit = visit.to_string().replace('<', "\\u003c");
    let element = format!("<script type=\"application/json\" id=\"openlines-visit\">{visit}</script>\n");
    let at = html.find("<script").unwrap_or(html.len());
    let (before, after) = html.split_at(at);
    [before, &element, after].concat()
}

/// Fields of forms and queries; the first form that has a name counts, upper and lower case are the same.
pub(super) struct Fields(Vec<(String, String)>);

impl Fields {
    pub(super) fn of(forms: &[&[u8]]) -> Self {
        let pairs = forms.iter().flat_map(|form| form_urlencoded::parse(form));
        Self(pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.into_owned())).collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found =
            self.0.iter().find(|(known, value)| known.eq_ignore_ascii_case(name) && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_visit_stands_before_the_scripts_and_cannot_end_its_own() {
        let page = with_visit("<p>Hi</p><script>1</script>", &json!({"domain": "</script><b>"}));
        assert_eq!(
            page,
            "<p>Hi</p><script type=\"application/json\" id=\"openlines-visit\">{\"domain\":\"\\u003c/script>\\u003cb>\"}</script>\n<script>1</script>"
        );
        assert!(with_visit("<p>", &Value::Null).ends_with("null</script>\n"));
    }

    #[test]
    fn the_body_counts_before_the_query_in_any_case() {
        let fields = Fields::of(&[b"member_id=a&empty=", b"MEMBER_ID=b&EMPTY=c"]);
        assert_eq!(
            (fields.get("Member_Id"), fields.get("empty"), fields.get("no")),
            (Some("a"), Some("c"), None)
        );
    }
}
