//! What is measured: a bot of the framework as it is deployed, and a bot of raw axum and reqwest that keeps no promise.

use std::{net::SocketAddr, sync::Arc};

use axum::{
    Form, Router,
    extract::State,
    http::StatusCode,
    routing::{get, post},
};
use clap::Subcommand;
use openlines::{dispatch::Policy, prelude::*, rest::Limits};
use serde_json::json;
use tokio::{net::TcpListener, sync::Barrier};

use crate::{Failed, event::BOT};

/// A measured process.
#[derive(Debug, Subcommand)]
pub(crate) enum Role {
    /// The framework's echo bot; its settings come by the environment, as those of every bot.
    Bot {
        /// Calls that may be made at once.
        #[arg(long)]
        burst: u32,
        /// Calls a second.
        #[arg(long)]
        rate: u32,
        /// Handlers wait until so many of them wait, then all answer at once.
        #[arg(long, default_value_t = 1)]
        together: usize,
    },
    /// The same echo without the framework: no check, no store, no order, no second try.
    Baseline {
        /// Address to listen on.
        #[arg(long)]
        listen: SocketAddr,
        /// The portal's REST root, without a slash at its end.
        #[arg(long)]
        portal: String,
    },
}

/// Runs until the process is told to stop.
pub(crate) fn run(role: Role) -> Result<(), Failed> {
    // What `#[tokio::main]` makes, for both.
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match role {
        Role::Bot { burst, rate, together } => runtime.block_on(bot(Limits::new(burst, rate), together)),
        Role::Baseline { listen, portal } => runtime.block_on(baseline(listen, portal)),
    }
}

async fn bot(limits: Limits, together: usize) -> Result<(), Failed> {
    let barrier = Arc::new(Barrier::new(together.max(1)));
    let echo = move |cx: Context, message: Message| {
        let barrier = Arc::clone(&barrier);
        async move {
            barrier.wait().await;
            cx.reply(format!("You said: {}", literal(&message.text)));
        }
    };
    let mut policy = Policy::default();
    // One portal has at most half of the turns.
    policy.turns_at_once = policy.turns_at_once.max(2 * together);
    let app = App::from_args(["bench"])?.limits(limits).policy(policy);
    app.bot(BotProfile::openline("bench").name("Bench"), echo).run().await?;
    Ok(())
}

#[derive(Clone)]
struct Baseline {
    client: reqwest::Client,
    send: Arc<str>,
}

async fn baseline(listen: SocketAddr, portal: String) -> Result<(), Failed> {
    let client = reqwest::Client::builder().no_proxy().build()?;
    let send = format!("{portal}/imbot.v2.Chat.Message.send").into();
    let routes = Router::new()
        .route("/events", post(echo))
        .route("/bare", post(async |_body: axum::body::Bytes| StatusCode::OK))
        .route("/readyz", get(async || "ready\n"))
        .with_state(Baseline { client, send });
    axum::serve(TcpListener::bind(listen).await?, routes).await?;
    Ok(())
}

async fn echo(State(bot): State<Baseline>, Form(pairs): Form<Vec<(String, String)>>) -> StatusCode {
    let find = |name: &str| pairs.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value);
    let reply = json!({
        "botId": BOT,
        "dialogId": find("data[chat][dialogId]"),
        "fields": {"message": format!("You said: {}", find("data[message][text]"))},
    });
    let request = bot.client.post(&*bot.send).bearer_auth(find("auth[access_token]")).json(&reply);
    let answered = async { request.send().await?.error_for_status()?.bytes().await };
    match answered.await {
        Ok(_) => StatusCode::OK,
        Err(_) => StatusCode::BAD_GATEWAY,
    }
}
