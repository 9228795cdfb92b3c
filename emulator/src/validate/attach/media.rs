//! `IMAGE` and `FILE` blocks: lists of links to media (protocol 6.2).

use crate::validate::field::{self, is_filled, link, single_line, trimmed};
use crate::validate::php::{Fatal, Php, PhpArray};

/// The images that have a link; `None` if there are none. Line breaks in a name stay.
pub(super) fn image_block(images: &Php) -> Result<Option<Php>, Fatal> {
    collected(images, |params, target| {
        let mut image = PhpArray::default();
        if let Some(name) = params.field("NAME")
            && is_filled(Some(name))?
        {
            image.set("NAME", Php::Str(trimmed(name)?));
        }
        image.set("LINK", target.clone());
        field::copy_positive(params, &["WIDTH", "HEIGHT"], &mut image);
        if let Some(preview) = link(params, "PREVIEW")? {
            image.set("PREVIEW", preview.clone());
        }
        Ok(image)
    })
}

/// The files that have a link; `None` if there are none. `SIZE` is in bytes.
pub(super) fn file_block(files: &Php) -> Result<Option<Php>, Fatal> {
    collected(files, |params, target| {
        let mut file = PhpArray::default();
        file.set("LINK", target.clone());
        if let Some(name) = params.field("NAME")
            && is_filled(Some(name))?
        {
            file.set("NAME", Php::Str(single_line(&trimmed(name)?)));
        }
        field::copy_positive(params, &["SIZE"], &mut file);
        Ok(file)
    })
}

/// An object is a list of one; anything without a valid `LINK` is left out.
fn collected(
    given: &Php,
    store: impl Fn(&Php, &Php) -> Result<PhpArray, Fatal>,
) -> Result<Option<Php>, Fatal> {
    let items: Vec<&Php> = match given {
        Php::Array(array) if !array.is_list() => vec![given],
        other => other.items().collect(),
    };
    let mut kept = Vec::new();
    for params in items {
        if let Some(target) = link(params, "LINK")? {
            kept.push(Php::Array(store(params, target)?));
        }
    }
    Ok((!kept.is_empty()).then(|| Php::Array(kept.into_iter().collect())))
}
