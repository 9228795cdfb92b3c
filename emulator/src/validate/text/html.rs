//! HTML turned to BB codes, for the description of an attachment.

use regex::Regex;
use std::{borrow::Cow, sync::LazyLock};

/// The portal repeats a replacement until it finds nothing, and each round undoes one level of nesting. All rounds
/// together look at no more bytes than this, so that a hostile text costs seconds at most: 300 levels in 64 KiB.
const WORK_LIMIT: usize = 20_000_000;

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a constant that the tests compile")
}

static STYLES: LazyLock<[(Regex, &'static str); 1]> = LazyLock::new(|| {
    let tag = |letter| format!("<({letter})[^>a-z]*>(.+?)</{letter}[^>a-z]*>");
    let any = ["b", "u", "s", "i"].map(tag).join("|");
    [(pattern(&format!("(?is){any}")), "[$1$3$5$7]$2$4$6$8[/$1$3$5$7]")]
});

/// Line breaks, links, colours and sizes.
static TAGS: LazyLock<[(Regex, &'static str); 6]> = LazyLock::new(|| {
    [
        (pattern(r"(?i)<br\s*/*>"), "[br]"),
        (pattern(r#"(?is)<a[^>]+href\s*=\s*(?:'(.+?)'|"(.+?)")[^>]*>(.*?)</a[^>]*>"#), "[url=$1$2]$3[/url]"),
        (pattern(r#"(?is)<a[^>]+href\s*=\s*([^'">]+)>(.*?)</a[^>]*>"#), "[url=$1]$2[/url]"),
        (colored("font"), "[color=#$1]$2[/color]"),
        (colored("span"), "[color=#$1]$2[/color]"),
        (pattern(r#"(?i)<font[^>]+size\s*=[\s'"]*(\d+)[\s'"]*>(.+?)</font[^>]*>"#), "[size=$1]$2[/size]"),
    ]
});

fn colored(tag: &str) -> Regex {
    pattern(&format!(
        r#"(?i)<{tag}[^>]+color\s*=[\s'"]*#([0-9a-f]{{3}}|[0-9a-f]{{6}})[\s'"]*>(.+?)</{tag}[^>]*>"#
    ))
}

static BOXES: LazyLock<[(Regex, &'static str); 2]> = LazyLock::new(|| {
    [(pattern(r"(?i)<div.*?>(.*?)</div>"), "$1"), (pattern(r"(?i)<span.*?>(.*?)</span>"), "$1")]
});

static FONT: LazyLock<[(Regex, &'static str); 1]> =
    LazyLock::new(|| [(pattern(r"(?i)<font.*?>(.*?)</font>"), "$1")]);

/// Turns the HTML tags that have a BB code into it (protocol 6.1, `DESCRIPTION`); `div`, `span` and `font` leave
/// their content, everything else stays as it is.
#[must_use]
pub fn html_to_bb_code(html: &str) -> String {
    let mut text = html.replace("&nbsp;", " ").replace("<hr>", "------[BR]").replace("#BR#", "[BR]");
    if !text.contains('<') {
        return text;
    }
    exhaust(&*STYLES, &mut text);
    once(&*TAGS, &mut text);
    exhaust(&*BOXES, &mut text);
    once(&*FONT, &mut text);
    text
}

fn once(rules: &[(Regex, &str)], text: &mut String) {
    for (pattern, with) in rules {
        if let Cow::Owned(replaced) = pattern.replace_all(text, *with) {
            *text = replaced;
        }
    }
}

fn exhaust(rules: &[(Regex, &str)], text: &mut String) {
    for (pattern, with) in rules {
        let mut work = 0;
        while work < WORK_LIMIT
            && let Cow::Owned(replaced) = pattern.replace_all(text, *with)
        {
            work += text.len();
            *text = replaced;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_links_and_breaks_have_codes() {
        let html = "<B>x</B><i >y</i> <a class='k' href=\"https://e/?a='b'\">z</a><br/><a href=/p>q</a>";
        assert_eq!(
            html_to_bb_code(html),
            "[B]x[/B][i]y[/i] [url=https://e/?a='b']z[/url][br][url=/p]q[/url]"
        );
    }

    #[test]
    fn nested_styles_are_undone_level_by_level() {
        assert_eq!(html_to_bb_code("<b>1<b>2<i>3</i></b></b>"), "[b]1[b]2[i]3[/i][/b][/b]");
    }

    #[test]
    fn a_style_with_an_attribute_stays() {
        assert_eq!(html_to_bb_code("<b class=\"a\">x</b><em>y</em>"), "<b class=\"a\">x</b><em>y</em>");
    }

    #[test]
    fn colors_and_sizes_need_the_attribute_form() {
        assert_eq!(html_to_bb_code("<font color='#f00'>x</font>"), "[color=#f00]x[/color]");
        assert_eq!(html_to_bb_code("<span style=\"color:#f00\">x</span>"), "x");
        assert_eq!(html_to_bb_code("<div><div>a</div></div><font face=x>b</font>"), "ab");
    }
}
