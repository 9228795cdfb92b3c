//! The routes of a router and all nested in it as one list, and the index that finds the first that fits.

use std::{collections::HashMap, fmt, sync::Arc};

use regex::{RegexSet, RegexSetBuilder};

use super::{
    Entry, Router,
    args::BadArgs,
    endpoint::{self, Endpoint, Handler},
    event::Kind,
    filter::Filter,
    layer::Layer,
    menu::{Ambiguous, AnyMenu, Reading},
    polite,
    text::{Pattern, folded},
};
use crate::{
    dispatch::{
        Context, Handle, TurnPolicy,
        form::{Claim, Definition},
    },
    message::{ButtonPayload, MenuPress},
    wire::{Command, CommandContext, Event, Incoming},
};

/// Bytes that all patterns together may take; beyond that they are tried one by one.
const PATTERNS_SIZE: usize = 64 << 20;

/// What the way to the rest is called.
const REST: &str = "rest";

/// What makes an event one for a route, filters aside.
#[derive(Clone)]
pub(super) enum Trigger {
    Command(String),
    Button {
        command: String,
        read: fn(&Command) -> Pressed,
    },
    Texts(Vec<String>),
    Pattern(Pattern),
    Menu(Arc<dyn AnyMenu>),
    /// Takes what it wants while it is open, before all routes.
    Form(Arc<Definition>),
    Files,
    Event(Kind),
    Any,
}

/// What a press is to a button's route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Pressed {
    Mine,
    NotMine,
    Stale,
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Command(name) => write!(f, "command `{name}`"),
            Self::Button { command, .. } => write!(f, "button `{command}`"),
            Self::Texts(texts) => write!(f, "text `{}`", texts.join("`, `")),
            Self::Pattern(pattern) => write!(f, "pattern `{}`", pattern.as_str()),
            Self::Menu(menu) => write!(f, "menu `{}`", menu.title()),
            Self::Form(form) => write!(f, "form `{}`", form.name()),
            Self::Files => f.write_str("files"),
            Self::Event(kind) => write!(f, "{kind:?}"),
            Self::Any => f.write_str("any event"),
        }
    }
}

/// What the routes of one router share.
pub(super) struct Scope {
    pub(super) filters: Vec<Filter>,
    pub(super) layers: Vec<Arc<dyn Layer>>,
    pub(super) policy: Option<TurnPolicy>,
    pub(super) bad_args: Handler<BadArgs>,
    pub(super) stale: Endpoint,
    pub(super) ambiguous: Handler<Ambiguous>,
    pub(super) rest: Option<Arc<dyn Handle>>,
}

/// One route.
pub(super) struct Route {
    pub(super) trigger: Trigger,
    pub(super) endpoint: Endpoint,
    pub(super) scope: Arc<Scope>,
    pub(super) what: String,
}

/// Where an event goes.
pub(super) enum Pick<'t> {
    Route(&'t Route),
    /// A press that no route can read any more.
    Stale(&'t Scope),
    Nothing,
}

/// All routes, in the order in which they are tried.
pub(super) struct Table {
    pub(super) routes: Vec<Route>,
    pub(super) root: Arc<Scope>,
    /// Places by command, by folded text and by kind of event, each ascending.
    commands: HashMap<String, Vec<usize>>,
    texts: HashMap<String, Vec<usize>>,
    patterns: Patterns,
    menus: Vec<usize>,
    forms: Vec<usize>,
    kinds: [Vec<usize>; Kind::COUNT],
    /// Whether any route, or the rest, may want another policy than the default.
    says_policy: bool,
}

#[derive(Default)]
struct Patterns {
    set: Option<RegexSet>,
    routes: Vec<usize>,
}

/// A route by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    At(usize),
    Stale(usize),
}

impl Place {
    fn number(self) -> usize {
        match self {
            Self::At(place) | Self::Stale(place) => place,
        }
    }
}

impl Table {
    pub(super) fn of(router: &Router) -> Self {
        let nowhere = Scope {
            filters: Vec::new(),
            layers: Vec::new(),
            policy: None,
            bad_args: endpoint::handler(polite::bad_args),
            stale: endpoint::on_event(endpoint::handler(polite::stale)),
            ambiguous: endpoint::handler(polite::ambiguous),
            rest: None,
        };
        let root = Arc::new(nowhere.inner(router, None));
        let mut table = Self {
            routes: Vec::new(),
            root: root.clone(),
            commands: HashMap::new(),
            texts: HashMap::new(),
            patterns: Patterns::default(),
            menus: Vec::new(),
            forms: Vec::new(),
            kinds: Default::default(),
            says_policy: false,
        };
        table.take_in(router, &root);
        table.patterns.build(&table.routes);
        let says = |route: &Route| route.scope.policy.is_some() || route.what == REST;
        table.says_policy = table.routes.iter().any(says);
        table
    }

    fn take_in(&mut self, router: &Router, scope: &Arc<Scope>) {
        for entry in &router.entries {
            match entry {
                Entry::Route(trigger, endpoint) => self.add(trigger.clone(), endpoint.clone(), scope, None),
                Entry::Nested(filter, nested) => {
                    self.take_in(nested, &Arc::new(scope.inner(nested, filter.as_ref())));
                }
            }
        }
        if let Some(fallback) = &router.fallback {
            self.add(Trigger::Event(Kind::Message), fallback.clone(), scope, Some("fallback"));
        }
        if let Some(rest) = &router.rest {
            self.add(Trigger::Any, endpoint::on_all(rest.clone()), scope, Some(REST));
        }
    }

    fn add(&mut self, trigger: Trigger, endpoint: Endpoint, scope: &Arc<Scope>, what: Option<&str>) {
        let place = self.routes.len();
        match &trigger {
            Trigger::Command(name) | Trigger::Button { command: name, .. } => {
                self.commands.entry(name.clone()).or_default().push(place);
            }
            Trigger::Texts(texts) => {
                for text in texts {
                    let places = self.texts.entry(text.clone()).or_default();
                    if places.last() != Some(&place) {
                        places.push(place);
                    }
                }
            }
            Trigger::Pattern(_) => self.patterns.routes.push(place),
            Trigger::Menu(_) => {
                self.menus.push(place);
                self.commands.entry(MenuPress::COMMAND.to_owned()).or_default().push(place);
            }
            Trigger::Form(_) => {
                self.forms.push(place);
                self.commands.entry(MenuPress::COMMAND.to_owned()).or_default().push(place);
            }
            Trigger::Files => self.kinds[Kind::Message as usize].push(place),
            Trigger::Event(kind) => self.kinds[*kind as usize].push(place),
            Trigger::Any => self.kinds.iter_mut().for_each(|places| places.push(place)),
        }
        let what = what.map_or_else(|| trigger.to_string(), str::to_owned);
        self.routes.push(Route { trigger, endpoint, scope: scope.clone(), what });
    }

    pub(super) fn pick(&self, incoming: &Incoming) -> Pick<'_> {
        match self.place(incoming) {
            Some(Place::At(place)) => Pick::Route(&self.routes[place]),
            Some(Place::Stale(place)) => Pick::Stale(&self.routes[place].scope),
            None => self.unknown_press(incoming).map_or(Pick::Nothing, Pick::Stale),
        }
    }

    /// The form that is open and takes this event.
    pub(super) fn form(&self, cx: &Context, incoming: &Incoming) -> Option<&Route> {
        if self.forms.is_empty() {
            return None;
        }
        let open = cx.open_form()?;
        let is_open = |route: &&Route| matches!(&route.trigger, Trigger::Form(form) if form.is_of(&open));
        let route = self.forms.iter().map(|place| &self.routes[*place]).find(is_open)?;
        let Trigger::Form(form) = &route.trigger else { return None };
        match form.claims(&open, incoming) {
            Claim::Takes => Some(route),
            Claim::Leaves => None,
            Claim::Ends => {
                cx.drop_form();
                None
            }
        }
    }

    /// What a turn is where this event goes. Most programs say nothing of it, and need not look where that is.
    pub(super) fn turn_policy(&self, incoming: &Incoming) -> TurnPolicy {
        if !self.says_policy {
            return TurnPolicy::Each;
        }
        let Pick::Route(route) = self.pick(incoming) else { return TurnPolicy::Each };
        let of_rest = || match (&route.trigger, &route.scope.rest) {
            (Trigger::Any, Some(rest)) if route.what == REST => Some(rest.turn_policy(incoming)),
            _ => None,
        };
        route.scope.policy.or_else(of_rest).unwrap_or_default()
    }

    /// The first route that fits.
    pub(super) fn place(&self, incoming: &Incoming) -> Option<Place> {
        let found = match &incoming.event {
            Event::Command(command) => self.by_command(command, incoming),
            Event::Message(message) => self.by_text(&message.text, incoming).map(Place::At),
            _ => None,
        };
        let before = found.map_or(usize::MAX, Place::number);
        let plain = &self.kinds[Kind::of(&incoming.event) as usize];
        let earlier = plain.iter().take_while(|place| **place < before);
        let earlier = earlier.copied().find(|place| self.fits(*place, incoming));
        earlier.map(Place::At).or(found)
    }

    /// The first that can read it; else the first button that once could.
    fn by_command(&self, command: &Command, incoming: &Incoming) -> Option<Place> {
        let mut stale = None;
        for &place in self.commands.get(&command.name.to_lowercase())? {
            if !self.fits(place, incoming) {
                continue;
            }
            let pressed = match &self.routes[place].trigger {
                Trigger::Button { read, .. } => read(command),
                Trigger::Menu(menu) => menu.pressed(command),
                Trigger::Form(_) => Pressed::NotMine,
                _ => Pressed::Mine,
            };
            match pressed {
                Pressed::Mine => return Some(Place::At(place)),
                Pressed::Stale => stale = stale.or(Some(Place::Stale(place))),
                Pressed::NotMine => {}
            }
        }
        stale
    }

    fn by_text(&self, text: &str, incoming: &Incoming) -> Option<usize> {
        let exact = if self.texts.is_empty() { None } else { self.texts.get(&folded(text)) };
        let exact = exact.and_then(|places| places.iter().copied().find(|place| self.fits(*place, incoming)));
        let before = exact.unwrap_or(usize::MAX);
        let worded =
            self.patterns.first(text, &self.routes, before, |place| self.fits(place, incoming)).or(exact);
        self.by_menu(text, worded, incoming)
    }

    /// The first menu in which the text chooses something, if it stands before the route found so far; else that
    /// route; else the first menu in which it fits several items.
    fn by_menu(&self, text: &str, worded: Option<usize>, incoming: &Incoming) -> Option<usize> {
        let before = worded.unwrap_or(usize::MAX);
        let mut ambiguous = None;
        for &place in self.menus.iter().take_while(|place| **place < before) {
            let Trigger::Menu(menu) = &self.routes[place].trigger else { continue };
            if !self.fits(place, incoming) {
                continue;
            }
            match menu.reads(text) {
                Reading::Chosen => return Some(place),
                Reading::Ambiguous => ambiguous = ambiguous.or(Some(place)),
                Reading::No => {}
            }
        }
        worded.or(ambiguous)
    }

    /// Whether filters hold, and what no index knows.
    fn fits(&self, place: usize, incoming: &Incoming) -> bool {
        let route = &self.routes[place];
        let knows = match (&route.trigger, &incoming.event) {
            (Trigger::Files, Event::Message(message)) => !message.files.is_empty(),
            _ => true,
        };
        knows && route.scope.filters.iter().all(|filter| filter.holds(incoming))
    }

    /// Who answers a press that no route takes: of a command that none here has, or of a menu that is none of these.
    fn unknown_press(&self, incoming: &Incoming) -> Option<&Scope> {
        let Event::Command(command) = &incoming.event else { return None };
        if command.context == CommandContext::Typed {
            return None;
        }
        let Some(places) = self.commands.get(&command.name.to_lowercase()) else { return Some(&self.root) };
        let menu = |place: &&usize| {
            matches!(self.routes[**place].trigger, Trigger::Menu(_) | Trigger::Form(_))
                && self.fits(**place, incoming)
        };
        places.iter().find(menu).map(|place| &*self.routes[*place].scope)
    }

    /// Commands to be registered, without the slash.
    pub(super) fn commands(&self) -> Vec<String> {
        let rests = self.routes.iter().filter(|route| matches!(route.trigger, Trigger::Any));
        let rests = rests.filter_map(|route| route.scope.rest.as_ref()).flat_map(|rest| rest.commands());
        let is_wanted = |place: &usize| match &self.routes[*place].trigger {
            Trigger::Menu(menu) => menu.is_by_command(),
            Trigger::Form(form) => form.is_by_command(),
            _ => true,
        };
        let own = self.commands.iter().filter(|(_, places)| places.iter().any(is_wanted));
        let mut names: Vec<String> = own.map(|(name, _)| name.clone()).chain(rests).collect();
        names.sort();
        names.dedup();
        names
    }
}

impl Patterns {
    fn build(&mut self, routes: &[Route]) {
        let patterns = self.routes.iter().filter_map(|place| match &routes[*place].trigger {
            Trigger::Pattern(pattern) => Some(pattern.as_str()),
            _ => None,
        });
        self.set = RegexSetBuilder::new(patterns).size_limit(PATTERNS_SIZE).build().ok();
    }

    /// The first before `before` that matches and fits.
    fn first(
        &self,
        text: &str,
        routes: &[Route],
        before: usize,
        fits: impl Fn(usize) -> bool,
    ) -> Option<usize> {
        if self.routes.first().is_none_or(|place| *place > before) {
            return None;
        }
        let wanted = |place: &usize| *place < before && fits(*place);
        match &self.set {
            // Most messages match none, and that is told more quickly than which ones do.
            Some(set) if !set.is_match(text) => None,
            Some(set) => set.matches(text).iter().map(|number| self.routes[number]).find(wanted),
            None => self.routes.iter().copied().filter(wanted).find(|place| match &routes[*place].trigger {
                Trigger::Pattern(pattern) => pattern.regex.is_match(text),
                _ => false,
            }),
        }
    }
}

impl Scope {
    /// That of `router` inside of this one.
    fn inner(&self, router: &Router, filter: Option<&Filter>) -> Self {
        Self {
            filters: self.filters.iter().chain(filter).cloned().collect(),
            layers: self.layers.iter().chain(&router.layers).cloned().collect(),
            policy: router.policy.or(self.policy),
            bad_args: router.bad_args.as_ref().unwrap_or(&self.bad_args).clone(),
            stale: router.stale.as_ref().unwrap_or(&self.stale).clone(),
            ambiguous: router.ambiguous.as_ref().unwrap_or(&self.ambiguous).clone(),
            rest: router.rest.as_ref().or(self.rest.as_ref()).cloned(),
        }
    }
}

#[cfg(test)]
mod tests;
