//! `USER` blocks: people, chats and bots by name (protocol 6.2).

use super::list_of_one;
use crate::validate::field::{is_filled, link, one_of, positive, single_line};
use crate::validate::php::{Fatal, Php, PhpArray, html_escaped, string_argument, to_int};

/// One `USER` block in its stored form; `None` without a name. The name keeps its outer spaces.
pub(super) fn block(params: &Php) -> Result<Option<Php>, Fatal> {
    let Some(name) = params.field("NAME") else { return Ok(None) };
    if !is_filled(Some(name))? {
        return Ok(None);
    }
    let mut user = PhpArray::default();
    let name = string_argument(name, "preg_replace(): Argument #3 ($subject)")?;
    user.set("NAME", Php::Str(single_line(&name)));
    user.set("AVATAR_TYPE", Php::text("USER"));
    if let Some(id) = params.field("NETWORK_ID") {
        user.set("NETWORK_ID", network_id(id)?);
    } else if let Some(id) = positive(params, "USER_ID") {
        user.set("USER_ID", id);
    } else if let Some(id) = positive(params, "CHAT_ID") {
        user.set("CHAT_ID", id);
        user.set("AVATAR_TYPE", Php::text("CHAT"));
    } else if let Some(id) = positive(params, "BOT_ID") {
        user.set("BOT_ID", id);
        user.set("AVATAR_TYPE", Php::text("BOT"));
    } else if let Some(target) = link(params, "LINK")? {
        user.set("LINK", target.clone());
    }
    if let Some(avatar) = link(params, "AVATAR")? {
        user.set("AVATAR", avatar.clone());
    }
    if let Some(kind) = one_of(params, "AVATAR_TYPE", &["CHAT", "USER", "BOT"]) {
        user.set("AVATAR_TYPE", kind.clone());
    }
    Ok(Some(list_of_one(user)))
}

/// A `NETWORK_ID` is its first character, HTML-escaped, and the integer of the rest.
pub(super) fn network_id(value: &Php) -> Result<Php, Fatal> {
    let text = string_argument(value, "mb_substr(): Argument #1 ($string)")?;
    let (first, rest) = text.split_at(text.chars().next().map_or(0, char::len_utf8));
    Ok(Php::Str(format!("{}{}", html_escaped(first), to_int(&Php::text(rest)))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_id_is_one_character_and_a_number() {
        for (given, stored) in [("u123", "u123"), ("ю7x", "ю7"), ("<1", "&lt;1"), ("x", "x0"), ("", "0")] {
            assert_eq!(network_id(&Php::text(given)), Ok(Php::text(stored)), "{given}");
        }
        assert_eq!(network_id(&Php::Int(12)), Ok(Php::text("12")));
    }
}
