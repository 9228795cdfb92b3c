//! BB codes taken away for previews, push texts and the chat list.

use crate::validate::php::trim;
use regex::{Captures, Regex};
use std::{borrow::Cow, sync::LazyLock};

/// One pattern and what takes its place.
struct Rule {
    pattern: Regex,
    with: &'static str,
}

impl Rule {
    fn new(pattern: &str, with: &'static str) -> Self {
        Self { pattern: Regex::new(pattern).expect("the pattern is a constant that the tests compile"), with }
    }

    fn apply(&self, text: &mut String) {
        if let Cow::Owned(replaced) = self.pattern.replace_all(text, self.with) {
            *text = replaced;
        }
    }
}

/// Struck-out text goes, other styles and links leave their content.
static STYLES_AND_LINKS: LazyLock<[Rule; 6]> = LazyLock::new(|| {
    [
        Rule::new(r"(?-u:\[[sS]\])(.*?)(?-u:\[/[sS]\])", ""),
        Rule::new(r"\[[bBuUiIsS]\](.*?)\[/[bBuUiIsS]\]", "$1"),
        Rule::new(r"(?i)\[url\](.*?)\[/url\]", "$1"),
        // An address may hold brackets in pairs, one deep.
        Rule::new(r"(?is)\[url\s*=\s*(?:[^\[\]]+|\[[^\[\]]*\])+\](.*?)\[/url\]", "$1"),
        Rule::new(r"(?i)\[RATING=[1-5]\]", " [{IM_MESSAGE_RATING}] "),
        Rule::new(r"(?i)\[ATTACH=[0-9]+\]", " [{IM_MESSAGE_ATTACH}] "),
    ]
});

static NAMELESS_MENTION: LazyLock<Rule> =
    LazyLock::new(|| Rule::new(r"\[(?i-u:USER)=([0-9]+)\]\[/(?i-u:USER)\]", ""));

/// Every other tag leaves its content.
static TAGS: LazyLock<[Rule; 10]> = LazyLock::new(|| {
    [
        Rule::new(r"\[(?i-u:USER)=[0-9]+(?i-u: REPLACE)?\](.*?)\[/(?i-u:USER)\]", "$1"),
        Rule::new(
            r"\[(?i-u:dialog)=(?:(?i-u:chat)[0-9]+|[0-9]+:[0-9])(?:(?i-u: message)=[0-9]+)?\](.*?)\[/(?i-u:dialog)\]",
            "$1",
        ),
        Rule::new(r"(?i)\[context=(?:chat[0-9]+|[0-9]+:[0-9]+)/[0-9]+\](.*?)\[/context\]", "$1"),
        Rule::new(r"(?i)\[CHAT=[0-9]+\](.*?)\[/CHAT\]", "$1"),
        Rule::new(r"\[(?i-u:SEND)(?:=.+?)?\](.+?)?\[/(?i-u:SEND)\]", "$1"),
        Rule::new(r"(?i)\[PUT(?:=.+?)?\](.+?)?\[/PUT\]", "$1"),
        Rule::new(r"(?i)\[CALL(?:=.+?)?\](.+?)?\[/CALL\]", "$1"),
        Rule::new(r"(?i)\[PCH=[0-9]+\](.*?)\[/PCH\]", "$1"),
        Rule::new(r"\[(?i-u:size)=[0-9]+\](.*?)\[/(?i-u:size)\]", "$1"),
        Rule::new(r"(?i)\[color=#(?:[0-9a-f]{3}|[0-9a-f]{6})\](.*?)\[/color\]", "$1"),
    ]
});

static ICON: LazyLock<Rule> = LazyLock::new(|| Rule::new(r"(?i)\[ICON=([^\]]*)\]", ""));
static ICON_TITLE: LazyLock<Rule> = LazyLock::new(|| Rule::new(r"(?i)title=(.*[^ \t\n\x0B\x0C\r\]])", ""));
static QUOTE: LazyLock<Rule> = LazyLock::new(|| Rule::new(r"(?s)-{54}.+?-{54}", " [{IM_QUOTE}] "));

/// The text without BB codes, as previews show it (protocol 7). `name_of` names a user by id, for a mention without
/// a body. Phrases that a portal shows in its own language stand as `{CODE}`; a text that is left blank becomes
/// `{IM_MESSAGE_DELETE}`.
#[must_use]
pub fn plain(text: &str, name_of: impl Fn(&str) -> String) -> String {
    let mut text = text.to_owned();
    STYLES_AND_LINKS.iter().for_each(|rule| rule.apply(&mut text));
    let mention = |found: &Captures<'_>| format!("[USER={} REPLACE]{}[/USER]", &found[1], name_of(&found[1]));
    text = NAMELESS_MENTION.pattern.replace_all(&text, mention).into_owned();
    TAGS.iter().for_each(|rule| rule.apply(&mut text));
    text = ICON.pattern.replace_all(&text, |found: &Captures<'_>| icon(&found[1])).into_owned();
    text = text.replace("#BR#", " ");
    QUOTE.apply(&mut text);
    match trim(&text) {
        "" => "{IM_MESSAGE_DELETE}".to_owned(),
        plain => plain.to_owned(),
    }
}

/// An icon is its title in parentheses.
fn icon(attributes: &str) -> String {
    let title = match ICON_TITLE.pattern.captures(attributes) {
        None => "{IM_MESSAGE_ICON}".to_owned(),
        Some(found) => {
            let mut title = &found[1];
            for next in ["width=", "height=", "size="] {
                title = title.find(next).map_or(title, |at| &title[..at]);
            }
            trim(title).to_owned()
        }
    };
    format!("({title})")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plainly(text: &str) -> String {
        plain(text, |id| format!("user {id}"))
    }

    #[test]
    fn a_tag_within_its_like_leaves_remains() {
        assert_eq!(plainly("[b][b]x[/b][/b]"), "[b]x[/b]");
    }

    #[test]
    fn a_mention_without_a_body_gets_the_name() {
        assert_eq!(plainly("[USER=7][/USER], [user=8 replace]Ann[/user]"), "user 7, Ann");
    }

    #[test]
    fn a_line_break_hides_a_pair_of_tags() {
        assert_eq!(plainly("[b]a\nb[/b]"), "[b]a\nb[/b]");
        assert_eq!(plainly("[url=https://x]a\nb[/url]"), "a\nb");
    }

    #[test]
    fn an_icon_shows_its_title() {
        assert_eq!(plainly("[icon=x title=Red car size=2]"), "(Red car)");
        assert_eq!(plainly("[icon=x]"), "({IM_MESSAGE_ICON})");
    }

    #[test]
    fn a_quote_and_a_rating_become_phrases() {
        let line = "-".repeat(54);
        assert_eq!(plainly(&format!("a {line}\nq\n{line} b")), "a  [{IM_QUOTE}]  b");
        assert_eq!(plainly("[RATING=5]"), "[{IM_MESSAGE_RATING}]");
    }

    #[test]
    fn a_text_of_tags_alone_is_shown_as_deleted() {
        assert_eq!(plainly("[s]gone[/s] #BR#"), "{IM_MESSAGE_DELETE}");
    }

    #[test]
    fn the_long_s_is_no_tag() {
        assert_eq!(plainly("[\u{17f}]x[/\u{17f}]"), "[\u{17f}]x[/\u{17f}]");
    }
}
