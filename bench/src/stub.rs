//! A portal and its authorisation server, as fast as they can be: every call is answered at once and counted.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use serde_json::{Map, Value, json};
use tokio::{net::TcpListener, sync::watch};

use crate::{
    Failed,
    event::{BOT, MEMBER, Mark},
    http::Connection,
    tally::Tally,
};

/// A bot that has made no call for so long is set up.
const QUIET: Duration = Duration::from_millis(300);
/// No bot takes so long.
const SET_UP_LIMIT: Duration = Duration::from_secs(30);

/// The running stub; it lives as long as the program.
#[derive(Debug, Clone)]
pub(crate) struct Stub {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    counters: Arc<Counters>,
    tally: watch::Sender<Arc<Tally>>,
}

#[derive(Debug, Default)]
struct Counters {
    registered: AtomicU64,
    requests: AtomicU64,
    batches: AtomicU64,
    next_message: AtomicU64,
}

impl Stub {
    /// Starts to listen on a free port.
    pub(crate) async fn start() -> Result<Self, Failed> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let stub = Self {
            address: listener.local_addr()?,
            counters: Arc::default(),
            tally: watch::Sender::new(Arc::new(Tally::new())),
        };
        let serving = stub.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let stub = serving.clone();
                tokio::spawn(async move {
                    if let Ok(connection) = Connection::new(stream) {
                        // A bot that ends breaks its connections.
                        let _ = stub.serve(connection).await;
                    }
                });
            }
        });
        Ok(stub)
    }

    /// Answers from now on are those to the events of this tally.
    pub(crate) fn count_in(&self, tally: &Arc<Tally>) {
        self.tally.send_replace(Arc::clone(tally));
    }

    /// How many `batch` calls came.
    pub(crate) fn batches(&self) -> u64 {
        self.counters.batches.load(Ordering::Relaxed)
    }

    /// How many HTTP requests came.
    pub(crate) fn requests(&self) -> u64 {
        self.counters.requests.load(Ordering::Relaxed)
    }

    /// How often a bot was registered.
    pub(crate) fn registered(&self) -> u64 {
        self.counters.registered.load(Ordering::Relaxed)
    }

    /// Returns once a bot was registered more than `before` times and has made no call for a while.
    pub(crate) async fn set_up(&self, before: u64) -> Result<(), Failed> {
        let begun = Instant::now();
        let mut last = (self.requests(), Instant::now());
        loop {
            tokio::time::sleep(Duration::from_millis(5)).await;
            let requests = self.requests();
            if requests != last.0 {
                last = (requests, Instant::now());
            }
            if self.registered() > before && last.1.elapsed() >= QUIET {
                return Ok(());
            }
            if begun.elapsed() > SET_UP_LIMIT {
                return Err("the bot has not registered itself at the portal; its log says why".into());
            }
        }
    }

    async fn serve(&self, mut connection: Connection) -> std::io::Result<()> {
        let mut tally = self.tally.subscribe();
        let mut out = Vec::with_capacity(1_024);
        while let Some(request) = connection.read().await? {
            self.counters.requests.fetch_add(1, Ordering::Relaxed);
            let path = request.first_line().split(' ').nth(1).unwrap_or_default();
            let method = path.split('?').next().unwrap_or_default().rsplit('/').find(|part| !part.is_empty());
            let method = method.unwrap_or_default();
            let counted = Arc::clone(&tally.borrow_and_update());
            let answer = self.answer(method, request.body, &counted);
            out.clear();
            out.extend_from_slice(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ",
            );
            out.extend_from_slice(answer.len().to_string().as_bytes());
            out.extend_from_slice(b"\r\n\r\n");
            out.extend_from_slice(answer.as_bytes());
            connection.write(&out).await?;
        }
        Ok(())
    }

    fn answer(&self, method: &str, body: &[u8], tally: &Tally) -> String {
        if method == "token" {
            return self.grant().to_string();
        }
        // The common one without a tree of values.
        if method.eq_ignore_ascii_case("imbot.v2.Chat.Message.send") {
            Mark::all(body).into_iter().for_each(|mark| tally.answer(mark));
            let id = self.counters.next_message.fetch_add(1, Ordering::Relaxed);
            return format!(r#"{{"result":{{"id":{id},"uuidMap":[]}},"time":{TIME}}}"#);
        }
        let result = if method.eq_ignore_ascii_case("batch") {
            self.counters.batches.fetch_add(1, Ordering::Relaxed);
            self.batch(body, tally)
        } else {
            let params: Value = serde_json::from_slice(body).unwrap_or_default();
            let chat = params.get("CHAT_ID").and_then(|id| id.as_i64().or_else(|| id.as_str()?.parse().ok()));
            self.result(method, chat)
        };
        format!(r#"{{"result":{result},"time":{TIME}}}"#)
    }

    fn batch(&self, body: &[u8], tally: &Tally) -> Value {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let mut results = Map::new();
        for (key, command) in body.get("cmd").and_then(Value::as_object).into_iter().flatten() {
            let command = command.as_str().unwrap_or_default();
            let (method, query) = command.split_once('?').unwrap_or((command, ""));
            Mark::all(query.as_bytes()).into_iter().for_each(|mark| tally.answer(mark));
            let chat = form_urlencoded::parse(query.as_bytes())
                .find(|(name, _)| name.eq_ignore_ascii_case("CHAT_ID"))
                .and_then(|(_, value)| value.parse().ok());
            results.insert(key.clone(), self.result(method, chat));
        }
        json!({"result": results, "result_error": [], "result_total": [], "result_next": [], "result_time": []})
    }

    fn result(&self, method: &str, chat: Option<i64>) -> Value {
        match method.to_ascii_lowercase().as_str() {
            "imbot.v2.chat.message.send" => {
                json!({"id": self.counters.next_message.fetch_add(1, Ordering::Relaxed), "uuidMap": []})
            }
            "imbot.v2.bot.register" | "imbot.v2.bot.update" => {
                self.counters.registered.fetch_add(1, Ordering::Relaxed);
                json!({"bot": {
                    "id": BOT, "code": "bench", "type": "openline", "eventMode": "webhook",
                    "isSupportOpenline": true,
                }})
            }
            "imopenlines.dialog.get" => {
                json!({
                    "id": chat.unwrap_or_default(), "owner": BOT, "type": "lines", "message_type": "L",
                    "entity_type": "LINES", "entity_data_1": "Y|DEAL|88|N|N|512|1773690000|0|0|0",
                })
            }
            "profile" => json!({"ID": "1", "ADMIN": true, "NAME": "Admin"}),
            _ => json!(true),
        }
    }

    fn grant(&self) -> Value {
        json!({
            "access_token": "e1a9026a0071b000084400000000b001", "refresh_token": "f2ba756a0071b000084400000000b002",
            "expires_in": 3600, "scope": "imbot,imopenlines,pull", "domain": self.address.to_string(),
            "server_endpoint": format!("http://{}/rest/", self.address), "status": "L",
            "client_endpoint": format!("http://{}/rest/", self.address), "member_id": MEMBER, "user_id": 1,
        })
    }
}

const TIME: &str = r#"{"start":1773740787,"finish":1773740787.828814,"duration":0.000814,"processing":0,"date_start":"2026-03-17T12:46:27+03:00","date_finish":"2026-03-17T12:46:27+03:00","operating_reset_at":1773741387,"operating":0}"#;
