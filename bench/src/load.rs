//! The portal's other side: posts events over kept connections, those of a dialog one after the other.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use tokio::{net::TcpStream, sync::mpsc, task::JoinSet};

use crate::{
    Failed,
    event::{Mark, Template},
    http::Connection,
    tally::Tally,
};

/// Longest wait for the answers that are still missing when all is sent.
const PATIENCE: Duration = Duration::from_secs(20);
/// Connections that post at once, as a portal's queue workers do.
const CONNECTIONS: usize = 64;

/// A stream of events over many dialogs; further runs go on where the last one ended.
#[derive(Debug)]
pub(crate) struct Load {
    /// Number of the next message of each dialog.
    next: Vec<u32>,
    /// Events accepted so far.
    accepted: u64,
    tally: Arc<Tally>,
    messages: Arc<AtomicU64>,
}

impl Load {
    /// Events of so many dialogs, of which `window` may wait for their answers.
    pub(crate) fn new(dialogs: usize, window: usize, tally: Arc<Tally>) -> Self {
        let load = Self { next: vec![0; dialogs], accepted: 0, tally, messages: Arc::new(AtomicU64::new(1)) };
        load.tally.window.add_permits(window);
        load
    }

    /// The same, where each dialog has had so many messages already.
    pub(crate) fn going_on(dialogs: usize, each: u32, window: usize, tally: Arc<Tally>) -> Self {
        let messages = dialogs as u64 * u64::from(each) + 1;
        let load = Self::new(dialogs, window, tally);
        load.messages.store(messages, Ordering::Relaxed);
        Self { next: vec![each; dialogs], ..load }
    }

    /// Events accepted so far.
    pub(crate) fn accepted(&self) -> u64 {
        self.accepted
    }

    /// Posts `events` to `address` as fast as they are taken and, up to the window, answered; returns once all are
    /// answered, or when nothing comes any more.
    pub(crate) async fn run(&mut self, address: SocketAddr, events: usize) -> Result<(), Failed> {
        let connections = CONNECTIONS.min(self.next.len()).min(events).max(1);
        let mut posting = JoinSet::new();
        for place in 0..connections {
            // Each connection has dialogs of its own, so that none is posted by two.
            let dialogs: Vec<(u32, u32)> = (place..self.next.len())
                .step_by(connections)
                .map(|dialog| Ok((u32::try_from(dialog)?, self.next[dialog])))
                .collect::<Result<_, std::num::TryFromIntError>>()?;
            let share = events / connections + usize::from(place < events % connections);
            let poster = Poster {
                address,
                template: Template::v2(),
                connection: Connection::new(TcpStream::connect(address).await?)?,
                messages: Arc::clone(&self.messages),
                tally: Arc::clone(&self.tally),
            };
            posting.spawn(poster.post(dialogs, share, place as u64));
        }
        while let Some(posted) = posting.join_next().await {
            for (dialog, next) in posted?? {
                self.next[dialog as usize] = next;
            }
        }
        self.accepted += events as u64;
        self.answers().await;
        Ok(())
    }

    /// Waits for the answers to `events` that were accepted before.
    pub(crate) async fn expect(&mut self, events: u64) {
        self.accepted += events;
        self.answers().await;
    }

    /// Waits for the answers that are missing, as long as some come.
    async fn answers(&self) {
        loop {
            let before = self.tally.answered();
            if tokio::time::timeout(PATIENCE, self.tally.wait_for(self.accepted)).await.is_ok()
                || self.tally.answered() == before
            {
                return;
            }
        }
    }

    /// Posts one event every `every`, for as long as it takes for `events`, and tells how long each waited for its 200.
    /// A free connection takes each, so that a late answer delays no other.
    pub(crate) async fn paced(
        &mut self,
        address: SocketAddr,
        path: &'static str,
        events: usize,
        every: Duration,
        answered: bool,
    ) -> Result<Vec<Duration>, Failed> {
        let (idle, mut free) = mpsc::unbounded_channel();
        let mut posting: JoinSet<Result<Duration, Failed>> = JoinSet::new();
        let mut latencies = Vec::with_capacity(events);
        let template = Template::v2();
        let begun = Instant::now();
        for place in 0..events {
            let due = begun + every * u32::try_from(place)?;
            tokio::time::sleep_until(due.into()).await;
            let mut connection: Connection = match free.try_recv() {
                Ok(connection) => connection,
                Err(_) => Connection::new(TcpStream::connect(address).await?)?,
            };
            let dialog = place % self.next.len();
            let mark = Mark { dialog: u32::try_from(dialog)?, number: self.next[dialog] };
            self.next[dialog] += 1;
            let message = self.messages.fetch_add(1, Ordering::Relaxed);
            let request = request(path, address, &template.body(mark, message, now(), ""));
            let idle = idle.clone();
            posting.spawn(async move {
                let sent = Instant::now();
                connection.write(&request).await?;
                expect_ok(&mut connection).await?;
                let took = sent.elapsed();
                let _ = idle.send(connection);
                Ok(took)
            });
            while let Some(done) = posting.try_join_next() {
                latencies.push(done??);
            }
        }
        while let Some(done) = posting.join_next().await {
            latencies.push(done??);
        }
        if answered {
            self.accepted += events as u64;
            self.answers().await;
        }
        Ok(latencies)
    }
}

struct Poster {
    address: SocketAddr,
    template: Template,
    connection: Connection,
    messages: Arc<AtomicU64>,
    tally: Arc<Tally>,
}

impl Poster {
    async fn post(
        mut self,
        mut dialogs: Vec<(u32, u32)>,
        events: usize,
        seed: u64,
    ) -> Result<Vec<(u32, u32)>, Failed> {
        // As scattered as clients are, and the same in every run.
        let mut chance = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
        let every_one = events >= dialogs.len() && events.is_multiple_of(dialogs.len());
        for place in 0..events {
            chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let drawn = if every_one { place } else { (chance >> 33) as usize };
            let choice = drawn % dialogs.len();
            let (dialog, number) = dialogs[choice];
            self.tally.window.acquire().await?.forget();
            let message = self.messages.fetch_add(1, Ordering::Relaxed);
            let body = self.template.body(Mark { dialog, number }, message, now(), "");
            self.connection.write(&request("/events", self.address, &body)).await?;
            expect_ok(&mut self.connection).await?;
            dialogs[choice].1 += 1;
        }
        Ok(dialogs)
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

/// A POST of a form.
pub(crate) fn request(path: &str, host: SocketAddr, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Reads an answer, which is to be a 200.
pub(crate) async fn expect_ok(connection: &mut Connection) -> Result<(), Failed> {
    let Some(answer) = connection.read().await? else {
        return Err("the bot closed the connection before it answered".into());
    };
    if answer.first_line().split(' ').nth(1) == Some("200") {
        return Ok(());
    }
    Err(format!("the bot answered {}: {}", answer.first_line(), String::from_utf8_lossy(answer.body)).into())
}
