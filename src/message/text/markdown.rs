//! Markdown to BB code.
//!
//! Written in one go, without a tree: what Markdown nests, BB code nests likewise, and lines that belong to a quote or
//! a list get their beginning when they begin.

use std::fmt::Write as _;

use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd, TextMergeStream};

use super::{ImageSize, Text, literal, value};

/// Deeper lists are not moved to the right any more.
const DEEPEST: usize = 8;

/// Of no tag: four spaces would be drawn as a tab.
const INDENT: char = '\u{2003}';

const RULE: &str = "――――――――";

pub(super) fn to_bb(markdown: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut page = Page::default();
    for event in TextMergeStream::new(Parser::new_ext(markdown, options)) {
        page.take(event);
    }
    page.out
}

/// What must come before the next word.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Gap {
    #[default]
    None,
    Line,
    Blank,
}

#[derive(Debug, Default)]
struct Page {
    out: String,
    gap: Gap,
    quotes: usize,
    /// The line written last is one of a quote.
    in_quote: bool,
    /// For each list, the number of its next item.
    lists: Vec<Option<u64>>,
    /// What a link's end adds.
    links: Vec<String>,
    /// The words of an image, and its address.
    images: Vec<(String, String)>,
    first_cell: bool,
    headings: Vec<&'static str>,
}

impl Page {
    fn take(&mut self, event: Event<'_>) {
        if !self.images.is_empty() {
            return self.take_in_image(&event);
        }
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) | Event::Html(text) | Event::InlineHtml(text) => self.say(&text),
            Event::Code(text) | Event::InlineMath(text) | Event::DisplayMath(text) => {
                self.put("[code]");
                self.say(&text);
                self.put("[/code]");
            }
            Event::FootnoteReference(name) => self.say(&format!("[{name}]")),
            Event::SoftBreak => self.put(" "),
            Event::HardBreak => self.new_line(),
            Event::Rule => {
                self.block();
                self.put(RULE);
                self.gap = Gap::Blank;
            }
            Event::TaskListMarker(done) => self.put(if done { "☑ " } else { "☐ " }),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph | Tag::HtmlBlock | Tag::FootnoteDefinition(_) => self.block(),
            Tag::Heading { level, .. } => {
                let (open, close) = heading(level);
                self.block();
                self.put(open);
                self.headings.push(close);
            }
            Tag::BlockQuote(_) => {
                self.block();
                self.quotes += 1;
            }
            Tag::CodeBlock(_) => {
                self.block();
                self.put("[code]");
            }
            Tag::List(first) => {
                self.gap = self.gap.max(if self.lists.is_empty() { Gap::Blank } else { Gap::Line });
                self.lists.push(first);
            }
            Tag::Item => {
                let bullet = match self.lists.last_mut() {
                    Some(Some(number)) => {
                        *number += 1;
                        format!("{}. ", *number - 1)
                    }
                    _ => "• ".to_owned(),
                };
                self.put(&bullet);
            }
            Tag::Emphasis => self.put("[i]"),
            Tag::Strong => self.put("[b]"),
            Tag::Strikethrough => self.put("[s]"),
            Tag::Link { dest_url, .. } => self.open_link(&dest_url),
            Tag::Image { dest_url, .. } => self.images.push((String::new(), dest_url.into_string())),
            Tag::TableHead => {
                self.block();
                self.put("[b]");
                self.first_cell = true;
            }
            Tag::TableRow => {
                self.gap = self.gap.max(Gap::Line);
                self.first_cell = true;
            }
            Tag::TableCell => {
                let between = if std::mem::take(&mut self.first_cell) { "" } else { " | " };
                self.put(between);
            }
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph | TagEnd::HtmlBlock | TagEnd::FootnoteDefinition | TagEnd::Table => {
                self.gap = Gap::Blank;
            }
            TagEnd::Heading(_) => {
                let close = self.headings.pop().unwrap_or_default();
                self.close(close);
                self.gap = Gap::Blank;
            }
            TagEnd::BlockQuote(_) => {
                self.quotes -= 1;
                self.gap = Gap::Blank;
            }
            TagEnd::CodeBlock => {
                self.close("[/code]");
                self.gap = Gap::Blank;
            }
            TagEnd::List(_) => {
                self.lists.pop();
                self.gap = if self.lists.is_empty() { Gap::Blank } else { Gap::Line };
            }
            TagEnd::Item | TagEnd::TableRow => self.gap = Gap::Line,
            TagEnd::TableHead => {
                self.close("[/b]");
                self.gap = Gap::Line;
            }
            TagEnd::Emphasis => self.close("[/i]"),
            TagEnd::Strong => self.close("[/b]"),
            TagEnd::Strikethrough => self.close("[/s]"),
            TagEnd::Link => {
                let close = self.links.pop().unwrap_or_default();
                self.close(&close);
            }
            _ => {}
        }
    }

    fn open_link(&mut self, to: &str) {
        match value::address(to) {
            Some(address) => {
                self.put(&format!("[url={address}]"));
                self.links.push("[/url]".to_owned());
            }
            None if to.trim().is_empty() => self.links.push(String::new()),
            None => self.links.push(literal(format!(" ({to})")).to_string()),
        }
    }

    /// Inside an image there are only words, whatever their style.
    fn take_in_image(&mut self, event: &Event<'_>) {
        let Some((words, _)) = self.images.last_mut() else { return };
        match event {
            Event::Text(text) | Event::Code(text) | Event::InlineHtml(text) | Event::Html(text) => {
                words.push_str(text);
            }
            Event::SoftBreak | Event::HardBreak => words.push(' '),
            Event::Start(Tag::Image { dest_url, .. }) => {
                self.images.push((String::new(), dest_url.to_string()));
            }
            Event::End(TagEnd::Image) => {
                let Some((words, address)) = self.images.pop() else { return };
                match self.images.last_mut() {
                    Some((outer, _)) => outer.push_str(&words),
                    None => self.image(&address, &words),
                }
            }
            _ => {}
        }
    }

    /// The image with its words behind it: not every channel draws one.
    fn image(&mut self, address: &str, words: &str) {
        match value::address(address) {
            Some(address) => {
                self.put(Text::new().image(address, ImageSize::Medium).as_str());
                if !words.is_empty() {
                    self.put(" ");
                }
                self.say(words);
            }
            None => self.say(&format!("{words} ({address})")),
        }
    }

    /// User text, line by line.
    fn say(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        let mut due = 0;
        for (at, line) in text.split('\n').enumerate() {
            due += usize::from(at > 0);
            if line.is_empty() {
                continue;
            }
            self.fill();
            for _ in 0..std::mem::take(&mut due) {
                self.new_line();
            }
            let _ = write!(self.out, "{}", literal(line));
        }
        // The break at the end is made when something follows.
        if due > 0 {
            self.gap = self.gap.max(Gap::Line);
        }
    }

    fn put(&mut self, code: &str) {
        self.fill();
        self.out.push_str(code);
    }

    /// Ends what was opened: on the line it stands on.
    fn close(&mut self, code: &str) {
        self.out.push_str(code);
    }

    /// Begins a block, unless a bullet was just written.
    fn block(&mut self) {
        if self.gap != Gap::None {
            self.gap = Gap::Blank;
        }
    }

    /// Writes the breaks that are due, and how the line begins.
    fn fill(&mut self) {
        let gap = std::mem::take(&mut self.gap);
        if self.out.is_empty() {
            self.begin_line();
            return;
        }
        if gap == Gap::Blank {
            self.out.push('\n');
            if self.in_quote && self.quotes > 0 {
                self.out.push_str(">>");
            }
        }
        if gap != Gap::None || (self.quotes > 0 && !self.in_quote) {
            self.new_line();
        }
    }

    fn new_line(&mut self) {
        self.out.push('\n');
        self.begin_line();
    }

    fn begin_line(&mut self) {
        self.in_quote = self.quotes > 0;
        if self.in_quote {
            // A quote in a quote has no code; a mark shows it.
            self.out.push_str(">>");
            self.out.extend(std::iter::repeat_n("│ ", (self.quotes - 1).min(DEEPEST)));
        }
        self.out.extend(std::iter::repeat_n(INDENT, self.lists.len().saturating_sub(1).min(DEEPEST)));
    }
}

fn heading(level: HeadingLevel) -> (&'static str, &'static str) {
    match level {
        HeadingLevel::H1 => ("[size=22][b]", "[/b][/size]"),
        HeadingLevel::H2 => ("[size=19][b]", "[/b][/size]"),
        HeadingLevel::H3 => ("[size=17][b]", "[/b][/size]"),
        _ => ("[b]", "[/b]"),
    }
}
