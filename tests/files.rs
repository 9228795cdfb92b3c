//! Files go into a chat and come out of it as they were, within limits, and to no stranger.
#![allow(clippy::unwrap_used, clippy::panic)]

mod stage;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Response, StatusCode},
    routing::get,
};
use bytes::Bytes;
use openlines::{
    prelude::*,
    rest::{
        Access, Api, Authorization, Call, CallError, DownloadErrorKind, Downloads, HttpOptions, TokenError,
        TokenSource, methods::imbot_v2::UploadedFile,
    },
    wire::{BotId, FileRef, PortalKey},
};
use serde_json::{Value, json};
use stage::stage;

/// Larger than a piece, and no multiple of three.
fn content() -> Bytes {
    (0..300_001_u32).map(|at| (at % 251) as u8).collect::<Vec<u8>>().into()
}

/// Plays one turn with `act` and gives back what the bot said.
async fn one_turn<F, Fut>(act: F) -> (stage::Stage, Vec<String>)
where
    F: Fn(Context) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<String, HandlerError>> + Send + 'static,
{
    let stage = stage(|app| {
        app.bot(BotProfile::openline("clerk"), move |cx: Context, _message: Message| {
            let act = act.clone();
            async move {
                // What a test cannot see in the answer it sees in the error.
                let said = act(cx).await.unwrap_or_else(|error| format!("{error:#}"));
                Ok::<_, HandlerError>(format!("said: {said}"))
            }
        })
    })
    .await;
    stage.portal.client("Ann").says("go").await;
    stage.quiet().await;
    let said = stage.said();
    (stage, said)
}

#[tokio::test]
async fn a_file_comes_back_as_it_went_in() {
    let (stage, said) = one_turn(|cx| async move {
        let sent =
            cx.upload(&Upload::bytes("a/отчёт 1.csv", content()).message("Your [b]report[/b]")).await?;
        let file = cx.download(&sent.file.clone().into(), &DownloadLimits::new()).await?;
        assert_eq!((file.name(), file.size()), ("отчёт 1.csv", Some(300_001)));
        Ok(format!("{} {}", sent.message_id, file.bytes().await? == content()))
    })
    .await;
    let id = said[1].strip_prefix("said: ").unwrap().strip_suffix(" true").unwrap();
    let messages = stage.portal.bot_messages();
    assert_eq!((messages[0].id.to_string().as_str(), messages[0].text.as_str()), (id, "Your [b]report[/b]"));
}

#[tokio::test]
async fn a_file_of_the_disk_and_a_reader_arrive_and_are_saved() {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (folder.path().join("price.pdf"), folder.path().join("copy.pdf"));
    std::fs::write(&from, content()).unwrap();
    let target = to.clone();
    let (_stage, said) = one_turn(move |cx| {
        let (from, to) = (from.clone(), target.clone());
        async move {
            let disk = cx.upload(&Upload::file(&from).await?).await?;
            let reader = tokio::fs::File::open(&from).await?;
            let again = cx.upload(&Upload::reader("again.pdf", 300_001, reader)).await?;
            // Only the id is known of a file in an event of the second generation.
            let mut only_id = FileRef::default();
            only_id.id = again.file.id;
            let file = cx.download(&only_id, &DownloadLimits::new()).await?;
            let name = file.name().to_owned();
            let saved = file.save(&to).await?;
            Ok(format!("{} {} {name} {saved}", disk.file.name, disk.file.size))
        }
    })
    .await;
    assert_eq!(said.last().unwrap(), "said: price.pdf 300001 again.pdf 300001");
    assert_eq!(std::fs::read(&to).unwrap(), content());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "no part is left");
}

#[tokio::test]
async fn a_file_that_is_not_wanted_is_not_asked_for() {
    let (stage, said) = one_turn(|cx| async move {
        let sent: UploadedFile = cx.upload(&Upload::bytes("virus.exe", "MZ not a picture")).await?;
        let file: FileRef = sent.file.into();
        let pictures = DownloadLimits::new().types(["png"]);
        let typed = cx.download(&file, &pictures).await.map(drop).unwrap_err();
        let small = cx.download(&file, &DownloadLimits::new().max_bytes(10)).await.map(drop).unwrap_err();
        Ok(format!("{typed} | {small}"))
    })
    .await;
    let said = said.last().unwrap();
    assert!(
        said.contains("none of the types wanted (png)") && said.contains("6 over the limit of 10"),
        "{said}"
    );
    let calls = stage.portal.calls();
    assert!(
        !calls.iter().any(|call| call.method.eq_ignore_ascii_case("imbot.v2.File.download")),
        "{calls:?}"
    );
}

#[tokio::test]
async fn a_name_that_lies_about_the_content_is_found_out() {
    let (_stage, said) = one_turn(|cx| async move {
        let sent = cx.upload(&Upload::bytes("cat.png", "MZ not a picture")).await?;
        let png = DownloadLimits::new().types(["png"]);
        cx.download(&sent.file.into(), &png).await.map(|_| "taken".to_owned())
    })
    .await;
    assert!(said.last().unwrap().contains("not what its name says"), "{said:?}");
}

#[tokio::test]
async fn a_file_over_the_limit_is_refused_before_a_byte_is_sent() {
    let (stage, said) = one_turn(|cx| async move {
        cx.upload(&Upload::reader("a.bin", openlines::rest::FILE_LIMIT + 5, tokio::io::empty())).await?;
        Ok("sent".to_owned())
    })
    .await;
    assert!(said.last().unwrap().contains("5 over the limit"), "{said:?}");
    let calls = stage.portal.calls();
    assert!(!calls.iter().any(|call| call.method.eq_ignore_ascii_case("imbot.v2.File.upload")), "{calls:?}");
}

#[tokio::test]
async fn a_reader_that_ends_early_sends_no_file() {
    let (stage, said) = one_turn(|cx| async move {
        cx.upload(&Upload::reader("a.bin", 200_000, &b"short"[..])).await?;
        Ok("sent".to_owned())
    })
    .await;
    assert!(said.last().unwrap().contains("shorter than it was"), "{said:?}");
    assert_eq!(stage.portal.bot_messages().len(), 1, "only what the bot said of it");
}

/// A portal whose REST is this struct and whose files are on a server.
struct Fake {
    endpoint: String,
    url: String,
}

#[async_trait]
impl Api for Fake {
    async fn call(&self, _: Call) -> Result<Value, CallError> {
        Ok(json!({ "downloadUrl": self.url }))
    }
}

#[async_trait]
impl TokenSource for Fake {
    async fn access(&self, _: &PortalKey) -> Result<Access, TokenError> {
        Ok(Access {
            endpoint: self.endpoint.clone().into(),
            authorization: Authorization::Bearer("s3cret-token".to_owned().into()),
            generation: 0,
        })
    }

    async fn renew(&self, portal: &PortalKey, _: u64) -> Result<Access, TokenError> {
        self.access(portal).await
    }
}

/// A server of files; counts what it is asked for and fails on a token.
async fn server() -> (SocketAddr, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let counts = asked.clone();
    let endless = move |headers: HeaderMap| {
        assert!(headers.get("authorization").is_none(), "a token was sent");
        counts.fetch_add(1, Ordering::SeqCst);
        async {
            let piece = || Ok::<_, std::io::Error>(Bytes::from(vec![7; 1000]));
            let pieces = futures_util::stream::repeat_with(piece);
            Response::builder()
                .header("content-disposition", "attachment; filename=big.bin")
                .body(Body::from_stream(pieces))
                .unwrap()
        }
    };
    let away = || async {
        // Where a cloud keeps the keys of its machines.
        (StatusCode::FOUND, [("location", "http://169.254.169.254/latest/meta-data")])
    };
    let router = Router::new().route("/rest/endless", get(endless)).route("/rest/away", get(away));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, asked)
}

async fn download(
    endpoint: String,
    url: String,
    limits: &DownloadLimits,
) -> Result<Bytes, openlines::rest::DownloadError> {
    let fake = || Arc::new(Fake { endpoint: endpoint.clone(), url: url.clone() });
    let downloads = Downloads::new(fake(), fake(), HttpOptions::default()).unwrap();
    let mut file = FileRef::default();
    file.id = 5;
    downloads.open(&PortalKey::new("app", "m"), BotId::new(39), &file, limits).await?.bytes().await
}

#[tokio::test]
async fn a_file_without_end_is_cut_off_at_the_limit() {
    let (address, asked) = server().await;
    let home = format!("http://{address}/rest/");
    let limits = DownloadLimits::new().max_bytes(50_000);
    let error = download(home.clone(), format!("{home}endless?token=s1gnature"), &limits).await.unwrap_err();
    assert_eq!((error.kind(), error.file()), (DownloadErrorKind::TooLarge, 5));
    assert!(!format!("{error:?} {error}").contains("s1gnature"), "{error:?}");
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn an_address_on_another_host_is_not_asked() {
    let (stranger, asked) = server().await;
    let (home, _) = server().await;
    let home = format!("http://{home}/rest/");
    for url in [
        format!("http://{stranger}/rest/endless?token=t"),
        "https://evil.example/x?token=t".to_owned(),
        "file:///etc/passwd".to_owned(),
    ] {
        let error = download(home.clone(), url, &DownloadLimits::new()).await.unwrap_err();
        assert_eq!(error.kind(), DownloadErrorKind::Elsewhere, "{error}");
    }
    let error = download(home.clone(), format!("{home}away"), &DownloadLimits::new()).await.unwrap_err();
    assert_eq!(error.kind(), DownloadErrorKind::Elsewhere, "{error}");
    let error = download(home.clone(), format!("{home}missing"), &DownloadLimits::new()).await.unwrap_err();
    assert_eq!(error.kind(), DownloadErrorKind::Refused, "{error}");
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}
