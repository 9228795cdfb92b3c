//! What is answered where no route can be: to arguments that cannot be read, to buttons out of date, and to
//! what fits several answers of a menu.

use super::{
    args::{ArgsErrorKind, BadArgs},
    menu::Ambiguous,
};
use crate::{
    dispatch::Context,
    message::{Reply, literal},
    wire::{Author, Command},
};

pub(super) async fn bad_args(cx: Context, bad: BadArgs) -> Option<Reply> {
    let russian = bad.command.language == "ru";
    let what = match bad.error.kind() {
        ArgsErrorKind::Missing { wanted } if russian => format!("Не хватает: {wanted}."),
        ArgsErrorKind::Missing { wanted } => format!("{wanted} is missing."),
        ArgsErrorKind::Wrong { given, wanted } if russian => {
            format!("«{}» – не {wanted}.", literal(given))
        }
        ArgsErrorKind::Wrong { given, wanted } => format!("“{}” is not {wanted}.", literal(given)),
        ArgsErrorKind::TooMany { given } if russian => format!("Лишнее: «{}».", literal(given)),
        ArgsErrorKind::TooMany { given } => format!("“{}” is too much.", literal(given)),
    };
    let how = if russian { "Пишите так" } else { "Write it like this" };
    said(&cx, bad.command.author, format!("{what} {how}: {}", literal(&bad.usage)))
}

pub(super) async fn stale(cx: Context, command: Command) -> Option<Reply> {
    let russian = command.language == "ru";
    let what = if russian {
        "Эта кнопка устарела. Пожалуйста, напишите, что вам нужно."
    } else {
        "This button is out of date. Please write what you need."
    };
    said(&cx, command.author, what.to_owned())
}

/// The numbers are those of the menu, which understands them in every channel.
pub(super) async fn ambiguous(cx: Context, asked: Ambiguous) -> Option<Reply> {
    let mut text = if asked.message.language == "ru" {
        "Подходит несколько ответов. Пожалуйста, напишите номер:".to_owned()
    } else {
        "Several answers fit. Please write the number of one:".to_owned()
    };
    for (number, label) in &asked.choices {
        text.push_str(&format!("\n{number}. {}", literal(label)));
    }
    said(&cx, asked.message.author, text)
}

/// What an operator mistypes is no business of the client.
fn said(cx: &Context, author: Author, text: String) -> Option<Reply> {
    cx.dialog()?;
    let reply = Reply::text(text);
    Some(if author == Author::Operator { reply.internal_note() } else { reply })
}
