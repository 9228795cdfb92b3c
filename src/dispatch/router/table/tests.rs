//! The index against a matcher that tries one route after another, by the words of the documentation.

use std::sync::LazyLock;

use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::*;
use crate::dispatch::router::{SessionStarted, text};
use crate::{
    dispatch::{Context, Done},
    message::{Action, Button, Capabilities, Menu},
    wire::{
        Author, Chat, ChatKind, CommandId, FileRef, Joined, LineSessionEvent, Message, MessageId, Origin,
        UserId,
    },
};

/// Two kinds of buttons under one command, whose values the other cannot read.
#[derive(Serialize, Deserialize)]
struct Number(u32);

#[derive(Serialize, Deserialize)]
struct Word(String);

impl ButtonPayload for Number {
    const COMMAND: &'static str = "press";
}

impl ButtonPayload for Word {
    const COMMAND: &'static str = "Press";
}

const COMMANDS: [&str; 3] = ["order", "press", "help"];
const TEXTS: [&str; 5] = ["hello", "Ещё Раз", "order 15", "", "order"];
static PATTERNS: LazyLock<[Pattern; 3]> =
    LazyLock::new(|| [r"order (\d+)", r"^h", "(?i)ещ[её]"].map(|pattern| Pattern::new(pattern).unwrap()));

#[derive(Debug, Clone)]
enum Spec {
    Command(usize),
    NumberButton,
    WordButton,
    Texts(Vec<usize>),
    Pattern(usize),
    Menu,
    Files,
    OnMessage,
    OnCommand,
    OnJoined,
    OnSession,
    OnAny,
    Nested(Option<Is>, Nest),
}

#[derive(Debug, Clone)]
struct Nest {
    routes: Vec<Spec>,
    fallback: bool,
    rest: bool,
}

#[derive(Debug, Clone, Copy)]
enum Is {
    Client,
    NotClient,
    PrivateOrFiles,
}

impl Is {
    fn filter(self) -> Filter {
        match self {
            Self::Client => Filter::author(Author::Client),
            Self::NotClient => !Filter::author(Author::Client),
            Self::PrivateOrFiles => Filter::private().or(Filter::has_files()),
        }
    }

    fn holds(self, event: &Event) -> bool {
        let client = match event {
            Event::Message(message) => message.author == Author::Client,
            Event::Command(command) => command.author == Author::Client,
            _ => false,
        };
        match self {
            Self::Client => client,
            Self::NotClient => !client,
            Self::PrivateOrFiles => match event {
                Event::Message(message) => {
                    message.chat.kind == ChatKind::Private || !message.files.is_empty()
                }
                Event::Command(command) => command.chat.kind == ChatKind::Private,
                Event::Joined(joined) => joined.chat.kind == ChatKind::Private,
                _ => false,
            },
        }
    }
}

async fn deaf<E>(_: Context, _: E) {}

/// `order` fits two of its items.
fn menu() -> Menu<u8> {
    Menu::new("Which?").item(1, "Order 15").item(2, "Order 16").item(3, "Hello")
}

fn built(nest: &Nest) -> Router {
    let mut router = Router::new();
    for spec in &nest.routes {
        router = match spec {
            Spec::Command(name) => router.command(COMMANDS[*name], deaf::<Command>),
            Spec::NumberButton => router.button(deaf::<Number>),
            Spec::WordButton => router.button(deaf::<Word>),
            Spec::Texts(texts) => {
                router.text(texts.iter().map(|at| TEXTS[*at]).collect::<Vec<_>>(), deaf::<Message>)
            }
            Spec::Pattern(at) => router.pattern(PATTERNS[*at].clone(), deaf::<text::Captures>),
            Spec::Menu => router.menu(menu(), deaf::<u8>),
            Spec::Files => router.files(deaf::<Message>),
            Spec::OnMessage => router.on(deaf::<Message>),
            Spec::OnCommand => router.on(deaf::<Command>),
            Spec::OnJoined => router.on(deaf::<Joined>),
            Spec::OnSession => router.on(deaf::<SessionStarted>),
            Spec::OnAny => router.on(deaf::<Incoming>),
            Spec::Nested(None, nest) => router.nest(built(nest)),
            Spec::Nested(Some(is), nest) => router.when(is.filter(), built(nest)),
        };
    }
    if nest.fallback {
        router = router.fallback(deaf::<Message>);
    }
    if nest.rest {
        router = router.rest(async |_cx: Context, _message: Message| Done);
    }
    router
}

/// A route for the naive matcher, with the filters around it.
type Leaf = (Spec, Vec<Is>);

fn leaves(nest: &Nest, around: &[Is], into: &mut Vec<Leaf>) {
    for spec in &nest.routes {
        match spec {
            Spec::Nested(is, nest) => {
                let around: Vec<Is> = around.iter().chain(is).copied().collect();
                leaves(nest, &around, into);
            }
            leaf => into.push((leaf.clone(), around.to_vec())),
        }
    }
    if nest.fallback {
        into.push((Spec::OnMessage, around.to_vec()));
    }
    if nest.rest {
        into.push((Spec::OnAny, around.to_vec()));
    }
}

/// `Some(true)` for a press of a stale button, and for what fits several items of a menu.
fn fits((spec, around): &Leaf, event: &Event) -> Option<bool> {
    if !around.iter().all(|is| is.holds(event)) {
        return None;
    }
    let button = |reads: fn(&str) -> bool| match event {
        Event::Command(command) if command.context != CommandContext::Typed => {
            command.name.eq_ignore_ascii_case("press").then(|| !reads(&command.params))
        }
        _ => None,
    };
    let yes = match (spec, event) {
        (Spec::NumberButton, _) => {
            return button(|params| serde_json::from_str::<u32>(params.trim_start_matches("1 ")).is_ok());
        }
        (Spec::WordButton, _) => {
            return button(|params| serde_json::from_str::<String>(params.trim_start_matches("1 ")).is_ok());
        }
        (Spec::OnAny, _) => true,
        (Spec::Command(name), Event::Command(command)) => command.name.eq_ignore_ascii_case(COMMANDS[*name]),
        (Spec::OnCommand, Event::Command(_)) | (Spec::OnMessage, Event::Message(_)) => true,
        (Spec::OnJoined, Event::Joined(_)) | (Spec::OnSession, Event::SessionStarted(_)) => true,
        (Spec::Texts(texts), Event::Message(message)) => {
            let same = |text: &str| text.to_lowercase().trim().replace('ё', "е");
            texts.iter().any(|at| same(TEXTS[*at]) == same(&message.text))
        }
        (Spec::Pattern(at), Event::Message(message)) => PATTERNS[*at].regex.is_match(&message.text),
        (Spec::Menu, Event::Message(message)) => {
            return match &*message.text.to_lowercase().trim().replace('ё', "е") {
                "order 15" | "order 16!" | "hello" => Some(false),
                "order" => Some(true),
                _ => None,
            };
        }
        (Spec::Files, Event::Message(message)) => !message.files.is_empty(),
        _ => false,
    };
    yes.then_some(false)
}

fn naive(leaves: &[Leaf], event: &Event) -> Option<Place> {
    let is_keyed = |spec: &Spec| {
        let command = matches!(spec, Spec::Command(_) | Spec::NumberButton | Spec::WordButton);
        command || matches!(spec, Spec::Texts(_) | Spec::Pattern(_) | Spec::Menu)
    };
    let first = |keyed: bool, second_best: bool| {
        leaves
            .iter()
            .position(|leaf| is_keyed(&leaf.0) == keyed && fits(leaf, event) == Some(second_best))
            .map(|place| match event {
                Event::Command(_) if second_best => Place::Stale(place),
                _ => Place::At(place),
            })
    };
    // A button that can be read by any route of its command is not stale, and what one route understands not ambiguous;
    // else it stands where its first route does.
    let keyed = first(true, false).or(first(true, true));
    let plain = first(false, false);
    match (keyed, plain) {
        (Some(keyed), Some(plain)) if plain.number() < keyed.number() => Some(plain),
        (keyed, plain) => keyed.or(plain),
    }
}

fn spec() -> impl Strategy<Value = Spec> {
    let leaf = prop_oneof![
        (0..3_usize).prop_map(Spec::Command),
        Just(Spec::NumberButton),
        Just(Spec::WordButton),
        prop::collection::vec(0..TEXTS.len(), 0..3).prop_map(Spec::Texts),
        (0..3_usize).prop_map(Spec::Pattern),
        Just(Spec::Menu),
        Just(Spec::Files),
        Just(Spec::OnJoined),
        Just(Spec::OnSession),
        prop_oneof![4 => Just(Spec::Files), 1 => Just(Spec::OnMessage), 1 => Just(Spec::OnCommand), 1 => Just(Spec::OnAny)],
    ];
    leaf.prop_recursive(3, 24, 6, |inner| {
        let is = prop_oneof![
            Just(None),
            Just(Some(Is::Client)),
            Just(Some(Is::NotClient)),
            Just(Some(Is::PrivateOrFiles))
        ];
        (is, nest(inner)).prop_map(|(is, nest)| Spec::Nested(is, nest))
    })
}

fn nest(inner: impl Strategy<Value = Spec>) -> impl Strategy<Value = Nest> {
    (prop::collection::vec(inner, 0..7), any::<bool>(), prop::bool::weighted(0.2))
        .prop_map(|(routes, fallback, rest)| Nest { routes, fallback, rest })
}

fn event() -> impl Strategy<Value = Event> {
    let author = prop_oneof![Just(Author::Client), Just(Author::Operator)];
    let kind = prop_oneof![Just(ChatKind::Private), Just(ChatKind::Line)];
    let chat = kind.prop_map(|kind| Chat { kind, ..Chat::default() });
    let texts = ["HELLO", " еще раз", "order 15", "order 16!", "order", "", "\t", "nothing", "Ещё"];
    let message = (prop::sample::select(texts.to_vec()), author.clone(), chat.clone(), any::<bool>())
        .prop_map(|(text, author, chat, files)| {
            let mut message = Message::new(MessageId::new(1), text, chat, UserId::new(7), author);
            message.files = if files { vec![FileRef::default()] } else { Vec::new() };
            Event::Message(message)
        });
    let contexts = [CommandContext::Typed, CommandContext::Button, CommandContext::Menu];
    let params = prop_oneof![
        Just(params(&Number(5))),
        Just(params(&Word("x".to_owned()))),
        Just("of old".to_owned()),
    ];
    let names = ["order", "ORDER", "press", "PRESS", "help", "gone"];
    let command = (
        prop::sample::select(names.to_vec()),
        params,
        prop::sample::select(contexts.to_vec()),
        author,
        chat.clone(),
    )
        .prop_map(|(name, params, context, author, chat)| {
            let mut command = Command::new(CommandId::new(1), name, params, context);
            (command.author, command.chat) = (author, chat);
            Event::Command(command)
        });
    prop_oneof![
        4 => message,
        4 => command,
        1 => chat.prop_map(|chat| Event::Joined(Joined::new(chat, UserId::new(0)))),
        1 => Just(Event::SessionStarted(LineSessionEvent::default())),
        1 => Just(Event::SessionFinished(LineSessionEvent::default())),
        1 => Just(Event::Other),
    ]
}

fn params(payload: &impl ButtonPayload) -> String {
    let button: Button = Button::payload("x", payload).into();
    match button.action() {
        Action::Command { params, .. } => params.clone(),
        other => unreachable!("{other:?}"),
    }
}

fn incoming(event: Event) -> Incoming {
    Incoming::new("TEST", event, Origin::BotV2)
}

/// A thousand, or as many as `PROPTEST_CASES` asks for above that.
fn cases() -> ProptestConfig {
    let config = ProptestConfig::default();
    ProptestConfig { cases: config.cases.max(1000), ..config }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn the_index_finds_what_trying_one_route_after_another_finds(
        nest in nest(spec()),
        events in prop::collection::vec(event(), 1..12),
    ) {
        let router = built(&nest);
        let mut list = Vec::new();
        leaves(&nest, &[], &mut list);
        prop_assert_eq!(router.table().routes.len(), list.len());
        for event in events {
            let expected = naive(&list, &event);
            prop_assert_eq!(router.table().place(&incoming(event.clone())), expected, "{:?}", event);
        }
    }
}

#[test]
fn patterns_too_big_for_one_set_are_tried_one_by_one() {
    let patterns = ["a+", "b+"].map(|pattern| Pattern::new(pattern).unwrap());
    let [first, second] = patterns;
    let router = Router::new().pattern(first, deaf::<text::Captures>).pattern(second, deaf::<text::Captures>);
    let mut table = Table::of(&router);
    table.patterns.set = None;
    let said = |text: &str| {
        let chat = Chat::default();
        incoming(Event::Message(Message::new(MessageId::new(1), text, chat, UserId::new(1), Author::Client)))
    };
    assert_eq!(table.place(&said("xb")), Some(Place::At(1)));
    assert_eq!(table.place(&said("ba")), Some(Place::At(0)));
    assert_eq!(table.place(&said("x")), None);
}

#[test]
fn a_press_of_a_command_that_no_route_has_is_that_of_a_stale_button() {
    let router = Router::new().command("order", deaf::<Command>);
    let takes = |name: &str, context| {
        let command = Command::new(CommandId::new(1), name, "", context);
        router.takes(&incoming(Event::Command(command))).map(str::to_owned)
    };
    assert_eq!(takes("gone", CommandContext::Button).as_deref(), Some("stale button"));
    assert_eq!(takes("gone", CommandContext::Typed), None);
    assert_eq!(takes("Order", CommandContext::Button).as_deref(), Some("command `order`"));
    let staff = Router::new().when(!Filter::author(Author::Unknown), router);
    let command = Command::new(CommandId::new(1), "order", "", CommandContext::Button);
    assert_eq!(staff.takes(&incoming(Event::Command(command))), None, "known, but not for this author");
}

fn presses(menu: &Menu<u8>) -> Vec<Incoming> {
    let keyboard = menu.reply_for(Capabilities::PORTAL).unwrap().keyboard.unwrap();
    let press = |button: &Button| match button.action() {
        Action::Command { command, params } => {
            incoming(Event::Command(Command::new(CommandId::new(1), command, params, CommandContext::Button)))
        }
        other => unreachable!("{other:?}"),
    };
    keyboard.rows().flatten().map(press).collect()
}

#[test]
fn a_press_goes_to_the_menu_it_is_of_and_is_stale_where_there_is_none() {
    let sizes = || Menu::new("Which size?").by_command().item(1, "Small");
    let router = Router::new().menu(menu(), deaf::<u8>).menu(sizes(), deaf::<u8>);
    assert_eq!(router.takes(&presses(&sizes())[0]), Some("menu `Which size?`"));
    assert_eq!(router.takes(&presses(&menu().by_command())[2]), Some("menu `Which?`"));
    let grown = sizes().item(2, "Large");
    assert_eq!(router.takes(&presses(&grown)[1]), Some("stale button"));
    let gone = &presses(&Menu::new("Anything else?").by_command().item(1, "No"))[0];
    assert_eq!(router.takes(gone), Some("stale button"));
    let with_rest = Router::new().menu(sizes(), deaf::<u8>).rest(async |_cx: Context, _: Message| Done);
    assert_eq!(with_rest.takes(gone), Some("rest"), "it may have menus of its own");
    let Event::Command(mut typed) = presses(&sizes())[0].event.clone() else { unreachable!() };
    typed.context = CommandContext::Typed;
    assert_eq!(router.takes(&incoming(Event::Command(typed))), None);
    let staff = Router::new().when(!Filter::author(Author::Unknown), Router::new().menu(sizes(), deaf::<u8>));
    assert_eq!(staff.takes(&presses(&sizes())[0]), None, "known, but not for this author");
}

#[test]
fn the_command_of_menus_is_registered_if_one_needs_it() {
    assert!(Router::new().menu(menu(), deaf::<u8>).table().commands().is_empty());
    let router = Router::new().menu(menu(), deaf::<u8>).menu(menu().named("x").by_command(), deaf::<u8>);
    assert_eq!(router.table().commands(), ["menu"]);
}

#[test]
fn a_route_added_after_the_first_event_is_found() {
    let joined = incoming(Event::Joined(Joined::new(Chat::default(), UserId::new(0))));
    let router = Router::new();
    assert_eq!(router.takes(&joined), None);
    assert_eq!(router.on(deaf::<Joined>).takes(&joined), Some("Joined"));
}

#[test]
fn commands_of_buttons_nested_routers_and_the_rest_are_registered() {
    use crate::dispatch::IntoHandle;
    let rest = Router::new().command("/Rest", deaf::<Command>).command("order", deaf::<Command>);
    let nested = Router::new().button(deaf::<Word>).command("inner", deaf::<Command>);
    let router = Router::new().command("order", deaf::<Command>).when(Filter::private(), nested).rest(rest);
    assert_eq!(router.into_handle().commands(), ["inner", "order", "press", "rest"]);
}
