//! Context menus.

use openlines::{
    message::{Action, ButtonContext, ContextItem, ContextMenu},
    wire::BotId,
};
use openlines_emulator::validate::{Outcome, menu};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::{
    action::{Act, any_act, is_kept},
    words::{Fill, any_fill, any_text, html, meet, trimmed},
};

#[derive(Debug, Clone)]
struct SaidItem {
    text: String,
    act: Act,
    context: &'static str,
    disabled: bool,
}

#[derive(Debug, Clone)]
struct Said {
    items: Vec<SaidItem>,
    bot: i64,
}

fn any_menu() -> impl Strategy<Value = Said> {
    let text = prop_oneof![3 => "[a-zа-я&<]{1,9}", 1 => any_text()];
    let context = prop::sample::select(vec!["ALL", "MOBILE", "DESKTOP"]);
    let item = (text, any_act(), context, any::<bool>())
        .prop_map(|(text, act, context, disabled)| SaidItem { text, act, context, disabled });
    let bot = prop::sample::select(vec![1, 39, 2_147_483_647]);
    (prop::collection::vec(item, 0..6), bot, any_fill()).prop_map(|(items, bot, fill)| {
        let said = Said { items, bot };
        match fill {
            Some(fill) => said.filled(fill),
            None => said,
        }
    })
}

impl Said {
    fn filled(mut self, fill: Fill) -> Self {
        let at = fill.part % self.items.len().max(1);
        let Some(item) = self.items.get_mut(at) else { return self };
        item.act = Act::Link("/".to_owned());
        "z".clone_into(&mut item.text);
        let Outcome::Ok { json_chars, .. } = menu::check(&self.json(), self.bot) else { return self };
        let item = &mut self.items[at];
        if fill.part >= 4 {
            item.text = format!("z{}z", fill.text(json_chars + 1, fill.html_cost()));
        } else {
            item.act = Act::Link(format!("/{}", fill.text(json_chars, fill.html_cost())));
        }
        self
    }

    fn json(&self) -> Value {
        let items = self.items.iter().map(|item| {
            let mut fields = Map::new();
            fields.insert("TEXT".to_owned(), json!(item.text));
            fields.insert("CONTEXT".to_owned(), json!(item.context));
            fields.insert("DISABLED".to_owned(), json!(if item.disabled { "Y" } else { "N" }));
            item.act.put_into(&mut fields);
            Value::Object(fields)
        });
        json!({"ITEMS": items.collect::<Vec<_>>()})
    }

    fn built(&self) -> Result<ContextMenu, openlines::message::BuildError> {
        let items = self.items.iter().map(|item| {
            let context = match item.context {
                "MOBILE" => ButtonContext::Mobile,
                "DESKTOP" => ButtonContext::Desktop,
                _ => ButtonContext::All,
            };
            let built = match item.act.built() {
                Action::Command { command, params } => ContextItem::command_with(&item.text, command, params),
                Action::App { id, params: Some(params) } => ContextItem::app_with(&item.text, id, params),
                other => ContextItem::new(&item.text, other),
            };
            let built = built.context(context);
            if item.disabled { built.disabled() } else { built }
        });
        items.fold(ContextMenu::builder(), |builder, item| builder.item(item)).build_for(BotId::new(self.bot))
    }

    fn is_kept_in(&self, stored: &Value) -> bool {
        let stored = stored.as_array().unwrap();
        let kept = |(item, stored): (&SaidItem, &Value)| {
            stored["TEXT"] == html(trimmed(&item.text)) && item.act.is_kept_in(stored)
        };
        stored.len() == self.items.len() && self.items.iter().zip(stored).all(kept)
    }
}

#[test]
fn a_context_menu_is_kept_whole_or_refused_by_the_builder_and_cut_by_the_portal() {
    meet("context menus", any_menu(), |said| {
        let bot = BotId::new(said.bot);
        match said.built() {
            Ok(built) => {
                let sent = [built.to_value(), built.to_value_for(bot)];
                let expected = (built.normalised(bot), built.size(bot));
                is_kept(sent, |sent| menu::check(sent, said.bot), said.items.len(), expected)?;
                let outbox = serde_json::to_string(&built).unwrap();
                prop_assert_eq!(serde_json::from_str::<ContextMenu>(&outbox).unwrap(), built);
                Ok(true)
            }
            Err(error) => {
                let whole = match menu::check(&said.json(), said.bot) {
                    Outcome::Ok { normalised, .. } => said.is_kept_in(&normalised),
                    _ => false,
                };
                let does_nothing = said.items.iter().any(|item| item.act.does_nothing());
                prop_assert!(!whole || does_nothing, "the portal keeps what the builder refuses: {error}");
                Ok(false)
            }
        }
    });
}
