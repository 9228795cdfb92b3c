//! Keyboards.

use openlines::{
    message::{
        Button, ButtonContext, ButtonDisplay, Color, ColorToken, JSON_LIMIT, Keyboard, KeyboardBuilder,
    },
    wire::BotId,
};
use openlines_emulator::validate::{Outcome, keyboard};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::{
    action::{Act, any_act, is_kept},
    words::{
        Fill, LIMIT, TRIMMED, any_color, any_fill, any_pixels, any_text, any_token, cases, meet, some_fill,
        trimmed,
    },
};

const COLORS: [&str; 4] = ["BG_COLOR", "TEXT_COLOR", "OFF_BG_COLOR", "OFF_TEXT_COLOR"];

#[derive(Debug, Clone)]
struct Said {
    /// None is the end of a row.
    items: Vec<Option<SaidButton>>,
    colors: [Option<String>; 4],
    vote: bool,
    bot: i64,
}

#[derive(Debug, Clone)]
struct SaidButton {
    text: String,
    act: Act,
    block: bool,
    disabled: bool,
    context: &'static str,
    line: bool,
    width: Option<u32>,
    colors: [Option<String>; 4],
    token: &'static str,
}

fn any_colors() -> impl Strategy<Value = [Option<String>; 4]> {
    prop::array::uniform4(prop::option::weighted(0.2, any_color()))
}

fn any_button() -> impl Strategy<Value = SaidButton> {
    let context = prop::sample::select(vec!["ALL", "MOBILE", "DESKTOP"]);
    let text = prop_oneof![3 => "[a-zа-я]{1,9}", 1 => any_text()];
    (text, any_act(), any::<[bool; 3]>(), context, prop::option::of(any_pixels()), any_colors(), any_token())
        .prop_map(|(text, act, [block, disabled, line], context, width, colors, token)| SaidButton {
            text,
            act,
            block,
            disabled,
            context,
            line,
            width,
            colors,
            token,
        })
}

fn any_keyboard() -> impl Strategy<Value = Said> {
    let items = prop::collection::vec(prop::option::weighted(0.8, any_button()), 0..6);
    let bot = prop::sample::select(vec![1, 39, 2_147_483_647]);
    (items, any_colors(), any::<bool>(), bot, any_fill()).prop_map(|(items, colors, vote, bot, fill)| {
        let said = Said { items, colors, vote, bot };
        match fill {
            Some(fill) => said.filled(fill),
            None => said,
        }
    })
}

impl Said {
    /// Made as long as the limit by one text, if the portal takes all else.
    fn filled(mut self, fill: Fill) -> Self {
        let buttons: Vec<usize> = (0..self.items.len()).filter(|at| self.items[*at].is_some()).collect();
        let Some(Some(button)) = buttons.get(fill.part % buttons.len().max(1)).map(|at| &mut self.items[*at])
        else {
            return self;
        };
        let text_itself = fill.part >= 4;
        let (_, is_link) = button.act.fillable();
        if text_itself {
            "z".clone_into(&mut button.text);
        }
        let at = buttons[fill.part % buttons.len()];
        let Outcome::Ok { json_chars, .. } = keyboard::check(&self.json(), self.bot) else { return self };
        let Some(button) = &mut self.items[at] else { return self };
        // The text ends with a sign that is not trimmed.
        if text_itself {
            button.text = format!("z{}z", fill.text(json_chars + 1, fill.plain_cost()));
        } else {
            let cost = if is_link { fill.html_cost() } else { fill.plain_cost() };
            let (value, _) = button.act.fillable();
            value.push_str(&fill.text(json_chars, cost));
        }
        self
    }

    fn json(&self) -> Value {
        let colors = |colors: &[Option<String>; 4]| -> Map<String, Value> {
            let given = COLORS.iter().zip(colors);
            given.filter_map(|(name, color)| Some(((*name).to_owned(), json!(color.as_ref()?)))).collect()
        };
        let buttons = self.items.iter().map(|item| {
            let Some(button) = item else { return json!({"TYPE": "NEWLINE"}) };
            let mut fields = colors(&button.colors);
            let yes = |set: bool| json!(if set { "Y" } else { "N" });
            fields.insert("TEXT".to_owned(), json!(button.text));
            fields.insert("BLOCK".to_owned(), yes(button.blocks()));
            fields.insert("DISABLED".to_owned(), yes(button.disabled));
            fields.insert("CONTEXT".to_owned(), json!(button.context));
            fields.insert("DISPLAY".to_owned(), json!(if button.line { "LINE" } else { "BLOCK" }));
            fields.insert("WIDTH".to_owned(), json!(button.width));
            fields.insert("BG_COLOR_TOKEN".to_owned(), json!(button.token));
            button.act.put_into(&mut fields);
            Value::Object(fields)
        });
        let buttons: Vec<Value> = buttons.collect();
        json!({"BUTTONS": buttons, "COLORS": colors(&self.colors), "VOTE": if self.vote { "Y" } else { "N" }})
    }

    fn built(&self) -> KeyboardBuilder {
        let color = |color: &Option<String>| color.as_ref().map(|color| color.parse::<Color>().unwrap());
        let mut builder = Keyboard::builder();
        let setters = [
            KeyboardBuilder::bg_color,
            KeyboardBuilder::text_color,
            KeyboardBuilder::off_bg_color,
            KeyboardBuilder::off_text_color,
        ];
        for (set, given) in setters.into_iter().zip(&self.colors) {
            if let Some(color) = color(given) {
                builder = set(builder, color);
            }
        }
        if self.vote {
            builder = builder.vote();
        }
        for item in &self.items {
            builder = match item {
                None => builder.row(),
                Some(button) => builder.button(button.built()),
            };
        }
        builder
    }

    /// Whether the portal stored all of it, unchanged.
    fn is_kept_in(&self, stored: &Value) -> bool {
        let stored = stored.as_array().unwrap();
        let kept = |(item, stored): (&Option<SaidButton>, &Value)| match item {
            None => stored["TYPE"] == "NEWLINE",
            Some(button) => {
                stored["TEXT"] == trimmed(&button.text)
                    && stored.get("WIDTH").unwrap_or(&Value::Null) == &json!(button.width)
                    && button.act.is_kept_in(stored)
            }
        };
        stored.len() == self.items.len() && self.items.iter().zip(stored).all(kept)
    }

    /// What the portal stores although nothing is seen of it, or nothing happens.
    fn does_nothing(&self) -> bool {
        let buttons: Vec<&SaidButton> = self.items.iter().flatten().collect();
        buttons.is_empty() || buttons.iter().any(|button| button.act.does_nothing())
    }
}

impl SaidButton {
    fn blocks(&self) -> bool {
        // The other commands are said as actions, which have no such switch.
        self.block && matches!(&self.act, Act::Command(command, _) if !command.contains(TRIMMED))
    }

    fn built(&self) -> Button {
        let mut button: Button = match &self.act {
            Act::Command(command, params) if self.blocks() => {
                Button::command(&self.text, command.clone()).params(params.clone()).block().into()
            }
            act => Button::new(&self.text, act.built()),
        };
        if self.disabled {
            button = button.disabled();
        }
        if let Some(width) = self.width {
            button = button.width(width);
        }
        let setters = [Button::bg_color, Button::text_color, Button::off_bg_color, Button::off_text_color];
        for (set, color) in setters.into_iter().zip(&self.colors) {
            if let Some(color) = color {
                button = set(button, color.parse().unwrap());
            }
        }
        button
            .context(match self.context {
                "MOBILE" => ButtonContext::Mobile,
                "DESKTOP" => ButtonContext::Desktop,
                _ => ButtonContext::All,
            })
            .display(if self.line { ButtonDisplay::Line } else { ButtonDisplay::Block })
            .token(match self.token {
                "primary" => ColorToken::Primary,
                "secondary" => ColorToken::Secondary,
                "alert" => ColorToken::Alert,
                _ => ColorToken::Base,
            })
    }
}

#[test]
fn a_keyboard_is_kept_whole_or_refused_by_the_builder_and_cut_by_the_portal() {
    meet("keyboards", any_keyboard(), |said| {
        let bot = BotId::new(said.bot);
        match said.built().build_for(bot) {
            Ok(built) => {
                let sent = [built.to_value(), built.to_value_for(bot)];
                let expected = (built.normalised(bot), built.size(bot));
                is_kept(sent, |sent| keyboard::check(sent, said.bot), said.items.len(), expected)?;
                let outbox = serde_json::to_string(&built).unwrap();
                prop_assert_eq!(serde_json::from_str::<Keyboard>(&outbox).unwrap(), built);
                Ok(true)
            }
            Err(error) => {
                let whole = match keyboard::check(&said.json(), said.bot) {
                    Outcome::Ok { normalised, .. } => said.is_kept_in(&normalised),
                    _ => false,
                };
                prop_assert!(
                    !whole || said.does_nothing(),
                    "the portal keeps what the builder refuses: {error}"
                );
                Ok(false)
            }
        }
    });
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn a_keyboard_is_taken_up_to_the_limit_and_not_beyond(
        button in any_button(), fill in some_fill(), bot in 1..1_000_000_i64,
    ) {
        let button = SaidButton { text: "z".to_owned(), width: None, ..button };
        let said = Said { items: vec![Some(button)], colors: [const { None }; 4], vote: false, bot }.filled(fill);
        let built = said.built().build_for(BotId::new(bot));
        let wanted = LIMIT as i64 + fill.over;
        match built {
            Ok(built) => {
                prop_assert!(fill.over <= 0);
                prop_assert_eq!(built.size(BotId::new(bot)) as i64, wanted);
            }
            Err(error) => {
                prop_assert_eq!(error.over().map(|over| (over + JSON_LIMIT) as i64), Some(wanted), "{}", error);
                let over = matches!(keyboard::check(&said.json(), bot), Outcome::Oversize { .. });
                prop_assert!(over, "the portal takes it");
            }
        }
    }
}
