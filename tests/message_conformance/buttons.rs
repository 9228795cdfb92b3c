//! Keyboards and context menus: portal JSON read as the builder calls that say the same.

use openlines::{
    message::{
        Action, Button, ButtonContext, ButtonDisplay, Color, ColorToken, ContextItem, ContextMenu,
        ContextMenuBuilder, Keyboard, KeyboardBuilder,
    },
    wire::DialogId,
};
use serde_json::Value;

use crate::rows::{html_read, number, text};

/// Whether the JSON was sent, or is what the portal stored, with links and menu texts escaped.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Form {
    Sent,
    Stored,
}

type SetColor = fn(KeyboardBuilder, Color) -> KeyboardBuilder;

pub(crate) fn keyboard(given: &Value, form: Form) -> Result<KeyboardBuilder, String> {
    let mut builder = Keyboard::builder();
    let items = match given.get("BUTTONS") {
        Some(items) => {
            let colors = &given["COLORS"];
            let setters: [(&str, SetColor); 4] = [
                ("BG_COLOR", KeyboardBuilder::bg_color),
                ("TEXT_COLOR", KeyboardBuilder::text_color),
                ("OFF_BG_COLOR", KeyboardBuilder::off_bg_color),
                ("OFF_TEXT_COLOR", KeyboardBuilder::off_text_color),
            ];
            for (name, set) in setters {
                if let Some(color) = color(colors, name)? {
                    builder = set(builder, color);
                }
            }
            items
        }
        None => given,
    };
    let items = items.as_array().ok_or("no list")?;
    if items.iter().any(|item| item["VOTE"] == "Y") || given.get("VOTE").is_some_and(|vote| vote == "Y") {
        builder = builder.vote();
    }
    for item in items {
        builder = match item["TYPE"].as_str() {
            Some("NEWLINE") => builder.row(),
            _ => button(item, form, builder)?,
        };
    }
    Ok(builder)
}

fn button(item: &Value, form: Form, builder: KeyboardBuilder) -> Result<KeyboardBuilder, String> {
    let shown = text(item, "TEXT")?.ok_or("no TEXT")?;
    let action = action(item, form)?;
    let blocks = item["BLOCK"] == "Y";
    if let Action::Command { command, params } = &action {
        let mut button = Button::command(shown, command.clone()).params(params.clone());
        if blocks {
            button = button.block();
        }
        return Ok(builder.button(dressed(button, item)?));
    }
    if blocks {
        return Err("BLOCK is for commands".to_owned());
    }
    Ok(builder.button(dressed(Button::new(shown, action), item)?))
}

fn dressed<K>(mut button: Button<K>, item: &Value) -> Result<Button<K>, String> {
    if item["DISABLED"] == "Y" {
        button = button.disabled();
    }
    button = button.context(context(item)?);
    button = button.display(match text(item, "DISPLAY")? {
        None | Some("BLOCK") => ButtonDisplay::Block,
        Some("LINE") => ButtonDisplay::Line,
        Some(other) => return Err(format!("DISPLAY {other}")),
    });
    if let Some(width) = number(item, "WIDTH")? {
        button = button.width(width);
    }
    if let Some(color) = color(item, "BG_COLOR")? {
        button = button.bg_color(color);
    }
    if let Some(color) = color(item, "TEXT_COLOR")? {
        button = button.text_color(color);
    }
    if let Some(color) = color(item, "OFF_BG_COLOR")? {
        button = button.off_bg_color(color);
    }
    if let Some(color) = color(item, "OFF_TEXT_COLOR")? {
        button = button.off_text_color(color);
    }
    Ok(button.token(token(item, "BG_COLOR_TOKEN")?))
}

fn context(item: &Value) -> Result<ButtonContext, String> {
    Ok(match text(item, "CONTEXT")? {
        None | Some("ALL") => ButtonContext::All,
        Some("MOBILE") => ButtonContext::Mobile,
        Some("DESKTOP") => ButtonContext::Desktop,
        Some(other) => return Err(format!("CONTEXT {other}")),
    })
}

pub(crate) fn color(fields: &Value, name: &str) -> Result<Option<Color>, String> {
    text(fields, name)?.map(|color| color.parse::<Color>().map_err(|error| error.to_string())).transpose()
}

pub(crate) fn token(fields: &Value, name: &str) -> Result<ColorToken, String> {
    Ok(match text(fields, name)? {
        Some("primary") => ColorToken::Primary,
        Some("secondary") => ColorToken::Secondary,
        Some("alert") => ColorToken::Alert,
        None | Some("base") => ColorToken::Base,
        Some(other) => return Err(format!("{name} {other}")),
    })
}

fn action(item: &Value, form: Form) -> Result<Action, String> {
    if let Some(link) = text(item, "LINK")? {
        return Ok(Action::Link(if form == Form::Stored { html_read(link) } else { link.to_owned() }));
    }
    if let Some(id) = number(item, "APP_ID")? {
        return Ok(Action::App { id, params: text(item, "APP_PARAMS")?.map(str::to_owned) });
    }
    if let Some(name) = text(item, "ACTION")? {
        let value = text(item, "ACTION_VALUE")?.ok_or("no ACTION_VALUE")?.to_owned();
        return Ok(match name {
            "PUT" => Action::Put(value),
            "SEND" => Action::Send(value),
            "COPY" => Action::Copy(value),
            "CALL" => Action::Call(value),
            "DIALOG" => Action::Dialog(DialogId::from(value)),
            "LIVECHAT" => Action::Livechat(value),
            "HELP" => Action::Help(value),
            other => return Err(format!("ACTION {other}")),
        });
    }
    // The portal has cut a slash off what it stored; the builder cuts one, too.
    let slash = if form == Form::Stored { "/" } else { "" };
    let command = format!("{slash}{}", text(item, "COMMAND")?.ok_or("no action")?);
    let params = text(item, "COMMAND_PARAMS")?.unwrap_or_default().to_owned();
    Ok(Action::Command { command, params })
}

pub(crate) fn menu(given: &Value, form: Form) -> Result<ContextMenuBuilder, String> {
    let items = given.get("ITEMS").unwrap_or(given).as_array().ok_or("no list")?;
    items.iter().try_fold(ContextMenu::builder(), |builder, item| {
        let shown = text(item, "TEXT")?.ok_or("no TEXT")?;
        let shown = if form == Form::Stored { html_read(shown) } else { shown.to_owned() };
        let mut made = ContextItem::new(shown, action(item, form)?).context(context(item)?);
        if item["DISABLED"] == "Y" {
            made = made.disabled();
        }
        Ok(builder.item(made))
    })
}
