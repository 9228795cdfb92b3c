//! `pull.application.config.get` as the page needs it (protocol 10.1 and 10.2).

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::{rest::methods::pull::PullConfig, wire::Timestamp};

/// Of the library of the vendor's pages; servers compare it.
const REVISION: u32 = 19;

/// Where a page listens.
#[derive(Debug, Serialize, PartialEq)]
pub(super) struct Channels {
    version: i64,
    /// Address of the web socket, empty where there is none.
    socket: String,
    /// Address of long polling.
    poll: String,
    /// Parameters of either.
    query: Map<String, Value>,
    /// Unix seconds when all of this is over.
    expires: i64,
}

impl Channels {
    /// Reads the portal's answer.
    pub(super) fn read(config: &PullConfig) -> Result<Self, &'static str> {
        let server = config.server();
        let or = |first: String, second: String| if first.is_empty() { second } else { first };
        let socket = or(server.websocket_secure, server.websocket);
        let poll = or(server.long_polling_secure, server.long_polling);
        let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let (answer, mut query) = (config.as_json(), Map::new());
        let channels = &answer["channels"];
        match text(&answer["jwt"]).filter(|_| server.version >= 5) {
            Some(token) => {
                query.insert("token".into(), json!(token));
                query.insert("jsonRpc".into(), json!("true"));
            }
            None => {
                let ids = ["private", "shared"].into_iter().filter_map(|kind| text(&channels[kind]["id"]));
                let ids = ids.collect::<Vec<_>>().join("/");
                if ids.is_empty() {
                    return Err("the portal's RT configuration names no channel");
                }
                query.insert("CHANNEL_ID".into(), json!(ids));
                if server.version == 4 {
                    // Instead of the binary framing of the vendor's own pages.
                    query.insert("format".into(), json!("json"));
                }
            }
        }
        if server.mode == "shared"
            && let Some(id) = text(&answer["clientId"])
        {
            query.insert("clientId".into(), json!(id));
        }
        query.insert("revision".into(), json!(REVISION.to_string()));
        let end = |kind: &str| {
            channels[kind]["end"].as_str()?.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
        };
        let expires = [config.expires(), end("private"), end("shared")].into_iter().flatten().min();
        Ok(Self {
            version: server.version,
            socket: if server.websocket_enabled { socket } else { String::new() },
            poll,
            query,
            expires: expires.unwrap_or(i64::MAX / 1000),
        })
    }

    /// Whether it is still good for a while.
    pub(super) fn is_open(&self, now: Timestamp) -> bool {
        self.expires > now.seconds() + 60
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rest::{Method, methods::pull::ConfigGet};
    use rstest::rstest;

    fn read(answer: Value) -> Result<Channels, &'static str> {
        Channels::read(&ConfigGet::read_answer(answer).unwrap())
    }

    fn config(version: i64, more: Value) -> Value {
        let mut config = json!({
            "server": {"version": version, "mode": "personal", "websocket_enabled": true,
                "websocket": "ws://p/subws/", "websocket_secure": "wss://p/subws/", "long_pooling_secure": "https://p/sub/"},
            "channels": {
                "shared": {"id": "aa.11", "end": "2026-01-01T00:00:10+00:00"},
                "private": {"id": "bb.22", "end": "2026-01-01T03:00:05+03:00"},
            },
            "clientId": "c1", "exp": 1_800_000_000,
        });
        for (key, value) in more.as_object().unwrap() {
            config[key] = value.clone();
        }
        config
    }

    #[rstest]
    #[case(3, json!({}), json!({"CHANNEL_ID": "bb.22/aa.11", "revision": "19"}))]
    #[case(4, json!({}), json!({"CHANNEL_ID": "bb.22/aa.11", "format": "json", "revision": "19"}))]
    #[case(5, json!({"jwt": "t"}), json!({"token": "t", "jsonRpc": "true", "revision": "19"}))]
    fn a_page_is_told_what_its_version_of_the_server_asks_for(
        #[case] version: i64,
        #[case] more: Value,
        #[case] query: Value,
    ) {
        let channels = read(config(version, more)).unwrap();
        assert_eq!(Value::Object(channels.query.clone()), query);
        assert_eq!((channels.socket.as_str(), channels.poll.as_str()), ("wss://p/subws/", "https://p/sub/"));
        assert_eq!(channels.expires, 1_767_225_605, "the first of all ends");
    }

    #[test]
    fn a_shared_server_is_told_the_client_id() {
        let mut answer = config(3, json!({}));
        answer["server"]["mode"] = json!("shared");
        assert_eq!(read(answer).unwrap().query["clientId"], "c1");
    }

    #[rstest]
    #[case(json!([]))]
    #[case(json!({"server": {}}))]
    #[case(json!({"server": {"version": 3}, "channels": []}))]
    fn an_answer_without_channels_is_an_error(#[case] answer: Value) {
        assert!(read(answer).is_err());
    }
}
