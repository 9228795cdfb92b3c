//! Styles and what is drawn in the text: icons, images, code, files.

use super::{Text, value};
use crate::message::Color;

/// How large an image is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ImageSize {
    /// `small`
    Small,
    /// `medium`
    Medium,
    /// `large`
    Large,
}

impl ImageSize {
    fn word(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
        }
    }
}

/// An icon in the line: `[icon=…]`.
///
/// ```
/// use openlines::message::{Icon, Text};
///
/// let text = Text::new().icon(Icon::new("https://shop.example/car.png").size(20).title("Car"));
/// assert_eq!(text.as_str(), "[icon=https://shop.example/car.png size=20 title=Car]");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "an icon is drawn once it is in a text"]
pub struct Icon {
    address: String,
    size: Option<u16>,
    width: Option<u16>,
    height: Option<u16>,
    title: String,
}

impl Icon {
    /// The image at this address.
    pub fn new(address: impl Into<String>) -> Self {
        Self { address: address.into(), size: None, width: None, height: None, title: String::new() }
    }

    /// Width and height in pixels.
    pub fn size(mut self, pixels: u16) -> Self {
        self.size = Some(pixels);
        self
    }

    /// Width in pixels.
    pub fn width(mut self, pixels: u16) -> Self {
        self.width = Some(pixels);
        self
    }

    /// Height in pixels.
    pub fn height(mut self, pixels: u16) -> Self {
        self.height = Some(pixels);
        self
    }

    /// What is shown where images are not.
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = title.into();
        self
    }

    /// None if its address is no link.
    fn code(&self) -> Option<String> {
        let mut code = format!("[icon={}", value::address(&self.address)?);
        for (name, pixels) in [("size", self.size), ("width", self.width), ("height", self.height)] {
            if let Some(pixels) = pixels {
                code.push_str(&format!(" {name}={pixels}"));
            }
        }
        // The title ends where it names another argument.
        let title = value::words(&self.title).replace('=', "\u{2060}=");
        if !title.is_empty() {
            code.push_str(" title=");
            code.push_str(&title);
        }
        code.push(']');
        Some(code)
    }
}

macro_rules! styles {
    ($($name:ident $code:literal $what:literal)+) => {$(
        #[doc = $what]
        pub fn $name(self, text: impl Into<Self>) -> Self {
            self.wrap($code, $code, text.into())
        }
    )+};
}

impl Text {
    styles! {
        bold "b" "Adds bold text."
        italic "i" "Adds italic text."
        underline "u" "Adds underlined text."
        strike "s" "Adds struck-out text. Previews, and channels without markup, leave it out."
    }

    /// Adds text of this height in pixels; the portal draws 8 to 30.
    pub fn size(self, pixels: u8, text: impl Into<Self>) -> Self {
        self.wrap(&format!("size={}", pixels.clamp(8, 30)), "size", text.into())
    }

    /// Adds coloured text.
    pub fn color(self, color: &Color, text: impl Into<Self>) -> Self {
        self.wrap(&format!("color={}", color.as_str()), "color", text.into())
    }

    /// Adds text that is shown letter by letter, in a fixed width.
    pub fn code(self, text: impl AsRef<str>) -> Self {
        let text = Self::from(text.as_ref());
        self.wrap("code", "code", text)
    }

    /// Begins a new line.
    pub fn br(self) -> Self {
        self.push("\n")
    }

    /// Adds an icon; its title if the address is no link.
    pub fn icon(self, icon: Icon) -> Self {
        match icon.code() {
            Some(code) => self.push(&code),
            None => self.plain(icon.title),
        }
    }

    /// Adds an image by its address. One that is no link is added as text.
    pub fn image(self, address: impl AsRef<str>, size: ImageSize) -> Self {
        match value::address(address.as_ref()) {
            // The space behind the address is wanted by the portal.
            Some(address) => self.push(&format!("[img size={}]{address} [/img]", size.word())),
            None => self.plain(address),
        }
    }

    /// Attaches a file of the Drive; the portal takes the code out of the text.
    pub fn disk(self, file: i64) -> Self {
        self.push(&format!("[disk={file}]"))
    }

    /// A rating of 1 to 5, as open lines show it.
    pub fn rating(self, stars: u8) -> Self {
        self.push(&format!("[rating={}]", stars.clamp(1, 5)))
    }

    /// The place of an attachment in previews.
    pub fn attachment(self, id: i64) -> Self {
        self.push(&format!("[attach={id}]"))
    }

    pub(super) fn wrap(self, open: &str, close: &str, inside: Self) -> Self {
        if inside.is_empty() {
            return self;
        }
        self.push(&format!("[{open}]{}[/{close}]", inside.code))
    }
}
