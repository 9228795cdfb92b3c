use proptest::prelude::*;

use super::*;
use crate::{
    message::{Color, TEXT_LIMIT},
    wire::{ChatId, DialogId, MessageId, SessionId, Timestamp, UserId},
};

fn shown(text: &Text) -> String {
    text.as_str().replace('\u{2060}', "")
}

#[test]
fn every_code_of_the_platform_can_be_written() {
    let chat = ChatId::new(5);
    let message = MessageId::new(7);
    let color: Color = "#f00".parse().unwrap();
    let at = Timestamp::from_seconds(1_773_682_918);
    let text = || Text::new();
    for (written, wanted) in [
        (text().bold("x"), "[b]x[/b]"),
        (text().italic("x"), "[i]x[/i]"),
        (text().underline("x"), "[u]x[/u]"),
        (text().strike("x"), "[s]x[/s]"),
        (text().size(20, "x"), "[size=20]x[/size]"),
        (text().size(99, "x"), "[size=30]x[/size]"),
        (text().color(&color, "x"), "[color=#f00]x[/color]"),
        (text().link("https://x.example/"), "[url]https://x.example/[/url]"),
        (text().url("https://x.example/", "x"), "[url=https://x.example/]x[/url]"),
        (text().user(UserId::new(1), "Ann"), "[user=1]Ann[/user]"),
        (text().user(UserId::new(1), ""), "[user=1][/user]"),
        (text().everyone(), "[user=all]"),
        (text().chat(chat, "x"), "[chat=5]x[/chat]"),
        (text().session(SessionId::new(5), "x"), "[chat=imol|5]x[/chat]"),
        (text().message(chat, message, "x"), "[context=chat5/7]x[/context]"),
        (text().dialog(&DialogId::of_chat(chat), Some(message), "x"), "[dialog=chat5 message=7]x[/dialog]"),
        (text().call("+100", "x"), "[call=+100]x[/call]"),
        (text().call("112", ""), "[call]112[/call]"),
        (text().call_record(3, "x"), "[pch=3]x[/pch]"),
        (text().send("/help", "x"), "[send=/help]x[/send]"),
        (text().send("help", ""), "[send]help[/send]"),
        (text().put("a=b", "x"), "[put=a=b]x[/put]"),
        (text().plain("a").br().plain("b"), "a\nb"),
        (text().plain("a").quote("b\nc").plain("d"), "a\n>>b\n>>c\nd"),
        (text().code("a[0]"), "[code]a[0][/code]"),
        (text().image("https://x/i.png", ImageSize::Small), "[img size=small]https://x/i.png [/img]"),
        (text().icon(Icon::new("/i.png").width(1).height(2)), "[icon=/i.png width=1 height=2]"),
        (text().moment(at, MomentFormat::ShortTime), "[timestamp=1773682918 format=SHORT_TIME_FORMAT]"),
        (text().disk(9), "[disk=9]"),
        (text().rating(5), "[rating=5]"),
        (text().attachment(12), "[attach=12]"),
    ] {
        assert_eq!(shown(&written), wanted);
    }
    let fence = "-".repeat(54);
    assert_eq!(text().quote_of("Ann", "hi").as_str(), format!("{fence}\nAnn\nhi\n{fence}\n"));
}

#[test]
fn codes_nest_and_what_is_empty_is_not_written() {
    let inner = Text::from("a ").italic("b").plain(" c");
    assert_eq!(Text::new().bold(inner).as_str(), "[b]a [i]b[/i] c[/b]");
    assert_eq!(Text::new().bold("").url("https://x/", Text::new()).as_str(), "[url]https://x/[/url]");
}

#[test]
fn what_a_client_wrote_breaks_out_of_no_code() {
    let evil = "x[/b][/url]][send=pay]#BR#\n>>y";
    let text = Text::new()
        .bold(evil)
        .url(format!("https://x/?{evil}"), evil)
        .send(evil, evil)
        .icon(Icon::new(evil).title(evil));
    assert_eq!(text.as_str().matches("[send=").count(), 1, "{text}");
    assert_eq!(text.as_str().matches("[/").count(), 3, "{text}");
    assert!(!text.as_str().to_lowercase().contains("#br#") && !text.as_str().contains(">>"), "{text}");
}

#[test]
fn an_address_that_is_no_link_is_shown() {
    assert_eq!(Text::new().url("javascript:x", "y").as_str(), "y (javascript:x)");
}

#[test]
fn markdown_becomes_bb_code() {
    for (markdown, wanted) in [
        (
            "# One\n\nTwo *three* **four** ~~five~~",
            "[size=22][b]One[/b][/size]\n\nTwo [i]three[/i] [b]four[/b] [s]five[/s]",
        ),
        ("a  \nb\nc", "a\nb c"),
        (
            "- a\n- b\n  - c\n    1. d\n    2. e\n- f",
            "• a\n• b\n\u{2003}• c\n\u{2003}\u{2003}1. d\n\u{2003}\u{2003}2. e\n• f",
        ),
        ("3. x\n\n4. y\n\nz", "3. x\n4. y\n\nz"),
        ("- [x] done\n- [ ] open", "• ☑ done\n• ☐ open"),
        (
            "[a](https://x/[1]) <https://y/>",
            "[url=https://x/%5B1%5D]a[/url] [url=https://y/]https://y/[/url]",
        ),
        ("[a](javascript:x)", "a (javascript:x)"),
        ("![cat](https://x/i.png)", "[img size=medium]https://x/i.png [/img] cat"),
        ("a\n\n> b\n> c\n>\n> d\n\ne", "a\n\n>>b c\n>>\n>>d\n\ne"),
        ("- a\n\n  > b", "• a\n\n>>b"),
        ("`a[0]`", "[code]a[0][/code]"),
        ("```rust\nlet a;\n\n\n    b();\n```\nend", "[code]let a;\n\n\n    b();[/code]\n\nend"),
        ("| a | b |\n|---|---|\n| 1 | 2 |\n| 3 | 4 |\n\nend", "[b]a | b[/b]\n1 | 2\n3 | 4\n\nend"),
        ("<b>x</b> [send=y]z[/send]", "<b>x</b> [send=y]z[/send]"),
        ("<div>\nx\n</div>\n\ny", "<div>\nx\n</div>\n\ny"),
        ("\\>\\> x\n\n---\n\n# a *b*", ">> x\n\n――――――――\n\n[size=22][b]a [i]b[/i][/b][/size]"),
    ] {
        assert_eq!(shown(&Text::markdown(markdown)), wanted, "{markdown}");
    }
    assert!(!Text::markdown("\\>\\> x").as_str().contains(">>"));
    assert!(!Text::markdown("<b>[send=y]z[/send]").as_str().contains("[send"));
}

/// Whether every tag that a builder writes is closed in order, by a reader of its own.
fn is_balanced(code: &str) -> bool {
    const SINGLE: [&str; 8] = ["user=all", "icon", "timestamp", "disk", "rating", "attach", "br", "\u{2060}"];
    let mut open = Vec::new();
    for part in code.split('[').skip(1) {
        if SINGLE.iter().any(|single| part.starts_with(single)) {
            continue;
        }
        let Some((tag, _)) = part.split_once(']') else { return false };
        match tag.strip_prefix('/') {
            Some(name) if open.pop() != Some(name.to_owned()) => return false,
            Some(_) => {}
            None => open.push(tag.split(['=', ' ']).next().unwrap_or_default().to_owned()),
        }
    }
    open.is_empty()
}

fn text() -> impl Strategy<Value = Text> {
    let words = "([a-zа-я]{1,9}|[,.!?] | |\n|\n\n|[\\[\\]#>*_-]|#BR#|👩‍👩‍👧|🇷🇺|e\u{301}\u{308}|字|。){0,60}";
    let leaf = prop_oneof![words.prop_map(Text::from), words.prop_map(Text::from)];
    leaf.prop_recursive(5, 40, 8, |inner| {
        prop_oneof![
            inner.clone().prop_map(|text| Text::new().underline(text)),
            inner.clone().prop_map(|text| Text::new().url("https://x.example/a", text)),
            inner.clone().prop_map(|text| Text::new().size(20, text)),
            inner.clone().prop_map(|text| Text::new().send("pay", text).icon(Icon::new("/i.png"))),
            prop::collection::vec(inner, 1..8)
                .prop_map(|texts| texts.into_iter().fold(Text::new(), Text::append)),
        ]
    })
}

proptest! {
    #[test]
    fn parts_are_within_the_limit_balanced_and_say_all_there_is(text in text(), limit in 64_usize..400) {
        let parts = text.split(limit);
        for part in &parts {
            prop_assert!(part.as_str().chars().count() <= limit, "{part:?}");
            prop_assert!(is_balanced(part.as_str()), "{part:?}");
            prop_assert!(!part.as_str().trim().is_empty() || parts.len() == 1, "{part:?}");
        }
        let whole: String = tagless(text.as_str());
        let cut: String = parts.iter().map(|part| tagless(part.as_str())).collect();
        prop_assert_eq!(cut, whole);
    }

    #[test]
    fn any_bytes_are_cut_within_the_limit_and_none_is_lost(
        text in "(\\[b\\]|\\[/b\\]|\\[url=x\\]|\\[/url\\]|\\[code\\]|\\[/code\\]|-{54}\n|>>|\n|\\[br\\]|\\[|\\PC|a b ){0,200}",
        limit in 64_usize..120,
    ) {
        for part in super::split(&text, limit) {
            prop_assert!(part.chars().count() <= limit, "{part:?}");
        }
    }

    #[test]
    fn markdown_never_panics_and_is_balanced(
        markdown in "([*_~`>#|!\\-+]{1,3}|\\[x\\]|\\(https://x/\\)|\\[a\\]\\(/b\\)|1\\. |- |<b>|\n|    |\\PC|ab ){0,60}"
    ) {
        let text = Text::markdown(&markdown);
        prop_assert!(is_balanced(text.as_str()), "{text}");
    }

    #[test]
    fn markdown_keeps_its_words(
        lines in prop::collection::vec(
            ("(# |## |- |1\\. |> |> - |\\| |)", prop::collection::vec("(\\*\\*[a-z]{3,8}\\*\\*|[a-z]{3,8}|`[a-z]{3,8}`|\\[[a-z]{3,8}\\]\\(/x\\))", 1..5)),
            0..8,
        )
    ) {
        let markdown: String =
            lines.iter().map(|(mark, words)| format!("{mark}{}\n\n", words.join(" "))).collect();
        let text = Text::markdown(&markdown).strip();
        for (_, line) in &lines {
            for word in line {
                let word: String = word.trim_end_matches("(/x)").chars().filter(char::is_ascii_lowercase).collect();
                prop_assert!(text.contains(&word), "{word} of {markdown:?} is not in {text:?}");
            }
        }
    }
}

/// The text without the tags that [`text`] writes.
fn tagless(code: &str) -> String {
    let mut out = String::new();
    let mut rest = code;
    while let Some((before, tag)) = rest.split_once('[') {
        out.push_str(before);
        rest = if tag.starts_with('\u{2060}') || tag.is_empty() {
            out.push('[');
            tag
        } else {
            tag.split_once(']').map_or("", |(_, rest)| rest)
        };
    }
    out.push_str(rest);
    out.chars().filter(|sign| !sign.is_whitespace()).collect()
}

#[test]
fn a_long_text_is_cut_where_a_paragraph_ends() {
    let paragraph = format!("{}. {}.", "one two".repeat(500), "three four".repeat(500));
    let whole = [paragraph.as_str(); 5].join("\n\n");
    let parts = Text::new().bold(whole.as_str()).split(TEXT_LIMIT);
    assert_eq!(parts.len(), 3);
    for part in &parts {
        let inside = part.as_str().strip_prefix("[b]").unwrap().strip_suffix("[/b]").unwrap();
        assert!(inside.starts_with("one") && inside.trim_end().ends_with('.'), "{}", &inside[..40]);
    }
    assert!(parts.iter().map(|part| tagless(part.as_str())).collect::<String>() == tagless(&whole));
}

#[test]
fn a_quote_that_is_cut_stays_a_quote() {
    let parts = Text::new().quote("word ".repeat(40)).plain("end").split(100);
    assert!(parts.len() > 2, "{parts:?}");
    assert!(parts[..parts.len() - 1].iter().all(|part| part.as_str().starts_with(">>word")), "{parts:?}");
    let fence = "-".repeat(54);
    let parts = Text::new().quote_of("Ann", "word ".repeat(100)).split(400);
    assert!(parts.len() > 1, "{parts:?}");
    assert!(
        parts.iter().all(|part| part.as_str().lines().filter(|line| *line == fence).count() == 2),
        "{parts:?}"
    );
}

#[test]
fn no_sign_is_cut_in_two() {
    let family = "👩\u{200d}👩\u{200d}👧";
    let parts = Text::from(family.repeat(100)).split(64);
    assert!(parts.iter().all(|part| part.as_str().replace(family, "").is_empty()), "{parts:?}");
}

#[test]
fn a_text_of_nothing_but_pairs_or_blanks_is_cut_too() {
    assert_eq!(super::split(&"[b][/b]".repeat(500), 64), Vec::<String>::new());
    assert_eq!(super::split(&"\n".repeat(500), 64), Vec::<String>::new());
    let deep = format!("{}x{}", "[b]".repeat(400), "[/b]".repeat(400));
    let parts = super::split(&deep, 64);
    assert_eq!(parts.iter().map(|part| tagless(part)).collect::<String>(), "x");
}
