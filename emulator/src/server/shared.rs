//! What the tasks of one emulator share: the world behind its lock, the delivery queue, and the news that it changed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc, watch};

use crate::clock::PortalClock;
use crate::delivery::Deliveries;
use crate::exchanges::Exchanges;
use crate::faults::{Faults, Queued};
use crate::fetching::Fetching;
use crate::limits::Limiter;
use crate::portal::Heard;
use crate::record::ChatMessage;
use crate::ring::Ring;
use crate::server::connection::Generation;
use crate::world::apps::{Application, IncomingWebhook};
use crate::world::connectors::{Channel, Connectors};
use crate::world::identity::{Identity, Secrets};
use crate::world::network::NetworkLine;
use crate::world::people::UserKind;
use crate::world::{CALLS_KEPT, Counters, TOLD_KEPT, World, take};

/// Rounds of events that a person's action may cause.
pub(crate) const EVENT_ROUNDS: u8 = 7;

/// Between two looks at what time has brought about.
const BETWEEN_LOOKS: Duration = Duration::from_millis(500);

/// One emulator's state.
pub(crate) struct Shared {
    world: Mutex<World>,
    pub(crate) clock: PortalClock,
    pub(crate) faults: Faults,
    pub(crate) limiter: Limiter,
    pub(crate) deliveries: Arc<Deliveries>,
    pub(crate) exchanges: Arc<Exchanges>,
    pub(crate) changed: Arc<watch::Sender<u64>>,
    pub(crate) bot_messages: broadcast::Sender<ChatMessage>,
    pub(crate) client: reqwest::Client,
    pub(crate) fetching: Fetching,
    pub(crate) names: Names,
    /// Which messages the expectations of a test have met.
    pub(crate) heard: Mutex<Heard>,
    /// Number of the listener that has the portal's present address.
    pub(crate) listener: AtomicU64,
    /// Takes the listeners of new addresses.
    pub(crate) listeners: OnceLock<mpsc::UnboundedSender<TcpListener>>,
    pub(crate) generation: Generation,
}

/// The fixed names of the portal's first inhabitants.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    pub(crate) client_id: String,
    pub(crate) webhook_code: String,
    pub(crate) admin: i64,
    pub(crate) line_id: i64,
    pub(crate) deal_id: i64,
    pub(crate) network_code: String,
    pub(crate) unjoined_network_code: String,
    pub(crate) origin: String,
    /// The authority's certificate that clients of a TLS port must trust.
    pub(crate) ca: Option<PathBuf>,
}

/// What a new portal is made of.
pub(crate) struct Seed {
    pub(crate) address: SocketAddr,
    pub(crate) tls: bool,
    pub(crate) installed: bool,
    pub(crate) scope: Vec<String>,
    pub(crate) language: String,
    pub(crate) redirect_uri: Option<String>,
    pub(crate) app: Option<(String, String)>,
    pub(crate) ca: Option<PathBuf>,
    pub(crate) secrets: Secrets,
    /// How often the same portal was started before.
    pub(crate) starts: i64,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Portal").field("origin", &self.names.origin).finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn new(seed: Seed, client: reqwest::Client) -> (Self, mpsc::UnboundedReceiver<Queued>) {
        let clock = PortalClock::default();
        let faults = Faults::default();
        let (changed, _) = watch::channel(0);
        let changed = Arc::new(changed);
        let exchanges = Arc::new(Exchanges::new(clock.clone(), Arc::clone(&changed)));
        let (deliveries, receiver) =
            Deliveries::new(faults.clone(), clock.clone(), Arc::clone(&changed), Arc::clone(&exchanges));
        let (world, names) = furnish(seed, clock.clone(), faults.clone());
        let this = Self {
            world: Mutex::new(world),
            clock,
            faults,
            limiter: Limiter::default(),
            deliveries: Arc::new(deliveries),
            exchanges,
            changed,
            bot_messages: broadcast::channel(1_024).0,
            client,
            fetching: Fetching::default(),
            names,
            heard: Mutex::default(),
            listener: AtomicU64::new(0),
            listeners: OnceLock::new(),
            generation: Generation::default(),
        };
        (this, receiver)
    }

    /// Looks at the world without changing it.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&World) -> T) -> T {
        look(&self.world.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// One hit: changes the world, queues the callbacks it raised, and tells whoever waits.
    pub(crate) fn hit<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        self.hit_with_deliveries(change).0
    }

    /// The same, with the numbers of the callbacks.
    pub(crate) fn hit_with_deliveries<T>(&self, change: impl FnOnce(&mut World) -> T) -> (T, Vec<u64>) {
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.sent_this_hit.clear();
        world.event_rounds_left = EVENT_ROUNDS;
        let rt_before = world.rt_events.seen();
        if world.is_due() {
            // What time has brought about comes first, as a hit of its own.
            world.run_due();
            for callback in std::mem::take(&mut world.callbacks) {
                self.deliveries.push(callback);
            }
            world.sent_this_hit.clear();
        }
        let result = change(&mut world);
        let fresh = std::mem::take(&mut world.fresh_bot_messages);
        for message in fresh.iter().filter_map(|id| world.messages.get(id)) {
            // Nobody need be listening.
            let _ = self.bot_messages.send(world.seen(message));
        }
        for event in world.rt_events.after(rt_before) {
            self.exchanges.told(event);
        }
        for (event, why) in std::mem::take(&mut world.fresh_unheard) {
            self.exchanges.unheard(&event, why);
        }
        // Queued under the lock, so that hits do not overtake one another.
        let callbacks = std::mem::take(&mut world.callbacks);
        let numbers = callbacks.into_iter().map(|callback| self.deliveries.push(callback)).collect();
        drop(world);
        self.changed.send_modify(|turn| *turn += 1);
        (result, numbers)
    }
}

/// Does what becomes due while nobody does anything.
pub(super) async fn keep_time(shared: Arc<Shared>) {
    let mut ticks = tokio::time::interval(BETWEEN_LOOKS);
    loop {
        ticks.tick().await;
        if shared.look(World::is_due) {
            shared.hit(|_| {});
        }
    }
}

fn furnish(seed: Seed, clock: PortalClock, faults: Faults) -> (World, Names) {
    let scheme = if seed.tls { "https" } else { "http" };
    let secrets = seed.secrets;
    let origin = format!("{scheme}://{}", seed.address);
    let identity = Identity {
        domain: seed.address.to_string(),
        origin: origin.clone(),
        oauth_domain: seed.address.to_string(),
        oauth_origin: origin.clone(),
        member_id: secrets.member_id,
        language: seed.language,
    };
    let mut next = Counters::after(seed.starts);
    let row = take(&mut next.app_row);
    let (client_id, client_secret) = seed.app.unwrap_or((secrets.client_id, secrets.client_secret));
    let app = Application {
        client_id: client_id.clone(),
        client_secret,
        name: "Bot under test".to_owned(),
        row_id: row,
        scope: seed.scope.clone(),
        version: 1,
        active: seed.installed,
        installed: seed.installed,
        payment_expired: false,
        status: "L",
        days: None,
        settings_url: None,
        install_url: None,
        page_url: None,
        redirect_uri: seed.redirect_uri,
    };
    let webhook_code = secrets.webhook_code;
    let webhooks = vec![IncomingWebhook { user_id: 1, code: webhook_code.clone(), scope: seed.scope }];
    let now = clock.unix();
    let mut world = World {
        clock,
        faults,
        identity,
        next,
        apps: BTreeMap::from([(client_id.clone(), app)]),
        webhooks,
        tokens: Default::default(),
        users: BTreeMap::new(),
        chats: BTreeMap::new(),
        messages: BTreeMap::new(),
        posted_bytes: 0,
        bot_messages: VecDeque::new(),
        lines: BTreeMap::new(),
        sessions: BTreeMap::new(),
        connectors: Connectors::standard(),
        seen: BTreeMap::new(),
        paused: BTreeSet::new(),
        kept_out: BTreeSet::new(),
        quick_answers: Vec::new(),
        confirmations: BTreeMap::new(),
        acting_token: String::new(),
        next_due: i64::MAX,
        crm: Default::default(),
        bots: BTreeMap::new(),
        commands: BTreeMap::new(),
        answer_until: HashMap::new(),
        handlers: Vec::new(),
        fetch_log: BTreeMap::new(),
        subscribed: BTreeSet::new(),
        user_logs: BTreeMap::new(),
        idempotency: Default::default(),
        network: Default::default(),
        rt_events: Ring::new(TOLD_KEPT.0, TOLD_KEPT.1),
        push: crate::push::Push::new(now),
        calls: Ring::new(CALLS_KEPT.0, CALLS_KEPT.1),
        remarks: Default::default(),
        files: Default::default(),
        fetched: HashMap::new(),
        offline: Default::default(),
        phone_notices: Ring::new(TOLD_KEPT.0, TOLD_KEPT.1),
        refusal: None,
        operating: Default::default(),
        callbacks: Vec::new(),
        fresh_bot_messages: Vec::new(),
        sent_this_hit: HashSet::new(),
        event_rounds_left: EVENT_ROUNDS,
        unheard: 0,
        fresh_unheard: Vec::new(),
        complaints: Default::default(),
        message_ids: HashMap::new(),
        undelivered: VecDeque::new(),
    };
    world.add_user_as(1, UserKind::Employee, "Alex", "Admin");
    if let Some(admin) = world.users.get_mut(&1) {
        admin.admin = true;
    }
    world.add_user_as(27, UserKind::Employee, "Ivan", "");
    world.add_general_chat(&[1, 27]);
    let line_id = world.add_line("Shop", "livechat");
    let support = world.add_line("Support", "telegrambot");
    for id in [line_id, support] {
        if let Some(line) = world.lines.get_mut(&id) {
            line.queue = vec![27];
        }
    }
    if let Some(line) = world.lines.get_mut(&line_id) {
        for code in ["telegrambot", "whatsapp", "network"] {
            line.channels.insert(code.to_owned(), Channel::default());
        }
    }
    world.seed_leads();
    let title = serde_json::Map::from_iter([("TITLE".to_owned(), "First order".into())]);
    let deal_id = world.add_entity("DEAL", title, 1);
    world.crm.await_chat(deal_id);
    let (network_code, unjoined) = (secrets.network_code, secrets.unjoined_network_code);
    for (code, name) in [(&network_code, "Partner support"), (&unjoined, "Vendor news")] {
        world.network.directory.insert(code.clone(), NetworkLine { name: name.to_owned(), bot_id: None });
    }
    world.join_network(&network_code);
    let names = Names {
        client_id,
        webhook_code,
        admin: 1,
        line_id,
        deal_id,
        network_code,
        unjoined_network_code: unjoined,
        origin,
        ca: seed.ca,
    };
    (world, names)
}
