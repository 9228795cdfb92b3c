//! The messenger's colours, by the names that methods take.

/// Name and shade of every colour a chat or bot may have.
const COLORS: [(&str, &str); 17] = [
    ("RED", "#df532d"),
    ("GREEN", "#64a513"),
    ("MINT", "#4ba984"),
    ("LIGHT_BLUE", "#4ba5c3"),
    ("DARK_BLUE", "#3e99ce"),
    ("PURPLE", "#8474c8"),
    ("AQUA", "#1eb4aa"),
    ("PINK", "#f76187"),
    ("LIME", "#58cc47"),
    ("BROWN", "#ab7761"),
    ("AZURE", "#29619b"),
    ("KHAKI", "#728f7a"),
    ("SAND", "#ba9c7b"),
    ("MARENGO", "#556574"),
    ("GRAY", "#909090"),
    ("GRAPHITE", "#5e5f5e"),
    ("COPILOT", "#8e52ec"),
];

/// The colour of that name, as the portal keeps it.
pub(crate) fn named(name: &str) -> Option<&'static str> {
    COLORS.iter().map(|(known, _)| *known).find(|known| *known == name)
}

/// How the colour looks.
pub(crate) fn shade(name: &str) -> &'static str {
    COLORS.iter().find(|(known, _)| *known == name).map_or("#ab7761", |(_, shade)| shade)
}
