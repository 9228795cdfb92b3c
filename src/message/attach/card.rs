//! The grids that most bots want.

use super::{Block, GridDisplay, GridRow};

/// Names at the left, values at the right.
///
/// Values are BB code, so what clients wrote goes in through [`literal()`](crate::message::literal()).
///
/// ```
/// use openlines::message::{Attach, card, literal};
///
/// let attach = Attach::builder().block(card([("Order", "15".to_owned()), ("Name", literal("[b]").to_string())])).build()?;
/// assert_eq!(attach.to_value()["BLOCKS"][0]["GRID"][0]["DISPLAY"], "ROW");
/// # Ok::<(), openlines::message::BuildError>(())
/// ```
pub fn card<N: AsRef<str>, V: AsRef<str>>(rows: impl IntoIterator<Item = (N, V)>) -> Block {
    Block::Grid(
        rows.into_iter().map(|(name, value)| GridRow::new(name, value).display(GridDisplay::Row)).collect(),
    )
}

/// A table of two columns, the portal's tables have no more, below a row of headings.
///
/// Values are BB code; the heading of their column is set in bold type.
///
/// ```
/// use openlines::message::{Attach, table};
///
/// let attach = Attach::builder().block(table(("Item", "Price"), [("Tea", "60 €"), ("Cup", "40 €")])).build()?;
/// assert_eq!(attach.to_value()["BLOCKS"][0]["GRID"][0]["VALUE"], "[b]Price[/b]");
/// # Ok::<(), openlines::message::BuildError>(())
/// ```
pub fn table<N: AsRef<str>, V: AsRef<str>>(
    header: (impl AsRef<str>, impl AsRef<str>),
    rows: impl IntoIterator<Item = (N, V)>,
) -> Block {
    let header = GridRow::new(header.0, format!("[b]{}[/b]", header.1.as_ref()));
    let rows = rows.into_iter().map(|(name, value)| GridRow::new(name, value));
    Block::Grid(std::iter::once(header).chain(rows).map(|row| row.display(GridDisplay::Table)).collect())
}
